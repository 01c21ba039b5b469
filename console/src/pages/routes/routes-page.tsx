/** Routes: what is taken and where it goes; a tester says which route a request would meet, and why. */
import { Link } from '@tanstack/react-router';
import { Card, Empty, Tag } from 'antd';
import type { Resource } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { StepNames } from '../../data/step-names.tsx';
import { CreateLink } from '../../ui/create-link.tsx';
import { TimeAgo } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { type ListColumn, type ListField, ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { useProject } from '../../ui/project.tsx';
import { ResourceState } from '../../ui/resource-state.tsx';
import { MatchTester } from './match-tester.tsx';
import type { RouteSpec } from './spec.ts';

const texts = {
  title: { en: 'Routes', zh: '路由' },
  about: {
    en: 'Which requests the gateway takes, what happens on the way, and where they go.',
    zh: '网关受理哪些请求、途中如何处理、转发到何处。',
  },
  add: { en: 'New route', zh: '新建路由' },
  tester: { en: 'Which route would it be?', zh: '会命中哪条路由？' },
  any: { en: 'any', zh: '任意' },
  empty: { en: 'No route yet. A route lets requests through to an upstream.', zh: '还没有路由。路由把请求转发到上游。' },
};

const specOf = (resource: Resource) => resource.spec as unknown as RouteSpec;

function Any({ values }: { readonly values: readonly string[] | undefined }) {
  const say = useSay();
  return values && values.length > 0 ? (
    values.map((value) => <Tag key={value}>{value}</Tag>)
  ) : (
    <span className="weir-quiet">{say(texts.any)}</span>
  );
}

const columns: readonly ListColumn<Resource>[] = [
  {
    key: 'name',
    title: { en: 'Name', zh: '名称' },
    sort: 'name',
    render: ({ project, name }) => <Link to={`/routes/${project}/${name}`}>{name}</Link>,
  },
  { key: 'methods', title: { en: 'Methods', zh: '方法' }, render: (route) => <Any values={specOf(route).match.methods} /> },
  { key: 'hosts', title: { en: 'Hosts', zh: '主机' }, render: (route) => <Any values={specOf(route).match.hosts} /> },
  {
    key: 'paths',
    title: { en: 'Paths', zh: '路径' },
    render: (route) =>
      specOf(route).match.paths.map((path) => (
        <Tag key={path}>
          <code>{path}</code>
        </Tag>
      )),
  },
  {
    key: 'upstream',
    title: { en: 'Upstream', zh: '上游' },
    render: ({ project, spec }) => (
      <Link to={`/resources/${project}/Upstream/${String(spec['upstream'])}`}>{String(spec['upstream'])}</Link>
    ),
  },
  {
    key: 'chain',
    title: { en: 'Chain', zh: '策略链' },
    render: (route) => (
      <StepNames types={[...(specOf(route).auth ?? []), ...(specOf(route).policies ?? [])].map(({ type }) => type)} between=" → " />
    ),
  },
  { key: 'state', title: { en: 'State', zh: '状态' }, render: ({ status }) => <ResourceState status={status} /> },
  { key: 'project', title: { en: 'Project', zh: '项目' }, sort: 'project', hidden: true, render: ({ project }) => project },
  {
    key: 'updatedAt',
    title: { en: 'Changed', zh: '修改时间' },
    sort: 'updated',
    hidden: true,
    render: ({ updatedAt }) => <TimeAgo at={updatedAt} />,
  },
];
const fields: readonly ListField[] = [{ name: 'text', label: { en: 'Name', zh: '名称' } }];

export default function RoutesPage() {
  const say = useSay();
  const { project, projectOrDefault } = useProject();
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)}>
        <CreateLink primary to="/resources/new/Route" project={projectOrDefault}>
          {say(texts.add)}
        </CreateLink>
      </PageHead>
      <Card size="small" title={say(texts.tester)} style={{ marginBlockEnd: 16 }}>
        <MatchTester />
      </Card>
      <ListView
        id="routes"
        label={say(texts.title)}
        columns={columns}
        fields={fields}
        fixed={{ project, kind: 'Route' }}
        csv="/api/v1/resources"
        rowKey={({ project: of, name }) => `${of}/${name}`}
        load={async (query) => (await api.listResources({ query: query as never })).data}
        empty={
          <Empty description={say(texts.empty)} image={Empty.PRESENTED_IMAGE_SIMPLE}>
            <CreateLink to="/resources/new/Route" project={projectOrDefault}>
              {say(texts.add)}
            </CreateLink>
          </Empty>
        }
      />
    </>
  );
}
