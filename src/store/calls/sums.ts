/** Sums over the newest calls of blocks: per span of time, status class and duration class; or per route. */
import { DURATION_BOUNDS_MS } from '../tables/call-totals.ts';
import type { CallTotal, CallTotalsFilter, RouteTotal, RouteTotalsFilter } from '../types.ts';
import { matching } from './match.ts';
import type { OpenBlock } from './open-block.ts';

/** Blocks by their newest call, newest first. */
type Blocks = Iterable<{ readonly block: OpenBlock; readonly greatest: number }>;

const BOUNDS_US = DURATION_BOUNDS_MS.map((ms) => ms * 1000);

/** See `CallTable.totals`. */
export function sumBySpan(blocks: Blocks, filter: CallTotalsFilter): CallTotal[] {
  const { from, to, spanMs, projects, consumer, route, rowsMax } = filter;
  const sums = new Map<number, number>();
  const asked = {
    from,
    to,
    ...(projects && { projects }),
    ...(consumer !== undefined && { consumer }),
    ...(route !== undefined && { route }),
  };
  newest(blocks, rowsMax, (block, take) => {
    const [times, statuses, durations] = [block.column('time'), block.column('status'), block.column('durationMs')];
    for (const i of matching(block, asked)) {
      const status = statuses[i]!;
      const span = Math.floor(Math.round(times[i]!) / spanMs);
      take(Math.round(times[i]!), span * 1000 + Math.floor(status / 100) * 100 + (status === 429 ? 50 : 0) + bucketOf(durations[i]!));
    }
  }).forEach((key) => sums.set(key, (sums.get(key) ?? 0) + 1));
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([key, calls]) => ({
      time: Math.floor(key / 1000) * spanMs,
      class: Math.floor((key % 1000) / 100),
      limited: key % 100 >= 50,
      bucket: key % 50,
      calls,
    }));
}

function bucketOf(ms: number): number {
  const us = Math.round(ms * 1000);
  let bucket = 0;
  while (bucket < BOUNDS_US.length && us > BOUNDS_US[bucket]!) bucket++;
  return bucket;
}

/** See `CallTable.totalsByRoute`. */
export function sumByRoute(blocks: Blocks, { from, to, projects, prefix, rowsMax }: RouteTotalsFilter): RouteTotal[] {
  const routes = new Map<string, number>();
  const keys: { readonly project: string; readonly route: string }[] = [];
  const sums: { calls: number; failed: number; limited: number }[] = [];
  const taken = newest(blocks, rowsMax, (block, take) => {
    const { names } = block;
    const columns = [block.column('time'), block.column('status'), block.column('project'), block.column('route')] as const;
    const [times, statuses, ofProject, ofRoute] = columns;
    const known = new Map<number, number>();
    for (const i of matching(block, { from, to, ...(projects && { projects }) })) {
      const pair = ofProject[i]! * names.length + ofRoute[i]!;
      let place = known.get(pair);
      if (place === undefined) {
        const [project, route] = [names[ofProject[i]!]!, names[ofRoute[i]!]!];
        const text = JSON.stringify([project, route]);
        place = routes.get(text) ?? keys.length;
        if (place === keys.length) keys.push({ project, route });
        routes.set(text, place);
        known.set(pair, place);
      }
      take(Math.round(times[i]!), place * 1000 + statuses[i]!);
    }
  });
  for (const key of taken) {
    const place = Math.floor(key / 1000);
    const status = key % 1000;
    const sum = (sums[place] ??= { calls: 0, failed: 0, limited: 0 });
    sum.calls++;
    if (status >= 500 || status === 0) sum.failed++;
    if (status === 429) sum.limited++;
  }
  return keys
    .flatMap((key, place) => (sums[place] && key.route.startsWith(prefix) ? [{ ...key, ...sums[place] }] : []))
    .sort((a, b) => order(a.project, b.project) || order(a.route, b.route));
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What was taken of the newest `max` calls. Stops at the first block that has none of them. */
function newest(blocks: Blocks, max: number, read: (block: OpenBlock, take: (time: number, key: number) => void) => void): number[] {
  let times: number[] = [];
  let keys: number[] = [];
  let oldest = -Infinity;
  const take = (time: number, key: number): void => {
    if (time < oldest) return;
    times.push(time);
    keys.push(key);
  };
  for (const { block, greatest } of blocks) {
    if (greatest < oldest) break;
    block.attempt(() => read(block, take));
    if (keys.length < max) continue;
    const kept = times.map((_, k) => k).sort((a, b) => times[b]! - times[a]!);
    kept.length = max;
    [times, keys] = [kept.map((k) => times[k]!), kept.map((k) => keys[k]!)];
    oldest = times[max - 1]!;
  }
  return keys;
}
