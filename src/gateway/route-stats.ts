/**
 * The gateway's numbers on one thread: a row of floats per route that requests add to. A collection copies rows
 * and nothing more; texts and samples are made on a thread that serves nobody (metrics-json.ts). Labels are bounded:
 * routes by what is published (and a cap), methods and reasons by lists. Rows outlive revisions; a removed
 * route's row goes when its last exchange is done.
 */
import { CALL_PROTOCOLS } from '../sdk/call-record.ts';
import type { ListenerNumbers, Outcome } from './contract.ts';
import specs from './metrics.ts';
import type { UpstreamCountRow } from './upstream/upstream-counts.ts';

/** What metrics read of an outcome. */
export type Counted = Pick<Outcome, 'status' | 'reason' | 'durationMs' | 'upstreamMs' | 'requestBytes' | 'responseBytes' | 'protocol'>;

export interface RouteStats {
  readonly project: string;
  readonly route: string;
  started(): void;
  /** Ends what `started` began. */
  finished(method: string, outcome: Counted): void;
}

export interface GatewayMetrics {
  /** Stats of a route; beyond the cap all share one entry named `other`. */
  route(project: string, name: string): RouteStats;
  /** Numbers of calls that reached no route, labelled with empty project and route. */
  readonly unrouted: RouteStats;
  /** A request that never became an exchange. */
  rejected(reason: string): void;
  /**
   * Forgets the numbers of routes `keep` does not name and that have no exchange in flight; true when some still have.
   * Asks for every route: only to be called when routes have left.
   */
  prune(keep: (project: string, name: string) => boolean): boolean;
  /** The rows that are not all zero, copied. */
  snapshot(): MetricsSnapshot;
}

/** Numbers of one thread as they cross threads: `numbers` holds `ROW.width` floats per name. */
export interface MetricsSnapshot {
  readonly names: readonly { readonly project: string; readonly route: string }[];
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Index into `names`, reason, count. */
  readonly reasons: readonly (readonly [number, string, number])[];
  /** Counts of calls that were not HTTP/1.1, which `numbers` has: index into `names`, protocol × `COUNTS` + place of the count, count. */
  readonly spoken: readonly (readonly [number, number, number])[];
  readonly listeners?: readonly ListenerNumbers[];
  readonly upstreams?: readonly UpstreamCountRow[];
}

export const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'];
export const CLASSES: readonly string[] = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'];
export const BUCKETS_S: readonly number[] = specs.duration.buckets;

const HISTOGRAM = BUCKETS_S.length + 2;
/** Counts of a protocol: one per method and class. */
export const COUNTS = METHODS.length * CLASSES.length;
/** The protocol whose counts stand in the row; others are rare on most routes and kept apart. */
export const USUAL_PROTOCOL = CALL_PROTOCOLS.indexOf('http/1.1');
/** Places in a row. A histogram is one count per bucket, one for beyond, and the sum in seconds. */
export const ROW = Object.freeze({
  counts: 0,
  duration: COUNTS,
  upstream: COUNTS + HISTOGRAM,
  inFlight: COUNTS + 2 * HISTOGRAM,
  requestBytes: COUNTS + 2 * HISTOGRAM + 1,
  responseBytes: COUNTS + 2 * HISTOGRAM + 2,
  width: COUNTS + 2 * HISTOGRAM + 3,
});

const REASONS_MAX = 64;
const methodIndex = new Map(METHODS.map((name, i) => [name, i]));

interface Stats extends RouteStats {
  readonly row: Float64Array;
  readonly reasons: Map<string, number>;
  /** By protocol × `COUNTS` + place. */
  readonly spoken: Map<number, number>;
}

/** Makes the metrics of one thread, for at most `routesMax` routes. */
export function createMetrics(routesMax = 10_000): GatewayMetrics {
  const routes = new Map<string, Stats>();
  const unrouted = newStats('', '');
  const other = newStats('', 'other');
  return {
    unrouted,
    route(project, name) {
      const key = `${project}/${name}`;
      let stats = routes.get(key);
      if (!stats && routes.size >= routesMax) return other;
      if (!stats) routes.set(key, (stats = newStats(project, name)));
      return stats;
    },
    rejected: (reason) => addReason(unrouted, reason),
    prune(keep) {
      let left = false;
      for (const [key, stats] of routes) {
        if (keep(stats.project, stats.route)) continue;
        if (stats.row[ROW.inFlight] === 0) routes.delete(key);
        else left = true;
      }
      return left;
    },
    snapshot: () => snapshotOf([unrouted, other, ...routes.values()]),
  };
}

function newStats(project: string, route: string): Stats {
  const row = new Float64Array(ROW.width);
  const stats: Stats = {
    project,
    route,
    row,
    reasons: new Map(),
    spoken: new Map(),
    started: () => void row[ROW.inFlight]!++,
    finished(method, outcome) {
      row[ROW.inFlight]!--;
      const kind = Math.min(5, Math.max(0, Math.floor(outcome.status / 100)));
      const place = (methodIndex.get(method) ?? METHODS.length - 1) * CLASSES.length + kind;
      if (outcome.protocol === USUAL_PROTOCOL) row[place]!++;
      else addTo(stats.spoken, outcome.protocol * COUNTS + place);
      observe(row, ROW.duration, outcome.durationMs / 1000);
      if (outcome.upstreamMs > 0) observe(row, ROW.upstream, outcome.upstreamMs / 1000);
      row[ROW.requestBytes]! += outcome.requestBytes;
      row[ROW.responseBytes]! += outcome.responseBytes;
      if (outcome.reason !== '') addReason(stats, outcome.reason);
    },
  };
  return stats;
}

function observe(row: Float64Array, at: number, seconds: number): void {
  let i = 0;
  while (i < BUCKETS_S.length && seconds > BUCKETS_S[i]!) i++;
  row[at + i]!++;
  row[at + BUCKETS_S.length + 1]! += seconds;
}

function addReason(stats: Stats, reason: string): void {
  const name = stats.reasons.has(reason) || stats.reasons.size < REASONS_MAX ? reason : 'other';
  addTo(stats.reasons, name);
}

function addTo<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function snapshotOf(all: readonly Stats[]): MetricsSnapshot {
  const used = all.filter((stats) => stats.reasons.size > 0 || stats.row.some((n) => n !== 0));
  const numbers = new Float64Array(used.length * ROW.width);
  used.forEach((stats, i) => numbers.set(stats.row, i * ROW.width));
  return {
    names: used.map(({ project, route }) => ({ project, route })),
    numbers,
    reasons: used.flatMap((stats, i) => [...stats.reasons].map(([reason, count]) => [i, reason, count] as const)),
    spoken: used.flatMap((stats, i) => [...stats.spoken].map(([place, count]) => [i, place, count] as const)),
  };
}
