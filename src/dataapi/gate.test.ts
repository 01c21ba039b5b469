/**
 * Aim: the bounds of waiting hold exactly, and an engine in use is closed only after its last query.
 * Method: a manual clock, and engines that end when the test says so.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { type QueryEngine, QueryFailure } from '../sdk/query.ts';
import { createEngines } from './engines.ts';
import { createGate } from './gate.ts';
import type { ConnectionUse } from './protocol.ts';

const free = new AbortController().signal;

test('slots, queue and wait are bounded; first come, first served', async () => {
  const clock = manualClock();
  const gate = createGate({ slots: 1, queueMax: 2, waitMs: 100 }, clock);
  const leave = await gate.enter(free);
  assert.ok(leave);
  const order: string[] = [];
  const second = gate.enter(free).then((l) => (order.push('second'), l));
  const third = gate.enter(free).then((l) => (order.push('third'), l));
  assert.equal(await gate.enter(free), null, 'the queue is full');
  assert.deepEqual([gate.inside(), gate.waiting()], [1, 2]);
  leave();
  leave();
  const leaveSecond = await second;
  assert.ok(leaveSecond);
  assert.deepEqual([gate.inside(), gate.waiting()], [1, 1], 'leaving twice frees one slot');
  clock.advance(100);
  assert.equal(await third, null, 'the wait is over');
  assert.deepEqual(order, ['second', 'third']);
  leaveSecond();
  assert.deepEqual([gate.inside(), gate.waiting()], [0, 0]);
});

test('an abort ends the wait and takes no slot; more slots let more in', async () => {
  const gate = createGate({ slots: 1, queueMax: 5, waitMs: 100 }, manualClock());
  const leave = await gate.enter(free);
  const abort = new AbortController();
  const waiting = gate.enter(abort.signal);
  abort.abort(new Error('gone'));
  await assert.rejects(waiting, /gone/);
  await assert.rejects(gate.enter(AbortSignal.abort(new Error('before'))), /before/);
  const next = gate.enter(free);
  gate.resize(2);
  assert.ok(await next);
  assert.equal(gate.inside(), 2);
  leave!();
  assert.equal(gate.inside(), 1);
});

function use(hash: string): ConnectionUse {
  return { key: 'default/w', hash, value: { project: 'default', name: 'w', type: 'x', config: {}, poolMax: 3 } };
}

test('a replaced engine serves what it began and is closed after that, once', async () => {
  const log: string[] = [];
  let opened = 0;
  const open = (): QueryEngine => {
    const id = ++opened;
    const never = () => Promise.reject(new Error('not asked for here'));
    return {
      dialect: 'sqlite',
      describe: never,
      canWrite: never,
      isUnique: never,
      run: never,
      warm: async (count) => void log.push(`warm ${id} ${count}`),
      close: async () => void log.push(`close ${id}`),
    };
  };
  const engines = createEngines(open, silentLog, (c) => c.poolMax);
  engines.set([use('a')]);
  engines.set([use('a')]);
  let finish = () => {};
  const begun = engines.use('default/w', 'sqlite', () => new Promise<void>((resolve) => (finish = resolve)));
  engines.set([use('b')]);
  assert.deepEqual(log, ['warm 1 3', 'warm 2 3'], 'the first is still in use');
  finish();
  await begun;
  assert.deepEqual(log, ['warm 1 3', 'warm 2 3', 'close 1']);
  await assert.rejects(
    engines.use('default/w', 'postgres', async () => 1),
    (e: unknown) => e instanceof QueryFailure && e.reason === 'unavailable',
  );
  await assert.rejects(
    engines.use('default/other', 'sqlite', async () => 1),
    QueryFailure,
  );
  engines.set([]);
  await engines.close();
  assert.deepEqual(log.slice(3), ['close 2']);
});
