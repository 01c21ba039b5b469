/**
 * Aim: trailers that pass are read behind the gateway as they were meant, and as nothing else.
 * Method: test/fuzz/trailers.ts over 1,500 messages each way; `npm run soak` goes on with other seeds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTrailersOfAnswers, compareTrailersOfRequests } from '../fuzz/trailers.ts';

test('trailers of requests reach node:http as it would read them without the gateway, but for those that must not pass', async () => {
  const passed = await compareTrailersOfRequests(1, 1500);
  assert.ok(passed > 500, `the inputs must exercise trailers, only ${passed} had some that passed`);
});

test('trailers of answers reach node:http as it would read them without the gateway, but for those that must not pass', async () => {
  const passed = await compareTrailersOfAnswers(1, 1500);
  assert.ok(passed > 500, `the inputs must exercise trailers, only ${passed} had some that passed`);
});
