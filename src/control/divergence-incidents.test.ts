// Aim: a thread that holds another revision than it was sent is an incident at once, one for each, closed when it is right or
// gone; what is under way is none. Method: the fleet over lines in memory, a table with the store's rules, time by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { ToControl } from '../sdk/channel.ts';
import type { Incident } from '../store/types.ts';
import { watchDivergence } from './divergence-incidents.ts';
import { createFleet, type Revisions, type RoleChannel } from './fleet.ts';

const revisions = {
  number: 2,
  hashes: { all: '' },
  deltaFor: () => ({ from: 0, to: 2, hash: 'right', put: [], remove: [] }),
  onRevision: () => () => {},
  retryPending: () => {},
} as unknown as Revisions;

function world(rows: Incident[] = []) {
  const clock = manualClock();
  const incidents = {
    async open(one: Omit<Incident, 'closedAt'>) {
      rows.push({ ...one, closedAt: null });
      return rows.at(-1)!;
    },
    async close(kind: string, subject: string, at: number) {
      const found = rows.find((row) => row.kind === kind && row.subject === subject && row.closedAt === null);
      if (found) Object.assign(found, { closedAt: at });
      return found !== undefined;
    },
    list: async () => rows.filter((row) => row.closedAt === null),
  };
  let id = 0;
  const divergence = watchDivergence({ incidents, clock, newId: () => `i${++id}`, log: silentLog });
  const calls = { add() {}, killed() {}, flush: async () => {}, stop: async () => {} };
  const fleet = createFleet({ revisions, calls, clock, log: silentLog, divergence });
  const dial = (instance: string) => {
    let tell: (message: ToControl) => void = () => {};
    let close = () => {};
    const channel: RoleChannel = {
      send: () => true,
      onMessage: (h) => void (tell = h),
      onClose: (h) => void (close = h),
      close: () => close(),
    };
    fleet.accept(channel);
    tell({ type: 'hello', role: 'gateway', instance, pid: 1, revision: 0 });
    const applied = (...threads: [revision: number, hash: string][]) =>
      tell({ type: 'applied', threads: threads.map(([revision, hash], thread) => ({ thread, revision, hash, failed: [] })) });
    return { applied, close: () => close() };
  };
  const shown = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    return rows.map(({ subject, closedAt }) => `${subject} ${closedAt === null ? 'open' : 'closed'}`);
  };
  return { rows, dial, shown };
}

test('opened for each thread that differs, once, and closed when it is right', async () => {
  const { rows, dial, shown } = world();
  const gateway = dial('g1');
  gateway.applied([2, 'right'], [1, 'older']);
  assert.deepEqual(await shown(), [], 'an older revision is under way');
  gateway.applied([2, 'right'], [2, 'wrong']);
  gateway.applied([2, 'right'], [2, 'wrong']);
  assert.deepEqual(await shown(), ['g1/1 open']);
  assert.match(rows[0]!.detail.en, /^Thread 1 of gateway g1 held another revision 2 than control/);
  assert.match(rows[0]!.detail.zh, /线程 1/);
  gateway.applied([2, 'right'], [2, 'right']);
  assert.deepEqual(await shown(), ['g1/1 closed']);
});

test('one that lasts a moment is told all the same, and one whose gateway left is closed', async () => {
  const { dial, shown } = world();
  const gateway = dial('g1');
  gateway.applied([2, 'wrong']);
  gateway.applied([2, 'right']);
  assert.deepEqual(await shown(), ['g1/0 closed']);
  gateway.applied([2, 'wrong']);
  gateway.close();
  assert.deepEqual(await shown(), ['g1/0 closed', 'g1/0 closed']);
});

test('a control that comes back closes what it left open, and opens it anew when it is still so', async () => {
  const first = world();
  first.dial('g1').applied([2, 'wrong']);
  await first.shown();
  const second = world(first.rows);
  assert.deepEqual(await second.shown(), ['g1/0 closed']);
  second.dial('g1').applied([2, 'wrong']);
  assert.deepEqual(await second.shown(), ['g1/0 closed', 'g1/0 open']);
});
