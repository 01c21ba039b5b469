/** Every connection with its type, its place, and whether it serves. */
import { Link } from '@tanstack/react-router';
import { Empty } from 'antd';
import type { Resource } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useConnectors } from '../../data/components.ts';
import { ResourceState } from '../../ui/resource-state.tsx';
import { TimeAgo } from '../../ui/format.tsx';
import { useLanguage, useSay } from '../../ui/language.tsx';
import { CreateLink } from '../../ui/create-link.tsx';
import { type ListColumn, type ListField, ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { useProject } from '../../ui/project.tsx';
import { placeOf } from './place.ts';

const texts = {
  title: { en: 'Connections', zh: '连接' },
  about: { en: 'Databases and files that pipelines and data APIs read and write.', zh: '管道和数据 API 读写的数据库与文件。' },
  none: {
    en: 'No connection yet. One says where a database or file is, and how to log in.',
    zh: '还没有连接。连接说明数据库或文件的位置以及登录方式。',
  },
  create: { en: 'New connection', zh: '新建连接' },
};

const columns: readonly ListColumn<Resource>[] = [
  {
    key: 'name',
    title: { en: 'Name', zh: '名称' },
    sort: 'name',
    render: ({ project, name }) => <Link to={`/connections/${project}/${name}`}>{name}</Link>,
  },
  { key: 'type', title: { en: 'Type', zh: '类型' }, render: ({ spec }) => <ConnectorTitle type={String(spec['type'])} /> },
  { key: 'place', title: { en: 'Place', zh: '位置' }, render: ({ spec }) => <code>{placeOf(spec)}</code> },
  { key: 'status', title: { en: 'Status', zh: '状态' }, sort: 'state', render: ({ status }) => <ResourceState status={status} /> },
  { key: 'description', title: { en: 'Description', zh: '说明' }, render: ({ description }) => description ?? '' },
  { key: 'project', title: { en: 'Project', zh: '项目' }, hidden: true, render: ({ project }) => project },
  { key: 'updatedAt', title: { en: 'Changed', zh: '修改时间' }, sort: 'updated', render: ({ updatedAt }) => <TimeAgo at={updatedAt} /> },
];

const fields: readonly ListField[] = [{ name: 'name', label: { en: 'Name', zh: '名称' } }];

export default function ConnectionListPage() {
  const say = useSay();
  const { project } = useProject();
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)}>
        <CreateLink primary to="/connections/new">
          {say(texts.create)}
        </CreateLink>
      </PageHead>
      <ListView<Resource>
        id="connections"
        label={say(texts.title)}
        columns={columns}
        fields={fields}
        fixed={{ project, kind: 'Connection' }}
        csv="/api/v1/resources"
        rowKey={({ project: of, name }) => `${of}/${name}`}
        load={async (query) => (await api.listResources({ query: query as never })).data}
        empty={
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say(texts.none)}>
            <CreateLink to="/connections/new">{say(texts.create)}</CreateLink>
          </Empty>
        }
      />
    </>
  );
}

/** The connector's name for people. */
function ConnectorTitle({ type }: { readonly type: string }) {
  const { language } = useLanguage();
  const { data } = useConnectors();
  return <>{data?.find(({ id }) => id === type)?.title[language] ?? type}</>;
}
