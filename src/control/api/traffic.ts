/** Sums of calls as screens show them: counts by class, and "about" how long all but the slowest took. */
import { help, strictObject, T } from '../../base/schema.ts';
import { DURATION_BOUNDS_MS } from '../../store/tables/call-totals.ts';
import type { CallTotal } from '../../store/types.ts';
import { named, orNull, time } from './shapes.ts';

/** Newest calls a sum looks at, at most: about a second of work for the store. */
export const CALLS_MAX = 200_000;

export const trafficCounts = {
  requests: T.Integer(),
  clientErrors: T.Integer(help('Status 4xx, 429 too.', '状态 4xx，含 429。')),
  limited: T.Integer(help('Status 429.', '状态 429。')),
  serverErrors: T.Integer(help('Status 5xx.', '状态 5xx。')),
  p95Ms: orNull(T.Number(help('About: 95 of 100 calls took at most this long.', '约值：95% 的调用不超过此时长。'))),
};

export const trafficPoint = named('TrafficPoint', strictObject({ time: time(), ...trafficCounts }));

/** Counts over all of `totals`. */
export function countsOf(totals: readonly CallTotal[]) {
  const sum = (fits: (total: CallTotal) => boolean) => totals.reduce((all, total) => (fits(total) ? all + total.calls : all), 0);
  const requests = sum(() => true);
  return {
    requests,
    clientErrors: sum((t) => t.class === 4),
    limited: sum((t) => t.limited),
    serverErrors: sum((t) => t.class === 5),
    p95Ms: requests === 0 ? null : p95(totals, requests),
  };
}

/** One point per span from `from` on, spans without calls too. */
export function pointsOf(totals: readonly CallTotal[], from: number, spanMs: number, count: number) {
  const bySpan = Map.groupBy(totals, (total) => total.time);
  return Array.from({ length: count }, (_, i) => {
    const at = from + i * spanMs;
    return { time: at, ...countsOf(bySpan.get(at) ?? []) };
  });
}

function p95(totals: readonly CallTotal[], requests: number): number {
  const counts = DURATION_BOUNDS_MS.map((_, i) => totals.reduce((all, t) => (t.bucket === i ? all + t.calls : all), 0));
  let seen = 0;
  const index = counts.findIndex((calls) => (seen += calls) >= requests * 0.95);
  return DURATION_BOUNDS_MS[index === -1 ? DURATION_BOUNDS_MS.length - 1 : index]!;
}
