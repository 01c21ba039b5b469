/** One connection: tried, browsed, and who uses it. */
import { useParams } from '@tanstack/react-router';
import { Alert, Space, Tabs } from 'antd';
import type { Resource } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { type CopyChoice, CopyMenu } from '../../data/copy-menu.tsx';
import { useConnectors } from '../../data/components.ts';
import { useResource } from '../../documents/kinds.ts';
import { ResourceState } from '../../ui/resource-state.tsx';
import { useLanguage, useSay } from '../../ui/language.tsx';
import { LinkButton } from '../../ui/link-button.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { ConnectionCheckTab } from './connection-check.tsx';
import { placeOf } from './place.ts';
import { StreamBrowser } from './stream-browser.tsx';
import { UsedBy } from './used-by.tsx';

const texts = {
  check: { en: 'Check', zh: '检查' },
  data: { en: 'Data', zh: '数据' },
  uses: { en: 'Used by', zh: '被引用' },
  views: { en: 'Views of the connection', zh: '连接视图' },
  edit: { en: 'Edit', zh: '编辑' },
  folder: {
    en: 'Comes from a file in the watched folder: change the file, not this page.',
    zh: '来自受监视文件夹中的文件：请修改文件，而非此页面。',
  },
};

const TABS = ['check', 'data', 'uses'] as const;

export default function ConnectionPage() {
  const { say, language } = useLanguage();
  const connectors = useConnectors();
  const { project = '', name = '' } = useParams({ strict: false }) as { project?: string; name?: string };
  const [url, setUrl] = useUrlState();
  const { data, error, refetch } = useResource({ project, kind: 'Connection', name });
  if (!data) {
    return (
      <>
        <PageHead title={name} />
        {error ? <ProblemView error={error} retry={() => void refetch()} /> : <Waiting />}
      </>
    );
  }
  const tab = TABS.find((one) => one === url['tab']) ?? 'data';
  const views = {
    data: <StreamBrowser project={project} name={name} />,
    check: <ConnectionCheckTab project={project} name={name} />,
    uses: <UsedBy project={project} name={name} />,
  };
  return (
    <>
      <PageHead
        title={name}
        about={[connectors.data?.find(({ id }) => id === data.spec['type'])?.title[language], placeOf(data.spec), data.description]
          .filter(Boolean)
          .join(' · ')}
      >
        <Actions connection={data} />
      </PageHead>
      {data.manager === 'folder' ? <Alert type="info" showIcon title={say(texts.folder)} style={{ marginBlockEnd: 8 }} /> : null}
      <Tabs
        aria-label={say(texts.views)}
        activeKey={tab}
        destroyOnHidden
        onChange={(key) => setUrl({ tab: key === 'data' ? undefined : key })}
        items={(['data', 'check', 'uses'] as const).map((key) => ({ key, label: say(texts[key]), children: views[key] }))}
      />
    </>
  );
}

function Actions({ connection: { project, name, manager, status } }: { readonly connection: Resource }) {
  const say = useSay();
  const session = useSession();
  return (
    <Space wrap>
      <ResourceState status={status} />
      <CopyMenu choices={copiesOf(project, name)} />
      {session.may('resources:write') && manager !== 'folder' ? (
        <LinkButton to={`/resources/${project}/Connection/${name}`}>{say(texts.edit)}</LinkButton>
      ) : null}
    </Space>
  );
}

function copiesOf(project: string, name: string): readonly CopyChoice[] {
  const of = project === 'default' ? '' : ` --project ${project}`;
  return [
    {
      key: 'yaml',
      label: { en: 'As YAML', zh: '复制为 YAML' },
      text: async () => (await api.getResource({ params: { project, kind: 'Connection', name } })).data.text,
    },
    { key: 'check', label: { en: 'Command that checks it', zh: '检查命令' }, text: () => `weir connection check ${name}${of}` },
    {
      key: 'streams',
      label: { en: 'Command that lists its streams', zh: '列出流的命令' },
      text: () => `weir connection streams ${name}${of}`,
    },
  ];
}
