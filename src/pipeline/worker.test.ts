/**
 * Aim: the worker carries runs from the store to a stored result, tells control, and ends well in every way:
 * failure with retry, cancel, time-out, lost lease, drain. Method: the real worker and clock, in-memory
 * systems that keep the contracts and can be held or broken at any call.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import type { FromControl, ToControl } from '../sdk/channel.ts';
import { type AnyEntry, revisionHash } from '../sdk/revision.ts';
import { direct, memoryRuns } from '../../test/simulation/run-store.ts';
import { type Call, memorySink, memorySource, sinkTable, sourceTable } from '../../test/simulation/systems.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { startWorker } from './worker.ts';

const LIMITS = {
  ...DEFAULT_LIMITS,
  leaseMs: 600,
  heartbeatMs: 20,
  pollMs: 20,
  progressMs: 5,
  closeMs: 100,
  commitRows: 4,
  pipelineWaitMs: 100,
  releaseWaitMs: 100,
};

/** A source of ten rows, an empty sink, a store, and workers on them; `hook` runs before each outside call. */
function world(t: TestContext, spec: Record<string, unknown> = {}) {
  const source = sourceTable();
  const fill = source.begin();
  for (let id = 1; id <= 10; id++) fill.rows.push({ id, at: id, text: `v${id}` });
  source.commit(fill);
  source.now = 11;
  const sink = sinkTable();
  const store = memoryRuns(systemClock);
  const stores = store.stores(direct);
  const hooks: { call: (what: string) => Promise<void> | void } = { call: () => {} };
  const call: Call = async (what, effect) => {
    await hooks.call(what);
    return effect();
  };
  const value = (name: string) => ({ project: 'p', name, type: 'memory', config: {}, poolMax: 1 });
  const full = {
    source: { connection: 'from', streams: ['items'] },
    sink: { connection: 'to' },
    mode: { incremental: { cursor: 'at' } },
    ...spec,
  };
  const entries: AnyEntry[] = [
    ...['from', 'to'].map((name): AnyEntry => ({ type: 'connection', key: `connection/p/${name}`, hash: name, value: value(name) })),
    { type: 'pipeline', key: 'pipeline/p/copy', hash: 'c', value: { project: 'p', name: 'copy', release: 'release-one', spec: full } },
  ];
  const sent: ToControl[] = [];
  const start = (instance = 'w1') => {
    let tell: (message: FromControl) => void = () => {};
    const worker = startWorker({
      channel: { send: (message) => sent.push(message) > 0, onMessage: (handler) => void (tell = handler), onClose() {}, close() {} },
      runStore: stores,
      scheduleStore: stores,
      instance,
      pid: 7,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      limits: LIMITS,
      registry: new Registry(),
      open: (connection) => (connection.name === 'from' ? memorySource(source, call, 2) : memorySink(sink, call)),
    });
    tell({ type: 'revision', delta: { from: 0, to: 1, hash: revisionHash(entries), put: entries, remove: [] } });
    t.after(() => worker.stop({ graceMs: 0 }));
    return { worker, tell };
  };
  const queue = (over: { pipeline?: string; attemptsMax?: number } = {}) =>
    stores.enqueue({
      project: 'p',
      pipeline: 'copy',
      release: 'release-one',
      trigger: 'manual',
      attempt: 1,
      attemptsMax: 1,
      dueAt: 0,
      requestedBy: 'test',
      overlap: 'queue',
      ...over,
    });
  return { source, sink, store, stores, hooks, entries, sent, start, queue };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
const idsOf = (sink: { rows: { id: number }[] }) => sink.rows.map((r) => r.id).sort((a, b) => a - b);
const TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

test('a queued run is carried, stored and told; hello, applied and metrics go to control', async (t) => {
  const { start, queue, store, sink, sent } = world(t);
  const { tell } = start();
  await queue();
  tell({ type: 'runs-waiting' });
  await until(() => store.runs[0]!.state === 'done', 'the run');
  assert.equal(store.runs[0]!.result, 'succeeded');
  assert.deepEqual(idsOf(sink), TEN);
  const { stream, rowsRead, rowsWritten, result } = store.runs[0]!.streams[0]!;
  assert.deepEqual([stream, rowsRead, rowsWritten, result], ['items', 10, 10, 'succeeded']);
  assert.deepEqual(store.checkpoints.get('p/copy/items'), { ...sink.checkpoint, pipeline: 'copy', stream: 'items' });
  await until(() => sent.some((m) => m.type === 'run-finished'), 'the message');
  tell({ type: 'collect', id: 5 });
  await until(() => sent.some((m) => m.type === 'metrics'), 'metrics');
  assert.deepEqual(
    sent.map((m) => m.type),
    ['hello', 'applied', 'run-finished', 'metrics'],
  );
  assert.deepEqual(sent[2], { type: 'run-finished', project: 'p', pipeline: 'copy', run: 'run-1', result: 'succeeded' });
  const metrics = (sent[3] as unknown as { metrics: { name: string; values: { value: number; labels: object }[] }[] }).metrics;
  const figure = (name: string) => metrics.find((m) => m.name === name)!.values[0]!.value;
  assert.equal(figure('weir_pipeline_rows_total'), 10);
  assert.equal(figure('weir_pipeline_runs_total'), 1);
  assert.equal(figure('weir_pipeline_runs_active'), 0);
  assert.ok(figure('weir_pipeline_bytes_total') > 0 && figure('weir_pipeline_lag_seconds') >= 0);
  assert.ok(
    store.lines.some((l) => l.stream === 'items' && /deleted rows are not seen/.test(l.message.en)),
    'the log says what the mode cannot see',
  );
});

test('a delta that does not follow on asks for everything; a gap changes nothing', async (t) => {
  const { start, sent } = world(t);
  const { tell } = start();
  tell({ type: 'revision', delta: { from: 4, to: 5, hash: 'x', put: [], remove: ['pipeline/p/copy'] } });
  assert.deepEqual(sent.at(-1), { type: 'hello', role: 'worker', instance: 'w1', pid: 7, revision: 0 });
});

test('a failed run is tried again as a new attempt, up to its bound, and goes on from the checkpoint', async (t) => {
  const { start, queue, store, sink, hooks } = world(t, { retry: { backoff: '20ms', backoffMax: '40ms' } });
  let reads = 0;
  hooks.call = (what) => {
    if (what === 'batch of 2' && [4, 5].includes(++reads)) throw new Error('source broke');
  };
  await queue({ attemptsMax: 3 });
  start();
  await until(() => store.runs.length === 3 && store.runs[2]!.state === 'done', 'the third attempt');
  assert.deepEqual(
    store.runs.map((r) => [r.attempt, r.trigger, r.result, r.retryOf]),
    [
      [1, 'manual', 'failed', null],
      [2, 'retry', 'failed', 'run-1'],
      [3, 'retry', 'succeeded', 'run-1'],
    ],
  );
  assert.deepEqual(idsOf(sink), TEN);
  assert.equal(store.runs[2]!.streams[0]!.rowsRead, 6, 'the four committed rows are not read again');
  assert.equal(store.runs[0]!.streams[0]!.problem!.code, 'core/pipeline/stream-failed');
});

test('a problem that stays is not tried again; one failed stream does not stop the others', async (t) => {
  const { start, queue, store, sink } = world(t, {
    source: { connection: 'from', streams: [{ name: 'items' }, { name: 'ite*', mode: 'full' }, 'gone'] },
    retry: { backoff: '20ms' },
  });
  await queue({ attemptsMax: 1 });
  start();
  await until(() => store.runs[0]!.state === 'done', 'the run');
  assert.equal(store.runs[0]!.result, 'failed');
  assert.deepEqual(
    store.runs[0]!.streams.map((s) => [s.stream, s.result]),
    [
      ['items', 'succeeded'],
      ['gone', 'failed'],
    ],
  );
  assert.deepEqual(idsOf(sink), TEN);
  assert.match(store.runs[0]!.problem!.detail.en, /1 of 2 streams failed; first gone/);
  const never = world(t, { sink: { connection: 'to', write: 'replace' } });
  await never.queue({ attemptsMax: 3 });
  never.start();
  await until(() => never.sent.some((m) => m.type === 'run-finished'), 'the run');
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(never.store.runs[0]!.problem!.code, 'core/pipeline/replace-incremental');
  assert.equal(never.store.runs.length, 1);
});

test('a cancel ends the run at once; what was committed stays', async (t) => {
  const { start, queue, store, stores, sink, hooks } = world(t);
  let held = false;
  hooks.call = (what) => (what === 'write 2' && sink.rows.length > 0 ? ((held = true), new Promise(() => {})) : undefined);
  await queue({ attemptsMax: 3 });
  start();
  await until(() => held, 'the held write');
  await stores.requestCancel('run-1');
  await until(() => store.runs[0]!.state === 'done', 'the cancel');
  assert.equal(store.runs[0]!.result, 'cancelled');
  assert.deepEqual(idsOf(sink), [1, 2, 3, 4]);
  assert.equal(store.runs.length, 1, 'a cancelled run is not tried again');
});

test('an attempt that takes too long fails with its time-out', async (t) => {
  const { start, queue, store, hooks } = world(t, { timeout: '1s' });
  hooks.call = (what) => (what === 'discover' ? new Promise(() => {}) : undefined);
  await queue();
  start();
  await until(() => store.runs[0]!.state === 'done', 'the time-out');
  assert.deepEqual([store.runs[0]!.result, store.runs[0]!.problem!.code], ['failed', 'core/pipeline/timed-out']);
});

test('a stopping worker gives its run back at once, and another one carries it on', async (t) => {
  const { start, queue, store, sink, hooks } = world(t);
  let held = false;
  hooks.call = (what) => (what === 'write 2' && sink.rows.length > 0 && !held ? ((held = true), new Promise(() => {})) : undefined);
  await queue();
  const first = start('w1');
  await until(() => held, 'the held write');
  await first.worker.stop({ graceMs: 1 });
  assert.equal(first.worker.active, 0);
  assert.ok(store.runs[0]!.leaseUntil! <= Date.now(), 'the lease is over');
  start('w2');
  await until(() => store.runs[0]!.state === 'done', 'the take-over');
  assert.deepEqual([store.runs[0]!.result, store.runs[0]!.worker, store.runs[0]!.epoch], ['succeeded', 'w2', 2]);
  assert.deepEqual(idsOf(sink), TEN);
});

test('a stopping worker lets a run end within the grace', async (t) => {
  const { start, queue, store, hooks } = world(t);
  let release = () => {};
  let held = false;
  hooks.call = (what) => (what === 'discover' ? ((held = true), new Promise<void>((resolve) => (release = resolve))) : undefined);
  await queue();
  const { worker } = start();
  await until(() => held, 'the held run');
  const stopped = worker.stop({ graceMs: 5_000 });
  release();
  await stopped;
  assert.equal(store.runs[0]!.result, 'succeeded');
});

test('a worker that lost its lease changes nothing any more', async (t) => {
  const { start, queue, store, sink, hooks } = world(t);
  let held = false;
  hooks.call = (what) => (what === 'write 2' && sink.rows.length > 0 ? ((held = true), new Promise(() => {})) : undefined);
  await queue();
  const { worker } = start();
  await until(() => held, 'the held write');
  store.runs[0]!.epoch = 9;
  await until(() => worker.active === 0, 'the end of the run');
  assert.deepEqual([store.runs[0]!.state, store.runs[0]!.result], ['running', null]);
  assert.deepEqual(idsOf(sink), [1, 2, 3, 4]);
});

test('a run of a pipeline that is gone ends as skipped; one of a missing connection says so', async (t) => {
  const { start, queue, store } = world(t, { source: { connection: 'elsewhere', streams: ['*'] } });
  await queue({ pipeline: 'other' });
  await queue();
  start();
  await until(() => store.runs.every((r) => r.state === 'done'), 'the runs');
  assert.deepEqual(
    store.runs.map((r) => [r.result, r.problem!.code]),
    [
      ['skipped', 'core/pipeline/pipeline-gone'],
      ['failed', 'core/pipeline/no-connection'],
    ],
  );
});

test('a run claimed before its pipeline’s revision arrived waits for it', async (t) => {
  const { start, queue, store, sink, entries } = world(t);
  const late = { ...entries[2]!, key: 'pipeline/p/late', hash: 'late', value: { ...entries[2]!.value, name: 'late' } } as AnyEntry;
  await queue({ pipeline: 'late' });
  const { tell } = start();
  await until(() => store.runs[0]!.state === 'running', 'the claim');
  tell({ type: 'revision', delta: { from: 1, to: 2, hash: revisionHash([...entries, late]), put: [late], remove: [] } });
  await until(() => store.runs[0]!.state === 'done', 'the run');
  assert.equal(store.runs[0]!.result, 'succeeded');
  assert.deepEqual(idsOf(sink), TEN);
});

test('a schedule queues its run by itself', async (t) => {
  const { start, store, sink } = world(t, { schedule: { cron: '* * * * * *' }, overlap: 'queue' });
  start();
  await until(() => store.runs[0]?.state === 'done', 'the scheduled run');
  assert.deepEqual([store.runs[0]!.trigger, store.runs[0]!.requestedBy, store.runs[0]!.result], ['schedule', 'schedule', 'succeeded']);
  assert.deepEqual(idsOf(sink), TEN);
});

test('without a unique key nothing is committed between rows that may share a cursor value', async (t) => {
  const keyless = { name: 'items', columns: ['at', 'text'], write: 'append' };
  const { start, queue, store, sink, hooks } = world(t, { source: { connection: 'from', streams: [keyless] } });
  let writes = 0;
  hooks.call = (what) => {
    if (what === 'write 2' && ++writes === 4) throw new Error('sink broke');
  };
  await queue();
  start();
  await until(() => store.runs[0]!.state === 'done', 'the run');
  assert.deepEqual([store.runs[0]!.result, sink.rows.length, sink.checkpoint], ['failed', 0, null]);
});

test('a read that ends early, or is empty, never replaces', async (t) => {
  const { start, queue, store, sink, source, hooks } = world(t, {
    mode: 'full',
    sink: { connection: 'to', write: 'replace' },
    retry: { attempts: 1 },
  });
  const { tell } = start();
  const again = async () => {
    const run = await queue();
    tell({ type: 'runs-waiting' });
    await until(() => store.runs.find((r) => r.id === run!.id)!.state === 'done', 'the run');
    return store.runs.find((r) => r.id === run!.id)!;
  };
  assert.equal((await again()).result, 'succeeded');
  let batches = 0;
  hooks.call = (what) => {
    if (what === 'batch of 2' && ++batches === 3) throw new Error('read broke');
  };
  assert.equal((await again()).result, 'failed');
  assert.deepEqual(idsOf(sink), TEN);
  source.rows.clear();
  const empty = await again();
  assert.deepEqual([empty.result, empty.problem!.code], ['failed', 'core/pipeline/replace-empty']);
  assert.deepEqual(idsOf(sink), TEN);
});

test('the store’s copy catches up with the sink, and an empty first run still makes the target', async (t) => {
  const { start, queue, store, sink, source } = world(t);
  start();
  await queue();
  await until(() => store.runs[0]!.state === 'done', 'the run');
  store.checkpoints.clear(); // As if the worker had died between the sink's ack and the copy.
  await queue();
  await until(() => store.runs[1]?.state === 'done', 'the second run');
  assert.equal(store.runs[1]!.streams[0]!.rowsRead, 0);
  assert.deepEqual(store.checkpoints.get('p/copy/items')!.position, sink.checkpoint!.position);
  source.rows.clear();
  Object.assign(sink, sinkTable());
  await queue();
  await until(() => store.runs[2]?.state === 'done', 'the third run');
  assert.equal(store.runs[2]!.result, 'succeeded');
  assert.equal((sink.checkpoint as unknown as { position: unknown }).position, null, 'committed once, at the start');
});
