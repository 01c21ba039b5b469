/** One data API: how it stands, its documentation, and calling it. */
import { EditOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Alert, Card, Descriptions, Space, Tabs } from 'antd';
import { lazy, Suspense, useMemo } from 'react';
import type { Resource } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { LinkButton } from '../../ui/link-button.tsx';
import { TryCall, type TryParameter } from '../../data/try-call.tsx';
import { useResource } from '../../documents/kinds.ts';
import { CodeEditor } from '../../editor/code-editor.tsx';
import { TimeAgo } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { type ApiSpec, keyHeaderOf } from './api-spec.ts';
import { ApiState } from './api-state.tsx';
import { typeName } from './parameters.ts';
import { TYPE_WORDS } from './type-words.ts';

const Swagger = lazy(() => import('./swagger.tsx'));

const texts = {
  edit: { en: 'Open in the builder', zh: '在构建器中打开' },
  history: { en: 'History', zh: '历史' },
  calls: { en: 'Calls', zh: '调用记录' },
  all: { en: 'All data APIs', zh: '全部数据 API' },
  overview: { en: 'Overview', zh: '概览' },
  attempt: { en: 'Try it', zh: '试一试' },
  docs: { en: 'Documentation', zh: '文档' },
  state: { en: 'State', zh: '状态' },
  path: { en: 'Path', zh: '路径' },
  connection: { en: 'Connection', zh: '连接' },
  auth: { en: 'Who may call', zh: '可调用者' },
  open: { en: 'Everybody, without a key', zh: '所有人，无需密钥' },
  key: { en: 'Consumers with a key in {header}', zh: '在 {header} 中带密钥的消费者' },
  release: { en: 'Release that serves', zh: '当前发布' },
  changed: { en: 'Changed', zh: '修改时间' },
  sql: { en: 'SQL', zh: 'SQL' },
  notServing: { en: 'It does not serve the newest version', zh: '尚未以最新版本提供服务' },
  usage: { en: 'Calls in the last hour', zh: '最近一小时调用' },
  usageText: { en: '{requests} · {failed} failed · {limited} limited', zh: '{requests} 次 · 失败 {failed} · 被限流 {limited}' },
  warnings: { en: 'Warnings of the last check', zh: '最近一次检查的警告' },
  noDocs: { en: 'It is documented once it serves.', zh: '开始提供服务后即有文档。' },
};

export default function DetailPage() {
  const { project = '', name = '' } = useParams({ strict: false });
  const { data, error, refetch } = useResource({ project, kind: 'DataApi', name });
  if (data) return <Detail resource={data} />;
  return (
    <>
      <PageHead title={name} />
      {error ? <ProblemView error={error} retry={() => void refetch()} /> : <Waiting />}
    </>
  );
}

function Detail({ resource }: { readonly resource: Resource }) {
  const say = useSay();
  const { may } = useSession();
  const [url, setUrl] = useUrlState();
  const { project, name } = resource;
  const spec = resource.spec as ApiSpec;
  const tabs = [
    { key: 'overview', label: say(texts.overview), children: <Overview resource={resource} spec={spec} /> },
    {
      key: 'try',
      label: say(texts.attempt),
      children: (
        <TryCall project={project} method="GET" path={spec.path ?? '/'} parameters={parametersOf(spec)} keyHeader={keyHeaderOf(spec)} />
      ),
    },
    { key: 'docs', label: say(texts.docs), children: <OwnDocs path={spec.path ?? '/'} project={project} release={resource.release} /> },
  ];
  return (
    <>
      <PageHead title={name} {...(resource.description ? { about: resource.description } : {})}>
        <Space wrap>
          <Link to="/data-apis">{say(texts.all)}</Link>
          <Link to={`/resources/${project}/DataApi/${name}`} search={{ tab: 'history' } as never}>
            {say(texts.history)}
          </Link>
          <Link to="/calls" search={{ project, route: name } as never}>
            {say(texts.calls)}
          </Link>
          {may('resources:write') ? (
            <LinkButton type="primary" icon={<EditOutlined aria-hidden />} to={`/data-apis/${project}/${name}/build`}>
              {say(texts.edit)}
            </LinkButton>
          ) : null}
        </Space>
      </PageHead>
      <Tabs activeKey={url['tab'] ?? 'overview'} onChange={(tab) => setUrl({ tab })} items={tabs} destroyOnHidden />
    </>
  );
}

function Overview({ resource, spec }: { readonly resource: Resource; readonly spec: ApiSpec }) {
  const say = useSay();
  const { may } = useSession();
  const { status } = resource;
  const header = keyHeaderOf(spec);
  const rows = [
    { key: 'state', label: say(texts.state), children: <ApiState status={status} /> },
    { key: 'path', label: say(texts.path), children: <code>GET {spec.path}</code> },
    {
      key: 'connection',
      label: say(texts.connection),
      children: <Link to={`/connections/${resource.project}/${spec.connection}`}>{spec.connection}</Link>,
    },
    { key: 'auth', label: say(texts.auth), children: header === undefined ? say(texts.open) : say(texts.key, { header }) },
    { key: 'release', label: say(texts.release), children: <code>{status.serving?.slice(0, 12) ?? '—'}</code> },
    ...(may('calls:read')
      ? [{ key: 'usage', label: say(texts.usage), children: <Usage project={resource.project} name={resource.name} /> }]
      : []),
    { key: 'changed', label: say(texts.changed), children: <TimeAgo at={resource.updatedAt} /> },
  ];
  return (
    <div style={{ display: 'grid', gap: 16 }}>
      {status.reason ? <Alert type="error" showIcon title={say(texts.notServing)} description={status.reason} /> : null}
      {status.warnings.length > 0 ? (
        <Alert
          type="warning"
          showIcon
          title={say(texts.warnings)}
          description={status.warnings.map((text) => <div key={text}>{text}</div>)}
        />
      ) : null}
      <Card size="small">
        <Descriptions size="small" column={{ xs: 1, md: 2 }} items={rows} />
      </Card>
      <CodeEditor readOnly language="sql" label={say(texts.sql)} value={spec.sql ?? ''} />
    </div>
  );
}

const USAGE_EVERY_MS = 15_000;

function Usage({ project, name }: { readonly project: string; readonly name: string }) {
  const say = useSay();
  const { data } = useQuery({
    queryKey: ['api-usage', project, name],
    queryFn: async () => (await api.getDataApiUsage({ params: { project, name } })).data.hour,
    refetchInterval: USAGE_EVERY_MS,
  });
  if (!data) return <span>—</span>;
  const { requests, limited, clientErrors, serverErrors } = data;
  return (
    <Link to="/calls" search={{ project, route: name } as never}>
      {say(texts.usageText, { requests, limited, failed: clientErrors + serverErrors - limited })}
    </Link>
  );
}

function OwnDocs({ path, project, release }: { readonly path: string; readonly project: string; readonly release: string }) {
  const say = useSay();
  const { data, error } = useQuery({
    queryKey: ['openapi', project, release],
    queryFn: async () => (await api.getDataApisOpenApi({ query: { project } })).data,
  });
  const own = useMemo(() => {
    const item = (data?.['paths'] as Record<string, unknown> | undefined)?.[path];
    return data && item ? { ...data, paths: { [path]: item } } : undefined;
  }, [data, path]);
  if (error) return <ProblemView error={error} />;
  if (!data) return <Waiting />;
  if (!own) return <Alert type="info" showIcon title={say(texts.noDocs)} />;
  return (
    <Suspense fallback={<Waiting />}>
      <Swagger document={own} expansion="full" />
    </Suspense>
  );
}

/** What a call may carry: what the document declares, and the two of a paged API. */
function parametersOf(spec: ApiSpec): TryParameter[] {
  const own = Object.entries(spec.parameters ?? {}).map(([name, { in: place = 'query', required, description, schema = {} }]) => {
    const options = Array.isArray(schema['enum']) ? schema['enum'].map(String) : undefined;
    const example = Array.isArray(schema['examples']) ? (schema['examples'] as unknown[])[0] : undefined;
    return {
      // A field's name has no underscore: `x_tenant` is sent as `x-tenant`.
      name: place === 'header' ? name.toLowerCase().replaceAll('_', '-') : name,
      in: place,
      required: place === 'path' || required === true,
      hint: TYPE_WORDS[typeName(schema)],
      ...(description === undefined ? {} : { description }),
      ...(options ? { options } : {}),
      ...(example === undefined ? {} : { first: String(example) }),
    };
  });
  const paging = ['page_size', 'cursor'].map((name) => ({ name, in: 'query' as const, required: false }));
  return spec.page ? [...own, ...paging] : own;
}
