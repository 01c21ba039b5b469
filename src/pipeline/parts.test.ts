/**
 * Aim: the small parts hold their bounds: look-ahead, waits, leases, retry, run log, progress, configuration.
 * Method: a clock moved by hand and promises settled by the test.
 */
import { type Text, verbatim } from '../base/text.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock, systemClock } from '../base/clock.ts';
import { seededRandom } from '../base/random.ts';
import { readValue } from '../base/schema-read.ts';
import type { Lease, RunStore, StreamProgress } from '../sdk/run.ts';
import { outside, within, SINK, STORE } from './abort.ts';
import { limitsOf, workerConfig } from './config.ts';
import { keepLease } from './lease.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { lookAhead } from './look-ahead.ts';
import problems from './problems.ts';
import { startProgress } from './progress.ts';
import { backoffMs, isRetryable } from './retry.ts';
import { openRunLog } from './run-log.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const never = new AbortController().signal;

test('look-ahead reads while the consumer works, never more than its depth', async () => {
  let read = 0;
  async function* source() {
    for (let i = 1; i <= 6; i++) yield (read = i);
  }
  const seen: number[] = [];
  for await (const item of lookAhead(() => source(), { depth: 2, signal: never, closeMs: 1_000, clock: systemClock })) {
    await turn();
    seen.push(item);
    assert.ok(read <= item + 2, `${read} read while ${item} is written`);
    if (item < 4) assert.equal(read, item + 2, 'the next ones are ready');
  }
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6]);
});

test('look-ahead gives an error after the items before it, and tells the source when the consumer leaves', async () => {
  async function* failing() {
    yield 1;
    throw new Error('read failed');
  }
  const seen: number[] = [];
  const options = { depth: 2, signal: never, closeMs: 1_000, clock: systemClock };
  await assert.rejects(async () => {
    for await (const item of lookAhead(() => failing(), options)) seen.push(item);
  }, /read failed/);
  assert.deepEqual(seen, [1]);
  let told: AbortSignal | undefined;
  let closed = false;
  async function* endless(signal: AbortSignal) {
    told = signal;
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      closed = true;
    }
  }
  for await (const item of lookAhead(endless, options)) if (item === 3) break;
  assert.ok(told!.aborted && closed);
});

test('look-ahead ends with the reason of an abort, even when the source heeds nothing', async () => {
  const stop = new AbortController();
  async function* deaf() {
    yield 1;
    await new Promise(() => {});
  }
  const clock = manualClock();
  const items = lookAhead(() => deaf(), { depth: 1, signal: stop.signal, closeMs: 1_000, clock });
  assert.equal((await items.next()).value, 1);
  const next = items.next();
  stop.abort(problems.raise.cancelled());
  await turn();
  clock.advance(1_000);
  await assert.rejects(next, { code: 'core/pipeline/cancelled' });
});

test('a call to the outside ends when its time is over, or when the run stops, and is told', async () => {
  const clock = manualClock();
  let told: AbortSignal | undefined;
  const hang = (signal: AbortSignal) => ((told = signal), new Promise<never>(() => {}));
  const late = outside(hang, { signal: never, ms: 50, what: SINK, clock });
  clock.advance(50);
  await assert.rejects(late, { code: 'core/pipeline/no-answer', message: /the sink gave no answer within 50 ms/ });
  assert.ok(told!.aborted);
  const stop = new AbortController();
  const stopped = outside(hang, { signal: stop.signal, ms: 50, what: SINK, clock });
  stop.abort(new Error('stop'));
  await assert.rejects(stopped, /stop/);
  const slow = within(new Promise(() => {}), 10, STORE, clock);
  clock.advance(10);
  await assert.rejects(slow, { code: 'core/pipeline/no-answer' });
});

function leaseUnderTest(heartbeat: RunStore['heartbeat']) {
  const clock = manualClock();
  const run = new AbortController();
  const lease = { run: { id: 'r' }, worker: 'w', epoch: 1 } as Lease;
  const keeper = keepLease(lease, run, {
    runStore: { heartbeat } as RunStore,
    clock,
    limits: { ...DEFAULT_LIMITS, leaseMs: 3_000, heartbeatMs: 1_000 },
    claimedAt: 0,
  });
  const pass = async (ms: number) => {
    clock.advance(ms);
    await turn();
  };
  return { run, keeper, pass, code: () => (run.signal.reason as { code?: string } | undefined)?.code };
}

test('a lease is renewed while the store answers, and a lost one ends the run at once', async () => {
  let held = true;
  const { pass, code, keeper } = leaseUnderTest(async () => ({ held, cancelRequested: false }));
  for (let i = 0; i < 10; i++) await pass(1_000);
  assert.equal(code(), undefined);
  held = false;
  await pass(1_000);
  assert.equal(code(), 'core/pipeline/lease-lost');
  keeper.stop();
});

test('a store that fails or hangs ends the run when the lease is over, not later', async () => {
  const failing = leaseUnderTest(() => Promise.reject(new Error('down')));
  await failing.pass(2_999);
  assert.equal(failing.code(), undefined);
  await failing.pass(1);
  assert.equal(failing.code(), 'core/pipeline/lease-lost');
  const hanging = leaseUnderTest(() => new Promise(() => {}));
  await hanging.pass(3_000);
  assert.equal(hanging.code(), 'core/pipeline/lease-lost');
});

test('a cancel asked for in the store reaches the run', async () => {
  const { pass, code } = leaseUnderTest(async () => ({ held: true, cancelRequested: true }));
  await pass(1_000);
  assert.equal(code(), 'core/pipeline/cancelled');
});

test('retry: the wait doubles, stays below its bound, and is not for problems that stay', () => {
  const policy = { attempts: 9, backoffMs: 1_000, backoffMaxMs: 10_000 };
  const random = { ...seededRandom(1), float: () => 0 };
  assert.deepEqual(
    [1, 2, 3, 4, 5, 40].map((attempt) => backoffMs(policy, attempt, random)),
    [1_000, 2_000, 4_000, 8_000, 10_000, 10_000],
  );
  for (let i = 0; i < 100; i++) assert.ok(backoffMs(policy, 1, seededRandom(i)) >= 800);
  const never1 = problems.raise['upsert-without-key']();
  assert.equal(isRetryable([never1]), false);
  assert.equal(isRetryable([never1, problems.raise['stream-failed']()]), true);
});

test('a run’s log is bounded; warnings outlive chatter; the rest is counted', async () => {
  const clock = manualClock();
  const lines: { message: Text; level: string }[] = [];
  let dropped = 0;
  const limits = { ...DEFAULT_LIMITS, logLines: 100, logLineChars: 20, logBatch: 30 };
  const log = openRunLog('r', async (more) => void lines.push(...more), { clock, limits, dropped: (n) => (dropped += n) });
  for (let i = 0; i < 150; i++) log.line('info', verbatim(`line ${i} ${'x'.repeat(100)}`));
  log.line('error', verbatim('it failed'));
  await log.close();
  assert.equal(lines.length, 102);
  assert.ok(lines.every((l) => l.message.en.length <= 40));
  assert.deepEqual(
    lines.slice(-2).map((l) => [l.level, l.message.en]),
    [
      ['error', 'it failed'],
      ['warn', '50 further log line('],
    ],
  );
  assert.equal(dropped, 50);
});

test('a log whose store fails never fails the run', async () => {
  let dropped = 0;
  const log = openRunLog('r', () => Promise.reject(new Error('down')), {
    clock: manualClock(),
    limits: DEFAULT_LIMITS,
    dropped: (n) => (dropped += n),
  });
  log.line('info', verbatim('one'));
  await log.close();
  assert.ok(dropped >= 1);
});

test('progress tells rows, bytes, rate and time left, at most once per interval', async () => {
  const clock = manualClock();
  const told: StreamProgress[][] = [];
  const progress = startProgress(['a', 'b'], async (streams) => void told.push(streams), { clock, everyMs: 500 });
  const a = progress.tracker('a');
  a.begin(1_000);
  for (let i = 0; i < 10; i++) {
    a.read(10);
    a.wrote(10, 100);
  }
  clock.advance(500);
  await turn();
  clock.advance(500);
  await turn();
  assert.equal(told.length, 1, 'nothing new, nothing told');
  assert.deepEqual(
    told[0]!.map((s) => [s.stream, s.state, s.rowsRead, s.rowsWritten, s.bytes, s.rowsPerSecond, s.remainingMs]),
    [
      ['a', 'running', 100, 100, 1_000, 200, 4_500],
      ['b', 'waiting', 0, 0, 0, undefined, undefined],
    ],
  );
  a.end('succeeded', null);
  await progress.stop();
  assert.deepEqual(progress.streams()[0], {
    stream: 'a',
    state: 'done',
    result: 'succeeded',
    rowsRead: 100,
    rowsWritten: 100,
    bytes: 1_000,
    rowsExpected: 1_000,
    nullCursors: 0,
    problem: null,
  });
});

test('the worker section has a default for everything and bounds for the rest', () => {
  const limits = limitsOf(readValue(workerConfig, {}).value, DEFAULT_LIMITS);
  assert.deepEqual(limits, DEFAULT_LIMITS);
  assert.equal(limitsOf(readValue(workerConfig, { lease: '3s' }).value, DEFAULT_LIMITS).heartbeatMs, 1_000);
  assert.deepEqual(
    readValue(workerConfig, { runs: 0, lease: '1s', rums: 2 })
      .errors.map((e) => e.pointer)
      .sort(),
    ['/lease', '/rums', '/runs'],
  );
});
