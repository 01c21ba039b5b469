/**
 * Aim: no request is one to us and two to nginx, and no answer reads differently behind us than behind nginx.
 * Method: test/fuzz/proxies.ts, seeded bytes through the gateway's engine and through a real nginx; `npm run soak` goes on
 * with other seeds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nginxMissing } from '../fuzz/nginx.ts';
import { compareProxiedRequests, compareProxiedResponses } from '../fuzz/proxies.ts';

const skip = nginxMissing ?? false;

test('requests pass through the gateway as they pass through nginx, or not at all', { skip }, async () => {
  const both = await compareProxiedRequests(1, 4000);
  assert.ok(both > 800, `both must pass on many, only ${both} were`);
});

test('answers pass through the gateway as they pass through nginx, or not at all', { skip }, async () => {
  const both = await compareProxiedResponses(1, 2000);
  assert.ok(both > 600, `both must pass on many, only ${both} were`);
});
