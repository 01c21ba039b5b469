/** Metrics that were declared by metric-specs.ts: opened on a registry, joined over processes, printed for Prometheus. */
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricsJson } from '../sdk/channel.ts';
import { DURATION_BUCKETS, type MetricSpec, type MetricSpecs } from './metric-specs.ts';

type Labels = Readonly<Record<string, string | number>>;
type Opened<S extends MetricSpec> = S['type'] extends 'counter'
  ? { add(amount?: number, labels?: Labels): void }
  : S['type'] extends 'gauge'
    ? { set(value: number, labels?: Labels): void }
    : { observe(value: number, labels?: Labels): void };
export type Metrics<S extends MetricSpecs> = { readonly [N in keyof S]: Opened<S[N]> };

/** Makes the metrics on `registry`; call once per registry. */
export function openMetrics<const S extends MetricSpecs>(registry: Registry, specs: S): Metrics<S> {
  return Object.fromEntries(Object.entries(specs).map(([key, spec]) => [key, open(registry, spec)])) as unknown as Metrics<S>;
}

function open(registry: Registry, spec: MetricSpec): Opened<MetricSpec> | object {
  const base = {
    name: spec.name,
    help: spec.help.en,
    labelNames: [...(spec.labels ?? [])],
    registers: [registry],
    aggregator: spec.aggregate ?? ('sum' as const),
  };
  if (spec.type === 'counter') {
    const counter = new Counter(base);
    return { add: (amount = 1, labels: Labels = {}) => counter.inc({ ...labels }, amount) };
  }
  if (spec.type === 'gauge') {
    const gauge = new Gauge(base);
    return { set: (value: number, labels: Labels = {}) => gauge.set({ ...labels }, value) };
  }
  const histogram = new Histogram({ ...base, buckets: [...(spec.buckets ?? DURATION_BUCKETS)] });
  return { observe: (value: number, labels: Labels = {}) => histogram.observe({ ...labels }, value) };
}

/** A registry for one process; holds nothing yet. */
export function createRegistry(): Registry {
  return new Registry();
}

/** The registry's metrics in the form that travels over the channel. */
export async function metricsJson(registry: Registry): Promise<MetricsJson> {
  return (await registry.getMetricsAsJSON()) as unknown as MetricsJson;
}

/** One text in the Prometheus format from the metrics of several processes; figures of one name and labels are joined. */
export async function mergedMetrics(parts: readonly MetricsJson[]): Promise<{ contentType: string; text: string }> {
  const merged = AggregatorRegistry.aggregate(parts as unknown as object[]);
  return { contentType: merged.contentType, text: await merged.metrics() };
}
