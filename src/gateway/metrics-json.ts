/** Numbers of all threads, added up and put into prom-client's JSON form. Runs on the process's main thread. */
import type { MetricsJson } from '../sdk/channel.ts';
import type { MetricSpec } from '../telemetry/metric-specs.ts';
import { joinListeners, listenerMetrics } from './listener-metrics.ts';
import { joinUpstreams, upstreamMetrics } from './upstream-metrics.ts';
import specs from './metrics.ts';
import { CALL_PROTOCOLS } from '../sdk/call-record.ts';
import { BUCKETS_S, CLASSES, COUNTS, METHODS, type MetricsSnapshot, ROW, USUAL_PROTOCOL } from './route-stats.ts';

/** One value of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

interface Total {
  readonly labels: { readonly route: string; readonly project: string };
  readonly row: Float64Array;
  readonly reasons: Map<string, number>;
  readonly spoken: Map<number, number>;
}

/** The routes' metrics of a process from the snapshots of its threads. */
export function metricsJson(snapshots: readonly MetricsSnapshot[]): MetricsJson {
  const all = addUp(snapshots);
  const per = (at: number) => all.map((total): Sample => ({ labels: total.labels, value: total.row[at]! }));
  return [
    metricJson(specs.requests, all.flatMap(requestSamples)),
    metricJson(
      specs.duration,
      all.flatMap((total) => histogramSamples(specs.duration.name, total, ROW.duration)),
    ),
    metricJson(
      specs.upstreamDuration,
      all.flatMap((total) => histogramSamples(specs.upstreamDuration.name, total, ROW.upstream)),
    ),
    metricJson(specs.inFlight, per(ROW.inFlight)),
    metricJson(specs.requestBytes, per(ROW.requestBytes)),
    metricJson(specs.responseBytes, per(ROW.responseBytes)),
    metricJson(specs.rejections, all.flatMap(reasonSamples)),
    ...listenerMetrics(joinListeners(snapshots.map((snapshot) => snapshot.listeners ?? []))),
    ...upstreamMetrics(joinUpstreams(snapshots.map((snapshot) => snapshot.upstreams ?? []))),
  ];
}

/** One metric in prom-client's JSON form. */
export function metricJson(spec: MetricSpec, values: readonly Sample[]): Record<string, unknown> {
  return { name: spec.name, help: spec.help.en, type: spec.type, values, aggregator: spec.aggregate ?? 'sum' };
}

/** One snapshot with the sums of several, of the names `keep` takes. */
export function joinSnapshots(
  snapshots: readonly MetricsSnapshot[],
  keep: (name: MetricsSnapshot['names'][number]) => boolean = () => true,
): MetricsSnapshot {
  const totals = addUp(snapshots).filter((total) => keep(total.labels));
  const numbers = new Float64Array(totals.length * ROW.width);
  totals.forEach((total, i) => numbers.set(total.row, i * ROW.width));
  const reasons = totals.flatMap((total, i) => [...total.reasons].map(([reason, count]) => [i, reason, count] as const));
  const spoken = totals.flatMap((total, i) => [...total.spoken].map(([place, count]) => [i, place, count] as const));
  return {
    names: totals.map((total) => total.labels),
    numbers,
    reasons,
    spoken,
    listeners: joinListeners(snapshots.map((s) => s.listeners ?? [])),
    upstreams: joinUpstreams(snapshots.map((s) => s.upstreams ?? [])),
  };
}

function addUp(snapshots: readonly MetricsSnapshot[]): Total[] {
  const totals = new Map<string, Total>();
  for (const { names, numbers, reasons, spoken } of snapshots) {
    const rows = names.map(({ project, route }, i) => {
      const key = `${project}/${route}`;
      let total = totals.get(key);
      if (!total) totals.set(key, (total = newTotal(project, route)));
      for (let n = 0; n < ROW.width; n++) total.row[n]! += numbers[i * ROW.width + n]!;
      return total;
    });
    for (const [i, reason, count] of reasons) rows[i]!.reasons.set(reason, (rows[i]!.reasons.get(reason) ?? 0) + count);
    for (const [i, place, count] of spoken) rows[i]!.spoken.set(place, (rows[i]!.spoken.get(place) ?? 0) + count);
  }
  return [...totals.values()];
}

function newTotal(project: string, route: string): Total {
  return { labels: { route, project }, row: new Float64Array(ROW.width), reasons: new Map(), spoken: new Map() };
}

function requestSamples({ labels, row, spoken }: Total): Sample[] {
  const usual = [...row.subarray(ROW.counts, ROW.counts + COUNTS)].map((count, place) => [USUAL_PROTOCOL * COUNTS + place, count] as const);
  return [...usual, ...spoken].flatMap(([place, value]) => {
    if (value === 0) return [];
    const method = METHODS[Math.floor((place % COUNTS) / CLASSES.length)]!;
    const code = CLASSES[place % CLASSES.length]!;
    return [{ labels: { ...labels, method, code, protocol: CALL_PROTOCOLS[Math.floor(place / COUNTS)]! }, value }];
  });
}

function histogramSamples(name: string, { labels, row }: Total, at: number): Sample[] {
  let total = 0;
  const samples = [...BUCKETS_S, '+Inf'].map((le, i): Sample => {
    total += row[at + i]!;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
  });
  if (total === 0) return [];
  const sum = { metricName: `${name}_sum`, labels, value: row[at + BUCKETS_S.length + 1]! };
  return [...samples, sum, { metricName: `${name}_count`, labels, value: total }];
}

function reasonSamples({ labels, reasons }: Total): Sample[] {
  return [...reasons].map(([reason, value]) => ({ labels: { ...labels, reason }, value }));
}
