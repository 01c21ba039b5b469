// Aim: a change of thousands of routes takes a thread no longer at a time than its slice; the revision before serves until it
// is whole; a newer one overtakes and leaves nothing behind; what comes after it waits its turn.
// Method: the real state with a clock by hand, on which making a route takes a millisecond; slices are counted by it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import { strictObject, T } from '../base/schema.ts';
import { definePolicy } from '../sdk/policy.ts';
import { type AnyEntry, type RevisionDelta, revisionHash } from '../sdk/revision.ts';
import { createCounterBuffer, openCounters } from '../sdk/shared-counters.ts';
import { entry, routeEntry, testRegistry } from '../../test/gateway/core-harness.ts';
import { type DeltaOrder, packDelta } from './revision-change.ts';
import { createRevisionState } from './revision-state.ts';
import { createRevisionTurns } from './revision-turns.ts';
import { createMetrics } from './route-stats.ts';

const SLICE_MS = 4;

function fixture() {
  let now = 0;
  const timers: (() => void)[] = [];
  const after = (_ms: number, action: () => void) => (timers.push(action), () => {});
  const clock = { ...manualClock(), monotonic: () => now, after };
  const lives = { made: 0, closed: 0 };
  const slow = definePolicy({
    id: 'slow',
    title: { en: 's', zh: '慢' },
    summary: { en: 's', zh: '慢' },
    since: '0.1',
    status: 'experimental',
    version: 1,
    phases: ['request'],
    bodies: 'none',
    config: strictObject({ version: T.Integer({ default: 0 }) }),
    problems: {},
    examples: [],
    create() {
      lives.made++;
      now++; // What it would take.
      return { request: () => undefined, close: () => void lives.closed++ };
    },
  });
  const metrics = createMetrics();
  const pools = new Map<string, number>();
  const listeners: string[] = [];
  const state = createRevisionState({
    tools: {
      registry: testRegistry([slow]),
      clock,
      log: silentLog,
      counters: openCounters(createCounterBuffer(64, seededRandom(1)), () => clock.monotonic()),
      routeStats: (project, name) => metrics.route(project, name),
    },
    onUpstreams(changed, removed) {
      for (const { project, name, targets } of changed) pools.set(`${project}/${name}`, targets[0]!.port);
      for (const key of removed) pools.delete(key);
    },
    *onListener(changed, removed) {
      if (removed !== undefined) listeners.push(`${removed} goes`);
      for (const _ of changed?.tls?.certificates ?? []) {
        now += 3;
        yield;
      }
      if (changed) now += 3;
      if (changed) listeners.push(`${changed.name} at ${state.current.number}`);
    },
  });
  const through: string[] = [];
  let overflows = 0;
  const turns = createRevisionTurns({
    state,
    clock,
    sliceMs: SLICE_MS,
    onApplied: (applied, { to }) => void through.push(`${to} ${applied.ok ? 'ok' : applied.reason}`),
    onOverflow: () => void overflows++,
  });
  /** What the next slice takes: made by the timer that waits, and nothing but it. */
  const sliceTakes = (): number => {
    const before = now;
    const action = timers.shift();
    assert.ok(action && timers.length === 0, 'exactly one slice waits');
    action();
    return now - before;
  };
  const finish = (): void => {
    while (timers.length > 0) timers.shift()!();
  };
  return { lives, pools, listeners, state, turns, through, sliceTakes, finish, overflows: () => overflows };
}

const PLAIN = { proxyProtocol: 'off', trustedProxies: [], forwarded: 'x-forwarded', via: false, http2: true } as const;

const slowRoute = (name: string, version = 0): AnyEntry =>
  routeEntry(name, { policies: [{ type: 'slow', config: { version }, identity: `p/route/${name}/0` }] });
const upstream = (name: string, port: number): AnyEntry =>
  entry('upstream', name, { name, targets: [{ host: '127.0.0.1', port, weight: 1 }], connectionsMax: 1, idleMs: 1 });
const listener = (name: string, port: number): AnyEntry =>
  entry('listener', name, { name, port, addresses: ['127.0.0.1'], limits: {}, tls: undefined, ...PLAIN });
const whole = (to: number, entries: readonly AnyEntry[]): DeltaOrder =>
  packDelta({ from: 0, to, hash: revisionHash(entries), put: entries, remove: [] });
const routes = (count: number, version = 0) => Array.from({ length: count }, (_, i) => slowRoute(`r${i}`, version));

test('no slice of a big change is longer than its bound, and what served before serves until it is whole', () => {
  const { state, turns, through, lives, sliceTakes } = fixture();
  const small = [slowRoute('old'), upstream('u', 1)];
  turns.take(whole(1, small));
  assert.deepEqual(through, ['1 ok'], 'a small change stands at once');
  const before = state.current;
  turns.take(whole(2, [...routes(5000), upstream('u', 2)]));
  let slices = 1;
  for (; through.length < 2; slices++) {
    assert.equal(state.current, before, 'nothing of it serves yet');
    assert.ok(sliceTakes() <= SLICE_MS, `slice ${slices}`);
  }
  assert.ok(slices >= 5000 / SLICE_MS, `${slices} slices`);
  assert.deepEqual([through, state.current.routes.size, lives], [['1 ok', '2 ok'], 5000, { made: 5001, closed: 1 }]);
  turns.take({ delta: change(state.current.number, [slowRoute('r7', 1)], routes(5000), [upstream('u', 2)]), pieces: [] });
  assert.deepEqual([through.at(-1), lives.made], ['3 ok', 5002], 'one change among 5,000 routes is one slice');
});

/** A delta that puts routes in place of those of the same name. */
function change(from: number, put: readonly AnyEntry[], held: readonly AnyEntry[], others: readonly AnyEntry[]): RevisionDelta {
  const all = new Map([...held, ...others, ...put].map((one) => [one.key, one]));
  return { from, to: from + 1, hash: revisionHash(all.values()), put, remove: [] };
}

test('listeners are opened one by one behind the swap, those that go first, and go on being when something newer comes', () => {
  const { turns, listeners, through, sliceTakes, finish } = fixture();
  turns.take(whole(1, [listener('old', 1)]));
  turns.take(
    whole(
      2,
      Array.from({ length: 20 }, (_, i) => listener(`l${i}`, i)),
    ),
  );
  assert.deepEqual(listeners.slice(0, 3), ['old at 1', 'old goes', 'l0 at 2']);
  for (let slices = 0; slices < 3; slices++) assert.ok(sliceTakes() <= SLICE_MS + 3);
  assert.ok(listeners.length > 5 && listeners.length < 12, String(listeners.length));
  turns.take(
    whole(
      3,
      Array.from({ length: 20 }, (_, i) => listener(`l${i}`, i)),
    ),
  );
  assert.ok(listeners.length < 12, 'whoever overtakes does not open all of them at once');
  for (let slices = 0; slices < 3; slices++) assert.ok(sliceTakes() <= SLICE_MS + 3);
  finish();
  assert.deepEqual(through, ['1 ok', '3 ok']);
  assert.deepEqual([listeners.length, new Set(listeners).size], [22, 22], 'each once');
});

test('a listener with 256 certificates is made a certificate at a time, also by a change that overtakes it', () => {
  const { state, turns, listeners, through, sliceTakes, finish } = fixture();
  const certificates = Array.from({ length: 256 }, (_, i) => ({ name: `c${i}`, chain: 'x'.repeat(20_000), key: '', hosts: [] }));
  const large = (version: number) => entry('listener', 'large', { name: 'large', port: version, tls: { certificates } } as never);
  const order = whole(1, [large(1), listener('other', 1)]);
  assert.ok(order.pieces.length > 256 / 8 && order.pieces.every((piece) => piece.length < 1_000_000), 'nor are megabytes read at once');
  turns.take(order);
  for (let slices = 0; slices < 5; slices++) assert.ok(sliceTakes() <= SLICE_MS + 3);
  assert.deepEqual(listeners, []);
  turns.take(whole(2, [large(2), listener('other', 1)]));
  for (let slices = 0; slices < 5; slices++) assert.ok(sliceTakes() <= SLICE_MS + 3);
  finish();
  assert.deepEqual([listeners, through], [['large at 2', 'other at 2', 'large at 2'], ['2 ok']]);
  assert.deepEqual(
    state.current.listeners.get(large(2).key.slice('listener/'.length))!.tls!.certificates,
    certificates,
    'all of them, in their order',
  );
});

test('a whole revision that comes meanwhile overtakes: the one under way leaves nothing behind', () => {
  const { state, turns, through, lives, pools, sliceTakes, finish } = fixture();
  turns.take(whole(1, [upstream('kept', 1), upstream('gone', 1)]));
  turns.take(whole(2, [...routes(100), upstream('kept', 2), upstream('new', 2)]));
  for (let i = 0; i < 10; i++) sliceTakes();
  const { made } = lives;
  assert.ok(made > 20 && made < 100, String(made));
  turns.take(whole(3, [slowRoute('r1'), upstream('kept', 1)]));
  finish();
  assert.deepEqual(through, ['1 ok', '3 ok']);
  assert.deepEqual(lives, { made: made + 1, closed: made }, 'what was made for the other one is closed');
  assert.deepEqual([...pools], [['p/kept', 1]]);
  assert.deepEqual(
    [...state.current.routes.entries()].map(([key]) => key),
    ['p/r1'],
  );
});

test('pools that were told of a change that is given up are told again', () => {
  const { state, pools } = fixture();
  state.apply(whole(1, [upstream('kept', 1)]).delta);
  const steps = state.begin(whole(2, [upstream('kept', 2), upstream('new', 2)]));
  while (pools.size < 2) assert.equal(steps.next().done, false);
  assert.deepEqual(Object.fromEntries(pools), { 'p/kept': 2, 'p/new': 2 });
  steps.return(undefined as never);
  assert.deepEqual(Object.fromEntries(pools), { 'p/kept': 1 });
});

test('what comes behind a big change waits its turn, in order, and bounded', () => {
  const { state, turns, through, sliceTakes, finish, overflows } = fixture();
  const told: string[] = [];
  turns.behind(() => told.push('nothing to wait for'));
  const all = [...routes(20)];
  turns.take(whole(1, all));
  turns.behind(() => told.push(`at ${state.current.number}`));
  turns.take({ delta: change(1, [slowRoute('r3', 1)], all, []), pieces: [] });
  assert.deepEqual([through, told], [[], ['nothing to wait for']]);
  while (through.length < 2) assert.ok(sliceTakes() <= SLICE_MS);
  assert.deepEqual(through, ['1 ok', '2 ok']);
  assert.deepEqual(told, ['nothing to wait for', 'at 2']);
  turns.take(whole(3, routes(20, 3)));
  for (let i = 0; i < 1001; i++) turns.take({ delta: { from: 3 + i, to: 4 + i, hash: '', put: [], remove: [] }, pieces: [] });
  assert.equal(overflows(), 1);
  finish();
  assert.deepEqual(through, ['1 ok', '2 ok'], 'everything is asked for instead');
});

test('a hash that went wrong is right again after a whole revision', () => {
  const { state } = fixture();
  const entries = [slowRoute('a'), slowRoute('b')];
  const missing = { from: 0, to: 1, hash: revisionHash(entries), put: entries.slice(0, 1), remove: [] };
  assert.deepEqual(state.apply(missing), { ok: false, reason: 'diverged' });
  assert.deepEqual(state.apply({ ...missing, to: 2, put: entries }), { ok: true });
  assert.equal(state.current.hash, revisionHash(entries));
});
