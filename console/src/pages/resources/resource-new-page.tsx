/** A new resource of a kind: from an empty form or one of the kind's examples. */
import { useNavigate, useParams } from '@tanstack/react-router';
import { Select } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { freeName } from '../../data/free-name.ts';
import { takenNames } from '../../data/taken-names.ts';
import { DocumentEditor } from '../../documents/document-editor.tsx';
import { resourceAddress, useKind } from '../../documents/kinds.ts';
import { placeOf } from '../../documents/use-document.ts';
import { startValue } from '../../forms/fields.ts';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useProject } from '../../ui/project.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';

const texts = {
  title: { en: 'New {kind}', zh: '新建{kind}' },
  start: { en: 'Begin with', zh: '起始内容' },
  empty: { en: 'An empty form', zh: '空白表单' },
  mayNot: { en: 'Your role may look but not change.', zh: '您的角色只能查看，不能更改。' },
};

export default function ResourceNewPage() {
  const say = useSay();
  const navigate = useNavigate();
  const session = useSession();
  const { projectOrDefault: project } = useProject();
  const { kind: written = '' } = useParams({ strict: false }) as { kind?: string };
  const [url, setUrl] = useUrlState();
  const { data: kind, error } = useKind(written);
  const example = kind?.examples[Number(url['example'] ?? -1)];
  const start = useQuery({
    queryKey: ['start', written, project, url['example']],
    enabled: kind !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const empty = { apiVersion: 'weir/v1', kind: kind!.id, metadata: { name: '' }, spec: startValue(kind!.schema) };
      const changes = [
        ...(example ? [] : [{ pointer: '', value: empty }]),
        ...(project === 'default' ? [] : [{ pointer: '/metadata/project', value: project }]),
      ];
      const { text, value } = (await api.editDocument({ body: { text: example?.text ?? '', changes } })).data;
      const { name } = placeOf(value, project);
      const free = name === '' ? name : freeName(name, await takenNames(kind!.id, project, name));
      if (free === name) return text;
      return (await api.editDocument({ body: { text, changes: [{ pointer: '/metadata/name', value: free }] } })).data.text;
    },
  });
  if (error ?? start.error) return <ProblemView error={error ?? start.error} retry={() => void start.refetch()} />;
  if (!kind || start.data === undefined) return <Waiting />;
  const options = [
    { value: '-1', label: say(texts.empty) },
    ...kind.examples.map((one, i) => ({ value: String(i), label: say(one.title) })),
  ];
  return (
    <>
      <PageHead title={say(texts.title, { kind: say(kind.title) })} about={say(kind.summary)} />
      <DocumentEditor
        key={`${project} ${url['example']}`}
        source={{ kind: kind.id, project, text: start.data, schema: kind.schema }}
        {...(session.may('resources:write') ? {} : { readOnlyReason: say(texts.mayNot) })}
        onSaved={({ key }) => void navigate({ to: key ? resourceAddress(key) : '/resources' })}
      >
        <label htmlFor="example">{say(texts.start)}</label>
        <Select
          id="example"
          style={{ minWidth: 220 }}
          value={url['example'] ?? '-1'}
          options={options}
          onChange={(chosen) => setUrl({ example: chosen === '-1' ? undefined : chosen })}
        />
      </DocumentEditor>
    </>
  );
}
