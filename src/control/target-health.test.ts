// Aim: the sum over threads says of a target what is true now, whoever called it last. Method: threads' words by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetHealth } from '../sdk/target-health.ts';
import { createGatewayTargets, sumTargets } from './target-health.ts';

const upstream = { targets: [{ host: 'a', port: 1, weight: 3 }] };
const idle: TargetHealth = {
  address: 'a:1',
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
    threads.map((target) => ({ key: 'p/u', targets: [target] })),
  )[0]!;

test('a target nobody told of is unused, with its weight', () => {
  assert.deepEqual(sumTargets(upstream, []), [
    {
      address: 'a:1',
      weight: 3,
      state: 'unused',
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
    gateway.take({ type: 'targets', thread, fresh, upstreams: words.map(([key, one]) => ({ key, targets: one ? [one] : [] })) });
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
