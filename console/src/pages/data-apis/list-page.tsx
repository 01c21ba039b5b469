/** Every data API: where it answers, from which connection, who may call it, and how it stands. */
import { BookOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Empty, Space, Tag } from 'antd';
import type { Resource } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { TimeAgo, useFormats } from '../../ui/format.tsx';
import { type Text, useSay } from '../../ui/language.tsx';
import { CreateLink } from '../../ui/create-link.tsx';
import { LinkButton } from '../../ui/link-button.tsx';
import { type ListColumn, type ListField, ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { useProject } from '../../ui/project.tsx';
import { Mark } from '../../ui/status.tsx';
import { type ApiSpec, keyHeaderOf } from './api-spec.ts';
import { ApiState } from './api-state.tsx';

const texts = {
  title: { en: 'Data APIs', zh: '数据 API' },
  about: { en: 'Read-only SQL, published at a path behind the gateway.', zh: '只读 SQL，发布为网关上的一个路径。' },
  create: { en: 'New data API', zh: '新建数据 API' },
  docs: { en: 'Documentation', zh: '接口文档' },
  empty: {
    en: 'A data API turns one SELECT into an HTTP API with parameters, paging and keys.',
    zh: '数据 API 把一条 SELECT 变成带参数、分页和密钥的 HTTP 接口。',
  },
  open: { en: 'Everybody', zh: '所有人' },
  key: { en: 'API key', zh: 'API 密钥' },
  calls: { en: 'Calls', zh: '调用记录' },
  times: { en: '{count}', zh: '{count} 次' },
  failed: { en: '{count} failed', zh: '失败 {count}' },
  limited: { en: '{count} limited', zh: '限流 {count}' },
};

const column = (key: string, title: Text, render: (row: Resource) => React.ReactNode, more: object = {}): ListColumn<Resource> => ({
  key,
  title,
  render,
  ...more,
});

const columns: readonly ListColumn<Resource>[] = [
  column(
    'name',
    { en: 'Name', zh: '名称' },
    ({ project, name, description }) => (
      <div>
        <Link to={`/data-apis/${project}/${name}`}>{name}</Link>
        {description ? (
          <div className="weir-quiet" style={{ maxWidth: 220, whiteSpace: 'normal' }}>
            {description}
          </div>
        ) : null}
      </div>
    ),
    { sort: 'name' },
  ),
  column('state', { en: 'State', zh: '状态' }, ({ status }) => <ApiState status={status} />, { sort: 'state' }),
  column('path', { en: 'Method and path', zh: '方法与路径' }, ({ spec }) => (
    <span>
      <Tag>GET</Tag>
      <code>{(spec as ApiSpec).path}</code>
    </span>
  )),
  column('connection', { en: 'Connection', zh: '连接' }, ({ spec }) => (spec as ApiSpec).connection),
  column('auth', { en: 'Who may call', zh: '可调用者' }, ({ spec }) => <Auth spec={spec as ApiSpec} />, { hidden: true }),
  column('calls', { en: 'Calls, last hour', zh: '近一小时调用' }, ({ project, name }) => <CallsLink project={project} name={name} />),
  column('release', { en: 'Release', zh: '发布' }, ({ status, release }) => <code>{(status.serving ?? release).slice(0, 8)}</code>, {
    hidden: true,
  }),
  column('project', { en: 'Project', zh: '项目' }, ({ project }) => project, { hidden: true }),
  column('updatedBy', { en: 'Changed by', zh: '修改人' }, ({ updatedBy }) => updatedBy, { hidden: true }),
  column('updatedAt', { en: 'Changed', zh: '修改时间' }, ({ updatedAt }) => <TimeAgo at={updatedAt} />, { sort: 'updated' }),
];

const fields: readonly ListField[] = [{ name: 'name', label: { en: 'Name', zh: '名称' } }];

export default function ListPage() {
  const say = useSay();
  const { project } = useProject();
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)}>
        <Space>
          <LinkButton to="/data-apis/docs" icon={<BookOutlined aria-hidden />}>
            {say(texts.docs)}
          </LinkButton>
          <CreateLink primary to="/data-apis/new">
            {say(texts.create)}
          </CreateLink>
        </Space>
      </PageHead>
      <ListView
        id="data-apis"
        label={say(texts.title)}
        columns={columns}
        fields={fields}
        fixed={{ project, kind: 'DataApi' }}
        csv="/api/v1/resources"
        rowKey={({ project: of, name }) => `${of}/${name}`}
        load={async (query) => (await api.listResources({ query })).data}
        empty={
          <Empty description={say(texts.empty)} image={Empty.PRESENTED_IMAGE_SIMPLE}>
            <CreateLink to="/data-apis/new">{say(texts.create)}</CreateLink>
          </Empty>
        }
      />
    </>
  );
}

function Auth({ spec }: { readonly spec: ApiSpec }) {
  const say = useSay();
  return say(keyHeaderOf(spec) === undefined ? texts.open : texts.key);
}

const USAGE_EVERY_MS = 15_000;

/** Calls of the last hour, told once for the whole list; a word where they may not be seen or are not known yet. */
function CallsLink({ project, name }: { readonly project: string; readonly name: string }) {
  const say = useSay();
  const formats = useFormats();
  const { may } = useSession();
  const { data } = useQuery({
    queryKey: ['apis-usage'],
    queryFn: async () => (await api.listDataApiUsage({})).data.items,
    enabled: may('calls:read'),
    refetchInterval: USAGE_EVERY_MS,
  });
  const own = data?.find((one) => one.project === project && one.name === name);
  const { requests, failed, limited } = own ?? { requests: 0, failed: 0, limited: 0 };
  return (
    <span style={{ display: 'inline-flex', gap: 8, whiteSpace: 'nowrap' }}>
      <Link to="/calls" search={{ project, route: name } as never}>
        {data ? say(texts.times, { count: formats.number(requests) }) : say(texts.calls)}
      </Link>
      {failed > 0 ? <Mark tone="bad">{say(texts.failed, { count: formats.number(failed) })}</Mark> : null}
      {limited > 0 ? <Mark tone="warning">{say(texts.limited, { count: formats.number(limited) })}</Mark> : null}
    </span>
  );
}
