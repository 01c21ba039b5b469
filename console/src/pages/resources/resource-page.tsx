/** One resource: how it stands, its text, who uses it, what it was before. */
import { EditOutlined } from '@ant-design/icons';
import { Space, Tabs } from 'antd';
import { useSession } from '../../api/session.tsx';
import { hasProject, resourceAddress, useKind, useKindTitle, useResource } from '../../documents/kinds.ts';
import { CodeEditor } from '../../editor/code-editor.tsx';
import { useSay } from '../../ui/language.tsx';
import { LinkButton } from '../../ui/link-button.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { History } from './history.tsx';
import { Overview } from './overview.tsx';
import { usePlace } from './place.ts';
import { ResourceActions } from './resource-actions.tsx';
import { UsedBy } from './used-by.tsx';

const texts = {
  overview: { en: 'Overview', zh: '概览' },
  yaml: { en: 'YAML', zh: 'YAML' },
  uses: { en: 'Used by', zh: '被引用' },
  history: { en: 'History', zh: '历史' },
  edit: { en: 'Edit', zh: '编辑' },
  document: { en: 'Document as YAML', zh: 'YAML 文档' },
};

export default function ResourcePage() {
  const say = useSay();
  const session = useSession();
  const place = usePlace();
  const { data: resource, error, refetch } = useResource(place);
  const { data: kind } = useKind(place.kind);
  const [url, setUrl] = useUrlState();
  if (error && !resource) return <Gone error={error} retry={() => void refetch()} />;
  if (!resource) return <Waiting />;
  const editable = session.may('resources:write') && resource.manager === 'api';
  const items = [
    { key: 'overview', label: say(texts.overview), children: <Overview resource={resource} /> },
    {
      key: 'yaml',
      label: say(texts.yaml),
      children: <CodeEditor language="yaml" label={say(texts.document)} value={resource.text} readOnly maxHeight={640} />,
    },
    { key: 'used-by', label: say(texts.uses), children: <UsedBy place={resource} /> },
    { key: 'history', label: say(texts.history), children: <History place={resource} version={resource.version} editable={editable} /> },
  ];
  return (
    <>
      <PageHead
        title={resource.name}
        about={[kind ? say(kind.title) : resource.kind, ...(hasProject(resource.kind) ? [resource.project] : [])].join(' · ')}
      >
        <Space wrap>
          <ResourceActions resource={resource} editable={editable} />
          {editable ? (
            <LinkButton type="primary" icon={<EditOutlined aria-hidden />} to={`${resourceAddress(resource)}/edit`}>
              {say(texts.edit)}
            </LinkButton>
          ) : null}
        </Space>
      </PageHead>
      <Tabs
        activeKey={url['tab'] ?? 'overview'}
        destroyOnHidden
        items={items}
        onChange={(tab) => setUrl({ tab: tab === 'overview' ? undefined : tab, from: undefined, to: undefined })}
      />
    </>
  );
}

/** A resource that is not there may be a deleted one: its history can bring it back. */
function Gone({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const place = usePlace();
  const session = useSession();
  const kindTitle = useKindTitle();
  return (
    <>
      <PageHead title={place.name} about={`${kindTitle(place.kind)} · ${place.project}`} />
      <ProblemView error={error} retry={retry} style={{ marginBlockEnd: 16 }} />
      <History place={place} version={undefined} editable={session.may('resources:write')} />
    </>
  );
}
