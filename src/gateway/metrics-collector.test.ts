// Aim: the sum over threads never goes back: a late thread counts with its last answer, a dead one with what it had.
// Method: the collector with threads played by the test and a manual clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import type { MetricsJson } from '../sdk/channel.ts';
import { createMetricsCollector } from './metrics-collector.ts';
import { createMetrics } from './route-stats.ts';

const outcome = { status: 200, reason: '', durationMs: 1, upstreamMs: 1, requestBytes: 1, responseBytes: 1, protocol: 1 };
function counted(route: string, calls: number) {
  const metrics = createMetrics();
  const stats = metrics.route('p', route);
  for (let i = 0; i <= calls; i++) stats.started(); // One more is still in flight.
  for (let i = 0; i < calls; i++) stats.finished('GET', { ...outcome, protocol: i % 3 }); // Of each protocol some.
  return metrics.snapshot();
}
const sum = (metrics: MetricsJson, name: string): number =>
  (metrics.find((m) => m['name'] === name)!['values'] as { value: number }[]).reduce((total, { value }) => total + value, 0);

test('late and dead threads keep counting; what is in flight dies with its thread', async () => {
  const clock = manualClock();
  const collector = createMetricsCollector(clock);
  const collect = async (answers: Record<number, ReturnType<typeof counted>>, down: number[] = []) => {
    const joined = collector.collect([0, 1], (thread, id) => {
      const snapshot = answers[thread];
      if (snapshot) queueMicrotask(() => collector.answered(thread, id, snapshot));
      return !down.includes(thread);
    });
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(2000);
    const metrics = await joined;
    return [sum(metrics, 'weir_gateway_requests_total'), sum(metrics, 'weir_gateway_in_flight')];
  };
  assert.deepEqual(await collect({ 0: counted('a', 3), 1: counted('a', 4) }), [7, 2]);
  assert.deepEqual(await collect({ 0: counted('a', 5) }), [9, 2], 'thread 1 is late');
  collector.ended(1, () => true);
  assert.deepEqual(await collect({ 0: counted('a', 5) }, [1]), [9, 1], 'thread 1 is dead');
  assert.deepEqual(await collect({ 0: counted('a', 5), 1: counted('a', 1) }), [10, 2], 'and back');
  collector.ended(0, (_, route) => route !== 'a');
  assert.deepEqual(await collect({ 1: counted('a', 1) }, [0]), [1, 1], 'a removed route is forgotten');
});
