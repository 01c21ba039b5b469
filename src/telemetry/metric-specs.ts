/**
 * How a room declares its metrics: once, with their help text, as the default export of its `metrics.ts` (docs read
 * it). Apart from metrics.ts, so that a thread which only counts does not load the library that prints.
 * Names: `weir_<room>_<what>_<unit>`, counters end in `_total`; a label never holds a raw path, a user or a key.
 */
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

/** Declares a room's metrics; checks their names when the file is loaded. */
export function defineMetrics<const S extends MetricSpecs>(specs: S): S {
  for (const { name, type } of Object.values(specs)) {
    if (!/^weir_[a-z0-9_]+$/.test(name)) throw new TypeError(`metric name ${name} must be snake case and begin with weir_`);
    if ((type === 'counter') !== name.endsWith('_total')) throw new TypeError(`metric ${name}: counters, and only they, end in _total`);
  }
  return specs;
}
