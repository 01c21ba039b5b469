/** The targets behind a route: where each is, its share, and what the gateway's threads know of it. */
import { useQuery } from '@tanstack/react-query';
import { Empty, Table, type TableColumnsType } from 'antd';
import type { TargetHealth } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { type Formats, TimeAgo, useFormats } from '../../ui/format.tsx';
import { type Say, useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Mark } from '../../ui/status.tsx';

const texts = {
  address: { en: 'Address', zh: '地址' },
  weight: { en: 'Weight', zh: '权重' },
  state: { en: 'State', zh: '状态' },
  ok: { en: 'answers', zh: '正常应答' },
  failing: { en: 'failing', zh: '失败中' },
  starting: { en: 'starting slowly', zh: '逐步恢复中' },
  ejected: { en: 'ejected', zh: '已剔除' },
  unhealthy: { en: 'unhealthy', zh: '不健康' },
  began: { en: 'began {ago}', zh: '始于{ago}' },
  unused: { en: 'not used yet', zh: '尚未使用' },
  success: { en: 'Last success', zh: '最近成功' },
  failure: { en: 'Last failure', zh: '最近失败' },
  connections: { en: 'Open / idle', zh: '已打开 / 空闲' },
  requests: { en: 'Requests', zh: '请求数' },
  gone: { en: 'This upstream does not serve now: it is switched off, or not published.', zh: '该上游当前未生效：已停用或尚未发布。' },
};

const EVERY_MS = 5000;

export function Targets({ project, upstream }: { readonly project: string; readonly upstream: string }) {
  const say = useSay();
  const formats = useFormats();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['upstream-health', project, upstream],
    queryFn: async () => (await api.getUpstreamHealth({ params: { project, name: upstream } })).data.targets,
    refetchInterval: EVERY_MS,
  });
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  return (
    <Table<TargetHealth & { readonly at: number }>
      rowKey="at"
      size="small"
      loading={isPending}
      pagination={false}
      scroll={{ x: 'max-content' }}
      dataSource={(data ?? []).map((target, at) => ({ ...target, at }))}
      columns={columnsOf(say, formats)}
      locale={{ emptyText: isPending ? ' ' : <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say(texts.gone)} /> }}
    />
  );
}

function columnsOf(say: Say, { number }: Formats): TableColumnsType<TargetHealth & { readonly at: number }> {
  return [
    { key: 'address', title: say(texts.address), render: (_, { address }) => <code>{address}</code> },
    { key: 'weight', title: say(texts.weight), align: 'right', dataIndex: 'weight' },
    { key: 'state', title: say(texts.state), render: (_, target) => <State target={target} /> },
    { key: 'success', title: say(texts.success), render: (_, { lastSuccessAt }) => <TimeAgo at={lastSuccessAt} /> },
    {
      key: 'failure',
      title: say(texts.failure),
      render: (_, { lastFailureAt, lastFailure }) => (
        <>
          <TimeAgo at={lastFailureAt} />
          {lastFailure ? (
            <div>
              <code>{lastFailure}</code>
            </div>
          ) : null}
        </>
      ),
    },
    {
      key: 'connections',
      title: say(texts.connections),
      align: 'right',
      render: (_, { open, idle }) => `${number(open)} / ${number(idle)}`,
    },
    { key: 'requests', title: say(texts.requests), align: 'right', render: (_, { requests }) => number(requests) },
  ];
}

function State({ target: { state, stateReason, stateSince, failingSince } }: { readonly target: TargetHealth }) {
  const say = useSay();
  if (state === 'unused') return <Mark tone="waiting">{say(texts.unused)}</Mark>;
  if (state === 'ok') return <Mark tone="good">{say(texts.ok)}</Mark>;
  return (
    <>
      <Mark tone={state === 'starting' ? 'waiting' : 'bad'}>{say(texts[state])}</Mark>
      {stateReason === null ? null : (
        <div>
          <code>{stateReason}</code>
        </div>
      )}
      <Began at={stateSince ?? failingSince} />
    </>
  );
}

function Began({ at }: { readonly at: number | null }) {
  const say = useSay();
  const formats = useFormats();
  if (at === null) return null;
  return (
    <div className="weir-quiet">
      <time dateTime={new Date(at).toISOString()} title={formats.time(at)}>
        {say(texts.began, { ago: formats.ago(at, Date.now()) })}
      </time>
    </div>
  );
}
