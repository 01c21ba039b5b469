/** Aim: metrics are declared once, opened, merged over processes and readable by Prometheus. Method: real registries. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineMetrics } from './metric-specs.ts';
import { createRegistry, mergedMetrics, metricsJson, openMetrics } from './metrics.ts';
import { openProcessMetrics } from './process-metrics.ts';

const specs = defineMetrics({
  calls: { name: 'weir_test_calls_total', type: 'counter', labels: ['route'], help: { en: 'Calls.', zh: '调用。' } },
  seconds: { name: 'weir_test_duration_seconds', type: 'histogram', buckets: [0.1, 1], help: { en: 'Time.', zh: '时间。' } },
  peak: { name: 'weir_test_peak', type: 'gauge', aggregate: 'max', help: { en: 'Peak.', zh: '峰值。' } },
});

test('figures of two processes are joined by their aggregate', async () => {
  const parts = await Promise.all(
    [1, 2].map(async (n) => {
      const registry = createRegistry();
      const metrics = openMetrics(registry, specs);
      metrics.calls.add(n, { route: 'orders' });
      metrics.seconds.observe(0.5 * n);
      metrics.peak.set(10 * n);
      return metricsJson(registry);
    }),
  );
  const { text } = await mergedMetrics(structuredClone(parts));
  assert.match(text, /^weir_test_calls_total\{route="orders"\} 3$/m);
  assert.match(text, /^weir_test_duration_seconds_bucket\{le="1"\} 2$/m);
  assert.match(text, /^weir_test_duration_seconds_count 2$/m);
  assert.match(text, /^weir_test_peak 20$/m);
  assert.match(text, /^# HELP weir_test_calls_total Calls\.$/m);
});

test('processes stay apart by role, and say which build they are', async () => {
  const parts = await Promise.all(
    ['gateway', 'worker'].map(async (role) => {
      const registry = createRegistry();
      const read = openProcessMetrics(registry, { role, instance: `${role}-1`, version: '9.9.9', startedAt: 1000 });
      read();
      return metricsJson(registry);
    }),
  );
  const { text } = await mergedMetrics(parts);
  for (const role of ['gateway', 'worker']) {
    assert.match(text, new RegExp(`^weir_build_info\\{role="${role}",instance="${role}-1",version="9.9.9",node="[^"]+"\\} 1$`, 'm'));
    assert.match(text, new RegExp(`^weir_process_resident_memory_bytes\\{role="${role}",instance="${role}-1"\\} [1-9]\\d+$`, 'm'));
  }
});

test('a badly named metric is refused where it is declared', () => {
  const help = { en: 'x', zh: 'x' };
  assert.throws(() => defineMetrics({ a: { name: 'weir_calls', type: 'counter', help } }), /end in _total/);
  assert.throws(() => defineMetrics({ a: { name: 'Weir-Calls', type: 'gauge', help } }), /snake case/);
});
