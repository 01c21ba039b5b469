/**
 * Metrics with their help text where they are defined. A room lists its metrics once with
 * `defineMetrics` (the default export of its `metrics.ts`: docs read it), and opens them on a registry.
 * Names: `weir_<room>_<what>_<unit>`, counters end in `_total`; a label never holds a raw path, a user or a key.
 */
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricsJson } from '../sdk/channel.ts';
import type { Text } from '../base/text.ts';

/** One metric as code declares it and docs list it. */
export interface MetricSpec {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: Text;
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram, in the metric's unit. */
  readonly buckets?: readonly number[];
  /** How values of several processes become one; `sum` when left out. */
  readonly aggregate?: 'sum' | 'max' | 'first' | 'omit';
}
export type MetricSpecs = Readonly<Record<string, MetricSpec>>;

/** Seconds from 1 ms to 10 s: for durations of answers. */
export const DURATION_BUCKETS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Labels = Readonly<Record<string, string | number>>;
type Opened<S extends MetricSpec> = S['type'] extends 'counter'
  ? { add(amount?: number, labels?: Labels): void }
  : S['type'] extends 'gauge'
    ? { set(value: number, labels?: Labels): void }
    : { observe(value: number, labels?: Labels): void };
export type Metrics<S extends MetricSpecs> = { readonly [N in keyof S]: Opened<S[N]> };

/** Declares a room's metrics; checks their names when the file is loaded. */
export function defineMetrics<const S extends MetricSpecs>(specs: S): S {
  for (const { name, type } of Object.values(specs)) {
    if (!/^weir_[a-z0-9_]+$/.test(name)) throw new TypeError(`metric name ${name} must be snake case and begin with weir_`);
    if ((type === 'counter') !== name.endsWith('_total')) throw new TypeError(`metric ${name}: counters, and only they, end in _total`);
  }
  return specs;
}

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
