/** Joins the metrics of several threads into one list, as prom-client joins those of processes. */
import { AggregatorRegistry } from 'prom-client';
import type { MetricsJson } from '../sdk/channel.ts';

/** One list in which figures of the same name and labels are joined by their metric's rule. */
export async function mergeMetrics(parts: readonly MetricsJson[]): Promise<MetricsJson> {
  const merged = AggregatorRegistry.aggregate(parts as unknown as object[]);
  return (await merged.getMetricsAsJSON()) as unknown as MetricsJson;
}
