/** The two marks of a run and the facts around them, with its other tries. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Card, Descriptions, type DescriptionsProps, Typography } from 'antd';
import type { Run } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { Took, TRIGGERS } from '../../data/run-columns.tsx';
import { ResultMark, StateMark } from '../../data/run-marks.tsx';
import { TimeAgo } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';

const texts = {
  now: { en: 'Now', zh: '当前状态' },
  result: { en: 'Result', zh: '结果' },
  took: { en: 'Took', zh: '耗时' },
  queued: { en: 'Queued', zh: '排队时间' },
  due: { en: 'Due', zh: '预定时间' },
  started: { en: 'Started', zh: '开始' },
  finished: { en: 'Ended', zh: '结束' },
  trigger: { en: 'Started by', zh: '触发方式' },
  tries: { en: 'Tries', zh: '尝试' },
  ofMost: { en: '{attempt} of {most}', zh: '第 {attempt} 次，共 {most} 次' },
  one: { en: 'try {attempt}', zh: '第 {attempt} 次' },
  id: { en: 'Run id', zh: '运行编号' },
  release: { en: 'Release', zh: '发布版本' },
  worker: { en: 'Worker', zh: '工作进程' },
};

export function RunFacts({ run }: { readonly run: Run }) {
  const say = useSay();
  const items: DescriptionsProps['items'] = [
    { key: 'now', label: say(texts.now), children: <StateMark run={run} /> },
    { key: 'result', label: say(texts.result), children: <ResultMark result={run.result} /> },
    { key: 'took', label: say(texts.took), children: <Took run={run} /> },
    { key: 'queued', label: say(texts.queued), children: <TimeAgo at={run.createdAt} /> },
    ...(run.state === 'queued' && run.dueAt > run.createdAt
      ? [{ key: 'due', label: say(texts.due), children: <TimeAgo at={run.dueAt} /> }]
      : []),
    { key: 'started', label: say(texts.started), children: <TimeAgo at={run.startedAt} /> },
    { key: 'finished', label: say(texts.finished), children: <TimeAgo at={run.finishedAt} /> },
    {
      key: 'trigger',
      label: say(texts.trigger),
      children: run.trigger === 'schedule' ? say(TRIGGERS.schedule) : `${say(TRIGGERS[run.trigger])} · ${run.requestedBy}`,
    },
    { key: 'tries', label: say(texts.tries), children: <Tries run={run} /> },
    { key: 'id', label: say(texts.id), children: <Copyable text={run.id} /> },
    { key: 'release', label: say(texts.release), children: <Copyable text={run.release} shown={run.release.slice(0, 12)} /> },
    { key: 'worker', label: say(texts.worker), children: run.worker ?? '—' },
  ];
  return (
    <Card size="small">
      <Descriptions size="small" column={{ xs: 1, sm: 2, lg: 3 }} items={items} />
    </Card>
  );
}

function Copyable({ text, shown = text }: { readonly text: string; readonly shown?: string }) {
  return (
    <Typography.Text copyable={{ text }} code>
      {shown}
    </Typography.Text>
  );
}

const TRIES_MAX = 100;

/** Which try this is, with links to the others. */
function Tries({ run }: { readonly run: Run }) {
  const say = useSay();
  const first = run.retryOf ?? run.id;
  const { data = [] } = useQuery({
    queryKey: ['tries', first, run.state],
    queryFn: async () => {
      const { data: found } = await api.listRuns({ query: { triesOf: run.id, sort: 'created', limit: TRIES_MAX } });
      return found.items;
    },
  });
  const others = data.filter((one) => one.id !== run.id);
  return (
    <span style={{ display: 'inline-flex', gap: 8, flexWrap: 'wrap' }}>
      {say(texts.ofMost, { attempt: run.attempt, most: run.attemptsMax })}
      {others.map((one) => (
        <Link key={one.id} to={`/runs/${one.id}`}>
          {say(texts.one, { attempt: one.attempt })} <ResultMark result={one.result} />
        </Link>
      ))}
    </span>
  );
}
