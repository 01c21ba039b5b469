/** One call's whole story: what was asked, by whom, which route, what each policy decided, where the time went. */
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Card, Descriptions, Typography } from 'antd';
import type { CallDetail, CallStory } from '../../../../generated/client.ts';
import { api, ProblemAnswer } from '../../api/client.ts';
import { ProblemLink } from '../../data/problem-words.tsx';
import { RouteLink } from '../../data/route-link.tsx';
import { useFormats } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { CallStatus } from './columns.tsx';
import { Phases } from './phases.tsx';
import { isYoung } from './young.ts';
import { Steps } from './steps.tsx';

const texts = {
  title: { en: 'Call', zh: '调用' },
  request: { en: 'Request', zh: '请求' },
  unread: { en: 'A request refused before it was read', zh: '未读取即被拒绝的请求' },
  outcome: { en: 'Outcome', zh: '结果' },
  status: { en: 'Status', zh: '状态' },
  reason: { en: 'Reason', zh: '原因' },
  time: { en: 'Time', zh: '时间' },
  took: { en: 'Took', zh: '耗时' },
  consumer: { en: 'Consumer', zh: '消费者' },
  client: { en: 'Client address', zh: '客户端地址' },
  protocol: { en: 'Protocol', zh: '协议' },
  route: { en: 'Route', zh: '路由' },
  release: { en: 'Release', zh: '发布' },
  project: { en: 'Project', zh: '项目' },
  sizes: { en: 'Bytes in / out', zh: '收 / 发字节' },
  id: { en: 'Request id', zh: '请求编号' },
  trace: { en: 'Trace id', zh: '跟踪 id' },
  steps: { en: 'What each step decided', zh: '各步骤的决定' },
  phases: { en: 'Where the time went', zh: '时间去向' },
  upstream: { en: 'Upstream', zh: '上游' },
  target: { en: 'Target', zh: '目标' },
  tries: { en: 'Tries', zh: '尝试次数' },
  reused: { en: 'Connection', zh: '连接' },
  reusedYes: { en: 'one used before', zh: '复用已有连接' },
  reusedNo: { en: 'a new one', zh: '新建连接' },
  asked: { en: 'none: the connection of the data API answered', zh: '无：由数据 API 的连接应答' },
  noTarget: { en: 'none: the answer was made here', zh: '无：由网关直接应答' },
  plain: { en: 'a plain answer', zh: '正常应答' },
  noStory: {
    en: 'This call carries no story: it was refused before any route was known, or comes from an older version.',
    zh: '该调用没有详情：在确定路由前即被拒绝，或来自旧版本。',
  },
  again: { en: 'All calls of this consumer', zh: '该消费者的全部调用' },
};

/** A call that ended just now is on its way into the store. */
const TRIES = 10;
const AGAIN_MS = 500;

export default function CallPage() {
  const say = useSay();
  const { id } = useParams({ strict: false }) as { id: string };
  const { data, error, refetch } = useQuery({
    queryKey: ['call', id],
    queryFn: async () => (await api.getCall({ params: { id } })).data,
    staleTime: Number.POSITIVE_INFINITY,
    retry: (count, failure) =>
      count < TRIES && failure instanceof ProblemAnswer && failure.problem.status === 404 && isYoung(id, Date.now()),
    retryDelay: AGAIN_MS,
  });
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <>
      <PageHead title={`${data.method} ${data.path}`.trim() || say(texts.unread)} about={say(texts.title)} />
      <div style={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 16 }}>
        <Facts call={data} />
        {data.story ? <Story story={data.story} asked={data.upstreamMs > 0} /> : <p className="weir-quiet">{say(texts.noStory)}</p>}
      </div>
    </>
  );
}

const RELEASE_SHOWN = 12;

function Facts({ call }: { readonly call: CallDetail }) {
  const say = useSay();
  const formats = useFormats();
  const items = [
    { label: say(texts.status), children: <CallStatus status={call.status} /> },
    { label: say(texts.reason), children: call.reason ? <ProblemLink code={call.reason} /> : say(texts.plain) },
    { label: say(texts.time), children: formats.time(call.time) },
    { label: say(texts.took), children: formats.duration(call.durationMs) },
    { label: say(texts.route), children: <RouteLink project={call.project} route={call.route} /> },
    { label: say(texts.project), children: call.project || '—' },
    {
      label: say(texts.consumer),
      children: call.consumer ? (
        <Link to="/calls" search={{ consumer: call.consumer } as never}>
          {call.consumer}
        </Link>
      ) : (
        '—'
      ),
    },
    { label: say(texts.client), children: call.clientAddress },
    { label: say(texts.protocol), children: call.protocol || '—' },
    { label: say(texts.sizes), children: `${formats.bytes(call.requestBytes)} / ${formats.bytes(call.responseBytes)}` },
    {
      label: say(texts.release),
      children: call.release ? (
        <Typography.Text code copyable={{ text: call.release }} title={call.release}>
          {call.release.slice(0, RELEASE_SHOWN)}
        </Typography.Text>
      ) : (
        '—'
      ),
    },
    {
      label: say(texts.id),
      children: (
        <Typography.Text code copyable>
          {call.id}
        </Typography.Text>
      ),
    },
    {
      label: say(texts.trace),
      children: (
        <Typography.Text code copyable>
          {call.traceId}
        </Typography.Text>
      ),
    },
  ];
  return (
    <Card size="small">
      <Descriptions size="small" column={{ xs: 1, md: 2 }} items={items.map((item) => ({ key: item.label, ...item }))} />
    </Card>
  );
}

/** `asked`: something else than this gateway was waited for. */
function Story({ story, asked }: { readonly story: CallStory; readonly asked: boolean }) {
  const say = useSay();
  const { target } = story;
  const items = [
    { label: say(texts.target), children: target ? (target.address ?? `#${target.index + 1}`) : say(asked ? texts.asked : texts.noTarget) },
    ...(target
      ? [
          { label: say(texts.tries), children: story.retried.length > 0 ? `${story.tries} (${story.retried.join(', ')})` : story.tries },
          { label: say(texts.reused), children: say(story.reused ? texts.reusedYes : texts.reusedNo) },
        ]
      : []),
  ];
  return (
    <>
      <Card size="small" title={say(texts.steps)}>
        <Steps steps={story.steps} />
      </Card>
      <Card size="small" title={say(texts.upstream)}>
        <Descriptions size="small" column={{ xs: 1, md: 3 }} items={items.map((item) => ({ key: item.label, ...item }))} />
      </Card>
      <Card size="small" title={say(texts.phases)}>
        <Phases phases={story.phases} />
      </Card>
    </>
  );
}
