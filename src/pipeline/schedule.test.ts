/**
 * Aim: schedules fire when people in their time zone expect it, also where clocks change; each firing once,
 * whatever the machine's clock does and however many schedulers run. Method: fixed dates, a clock moved by
 * hand, the in-memory stores that keep the contract.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { direct, memoryRuns } from '../../test/simulation/run-store.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { nextFiring } from './schedule.ts';
import { type Scheduler, startScheduler } from './scheduler.ts';
import { readSettings } from './settings.ts';

function firings(cron: string, timezone: string, from: string, count: number): string[] {
  let at = Date.parse(from);
  return Array.from({ length: count }, () => {
    at = nextFiring({ cron, timezone }, at)!;
    return new Date(at).toISOString().slice(0, 16);
  });
}

test('spring: a time that does not exist fires once, at the end of the gap', () => {
  assert.deepEqual(firings('30 2 * * *', 'Europe/Berlin', '2026-03-27T12:00Z', 3), [
    '2026-03-28T01:30',
    '2026-03-29T01:00',
    '2026-03-30T00:30',
  ]);
  assert.deepEqual(firings('15 2 * * *', 'America/New_York', '2026-03-07T12:00Z', 2), ['2026-03-08T07:00', '2026-03-09T06:15']);
});

test('autumn: a time that exists twice fires once, the first time', () => {
  assert.deepEqual(firings('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 2), ['2026-10-25T00:30', '2026-10-26T01:30']);
  assert.deepEqual(firings('15 1 * * *', 'America/New_York', '2026-10-31T12:00Z', 2), ['2026-11-01T05:15', '2026-11-02T06:15']);
});

test('by the hour and by minutes both changes pass in real time', () => {
  assert.deepEqual(firings('0 * * * *', 'Europe/Berlin', '2026-10-24T22:30Z', 4), [
    '2026-10-24T23:00',
    '2026-10-25T00:00',
    '2026-10-25T01:00',
    '2026-10-25T02:00',
  ]);
  assert.deepEqual(firings('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:00Z', 3), [
    '2026-03-29T00:30',
    '2026-03-29T01:00',
    '2026-03-29T01:30',
  ]);
});

test('Asia/Shanghai has no change of clocks; six fields count seconds', () => {
  assert.deepEqual(firings('0 9 * * *', 'Asia/Shanghai', '2026-03-28T12:00Z', 2), ['2026-03-29T01:00', '2026-03-30T01:00']);
  assert.equal(nextFiring({ cron: '*/10 * * * * *', timezone: 'UTC' }, 1_000), 10_000);
});

test('a schedule that never fires is none; a broken one names itself', () => {
  assert.equal(nextFiring({ cron: '0 0 30 2 *', timezone: 'UTC' }, 0), null);
  assert.throws(() => nextFiring({ cron: '99 * * * *', timezone: 'UTC' }, 0), { code: 'core/pipeline/bad-schedule' });
  assert.throws(() => nextFiring({ cron: '0 0 * * *', timezone: 'Mars/Base' }, 0), /Mars\/Base/);
});

const START = Date.UTC(2026, 0, 1, 0, 2);
const MINUTE = 60_000;

function pipeline(cron: string, overlap = 'queue') {
  return readSettings({
    project: 'p',
    name: 'copy',
    release: 'r',
    spec: { source: { connection: 'a', streams: ['*'] }, sink: { connection: 'b' }, schedule: { cron }, overlap },
  });
}

function setUp() {
  const clock = manualClock(START);
  const store = memoryRuns(clock);
  const stores = store.stores(direct);
  const skipped: string[] = [];
  const scheduler = () =>
    startScheduler({
      clock,
      scheduleStore: stores,
      runStore: stores,
      log: silentLog,
      limits: { ...DEFAULT_LIMITS, scheduleMs: 1e9 },
      skipped: (p) => skipped.push(p.name),
      queued: () => {},
    });
  const at = async (minute: number, ...schedulers: Scheduler[]) => {
    clock.setNow(Date.UTC(2026, 0, 1) + minute * MINUTE);
    await Promise.all(schedulers.map((s) => s.tick()));
    await Promise.all(schedulers.map((s) => s.tick()));
    return store.runs.length;
  };
  return { clock, store, stores, skipped, scheduler, at };
}

test('two schedulers fire once each time; a missed hour makes one run', async () => {
  const { scheduler, at } = setUp();
  const [a, b] = [scheduler(), scheduler()];
  a.set([pipeline('*/5 * * * *')]);
  b.set([pipeline('*/5 * * * *')]);
  assert.equal(await at(2, a, b), 0, 'the first look only notes the next firing');
  assert.equal(await at(5, a, b), 1);
  assert.equal(await at(6, a, b), 1);
  assert.equal(await at(10, a, b), 2);
  assert.equal(await at(75, a, b), 3, 'thirteen missed firings are one catch-up run');
  const later = scheduler();
  later.set([pipeline('*/5 * * * *')]);
  assert.equal(await at(200, later), 4, 'also after a restart');
});

test('a clock that jumps back never fires twice; one that was years ahead does not stop the schedule', async () => {
  const { scheduler, at } = setUp();
  const s = scheduler();
  s.set([pipeline('*/5 * * * *')]);
  await at(2, s);
  assert.equal(await at(15, s), 1);
  assert.equal(await at(3, s), 1);
  assert.equal(await at(5, s), 1);
  assert.equal(await at(15, s), 1);
  assert.equal(await at(20, s), 2);
  assert.equal(await at(60 * 24 * 900, s), 3);
  assert.equal(await at(21, s), 3);
  assert.equal(await at(25, s), 4, 'back in the right year it goes on');
});

test('a removed pipeline stops; a changed or returning one begins with its next firing', async () => {
  const { scheduler, at, store } = setUp();
  const s = scheduler();
  s.set([pipeline('0 0 1 1 *')]);
  await at(2, s);
  s.set([pipeline('*/5 * * * *')]);
  assert.equal(await at(3, s), 0);
  assert.equal(await at(5, s), 1, 'the yearly firing that was stored does not hold back the new schedule');
  s.set([]);
  assert.equal(await at(60, s), 1);
  s.set([pipeline('*/5 * * * *')]);
  assert.equal(await at(61, s), 1, 'firings while it was away are not made good');
  assert.equal(await at(65, s), 2);
  assert.equal(store.schedules.get('p/copy'), Date.UTC(2026, 0, 1, 1, 10));
});

test('overlap skip leaves a firing out and says so; a failing store gives the firing back', async () => {
  const { scheduler, at, store, stores, skipped } = setUp();
  const s = scheduler();
  s.set([pipeline('*/5 * * * *', 'skip')]);
  await at(2, s);
  await at(5, s);
  assert.equal(await at(10, s), 1);
  assert.deepEqual(skipped, ['copy']);
  store.runs[0]!.state = 'done';
  const enqueue = stores.enqueue;
  let broken = 1;
  stores.enqueue = (order) => (broken-- > 0 ? Promise.reject(new Error('store down')) : enqueue(order));
  assert.equal(await at(15, s), 2, 'the second tick of the same minute made it good');
});
