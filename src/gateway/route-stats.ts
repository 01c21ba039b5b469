/**
 * The gateway's numbers: typed arrays per route that requests add to, turned into prom-client's JSON form
 * when asked. Labels are bounded: routes by what is published (and a cap), methods and reasons by lists.
 * They outlive revisions; a removed route's numbers go when its last exchange is done.
 */
import type { MetricsJson } from '../sdk/channel.ts';
import type { MetricSpec } from '../telemetry/metrics.ts';
import type { Outcome } from './contract.ts';
import specs from './metrics.ts';

export interface RouteStats {
  readonly project: string;
  readonly route: string;
  started(): void;
  /** Ends what `started` began. */
  finished(method: string, outcome: Outcome): void;
}

export interface GatewayMetrics {
  /** Stats of a route; beyond the cap all share one entry named `other`. */
  route(project: string, name: string): RouteStats;
  /** Numbers of calls that reached no route, labelled with empty project and route. */
  readonly unrouted: RouteStats;
  /** A request that never became an exchange. */
  rejected(reason: string): void;
  /** Forgets the numbers of routes `keep` does not name and that have no exchange in flight. */
  prune(keep: (project: string, name: string) => boolean): void;
  /** Everything in prom-client's JSON form. */
  toJson(): MetricsJson;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'];
const CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'];
const BUCKETS_S: readonly number[] = specs.duration.buckets;
const REASONS_MAX = 40;
const methodIndex = new Map(METHODS.map((name, i) => [name, i]));

interface Stats extends RouteStats {
  readonly counts: Float64Array;
  readonly duration: Histogram;
  readonly upstream: Histogram;
  readonly bytes: Float64Array;
  readonly reasons: Map<string, number>;
  inFlight: number;
}

interface Histogram {
  /** One count per bucket and one for beyond. */
  readonly counts: Float64Array;
  sum: number;
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
      for (const [key, stats] of routes) if (stats.inFlight === 0 && !keep(stats.project, stats.route)) routes.delete(key);
    },
    toJson: () => routeMetrics([unrouted, other, ...routes.values()]),
  };
}

function newStats(project: string, route: string): Stats {
  const stats: Stats = {
    project,
    route,
    inFlight: 0,
    counts: new Float64Array(METHODS.length * CLASSES.length),
    duration: newHistogram(),
    upstream: newHistogram(),
    bytes: new Float64Array(2),
    reasons: new Map(),
    started: () => void stats.inFlight++,
    finished(method, outcome) {
      stats.inFlight--;
      const row = methodIndex.get(method) ?? METHODS.length - 1;
      const column = Math.min(5, Math.max(0, Math.floor(outcome.status / 100)));
      stats.counts[row * CLASSES.length + column]! += 1;
      observe(stats.duration, outcome.durationMs / 1000);
      if (outcome.upstreamMs > 0) observe(stats.upstream, outcome.upstreamMs / 1000);
      stats.bytes[0]! += outcome.requestBytes;
      stats.bytes[1]! += outcome.responseBytes;
      if (outcome.reason !== '') addReason(stats, outcome.reason);
    },
  };
  return stats;
}

function newHistogram(): Histogram {
  return { counts: new Float64Array(BUCKETS_S.length + 1), sum: 0 };
}

function observe(histogram: Histogram, seconds: number): void {
  let i = 0;
  while (i < BUCKETS_S.length && seconds > BUCKETS_S[i]!) i++;
  histogram.counts[i]! += 1;
  histogram.sum += seconds;
}

function addReason(stats: Stats, reason: string): void {
  const name = stats.reasons.has(reason) || stats.reasons.size < REASONS_MAX ? reason : 'other';
  stats.reasons.set(name, (stats.reasons.get(name) ?? 0) + 1);
}

/** One value of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

function routeMetrics(all: readonly Stats[]): Record<string, unknown>[] {
  const used = all.filter((s) => s.inFlight > 0 || s.reasons.size > 0 || s.counts.some((n) => n > 0));
  const per = (value: (s: Stats) => number) => used.map((s): Sample => ({ labels: labelsOf(s), value: value(s) }));
  return [
    metricJson(specs.requests, used.flatMap(requestSamples)),
    metricJson(
      specs.duration,
      used.flatMap((s) => histogramSamples(specs.duration.name, s, s.duration)),
    ),
    metricJson(
      specs.upstreamDuration,
      used.flatMap((s) => histogramSamples(specs.upstreamDuration.name, s, s.upstream)),
    ),
    metricJson(
      specs.inFlight,
      per((s) => s.inFlight),
    ),
    metricJson(
      specs.requestBytes,
      per((s) => s.bytes[0]!),
    ),
    metricJson(
      specs.responseBytes,
      per((s) => s.bytes[1]!),
    ),
    metricJson(
      specs.rejections,
      used.flatMap((s) => [...s.reasons].map(([reason, value]): Sample => ({ labels: { ...labelsOf(s), reason }, value }))),
    ),
  ];
}

function requestSamples(stats: Stats): Sample[] {
  const samples: Sample[] = [];
  stats.counts.forEach((value, i) => {
    const method = METHODS[Math.floor(i / CLASSES.length)]!;
    if (value > 0) samples.push({ labels: { ...labelsOf(stats), method, code: CLASSES[i % CLASSES.length]! }, value });
  });
  return samples;
}

function histogramSamples(name: string, stats: Stats, histogram: Histogram): Sample[] {
  let total = 0;
  const samples = [...BUCKETS_S, '+Inf'].map((le, i): Sample => {
    total += histogram.counts[i]!;
    return { metricName: `${name}_bucket`, labels: { le, ...labelsOf(stats) }, value: total };
  });
  if (total === 0) return [];
  samples.push({ metricName: `${name}_sum`, labels: labelsOf(stats), value: histogram.sum });
  samples.push({ metricName: `${name}_count`, labels: labelsOf(stats), value: total });
  return samples;
}

function labelsOf(stats: Stats): { route: string; project: string } {
  return { route: stats.route, project: stats.project };
}

/** One metric in prom-client's JSON form. */
export function metricJson(spec: MetricSpec, values: readonly Sample[]): Record<string, unknown> {
  return { name: spec.name, help: spec.help.en, type: spec.type, values, aggregator: spec.aggregate ?? 'sum' };
}
