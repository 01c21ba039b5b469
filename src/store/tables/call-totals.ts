/** Sums over call records: how many per span of time, status class and duration, or per route. Looks at a bounded number of the newest. */
import { type Database, number, text, type Value } from '../database.ts';
import type { CallTotal, CallTotalsFilter, RouteTotal, RouteTotalsFilter } from '../types.ts';

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

/** Calls of each route whose name begins with a prefix, the newest `rowsMax` calls looked at. */
export async function routeTotals(db: Pick<Database, 'all'>, filter: RouteTotalsFilter): Promise<RouteTotal[]> {
  const { from, to, projects, prefix, rowsMax } = filter;
  // An expression keeps the project's index out: time leads.
  const within = projects ? ` AND ${projects.length > 0 ? `(project || '') IN (${projects.map(() => '?').join(', ')})` : '1 = 0'}` : '';
  const rows = await db.all(
    `SELECT project, route, count(*) AS calls, sum(CASE WHEN status >= 500 OR status = 0 THEN 1 ELSE 0 END) AS failed,
       sum(CASE WHEN status = 429 THEN 1 ELSE 0 END) AS limited
     FROM (
       SELECT project, route, status FROM call_record WHERE time >= ? AND time < ?${within} ORDER BY time DESC, id DESC LIMIT ?
     ) AS newest
     WHERE substr(route, 1, ${prefix.length}) = ? GROUP BY project, route ORDER BY project, route`,
    [from, to, ...(projects ?? []), rowsMax, prefix],
  );
  return rows.map((row) => ({
    project: text(row, 'project'),
    route: text(row, 'route'),
    calls: number(row, 'calls'),
    failed: number(row, 'failed'),
    limited: number(row, 'limited'),
  }));
}
