// Aim: the node's counters are exact over threads, refill at their rate, keep the used share when a limit changes and
// stay bounded. Method: a manual clock, a naive token bucket as oracle with seeded chance, and real threads on a frozen clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { seededRandom } from '../base/random.ts';
import { createCounterBuffer, openCounters } from './shared-counters.ts';

function fixture(buckets = 1024) {
  const time = { ms: 5 };
  const buffer = createCounterBuffer(buckets, seededRandom(3));
  return { time, buffer, counters: openCounters(buffer, () => time.ms) };
}

test('follows a naive token bucket under random calls, pauses, limits and keys', () => {
  const random = seededRandom(11);
  for (let round = 0; round < 40; round++) {
    const { time, counters } = fixture();
    const shape = { limit: 1 + random.integer(50), windowMs: 100 * (1 + random.integer(50)), burst: 1 + random.integer(60) };
    const tokenMs = shape.windowMs / shape.limit;
    const tokens = new Map<string, { left: number; at: number }>();
    for (let i = 0; i < 500; i++) {
      const key = `k${random.integer(3)}`;
      const bucket = tokens.get(key) ?? { left: shape.burst, at: time.ms };
      const left = Math.min(shape.burst, bucket.left + (time.ms - bucket.at) / tokenMs);
      const take = counters.take('id', key, shape);
      const near = Math.abs(left - Math.round(left)) < 1e-2; // One sixteenth of a microsecond of rounding per call.
      if (!near) {
        assert.equal(take.allowed, left >= 1, `round ${round} call ${i}: ${left} tokens`);
        assert.equal(take.remaining, Math.floor(take.allowed ? left - 1 : left));
      }
      if (!take.allowed) assert.ok(Math.abs(take.retryAfterMs - (1 - left) * tokenMs) < 0.5, `retry ${take.retryAfterMs}`);
      tokens.set(key, { left: take.allowed ? left - 1 : left, at: time.ms });
      if (random.integer(3) === 0) time.ms += random.float() * tokenMs * 4;
    }
  }
});

test('exactly burst at a frozen clock, whatever the rate', () => {
  for (const shape of [
    { limit: 7, windowMs: 1000, burst: 7 },
    { limit: 150_000, windowMs: 1000, burst: 1234 },
    { limit: 3, windowMs: 2_678_400_000, burst: 3 },
    { limit: 1e9, windowMs: 100, burst: 5 },
  ]) {
    const { counters } = fixture();
    let allowed = 0;
    for (let i = 0; i < shape.burst * 2; i++) if (counters.take('id', 'k', shape).allowed) allowed++;
    assert.equal(allowed, shape.burst);
  }
});

test('a refused take changes nothing, and after its retry time one is allowed', () => {
  const { time, counters } = fixture();
  const shape = { limit: 10, windowMs: 1000, burst: 2 };
  counters.take('id', 'k', shape);
  counters.take('id', 'k', shape);
  const first = counters.take('id', 'k', shape);
  for (let i = 0; i < 100; i++) assert.deepEqual(counters.take('id', 'k', shape), first);
  assert.equal(first.retryAfterMs, 100);
  assert.equal(first.resetAfterMs, 200);
  time.ms += first.retryAfterMs;
  assert.equal(counters.take('id', 'k', shape).allowed, true);
  assert.equal(counters.take('id', 'k', shape).allowed, false);
});

test('a changed limit keeps the share that was used and never resets', () => {
  const { counters } = fixture();
  const old = { limit: 100, windowMs: 60_000, burst: 100 };
  for (let i = 0; i < 50; i++) counters.take('id', 'k', old);
  const wide = counters.take('id', 'k', { limit: 1000, windowMs: 60_000, burst: 1000 });
  assert.equal(wide.remaining, 499);
  const narrow = counters.take('id', 'k', { limit: 10, windowMs: 1000, burst: 10 });
  assert.equal(narrow.remaining, 3, 'half and a little used of 10, one more taken');
  for (let i = 0; i < 100; i++) counters.take('id', 'full', old);
  assert.equal(counters.take('id', 'full', { limit: 5, windowMs: 1000, burst: 5 }).allowed, false);
  assert.equal(counters.take('id', 'full', { limit: 5000, windowMs: 1000, burst: 5000 }).allowed, false, 'an empty bucket stays empty');
});

test('shapes that alternate, as while a revision spreads over threads, lose nothing but rounding', () => {
  const { counters } = fixture();
  const [a, b] = [
    { limit: 100, windowMs: 1000, burst: 100 },
    { limit: 100, windowMs: 7000, burst: 100 },
  ];
  let allowed = 0;
  for (let i = 0; i < 300; i++) if (counters.take('id', 'k', i % 2 ? a : b).allowed) allowed++;
  assert.ok(allowed >= 99 && allowed <= 100, `${allowed}`);
});

test('is bounded: full buckets are forgotten free of charge, others are counted', () => {
  const { time, counters } = fixture(64);
  const shape = { limit: 1, windowMs: 1000, burst: 1 };
  for (let i = 0; i < 64; i++) counters.take('id', `early-${i}`, shape);
  const before = counters.stats().evictions;
  time.ms += 1000;
  for (let i = 0; i < 16; i++) assert.equal(counters.take('id', `late-${i}`, shape).allowed, true);
  assert.equal(counters.stats().evictions, before, 'the early ones were full again');
  for (let i = 0; i < 5000; i++) counters.take('id', `many-${i}`, shape);
  assert.ok(counters.stats().evictions > 4000);
});

test('identities are apart', () => {
  const { counters } = fixture();
  const shape = { limit: 1, windowMs: 1000, burst: 1 };
  assert.equal(counters.take('a', 'k', shape).allowed, true);
  assert.equal(counters.take('b', 'k', shape).allowed, true);
  assert.equal(counters.take('a', 'k', shape).allowed, false);
});

test('a lock left behind by a dead thread is taken over', () => {
  const { buffer, counters } = fixture(16);
  const locks = new Int32Array(buffer, buffer.byteLength - 4, 1);
  Atomics.store(locks, 0, 1);
  assert.equal(counters.take('id', 'k', { limit: 1, windowMs: 1000, burst: 1 }).allowed, true);
  assert.equal(counters.stats().lockTakeovers, 1);
});

test('threads that hammer the same buckets are allowed exactly burst together', { timeout: 60_000 }, async () => {
  const THREADS = 4;
  const KEYS = 5;
  const shapes = [
    { limit: 1000, windowMs: 60_000, burst: 2500 },
    { limit: 10, windowMs: 1000, burst: 1 },
    { limit: 77, windowMs: 1000, burst: 777 },
  ];
  const gate = new SharedArrayBuffer(8);
  const flags = new Int32Array(gate);
  const buffer = createCounterBuffer(64, seededRandom(5));
  const workers = Array.from(
    { length: THREADS },
    () =>
      new Worker(new URL('./shared-counters.worker.ts', import.meta.url), {
        workerData: { buffer, gate, takes: 20_000, keys: KEYS, shapes },
      }),
  );
  const answers = workers.map((worker) => once(worker, 'message'));
  for (let here = 0; here < THREADS; here = Atomics.load(flags, 1)) await new Promise((resolve) => setImmediate(resolve));
  Atomics.store(flags, 0, 1);
  Atomics.notify(flags, 0);
  const totals = (await Promise.all(answers)).reduce(
    (sum, [allowed]) => sum.map((n, i) => n + (allowed as number[])[i]!),
    Array.from({ length: KEYS }, () => 0),
  );
  assert.deepEqual(
    totals,
    Array.from({ length: KEYS }, (_, i) => shapes[i % shapes.length]!.burst),
  );
  assert.equal(openCounters(buffer, () => 1000).stats().evictions, 0);
  await Promise.all(workers.map((worker) => worker.terminate()));
});
