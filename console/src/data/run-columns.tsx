/** Columns of every list of runs. */
import { Link } from '@tanstack/react-router';
import type { Run } from '../../../generated/client.ts';
import { TimeAgo, useFormats } from '../ui/format.tsx';
import { type Text, useSay } from '../ui/language.tsx';
import type { ListColumn } from '../ui/list-view.tsx';
import { ResultMark, StateMark } from './run-marks.tsx';
import { sumsOf } from './run-sums.ts';

export const TRIGGERS: Readonly<Record<Run['trigger'], Text>> = {
  schedule: { en: 'Schedule', zh: '定时' },
  manual: { en: 'By hand', zh: '手动' },
  retry: { en: 'Once more', zh: '重试' },
};

const texts = { attempt: { en: '{attempt} of {most}', zh: '第 {attempt}/{most} 次' } };

export const runColumns: readonly ListColumn<Run>[] = [
  {
    key: 'run',
    title: { en: 'Run', zh: '运行' },
    sort: 'created',
    render: ({ id, createdAt }) => (
      <Link to={`/runs/${id}`}>
        <TimeAgo at={createdAt} />
      </Link>
    ),
  },
  {
    key: 'pipeline',
    title: { en: 'Pipeline', zh: '管道' },
    sort: 'pipeline',
    render: ({ project, pipeline }) => <Link to={`/pipelines/${project}/${pipeline}`}>{pipeline}</Link>,
  },
  { key: 'state', title: { en: 'Now', zh: '当前状态' }, render: (run) => <StateMark run={run} /> },
  { key: 'result', title: { en: 'Result', zh: '结果' }, render: ({ result }) => <ResultMark result={result} /> },
  { key: 'rows', title: { en: 'Rows written', zh: '写入行数' }, align: 'right', render: (run) => <Rows run={run} /> },
  { key: 'took', title: { en: 'Took', zh: '耗时' }, align: 'right', render: (run) => <Took run={run} /> },
  { key: 'trigger', title: { en: 'Started by', zh: '触发方式' }, render: (run) => <Trigger run={run} /> },
  { key: 'attempt', title: { en: 'Try', zh: '尝试' }, render: (run) => <Attempt run={run} /> },
  { key: 'project', title: { en: 'Project', zh: '项目' }, hidden: true, render: ({ project }) => project },
  { key: 'release', title: { en: 'Release', zh: '发布版本' }, hidden: true, render: ({ release }) => <code>{release.slice(0, 12)}</code> },
];

function Rows({ run }: { readonly run: Run }) {
  return <>{useFormats().number(sumsOf(run).rowsWritten)}</>;
}

/** How long it took, or takes so far. */
export function Took({ run }: { readonly run: Pick<Run, 'startedAt' | 'finishedAt'> }) {
  const formats = useFormats();
  if (run.startedAt === null) return <>—</>;
  return <>{formats.duration(Math.max(0, (run.finishedAt ?? Date.now()) - run.startedAt))}</>;
}

function Trigger({ run }: { readonly run: Run }) {
  const say = useSay();
  return (
    <>
      {say(TRIGGERS[run.trigger])}
      {run.trigger === 'schedule' ? null : <span className="weir-quiet"> · {run.requestedBy}</span>}
    </>
  );
}

function Attempt({ run }: { readonly run: Run }) {
  const say = useSay();
  return <>{say(texts.attempt, { attempt: run.attempt, most: run.attemptsMax })}</>;
}
