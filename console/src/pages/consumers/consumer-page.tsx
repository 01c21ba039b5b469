/** One consumer: its keys, what it called, the limits it is under. */
import { EditOutlined } from '@ant-design/icons';
import { Link, useParams } from '@tanstack/react-router';
import { Card, Descriptions } from 'antd';
import type { Resource } from '../../../../generated/client.ts';
import { useSession } from '../../api/session.tsx';
import { useResource } from '../../documents/kinds.ts';
import { useSay } from '../../ui/language.tsx';
import { LinkButton } from '../../ui/link-button.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { ResourceState } from '../../ui/resource-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { Keys } from './keys.tsx';
import { Usage } from './usage.tsx';

const texts = {
  about: { en: 'Consumer in {project}', zh: '{project} 中的消费者' },
  edit: { en: 'Edit', zh: '编辑' },
  plan: { en: 'Plan', zh: '套餐' },
  none: { en: 'none: no limit of a plan applies', zh: '无：不受套餐限制' },
  state: { en: 'State', zh: '状态' },
  description: { en: 'Description', zh: '说明' },
  keys: { en: 'Keys', zh: '密钥' },
  usage: { en: 'Calls and limits', zh: '调用与限制' },
  calls: { en: 'Its calls', zh: '查看调用记录' },
};

export default function ConsumerPage() {
  const say = useSay();
  const { project, name } = useParams({ strict: false }) as { project: string; name: string };
  const { may } = useSession();
  const { data, error, refetch } = useResource({ project, kind: 'Consumer', name });
  if (error && !data) {
    return (
      <>
        <PageHead title={name} about={say(texts.about, { project })} />
        <ProblemView error={error} retry={() => void refetch()} />
      </>
    );
  }
  if (!data) return <Waiting />;
  return (
    <>
      <PageHead title={name} about={say(texts.about, { project })}>
        <Link to="/calls" search={{ consumer: name, project } as never}>
          {say(texts.calls)}
        </Link>
        {may('resources:write') ? (
          <LinkButton icon={<EditOutlined aria-hidden />} to={`/resources/${project}/Consumer/${name}/edit`}>
            {say(texts.edit)}
          </LinkButton>
        ) : null}
      </PageHead>
      <div style={{ display: 'grid', gap: 16 }}>
        <Facts consumer={data} />
        <Card size="small" title={say(texts.keys)}>
          <Keys project={project} consumer={name} />
        </Card>
        <Card size="small" title={say(texts.usage)}>
          <Usage project={project} consumer={name} />
        </Card>
      </div>
    </>
  );
}

function Facts({ consumer }: { readonly consumer: Resource }) {
  const say = useSay();
  const plan = consumer.spec['plan'];
  const items = [
    {
      key: 'plan',
      label: say(texts.plan),
      children: typeof plan === 'string' ? <Link to={`/resources/${consumer.project}/Plan/${plan}`}>{plan}</Link> : say(texts.none),
    },
    { key: 'state', label: say(texts.state), children: <ResourceState status={consumer.status} /> },
    { key: 'description', label: say(texts.description), children: String(consumer.spec['description'] ?? consumer.description ?? '—') },
  ];
  return (
    <Card size="small">
      <Descriptions size="small" column={{ xs: 1, md: 3 }} items={items} />
    </Card>
  );
}
