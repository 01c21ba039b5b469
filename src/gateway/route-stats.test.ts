// Aim: numbers of calls come out in prom-client's form, add up over threads and stay bounded.
// Method: known calls into two threads' metrics, merged and rendered by prom-client itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergedMetrics } from '../telemetry/metrics.ts';
import { metricsJson } from './metrics-json.ts';
import { createMetrics } from './route-stats.ts';

const outcome = (more = {}) => ({
  status: 200,
  reason: '',
  durationMs: 4,
  upstreamMs: 2,
  requestBytes: 10,
  responseBytes: 100,
  protocol: 1,
  ...more,
});

test('counts, classes, durations, bytes and reasons add up over threads', async () => {
  const threads = [createMetrics(), createMetrics()];
  for (const metrics of threads) {
    const stats = metrics.route('p', 'a');
    for (const more of [{}, { status: 404 }, { status: 503, reason: 'core/gateway/upstream-missing', upstreamMs: 0, durationMs: 60_000 }]) {
      stats.started();
      stats.finished('GET', outcome(more));
    }
    stats.started();
    stats.finished('PROPFIND', outcome({ status: 0, reason: 'client-closed', protocol: 2 }));
    stats.started();
    metrics.rejected('head-too-large');
  }
  const merged = metricsJson(threads.map((t) => structuredClone(t.snapshot())));
  const { text } = await mergedMetrics([merged]);
  for (const line of [
    'weir_gateway_requests_total{route="a",project="p",method="GET",code="2xx",protocol="http/1.1"} 2',
    'weir_gateway_requests_total{route="a",project="p",method="GET",code="5xx",protocol="http/1.1"} 2',
    'weir_gateway_requests_total{route="a",project="p",method="other",code="none",protocol="h2"} 2',
    'weir_gateway_request_duration_seconds_bucket{le="0.0025",route="a",project="p"} 0',
    'weir_gateway_request_duration_seconds_bucket{le="0.005",route="a",project="p"} 6',
    'weir_gateway_request_duration_seconds_bucket{le="30",route="a",project="p"} 6',
    'weir_gateway_request_duration_seconds_bucket{le="+Inf",route="a",project="p"} 8',
    'weir_gateway_request_duration_seconds_count{route="a",project="p"} 8',
    'weir_gateway_upstream_duration_seconds_count{route="a",project="p"} 6',
    'weir_gateway_in_flight{route="a",project="p"} 2',
    'weir_gateway_response_bytes_total{route="a",project="p"} 800',
    'weir_gateway_rejections_total{route="a",project="p",reason="client-closed"} 2',
    'weir_gateway_rejections_total{route="",project="",reason="head-too-large"} 2',
  ])
    assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
});

test('labels are bounded: routes and reasons beyond the cap are "other"', () => {
  const metrics = createMetrics(3);
  for (let i = 0; i < 10; i++) {
    const stats = metrics.route('p', `r${i}`);
    stats.started();
    stats.finished('GET', outcome());
  }
  for (let i = 0; i < 1000; i++) metrics.rejected(`reason-${i}`);
  const values = (name: string) =>
    metricsJson([metrics.snapshot()]).find((m) => m['name'] === name)!['values'] as { labels: Record<string, string>; value: number }[];
  assert.deepEqual(
    values('weir_gateway_requests_total').map((v) => [v.labels['route'], v.value]),
    [
      ['other', 7],
      ['r0', 1],
      ['r1', 1],
      ['r2', 1],
    ],
  );
  assert.ok(values('weir_gateway_rejections_total').length <= 65);
});

test('a removed route’s numbers go once it is idle, a used one’s stay', () => {
  const metrics = createMetrics();
  const [a, b] = [metrics.route('p', 'a'), metrics.route('p', 'b')];
  for (const stats of [a, b]) {
    stats.started();
    stats.finished('GET', outcome());
  }
  b.started();
  assert.equal(
    metrics.prune(() => false),
    true,
    'b is asked for again',
  );
  assert.notEqual(metrics.route('p', 'a'), a);
  assert.equal(metrics.route('p', 'b'), b);
});
