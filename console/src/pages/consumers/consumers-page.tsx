/** Consumers and the plans they are in. */
import { Link } from '@tanstack/react-router';
import { Empty, Segmented } from 'antd';
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
import { useUrlState } from '../../ui/url-state.tsx';

const texts = {
  title: { en: 'Consumers', zh: '消费者' },
  about: {
    en: 'Applications that call routes and data APIs, and the plans that limit them.',
    zh: '调用路由与数据 API 的应用，以及限制它们的套餐。',
  },
  consumers: { en: 'Consumers', zh: '消费者' },
  plans: { en: 'Plans', zh: '套餐' },
  show: { en: 'Consumers or plans', zh: '消费者或套餐' },
  newConsumer: { en: 'New consumer', zh: '新建消费者' },
  newPlan: { en: 'New plan', zh: '新建套餐' },
  noConsumers: {
    en: 'No consumer yet. One stands for an application; its keys let it in.',
    zh: '还没有消费者。消费者代表一个应用，凭密钥访问。',
  },
  noPlans: { en: 'No plan yet. A plan holds the limits of the consumers in it.', zh: '还没有套餐。套餐规定其中消费者的限制。' },
};

const name = (to: (resource: Resource) => string): ListColumn<Resource> => ({
  key: 'name',
  title: { en: 'Name', zh: '名称' },
  sort: 'name',
  render: (resource) => <Link to={to(resource)}>{resource.name}</Link>,
});
const shared: readonly ListColumn<Resource>[] = [
  { key: 'project', title: { en: 'Project', zh: '项目' }, sort: 'project', render: ({ project }) => project },
  { key: 'state', title: { en: 'State', zh: '状态' }, render: ({ status }) => <ResourceState status={status} /> },
  { key: 'updatedAt', title: { en: 'Changed', zh: '修改时间' }, sort: 'updated', render: ({ updatedAt }) => <TimeAgo at={updatedAt} /> },
];
const consumerColumns: readonly ListColumn<Resource>[] = [
  name(({ project, name: of }) => `/consumers/${project}/${of}`),
  { key: 'plan', title: { en: 'Plan', zh: '套餐' }, render: ({ spec }) => String(spec['plan'] ?? '—') },
  {
    key: 'description',
    title: { en: 'Description', zh: '说明' },
    render: ({ spec, description }) => String(spec['description'] ?? description ?? ''),
  },
  ...shared,
];
const planColumns: readonly ListColumn<Resource>[] = [
  name(({ project, name: of }) => `/resources/${project}/Plan/${of}`),
  {
    key: 'policies',
    title: { en: 'Policies', zh: '策略' },
    render: ({ spec }) => {
      const types = ((spec['policies'] as { type: string }[] | undefined) ?? []).map(({ type }) => type);
      return <StepNames types={types} between=" · " />;
    },
  },
  ...shared,
];
const fields: readonly ListField[] = [{ name: 'text', label: { en: 'Name', zh: '名称' } }];

export default function ConsumersPage() {
  const say = useSay();
  const { project, projectOrDefault } = useProject();
  const [url, change] = useUrlState();
  const plans = url['show'] === 'plans';
  const kind = plans ? 'Plan' : 'Consumer';
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)}>
        <Segmented
          aria-label={say(texts.show)}
          value={plans ? 'plans' : 'consumers'}
          options={[
            { value: 'consumers', label: say(texts.consumers) },
            { value: 'plans', label: say(texts.plans) },
          ]}
          onChange={(show) => change({ show: show === 'plans' ? 'plans' : undefined, after: undefined, text: undefined })}
        />
        <CreateLink primary to={`/resources/new/${kind}`} project={projectOrDefault}>
          {say(plans ? texts.newPlan : texts.newConsumer)}
        </CreateLink>
      </PageHead>
      <ListView
        key={kind}
        id={kind}
        label={say(plans ? texts.plans : texts.consumers)}
        columns={plans ? planColumns : consumerColumns}
        fields={fields}
        fixed={{ project, kind }}
        csv="/api/v1/resources"
        rowKey={({ project: of, name: called }) => `${of}/${called}`}
        load={async (query) => (await api.listResources({ query: query as never })).data}
        empty={
          <Empty description={say(plans ? texts.noPlans : texts.noConsumers)} image={Empty.PRESENTED_IMAGE_SIMPLE}>
            <CreateLink to={`/resources/new/${kind}`} project={projectOrDefault}>
              {say(plans ? texts.newPlan : texts.newConsumer)}
            </CreateLink>
          </Empty>
        }
      />
    </>
  );
}
