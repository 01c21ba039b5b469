/**
 * Aim: exactly one incident while an upstream has no healthy target, also over a restart of control, closed when it is over.
 * Method: a table in memory with the store's rules, threads' words and time by hand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { TargetHealth, TargetState, UpstreamHealth } from '../sdk/target-health.ts';
import type { Incident } from '../store/types.ts';
import { watchUpstreamIncidents } from './upstream-incidents.ts';

const target = (state: TargetState, stateReason = ''): TargetHealth => ({
  address: 'a:1',
  weight: 1,
  state,
  stateReason,
  stateSince: null,
  requests: 0,
  open: 0,
  idle: 0,
  failures: 0,
  failingSince: null,
  lastSuccessAt: null,
  lastFailureAt: null,
  lastFailure: '',
});
const thread = (...targets: TargetHealth[]): UpstreamHealth => ({ key: 'p/u', targets, discoveryFailure: '' });

function world(rows: Incident[] = []) {
  const clock = manualClock();
  const threads = new Map<string, UpstreamHealth[]>();
  const incidents = {
    async open(one: Omit<Incident, 'closedAt'>) {
      const made = { ...one, closedAt: null };
      rows.push(made);
      return made;
    },
    async close(kind: string, subject: string, at: number) {
      const found = rows.find((row) => row.kind === kind && row.subject === subject && row.closedAt === null);
      if (found) Object.assign(found, { closedAt: at });
      return found !== undefined;
    },
    list: async () => rows.filter((row) => row.closedAt === null),
  };
  let id = 0;
  const newId = () => `i${++id}`;
  const watch = watchUpstreamIncidents({ incidents, threadsOf: (key) => threads.get(key) ?? [], clock, newId, log: silentLog });
  const say = async (...words: UpstreamHealth[]) => {
    threads.set('p/u', words);
    watch.touched(['p/u']);
    clock.advance(1000);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    return rows.map(({ subject, closedAt }) => `${subject} ${closedAt === null ? 'open' : 'closed'}`);
  };
  return { rows, say, watch };
}

test('opened once when all threads agree, closed when one target is back, opened anew the next time', async () => {
  const { rows, say } = world();
  const bad = target('unhealthy', 'status 500');
  assert.deepEqual(await say(thread(bad, target('ok')), thread(bad)), []);
  assert.deepEqual(await say(thread(bad, bad), thread(bad)), ['p/u open']);
  assert.match(rows[0]!.detail.en, /^Upstream p\/u has no healthy target: unhealthy \(status 500\)\. .*Upstream\/u/);
  assert.match(rows[0]!.detail.zh, /没有健康的目标/);
  assert.deepEqual(await say(thread(bad), thread(target('ejected', 'errors'))), ['p/u open']);
  assert.deepEqual(await say(thread(bad), thread(target('starting'))), ['p/u closed']);
  assert.deepEqual(await say(thread(bad), thread(bad)), ['p/u closed', 'p/u open']);
  assert.deepEqual(await say(), ['p/u closed', 'p/u closed'], 'nobody says it any more');
});

test('a control that comes back finds what it left open, and closes it when it is over', async () => {
  const first = world();
  await first.say(thread(target('unhealthy')));
  first.watch.close();
  const second = world(first.rows);
  assert.deepEqual(await second.say(thread(target('unhealthy'))), ['p/u open'], 'still the same');
  assert.deepEqual(await second.say(thread(target('ok'))), ['p/u closed']);
});
