/** Sums over call records: how many per span of time, status class and duration. Looks at a bounded number of the newest. */
import { type Database, number, type Value } from '../database.ts';
import type { CallTotal, CallTotalsFilter } from '../types.ts';

/** Upper bounds of the duration classes, in milliseconds; a last class holds what is longer. */
export const DURATION_BOUNDS_MS: readonly number[] = Object.freeze([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000]);

/** One row per span, class and duration class that has calls. `time` of a span is its start. */
export async function callTotals(db: Pick<Database, 'all'>, filter: CallTotalsFilter): Promise<CallTotal[]> {
  const { from, to, spanMs, projects, consumer, route, rowsMax } = filter;
  const parts = ['time >= ?', 'time < ?'];
  const values: Value[] = [from, to];
  if (projects) {
    // Of one consumer its own index answers; otherwise time must lead, and an expression keeps that index out.
    const column = consumer === undefined ? "(project || '')" : 'project';
    parts.push(projects.length > 0 ? `${column} IN (${projects.map(() => '?').join(', ')})` : '1 = 0');
    values.push(...projects);
  }
  if (consumer !== undefined) {
    parts.push('consumer = ?');
    values.push(consumer);
  }
  if (route !== undefined) {
    parts.push('route = ?');
    values.push(route);
  }
  const classes = DURATION_BOUNDS_MS.map((ms, i) => `WHEN duration_us <= ${ms * 1000} THEN ${i}`).join(' ');
  const bucket = `CASE ${classes} ELSE ${DURATION_BOUNDS_MS.length} END`;
  // One number per row and group: sorting it is cheaper than sorting four.
  const key = `(time / ${Math.trunc(spanMs)}) * 1000 + (status / 100) * 100 + CASE WHEN status = 429 THEN 50 ELSE 0 END + ${bucket}`;
  const rows = await db.all(
    `SELECT key, count(*) AS calls FROM (
       SELECT ${key} AS key FROM call_record WHERE ${parts.join(' AND ')} ORDER BY time DESC, id DESC LIMIT ?
     ) AS newest GROUP BY key ORDER BY key`,
    [...values, rowsMax],
  );
  return rows.map((row) => {
    const whole = number(row, 'key');
    const calls = number(row, 'calls');
    return {
      time: Math.floor(whole / 1000) * spanMs,
      class: Math.floor((whole % 1000) / 100),
      limited: whole % 100 >= 50,
      bucket: whole % 50,
      calls,
    };
  });
}
