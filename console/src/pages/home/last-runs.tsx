/** The newest run of each pipeline: what goes on now, and how the last one ended. */
import { Link } from '@tanstack/react-router';
import type { LastRun } from '../../../../generated/client.ts';
import { TimeAgo } from '../../ui/format.tsx';
import { type Text, useSay } from '../../ui/language.tsx';
import { Mark, type Tone } from '../../ui/status.tsx';

const texts = { none: { en: 'No pipeline has run yet.', zh: '还没有管道运行过。' } };

type Key = NonNullable<LastRun['result']> | 'queued' | 'running';
const MARKS: Readonly<Record<Key, { readonly tone: Tone; readonly text: Text }>> = {
  queued: { tone: 'waiting', text: { en: 'queued', zh: '排队中' } },
  running: { tone: 'going', text: { en: 'running', zh: '运行中' } },
  succeeded: { tone: 'good', text: { en: 'succeeded', zh: '成功' } },
  failed: { tone: 'bad', text: { en: 'failed', zh: '失败' } },
  cancelled: { tone: 'stopped', text: { en: 'cancelled', zh: '已取消' } },
  skipped: { tone: 'off', text: { en: 'skipped', zh: '已跳过' } },
};

export function LastRuns({ runs }: { readonly runs: readonly LastRun[] }) {
  const say = useSay();
  if (runs.length === 0) return <span className="weir-quiet">{say(texts.none)}</span>;
  return (
    <ul className="weir-plain">
      {runs.map((run) => {
        const { tone, text } = MARKS[run.state === 'done' ? (run.result ?? 'succeeded') : run.state];
        return (
          <li key={run.id}>
            <Mark tone={tone}>{say(text)}</Mark>
            <Link to={`/runs/${run.id}`} style={{ flex: 1 }}>
              {run.pipeline}
            </Link>
            <TimeAgo at={run.finishedAt ?? run.createdAt} />
          </li>
        );
      })}
    </ul>
  );
}
