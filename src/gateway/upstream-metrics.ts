/** Counts of upstreams over threads, and their metrics. */
import type { MetricsJson } from '../sdk/channel.ts';
import { TARGET_STATES } from '../sdk/target-health.ts';
import { metricJson, type Sample } from './metrics-json.ts';
import specs from './metrics.ts';
import { UPSTREAM_EVENTS, type UpstreamCountRow } from './upstream/upstream-counts.ts';

/** One entry per upstream: events added up; of each state the most targets that any thread has in it. */
export function joinUpstreams(lists: readonly (readonly UpstreamCountRow[])[]): readonly UpstreamCountRow[] {
  const totals = new Map<string, UpstreamCountRow>();
  for (const row of lists.flat()) {
    const before = totals.get(row.key);
    if (!before) {
      totals.set(row.key, row);
      continue;
    }
    const events = row.events.map((count, i) => count + before.events[i]!);
    const states = row.states.map((count, i) => Math.max(count, before.states[i]!));
    totals.set(row.key, { key: row.key, events, states });
  }
  return [...totals.values()];
}

/** The metrics of upstreams; events that never happened have no sample. */
export function upstreamMetrics(all: readonly UpstreamCountRow[]): MetricsJson {
  const samples = (names: readonly string[], label: string, read: (row: UpstreamCountRow) => readonly number[]): Sample[] =>
    all.flatMap((row) => {
      const [project = '', upstream = ''] = row.key.split('/');
      return names.flatMap((name, i) => {
        const value = read(row)[i]!;
        return value > 0 ? [{ labels: { upstream, project, [label]: name }, value }] : [];
      });
    });
  return [
    metricJson(
      specs.upstreamEvents,
      samples(UPSTREAM_EVENTS, 'event', (row) => row.events),
    ),
    metricJson(
      specs.upstreamTargets,
      samples(TARGET_STATES, 'state', (row) => row.states),
    ),
  ];
}
