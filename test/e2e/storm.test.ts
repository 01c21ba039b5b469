/**
 * Aim: routes change under load without a failed request, and every change comes alive on every thread.
 * Method: the whole product with 500 routes, 20 changes a second for five seconds, while callers ask random routes; the
 * same storm over 5,000 routes with its times is `bench/change-storm.ts`, with 10,000 changes a step of `npm run soak`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeStorm } from '../storm/storm.ts';

test('100 changes among 500 routes under load: nothing fails, each one watched comes alive', async () => {
  const result = await changeStorm({ routes: 500, changesPerSecond: 20, seconds: 5, requestsPerSecond: 100, quietSeconds: 1 });
  assert.deepEqual([result.quiet.failed, result.storm.failed, [...result.refused.keys()]], [[], [], []]);
  assert.equal(result.applied.length, 100);
  assert.ok(result.storm.requests > 0 && result.watched > 0);
  assert.equal(result.live.length, result.watched);
});
