/** The two marks of a run or pipeline: how it ended, and what goes on now. They are never one mark. */
import type { PipelineOverview, Run, RunStream } from '../../../generated/client.ts';
import { type Text, useSay } from '../ui/language.tsx';
import { Mark, type Tone } from '../ui/status.tsx';

const texts = {
  idle: { en: 'Idle', zh: '空闲' },
  disabled: { en: 'Disabled', zh: '已停用' },
  stopping: { en: 'Stopping', zh: '正在停止' },
  again: { en: 'Waiting for try {attempt} of {most}', zh: '等待第 {attempt}/{most} 次尝试' },
  never: { en: 'Never ran', zh: '从未运行' },
  over: { en: 'Over', zh: '已结束' },
};

export const RESULTS: Readonly<Record<NonNullable<Run['result']>, { readonly tone: Tone; readonly text: Text }>> = {
  succeeded: { tone: 'good', text: { en: 'Succeeded', zh: '成功' } },
  failed: { tone: 'bad', text: { en: 'Failed', zh: '失败' } },
  cancelled: { tone: 'stopped', text: { en: 'Cancelled', zh: '已取消' } },
  skipped: { tone: 'off', text: { en: 'Skipped', zh: '已跳过' } },
};

export const STATES: Readonly<Record<Run['state'], { readonly tone: Tone; readonly text: Text }>> = {
  queued: { tone: 'waiting', text: { en: 'Queued', zh: '排队中' } },
  running: { tone: 'going', text: { en: 'Running', zh: '运行中' } },
  done: { tone: 'off', text: texts.over },
};

const STREAM_STATES: Readonly<Record<RunStream['state'], { readonly tone: Tone; readonly text: Text }>> = {
  waiting: { tone: 'waiting', text: { en: 'Waiting', zh: '等待中' } },
  running: STATES.running,
  done: STATES.done,
};

/** How it ended; a dash while it has not. */
export function ResultMark({ result }: { readonly result: Run['result'] }) {
  const say = useSay();
  if (result === null) return <span className="weir-quiet">—</span>;
  return <Mark tone={RESULTS[result].tone}>{say(RESULTS[result].text)}</Mark>;
}

/** What goes on now. */
export function StateMark({ run }: { readonly run: Pick<Run, 'state' | 'cancelRequested' | 'attempt' | 'attemptsMax'> }) {
  const say = useSay();
  if (run.cancelRequested && run.state === 'running') return <Mark tone="going">{say(texts.stopping)}</Mark>;
  const { tone, text } = STATES[run.state];
  if (run.state === 'queued' && run.attempt > 1)
    return <Mark tone={tone}>{say(texts.again, { attempt: run.attempt, most: run.attemptsMax })}</Mark>;
  return <Mark tone={tone}>{say(text)}</Mark>;
}

/** What goes on in a stream of a run. */
export function StreamStateMark({ state }: { readonly state: RunStream['state'] }) {
  const say = useSay();
  return <Mark tone={STREAM_STATES[state].tone}>{say(STREAM_STATES[state].text)}</Mark>;
}

/** What goes on in a pipeline now. */
export function PipelineState({ pipeline }: { readonly pipeline: Pick<PipelineOverview, 'current' | 'enabled'> }) {
  const say = useSay();
  if (pipeline.current) return <StateMark run={pipeline.current} />;
  return <Mark tone="off">{say(pipeline.enabled ? texts.idle : texts.disabled)}</Mark>;
}

/** How the last run of a pipeline ended. */
export function LastResult({ last }: { readonly last: Run | null }) {
  const say = useSay();
  return last ? <ResultMark result={last.result} /> : <span className="weir-quiet">{say(texts.never)}</span>;
}
