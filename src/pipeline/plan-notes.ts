/** What the chosen mode and write cannot see or promise, as lines for the run's log. */
import { formatDuration } from '../base/units.ts';
import type { StreamOptions } from '../sdk/specs/pipeline.ts';
import type { StreamPlan } from './plan.ts';
import { isDeclaredUnique } from './plan-columns.ts';

export interface PlanNote {
  readonly level: 'info' | 'warn';
  readonly text: string;
}

/** The notes of one planned stream, the most important first. */
export function notesOf(plan: Pick<StreamPlan, 'stream' | 'mode' | 'write' | 'key'>, options: StreamOptions): PlanNote[] {
  const notes: PlanNote[] = [];
  const warn = (text: string) => notes.push({ level: 'warn', text });
  const info = (text: string) => notes.push({ level: 'info', text });
  const { mode, write, stream } = plan;
  const keyed = '; a target with the source’s primary key refuses that, so make it without to keep every version';
  const again = stream.primaryKey.length === 0 ? '' : keyed;
  if (mode.type === 'incremental') {
    if (mode.key.length === 0) {
      warn(
        write === 'append'
          ? 'no unique key orders rows of equal cursor: append is at least once here, rows may be added twice after a stop; name a key'
          : 'no unique key orders rows of equal cursor: rows of the last cursor value may be read again',
      );
    } else if (!isDeclaredUnique(stream, mode.key)) {
      warn(
        `the key (${mode.key.join(', ')}) is taken at your word: the source does not declare it unique and not null, ` +
          'and rows equal in it could be lost',
      );
    }
    info(`incremental by ${mode.cursor}: deleted rows are not seen and stay in the target, rows without a cursor value are never read`);
    info(
      `a row that becomes visible more than ${formatDuration(mode.lookbackMs)} after its cursor value is missed, ` +
        'unless the source knows its open transactions',
    );
    if (write === 'append') {
      info(`append: an updated row is added again, the older version stays${again}`);
      info('append: a column that joins later is empty in rows carried before');
    }
  } else if (write === 'append') {
    warn(`full read with append: every run adds all rows again${again}`);
  } else if (write === 'upsert') {
    info('full read with upsert: rows deleted at the source stay in the target; replace removes them');
  }
  if (write === 'upsert' && options.key === undefined && stream.primaryKey.length === 0) {
    info(`no primary key: the unique key (${plan.key.join(', ')}) identifies rows`);
  }
  return notes;
}
