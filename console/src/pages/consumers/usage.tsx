/** What a consumer called in the last hour and day, beside the limits of its plan. */
import { useQuery } from '@tanstack/react-query';
import { Table } from 'antd';
import type { ConsumerUsage } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useComponents } from '../../data/components.ts';
import { useFormats } from '../../ui/format.tsx';
import { useKind } from '../../documents/kinds.ts';
import { linesOfStep } from '../../forms/lines.ts';
import { Lines } from '../../forms/lines-view.tsx';
import { useLanguage, useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';

const texts = {
  span: { en: 'Last', zh: '最近' },
  hour: { en: 'hour', zh: '一小时' },
  day: { en: 'day', zh: '一天' },
  requests: { en: 'Requests', zh: '请求' },
  limited: { en: 'Over the limit (429)', zh: '超出限制（429）' },
  clientErrors: { en: 'Refused (4xx)', zh: '拒绝（4xx）' },
  serverErrors: { en: 'Failed (5xx)', zh: '失败（5xx）' },
  slow: { en: '95 % within', zh: '95% 不超过' },
  limits: { en: 'Limits of its plan: ', zh: '套餐的限制：' },
  none: { en: 'none', zh: '无' },
};
const EVERY_MS = 10_000;

type Row = ConsumerUsage['hour'] & { readonly span: 'hour' | 'day' };

export function Usage({ project, consumer }: { readonly project: string; readonly consumer: string }) {
  const say = useSay();
  const formats = useFormats();
  const { data, error, isPending } = useQuery({
    queryKey: ['usage', project, consumer],
    queryFn: async () => (await api.getConsumerUsage({ params: { project, name: consumer } })).data,
    refetchInterval: EVERY_MS,
  });
  if (error) return <ProblemView error={error} />;
  const rows: Row[] = data
    ? [
        { span: 'hour', ...data.hour },
        { span: 'day', ...data.day },
      ]
    : [];
  return (
    <>
      <Table<Row>
        rowKey="span"
        size="small"
        loading={isPending}
        pagination={false}
        dataSource={rows}
        columns={[
          { key: 'span', title: say(texts.span), render: (_, { span }) => say(texts[span]) },
          { key: 'requests', title: say(texts.requests), align: 'right', render: (_, row) => formats.number(row.requests) },
          { key: 'limited', title: say(texts.limited), align: 'right', render: (_, row) => formats.number(row.limited) },
          { key: 'client', title: say(texts.clientErrors), align: 'right', render: (_, row) => formats.number(row.clientErrors) },
          { key: 'server', title: say(texts.serverErrors), align: 'right', render: (_, row) => formats.number(row.serverErrors) },
          {
            key: 'slow',
            title: say(texts.slow),
            align: 'right',
            render: (_, row) => (row.p95Ms === null ? '—' : formats.duration(row.p95Ms)),
          },
        ]}
      />
      <div style={{ marginBlockStart: 12, display: 'grid', gap: 4 }}>
        <span>{say(texts.limits)}</span>
        {data && data.policies.length > 0
          ? data.policies.map((policy) => <Policy key={JSON.stringify(policy)} policy={policy} />)
          : say(texts.none)}
      </div>
    </>
  );
}

/** A policy of the plan: its name, then its settings in words. */
function Policy({ policy }: { readonly policy: Record<string, unknown> }) {
  const { say, language } = useLanguage();
  const { data: plan } = useKind('Plan');
  const { data: policies = [] } = useComponents();
  const title = policies.find(({ id, kind }) => id === policy['type'] && kind !== 'resource')?.title;
  return (
    <>
      <strong>{title ? say(title) : String(policy['type'])}</strong>
      {plan ? <Lines lines={linesOfStep(plan.schema.properties?.['policies']?.items, policy, language)} /> : null}
    </>
  );
}
