// Aim: a thread moves from revision to revision by deltas: only what changed is made anew, a bad entry keeps the last good
// one, nothing closes under an exchange. Method: the state alone, with policies that count their lives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { contentHash, type Json } from '../base/json.ts';
import { silentLog } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import { strictObject, T } from '../base/schema.ts';
import apiKey from '../extensions/auth/api-key.ts';
import { definePolicy } from '../sdk/policy.ts';
import type { Registry } from '../sdk/registry.ts';
import { type AnyEntry, type EntryType, type EntryValues, entryKey, type RevisionDelta, revisionHash } from '../sdk/revision.ts';
import { createCounterBuffer, openCounters } from '../sdk/shared-counters.ts';
import { createRevisionState } from './revision-state.ts';
import { createMetrics } from './route-stats.ts';

const lives = { made: 0, closed: 0 };
const counting = definePolicy({
  id: 'counting',
  title: { en: 'c', zh: '计' },
  summary: { en: 'c', zh: '计' },
  since: '0.1',
  status: 'experimental',
  version: 1,
  phases: ['request'],
  bodies: 'none',
  config: strictObject({ fail: T.Boolean({ default: false }) }),
  problems: {},
  examples: [],
  create(config) {
    if (config.fail) throw new Error('told to fail');
    lives.made++;
    return { request: () => undefined, close: () => void lives.closed++ };
  },
});
const registry: Registry = {
  policies: new Map([['counting', counting as never]]),
  auth: new Map([['api-key', apiKey as never]]),
  connectors: new Map(),
  discovery: new Map(),
};

function entry<K extends EntryType>(type: K, value: EntryValues[K] & { project: string }, name: string): AnyEntry {
  return { type, key: entryKey(type, value.project, name), hash: contentHash(value as unknown as Json), value } as AnyEntry;
}
const route = (name: string, more: Partial<EntryValues['route']> = {}): AnyEntry =>
  entry(
    'route',
    {
      project: 'p',
      name,
      release: 'r1',
      hosts: [],
      paths: [`/${name}`],
      methods: [],
      target: { kind: 'upstream', name: 'u' },
      rewrite: undefined,
      preserveHost: false,
      keepCredential: false,
      timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1 },
      bodyBytesMax: 1,
      auth: [],
      policies: [{ type: 'counting', config: {}, identity: `p/route/${name}/0` }],
      ...more,
    },
    name,
  );
const upstream = (name: string, port: number): AnyEntry =>
  entry('upstream', { project: 'p', name, targets: [{ host: '127.0.0.1', port, weight: 1 }], connectionsMax: 1, idleMs: 1 }, name);

function fixture() {
  Object.assign(lives, { made: 0, closed: 0 });
  const clock = manualClock();
  const metrics = createMetrics();
  const upstreams: string[] = [];
  const state = createRevisionState({
    tools: {
      registry,
      clock,
      log: silentLog,
      counters: openCounters(createCounterBuffer(64, seededRandom(1)), () => clock.monotonic()),
      routeStats: (project, name) => metrics.route(project, name),
    },
    onUpstreams: (changed, removed) =>
      void upstreams.push(...changed.map((u) => `put ${u.name}:${u.targets[0]!.port}`), ...removed.map((k) => `remove ${k}`)),
  });
  let held = new Map<string, AnyEntry>();
  /** A delta as control would make it. */
  const move = (put: AnyEntry[], remove: string[] = [], from = state.current.number): RevisionDelta => {
    if (from === 0) held = new Map();
    for (const key of remove) held.delete(key);
    for (const e of put) held.set(e.key, e);
    return { from, to: state.current.number + 1, hash: revisionHash(held.values()), put, remove };
  };
  const match = (path: string) =>
    state.current.router.match('h', path, 'GET', { query: '', clientAddress: '', request: { get: () => undefined } }).kind;
  return { state, upstreams, move, match };
}

test('makes only what changed, closes what left, and tells pools', () => {
  const { state, upstreams, move, match } = fixture();
  assert.deepEqual(state.apply(move([route('a'), route('b'), upstream('u', 1)])), { ok: true });
  assert.deepEqual(lives, { made: 2, closed: 0 });
  assert.equal(match('/a'), 'found');
  assert.deepEqual(state.apply(move([route('a', { release: 'r2' })])), { ok: true });
  assert.deepEqual(lives, { made: 3, closed: 1 });
  assert.deepEqual(state.apply(move([upstream('u', 2)], [entryKey('route', 'p', 'b')])), { ok: true });
  assert.deepEqual(lives, { made: 3, closed: 2 });
  assert.equal(match('/b'), 'not-found');
  assert.deepEqual(upstreams, ['put u:1', 'put u:2']);
  assert.equal(state.current.number, 3);
});

test('a whole revision replaces what is held, touching only differences', () => {
  const { state, upstreams, move, match } = fixture();
  state.apply(move([route('a'), route('b'), upstream('u', 1)]));
  const shown = state.current.routes.get('p/a');
  assert.deepEqual(state.apply(move([route('a'), route('c')], [], 0)), { ok: true });
  assert.equal(state.current.routes.get('p/a'), shown, 'an unchanged route lives on');
  assert.deepEqual([match('/a'), match('/b'), match('/c')], ['found', 'not-found', 'found']);
  assert.deepEqual(upstreams, ['put u:1', 'remove p/u']);
});

test('a bad entry keeps its last good version, says why, and takes nothing down', () => {
  const { state, move, match } = fixture();
  state.apply(move([route('a')]));
  const bad = (policy: { type: string; config: object }) => [
    { ...policy, config: policy.config as Record<string, unknown>, identity: 'x' },
  ];
  const cases: [Partial<EntryValues['route']>, RegExp][] = [
    [{ policies: bad({ type: 'counting', config: { fail: true } }) }, /told to fail/],
    [{ policies: bad({ type: 'absent', config: {} }) }, /"absent" is not known/],
    [{ policies: bad({ type: 'counting', config: { nope: 1 } }) }, /\/nope is not known/],
    [{ paths: ['/a/**/b'] }, /last segment/],
    [{ auth: [{ type: 'none', config: {} }] }, /"none" is not known/],
  ];
  for (const [change, reason] of cases) {
    assert.deepEqual(state.apply(move([route('a', { release: 'bad', ...change }), route('b')])), { ok: true });
    assert.deepEqual(
      state.failed().map((f) => f.key),
      ['route/p/a'],
    );
    const said = state.failed()[0]!.reason;
    assert.match(said.en, reason);
    assert.ok(/\p{Script=Han}/u.test(said.zh) || said.en === 'told to fail', said.zh);
    assert.equal(match('/a'), 'found');
    assert.equal(state.current.routes.get('p/a')?.spec.release, 'r1');
    assert.equal(match('/b'), 'found', 'the others move on');
  }
  state.apply(move([route('a', { release: 'good' })]));
  assert.deepEqual(state.failed(), []);
  assert.equal(state.current.routes.get('p/a')?.spec.release, 'good');
});

test('policies made before one that fails are closed again', () => {
  const { state, move } = fixture();
  const policies = [
    { type: 'counting', config: {}, identity: '0' },
    { type: 'counting', config: { fail: true }, identity: '1' },
  ];
  state.apply(move([route('a', { policies })]));
  assert.deepEqual(lives, { made: 1, closed: 1 });
});

test('a route that an exchange uses closes when the last one is done', () => {
  const { state, move } = fixture();
  state.apply(move([route('a')]));
  const used = state.current.routes.get('p/a')!;
  used.held.hold();
  used.held.hold();
  state.apply(move([], ['route/p/a']));
  assert.equal(lives.closed, 0);
  used.held.release();
  assert.equal(lives.closed, 0);
  used.held.release();
  assert.equal(lives.closed, 1);
});

test('refuses a delta out of order and reports divergence', () => {
  const { state, move, match } = fixture();
  state.apply(move([route('a')]));
  assert.deepEqual(state.apply({ ...move([route('b')]), from: 7 }), { ok: false, reason: 'out-of-order' });
  assert.equal(match('/b'), 'not-found');
  assert.deepEqual(state.apply({ ...move([route('c')]), hash: 'f'.repeat(64) }), { ok: false, reason: 'diverged' });
});

test('the hash does not depend on the way there', () => {
  const [one, two] = [fixture(), fixture()];
  one.state.apply(one.move([route('a'), route('b'), upstream('u', 1)]));
  two.state.apply(two.move([upstream('u', 9), route('x')]));
  two.state.apply(two.move([route('b'), upstream('u', 1)], ['route/p/x']));
  two.state.apply(two.move([route('a')]));
  assert.equal(one.state.current.hash, two.state.current.hash);
  assert.equal(one.state.current.hash, revisionHash([upstream('u', 1), route('b'), route('a')]));
});

test('5,000 routes take 1,000 single changes and stay right', () => {
  const { state, match } = fixture();
  const entries = Array.from({ length: 5000 }, (_, i) => route(`r${i}`, { policies: [] }));
  state.apply({ from: 0, to: 1, hash: revisionHash(entries), put: entries, remove: [] });
  let hash = state.current.hash;
  for (let i = 0; i < 1000; i++) {
    const changed = route(`r${i}`, { policies: [], release: `v${i}` });
    hash = revisionHash([{ key: changed.key, hash: changed.hash }]); // Checked as a whole below.
    state.apply({ from: state.current.number, to: state.current.number + 1, hash, put: [changed], remove: [] });
  }
  const all = entries.map((e, i) => (i < 1000 ? route(`r${i}`, { policies: [], release: `v${i}` }) : e));
  assert.equal(state.current.hash, revisionHash(all));
  assert.deepEqual([match('/r0'), match('/r4999'), match('/r5000')], ['found', 'found', 'not-found']);
});
