/** What the chosen mode and write cannot see or promise, as lines for the run's log. */
import type { Text } from '../base/text.ts';
import { formatDuration } from '../base/units.ts';
import type { StreamOptions } from '../sdk/specs/pipeline.ts';
import type { StreamPlan } from './plan.ts';
import { isDeclaredUnique } from './plan-columns.ts';

export interface PlanNote {
  readonly level: 'info' | 'warn';
  readonly text: Text;
}

type Planned = Pick<StreamPlan, 'stream' | 'mode' | 'write' | 'key'>;

/** The notes of one planned stream, the most important first. */
export function notesOf(plan: Planned, options: StreamOptions): PlanNote[] {
  const notes = [...(plan.mode.type === 'incremental' ? incrementalNotes(plan, plan.mode) : fullNotes(plan))];
  if (plan.write === 'upsert' && options.key === undefined && plan.stream.primaryKey.length === 0) {
    const key = plan.key.join(', ');
    notes.push(info(`no primary key: the unique key (${key}) identifies rows`, `没有主键：以唯一键（${key}）标识行`));
  }
  return notes;
}

const warn = (en: string, zh: string): PlanNote => ({ level: 'warn', text: { en, zh } });
const info = (en: string, zh: string): PlanNote => ({ level: 'info', text: { en, zh } });

function incrementalNotes({ stream, write }: Planned, mode: Extract<StreamPlan['mode'], { type: 'incremental' }>): PlanNote[] {
  const notes: PlanNote[] = [];
  if (mode.key.length === 0) {
    notes.push(
      write === 'append'
        ? warn(
            'no unique key orders rows of equal cursor: append is at least once here, rows may be added twice after a stop; name a key',
            '没有唯一键为游标相同的行排序：此处追加为至少一次，中断后可能重复追加；请指定键',
          )
        : warn(
            'no unique key orders rows of equal cursor: rows of the last cursor value may be read again',
            '没有唯一键为游标相同的行排序：最后一个游标值的行可能被重读',
          ),
    );
  } else if (!isDeclaredUnique(stream, mode.key)) {
    const key = mode.key.join(', ');
    notes.push(
      warn(
        `the key (${key}) is taken at your word: the source does not declare it unique and not null, and rows equal in it could be lost`,
        `键（${key}）以您的说明为准：源未声明其唯一且非空，键值相同的行可能丢失`,
      ),
    );
  }
  const lookback = formatDuration(mode.lookbackMs);
  notes.push(
    info(
      `incremental by ${mode.cursor}: deleted rows are not seen and stay in the target, rows without a cursor value are never read`,
      `按 ${mode.cursor} 增量：看不到删除，已删除的行会留在目标；游标为空的行不会被读取`,
    ),
    info(
      `a row that becomes visible more than ${lookback} after its cursor value is missed, unless the source knows its open transactions`,
      `若某行在其游标值之后超过 ${lookback} 才可见，则会漏读，除非源能得知未提交的事务`,
    ),
  );
  if (write === 'append') {
    const { en, zh } = again(stream);
    notes.push(
      info(`append: an updated row is added again, the older version stays${en}`, `追加：被修改的行会再次追加，旧版本保留${zh}`),
      info('append: a column that joins later is empty in rows carried before', '追加：之后新增的列在此前同步的行中为空'),
    );
  }
  return notes;
}

function fullNotes({ stream, write }: Planned): PlanNote[] {
  if (write === 'append') {
    const { en, zh } = again(stream);
    return [warn(`full read with append: every run adds all rows again${en}`, `全量读取并追加：每次运行都会再次追加所有行${zh}`)];
  }
  if (write !== 'upsert') return [];
  return [
    info(
      'full read with upsert: rows deleted at the source stay in the target; replace removes them',
      '全量读取并按键写入：源中已删除的行会留在目标；整体替换（replace）会移除它们',
    ),
  ];
}

function again(stream: StreamPlan['stream']): Text {
  if (stream.primaryKey.length === 0) return { en: '', zh: '' };
  return {
    en: '; a target with the source’s primary key refuses that, so make it without to keep every version',
    zh: '；带有源主键的目标表会拒绝，要保留所有版本请建无主键的表',
  };
}
