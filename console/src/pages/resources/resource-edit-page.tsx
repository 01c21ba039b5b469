/** Changes one resource: form and YAML of the stored document. */
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Resource } from '../../../../generated/client.ts';
import { useSession } from '../../api/session.tsx';
import { DocumentEditor } from '../../documents/document-editor.tsx';
import { resourceAddress, useKind, useResource } from '../../documents/kinds.ts';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { usePlace } from './place.ts';

const texts = {
  title: { en: 'Edit {name}', zh: '编辑 {name}' },
  folder: {
    en: 'The watched folder owns this resource: change its file{file}; that takes effect without a save here.',
    zh: '此资源由监视文件夹管理：请修改其文件{file}，修改后自动生效，无需在此保存。',
  },
  mayNot: { en: 'Your role may look but not change.', zh: '您的角色只能查看，不能更改。' },
};

export default function ResourceEditPage() {
  const say = useSay();
  const navigate = useNavigate();
  const session = useSession();
  const place = usePlace();
  const { data: found, error, refetch } = useResource(place);
  const kind = useKind(place.kind);
  // What the page began with stays: a newer version is met when saving, never swapped in under the typing hand.
  const [first, setFirst] = useState<Resource>();
  if (found && (!first || first.name !== found.name || first.kind !== found.kind || first.project !== found.project)) setFirst(found);
  if (error && !first) return <ProblemView error={error} retry={() => void refetch()} />;
  if (kind.error) return <ProblemView error={kind.error} retry={() => void kind.refetch()} />;
  if (!first || !kind.data) return <Waiting />;
  const reason =
    first.manager === 'folder'
      ? say(texts.folder, { file: first.file === null ? '' : ` ${first.file}` })
      : session.may('resources:write')
        ? undefined
        : say(texts.mayNot);
  const address = resourceAddress(first);
  return (
    <>
      <PageHead title={say(texts.title, { name: first.name })}>
        <Link to={address}>{`${say(kind.data.title)} · ${first.project}`}</Link>
      </PageHead>
      <DocumentEditor
        key={address}
        source={{ kind: first.kind, project: first.project, resource: first, text: first.text, schema: kind.data.schema }}
        {...(reason === undefined ? {} : { readOnlyReason: reason })}
        onSaved={() => void navigate({ to: address })}
      />
    </>
  );
}
