// Aim: what nobody can store keeps nobody else waiting; what is dropped, deleted or damaged is counted where an operator looks.
// Method: the writer over a table whose answers the test chooses; time moved by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packedCalls } from '../../test/calls.ts';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { PackedCalls } from '../sdk/call-batch.ts';
import problems from '../store/problems.ts';
import { createRegistry, metricsJson, openMetrics } from '../telemetry/metrics.ts';
import metricSpecs from './api/metrics.ts';
import { createCallWriter } from './call-writer.ts';

/** A batch of so many calls, which all have this id. */
function batchOf(id: string, count: number): PackedCalls {
  const call = {
    id,
    time: 1,
    project: 'default',
    consumer: '',
    clientAddress: '',
    route: 'r',
    method: 'GET',
    protocol: 'h2',
    path: '/',
    release: '',
    status: 200,
    reason: '',
    durationMs: 1,
    upstreamMs: 1,
    requestBytes: 0,
    responseBytes: 0,
    traceId: '',
  };
  return packedCalls(Array.from({ length: count }, () => call));
}

interface Shown {
  readonly name: string;
  readonly values: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** A writer over a table that does what `add` does. */
function writerOver(add: (batches: readonly PackedCalls[]) => Promise<number>, lost = { calls: 0 }, bytesMax = 1000) {
  const registry = createRegistry();
  const clock = manualClock();
  const trims: number[] = [];
  const calls = {
    add,
    trim: async (before: number, bytes: number) => {
      trims.push(before, bytes);
      return 7;
    },
    get lost() {
      return lost.calls;
    },
  };
  const writer = createCallWriter({
    calls,
    clock,
    log: silentLog,
    config: { age: 60_000, bytes: bytesMax, queue: 1000 },
    metrics: openMetrics(registry, metricSpecs),
  });
  const valueOf = async (name: string, where?: string): Promise<number> => {
    const found = (await metricsJson(registry)).find((metric) => metric.name === name) as Shown | undefined;
    return Number(found?.values.find(({ labels }) => where === undefined || labels['where'] === where)?.value ?? 0);
  };
  return { writer, clock, valueOf, trims };
}

test('a batch that nobody can store is given up and counted; those before and behind it are stored once', async () => {
  const stored: PackedCalls[] = [];
  const [first, bad, last] = [batchOf('first', 3), batchOf('bad', 2), batchOf('last', 1)];
  const gate = Promise.withResolvers<void>();
  const { writer, valueOf } = writerOver(async (batches) => {
    await gate.promise;
    if (batches.includes(bad)) throw new RangeError('not a batch');
    stored.push(...batches);
    return 10;
  });
  for (const batch of [first, first, bad, last]) writer.add(batch, 0);
  gate.resolve();
  await writer.flush();
  assert.deepEqual(stored, [first, first, last]);
  assert.equal(await valueOf('weir_control_calls_stored_total'), 7);
  assert.equal(await valueOf('weir_control_calls_dropped_total', 'control'), 2);
  assert.equal(await valueOf('weir_control_calls_waiting'), 0);
  assert.equal(await valueOf('weir_control_calls_bytes'), 10);
  await writer.stop(1);
});

test('a store that is full for a while keeps all that waits; what comes when the queue is full is counted', async () => {
  let isFull = true;
  let stored = 0;
  const { writer, clock, valueOf } = writerOver(async (batches) => {
    if (isFull) throw problems.raise.full();
    stored += batches.reduce((sum, { count }) => sum + count, 0);
    return 10;
  });
  for (let i = 0; i < 4; i++) writer.add(batchOf(`b${i}`, 300), 0);
  await assert.rejects(writer.flush(), { code: 'core/store/full' });
  assert.equal(await valueOf('weir_control_calls_waiting'), 1000);
  assert.equal(await valueOf('weir_control_calls_dropped_total', 'control'), 200);
  isFull = false;
  clock.advance(1000);
  await writer.flush();
  assert.equal(stored, 1000);
  await writer.stop(1);
});

test('a store that fails is tried once a second, however many batches come', async () => {
  let tries = 0;
  const { writer, clock } = writerOver(async () => {
    tries++;
    throw problems.raise.full();
  });
  for (let second = 1; second <= 3; second++) {
    for (let i = 0; i < 10; i++) {
      writer.add(batchOf(`b${second}-${i}`, 1), 0);
      await new Promise(setImmediate);
    }
    assert.equal(tries, second);
    clock.advance(1000);
    await new Promise(setImmediate);
    assert.equal(tries, second + 1);
  }
  await writer.stop(1);
});

test('a batch behind an empty one, or that comes in the very moment in which another was stored, does not wait for the next', async () => {
  const empty = batchOf('none', 0);
  for (let turns = 0; turns < 20; turns++) {
    let stored = 0;
    const { writer, valueOf } = writerOver(async (batches) => {
      stored += batches.reduce((sum, { count }) => sum + count, 0);
      return 10;
    });
    writer.add(empty, 0); // A gateway tells so of records it lost.
    writer.add(batchOf('a', 1), 0);
    for (let i = 0; i < turns; i++) await undefined;
    writer.add(batchOf('b', 1), 0);
    await new Promise(setImmediate);
    assert.equal(stored, 2, `${turns} turns later`);
    assert.equal(await valueOf('weir_control_calls_waiting'), 0);
    await writer.stop(1);
  }
});

test('what age and size delete, and what the disk lost, is counted', async () => {
  const lost = { calls: 0 };
  const { writer, clock, valueOf, trims } = writerOver(async () => 5000, lost);
  writer.add(batchOf('a', 1), 0);
  await writer.flush();
  lost.calls = 40;
  clock.advance(60_000);
  await writer.flush();
  assert.deepEqual(trims, [clock.now() - 120_000, 1000, clock.now() - 60_000, 1000]);
  await new Promise(setImmediate);
  assert.equal(await valueOf('weir_control_calls_deleted_total'), 14);
  assert.equal(await valueOf('weir_control_calls_dropped_total', 'disk'), 40);
  await writer.stop(1);
});
