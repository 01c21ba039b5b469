// Aim: the sum over threads says of a target what is true now, whoever called it last. Method: threads' words by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetHealth } from '../sdk/target-health.ts';
import { createGatewayTargets, hasNoHealthyTarget, sumTargets } from './target-health.ts';

const upstream = { targets: [{ host: 'a', port: 1, weight: 3 }] };
const idle: TargetHealth = {
  address: 'a:1',
  weight: 3,
  state: 'ok',
  stateReason: '',
  stateSince: null,
  requests: 0,
  open: 0,
  idle: 0,
  failures: 0,
  failingSince: null,
  lastSuccessAt: null,
  lastFailureAt: null,
  lastFailure: '',
};
const ok = (at: number): TargetHealth => ({ ...idle, requests: 2, open: 2, idle: 1, lastSuccessAt: at });
const bad = (since: number, last: number, failures: number, success: number | null = null): TargetHealth => ({
  ...idle,
  requests: failures,
  failures,
  failingSince: since,
  lastSuccessAt: success,
  lastFailureAt: last,
  lastFailure: `upstream-closed at ${last}`,
});
const sum = (...threads: TargetHealth[]) =>
  sumTargets(
    upstream,
    threads.map((target) => ({ key: 'p/u', targets: [target], discoveryFailure: '' })),
  )[0]!;

test('a target nobody told of is unused, with its weight', () => {
  assert.deepEqual(sumTargets(upstream, []), [
    {
      address: 'a:1',
      weight: 3,
      state: 'unused',
      stateReason: null,
      stateSince: null,
      requests: 0,
      open: 0,
      idle: 0,
      failures: 0,
      failingSince: null,
      lastSuccessAt: null,
      lastFailureAt: null,
      lastFailure: null,
    },
  ]);
});

test('numbers of threads are added, the latest times stand', () => {
  const { state, requests, open, idle: resting, lastSuccessAt } = sum(ok(10), ok(30), idle);
  assert.deepEqual([state, requests, open, resting, lastSuccessAt], ['ok', 4, 4, 2, 30]);
});

test('a success of one thread after the failures of another: it is back', () => {
  const { state, failures, failingSince, lastFailureAt, lastFailure } = sum(bad(10, 20, 5), ok(21));
  assert.deepEqual([state, failures, failingSince, lastFailureAt, lastFailure], ['ok', 0, null, 20, 'upstream-closed at 20']);
});

test('a failure after the last success: failing, since the first failure known after it', () => {
  const both = sum(bad(10, 40, 5), bad(30, 35, 2), ok(20));
  assert.deepEqual([both.state, both.failures, both.failingSince, both.lastFailure], ['failing', 7, 30, 'upstream-closed at 40']);
  assert.equal(sum(bad(10, 40, 5, 5)).failingSince, 10, 'on one thread the row is known whole');
});

test('what a thread says replaces what it said; a fresh one forgets the rest', () => {
  const gateway = createGatewayTargets();
  const say = (thread: number, fresh: boolean, ...words: [string, TargetHealth | undefined][]) =>
    gateway.take({
      type: 'targets',
      thread,
      fresh,
      upstreams: words.map(([key, one]) => ({ key, targets: one ? [one] : [], discoveryFailure: '' })),
    });
  say(0, true, ['p/u', ok(1)], ['p/v', ok(2)]);
  say(1, true, ['p/u', ok(3)]);
  assert.equal(gateway.of('p/u').length, 2);
  say(0, false, ['p/u', ok(9)]);
  assert.deepEqual(
    gateway.of('p/u').map(({ targets }) => targets[0]!.lastSuccessAt),
    [9, 3],
  );
  say(0, false, ['p/u', undefined]);
  assert.equal(gateway.of('p/u').length, 1);
  assert.equal(gateway.of('p/v').length, 1);
  say(0, true);
  assert.equal(gateway.of('p/v').length, 0);
});

test('states: the worst that a thread says, since the earliest; targets that were found stand behind those written down', () => {
  const out = (state: TargetHealth['state'], stateReason: string, stateSince: number): TargetHealth => ({
    ...ok(1),
    state,
    stateReason,
    stateSince,
  });
  const { state, stateReason, stateSince } = sum(
    out('ejected', 'errors', 9),
    out('unhealthy', 'status 500', 7),
    ok(50),
    out('unhealthy', 'late', 5),
  );
  assert.deepEqual([state, stateReason, stateSince], ['unhealthy', 'status 500', 5]);
  assert.deepEqual(
    [sum(out('starting', '', 3), ok(9)).state, sum(out('ejected', 'errors', 3), out('starting', '', 1)).state],
    ['starting', 'ejected'],
  );
  const found = { ...ok(4), address: '10.0.0.9:80', weight: 7 };
  const all = sumTargets(upstream, [{ key: 'p/u', targets: [idle, found], discoveryFailure: '' }]);
  assert.deepEqual(
    all.map(({ address, weight }) => [address, weight]),
    [
      ['a:1', 3],
      ['10.0.0.9:80', 7],
    ],
  );
});

test('no healthy target: when every thread says so of every target, or none is found; not while nobody says anything', () => {
  const thread = (...targets: TargetHealth[]) => ({ key: 'p/u', targets, discoveryFailure: '' });
  const bad1: TargetHealth = { ...idle, state: 'unhealthy' };
  const bad2: TargetHealth = { ...idle, state: 'ejected' };
  assert.equal(hasNoHealthyTarget([thread(bad1, bad2), thread(bad1)]), true);
  assert.equal(hasNoHealthyTarget([thread(bad1, idle), thread(bad1)]), false);
  assert.equal(hasNoHealthyTarget([thread(bad1), thread({ ...idle, state: 'starting' })]), false);
  assert.deepEqual([hasNoHealthyTarget([]), hasNoHealthyTarget([thread()])], [false, true]);
});
