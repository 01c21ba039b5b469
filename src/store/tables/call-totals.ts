/** Sums over call records: how many per span of time, status class and duration. Looks at a bounded number of the newest. */
import { type Database, number, type Value } from '../database.ts';
import type { CallTotal, CallTotalsFilter } from '../types.ts';

/** Upper bounds of the duration classes, in milliseconds; a last class holds what is longer. */
export const DURATION_BOUNDS_MS: readonly number[] = Object.freeze([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000]);

/** One row per span, class and duration class that has calls. `time` of a span is its start. */
export async function callTotals(db: Database, filter: CallTotalsFilter): Promise<CallTotal[]> {
  const { from, to, spanMs, projects, consumer, route, rowsMax } = filter;
  const parts = ['time >= ?', 'time < ?'];
  const values: Value[] = [from, to];
  if (projects) {
    parts.push(projects.length > 0 ? `project IN (${projects.map(() => '?').join(', ')})` : '1 = 0');
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
  const rows = await db.all(
    `SELECT span, class, bucket, limited, count(*) AS calls FROM (
       SELECT time / ${Math.trunc(spanMs)} AS span, status / 100 AS class,
         CASE WHEN status = 429 THEN 1 ELSE 0 END AS limited, ${bucket} AS bucket
       FROM call_record WHERE ${parts.join(' AND ')} ORDER BY time DESC, id DESC LIMIT ?
     ) AS newest GROUP BY span, class, bucket, limited ORDER BY span`,
    [...values, rowsMax],
  );
  return rows.map((row) => ({
    time: number(row, 'span') * spanMs,
    class: number(row, 'class'),
    limited: number(row, 'limited') === 1,
    bucket: number(row, 'bucket'),
    calls: number(row, 'calls'),
  }));
}
