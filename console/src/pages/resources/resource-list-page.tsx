/** Every resource of every kind. */
import { Link } from '@tanstack/react-router';
import type { Resource } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { TimeAgo } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { type ListColumn, type ListField, ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { useProject } from '../../ui/project.tsx';

const texts = {
  title: { en: 'All resources', zh: '所有资源' },
  about: { en: 'Everything that is configured, whoever manages it.', zh: '全部已配置的资源，不论由谁管理。' },
};

const columns: readonly ListColumn<Resource>[] = [
  {
    key: 'name',
    title: { en: 'Name', zh: '名称' },
    render: ({ kind, project, name }) => <Link to={`/resources/${project}/${kind}/${name}`}>{name}</Link>,
  },
  { key: 'kind', title: { en: 'Kind', zh: '类型' }, render: ({ kind }) => kind },
  { key: 'project', title: { en: 'Project', zh: '项目' }, render: ({ project }) => project },
  { key: 'updatedAt', title: { en: 'Changed', zh: '修改时间' }, render: ({ updatedAt }) => <TimeAgo at={updatedAt} /> },
];

const fields: readonly ListField[] = [{ name: 'name', label: { en: 'Name', zh: '名称' } }];

export default function ResourceListPage() {
  const say = useSay();
  const { project } = useProject();
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)} />
      <ListView
        id="resources"
        label={say(texts.title)}
        columns={columns}
        fields={fields}
        fixed={{ project }}
        rowKey={({ project: of, kind, name }) => `${of}/${kind}/${name}`}
        load={async (query) => (await api.listResources({ query })).data}
      />
    </>
  );
}
