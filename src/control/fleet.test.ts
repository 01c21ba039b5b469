// Aim: what a killed process had in memory is counted as lost, and only that. Method: the fleet over lines in memory, time by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { ToControl } from '../sdk/channel.ts';
import { createFleet, type Revisions, type RoleChannel } from './fleet.ts';

const revisions = {
  number: 0,
  hashes: { all: '' },
  deltaFor: () => ({ from: 0, to: 0, hash: '', put: [], remove: [] }),
  onRevision: () => () => {},
  retryPending: () => {},
} as unknown as Revisions;

function fleet() {
  const clock = manualClock();
  let killed = 0;
  const calls = { add() {}, killed: (count: number) => void (killed += count), flush: async () => {}, stop: async () => {} };
  const made = createFleet({ revisions, calls, clock, log: silentLog });
  const dial = (instance: string) => {
    let tell: (message: ToControl) => void = () => {};
    let close = () => {};
    const channel: RoleChannel = {
      send: () => true,
      onMessage: (h) => void (tell = h),
      onClose: (h) => void (close = h),
      close: () => close(),
    };
    made.accept(channel);
    tell({ type: 'hello', role: 'gateway', instance, pid: 1, revision: 0, hash: '' });
    const calls = (waiting: number, gone = 0) =>
      tell({ type: 'calls', calls: { count: 0, names: [] }, bytes: [], dropped: 0, killed: gone, waiting });
    return { calls, close: () => close() };
  };
  return { clock, dial, killed: () => killed };
}

test('a process that does not come back has lost what it last said it had', () => {
  const { clock, dial, killed } = fleet();
  const one = dial('g1');
  one.calls(12);
  one.calls(5, 2);
  assert.equal(killed(), 2, 'what a thread of it lost is lost at once');
  one.close();
  dial('g2');
  clock.advance(9_999);
  assert.equal(killed(), 2);
  clock.advance(1);
  assert.equal(killed(), 7);
});

test('a process that dials again, or had nothing, has lost nothing', () => {
  const { clock, dial, killed } = fleet();
  const [one, two] = [dial('g1'), dial('g2')];
  one.calls(5);
  two.calls(3);
  two.calls(0);
  one.close();
  two.close();
  dial('g1').calls(0);
  clock.advance(60_000);
  assert.equal(killed(), 0);
});

// A worker tells where it stands only in answer to a revision: after a restart of control its resources were pending for ever.
test('who says hello is answered with a revision, also when it has all of it', () => {
  const sent: string[] = [];
  const same = { ...revisions, number: 3, deltaFor: () => ({ from: 3, to: 3, hash: 'h', put: [], remove: [] }) } as unknown as Revisions;
  const calls = { add() {}, killed() {}, flush: async () => {}, stop: async () => {} };
  let tell: (message: ToControl) => void = () => {};
  const made = createFleet({ revisions: same, calls, clock: manualClock(), log: silentLog });
  made.accept({ send: ({ type }) => sent.push(type) > 0, onMessage: (h) => void (tell = h), onClose() {}, close() {} });
  tell({ type: 'hello', role: 'worker', instance: 'w', pid: 1, revision: 3, hash: 'h' });
  assert.deepEqual(sent, ['revision', 'runs-waiting']);
});
