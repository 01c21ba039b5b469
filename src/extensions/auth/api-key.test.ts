// Aim: api-key passes the auth suite, and its query parameter and memory behave. Method: suite, then single cases.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../../base/problem.ts';
import { authHarness, authSuite } from '../../sdk/suites/auth.suite.ts';
import { memoryExchange } from '../../sdk/suites/exchange.ts';
import apiKey from './api-key.ts';

authSuite(apiKey);

test('reads the query parameter only when it is named, and says which one it is', async () => {
  const off = authHarness(apiKey, {});
  assert.equal(await off.method.authenticate(memoryExchange({ query: `api_key=${off.keys.good}` })), 'absent');
  assert.equal(off.method.queryParameter, undefined);
  const on = authHarness(apiKey, { query: 'api_key' });
  assert.equal(on.method.queryParameter, 'api_key');
  const answer = await on.method.authenticate(memoryExchange({ query: `a=1&api%5Fkey=${on.keys.good}` }));
  assert.ok(typeof answer === 'object' && !(answer instanceof Problem) && answer.name === 'shop');
});

test('two keys at once are no key', async () => {
  const { method, keys } = authHarness(apiKey, {});
  const exchange = memoryExchange({ headers: { 'x-api-key': keys.good } });
  exchange.request.add('x-api-key', keys.good);
  assert.ok((await method.authenticate(exchange)) instanceof Problem);
});

test('a remembered key is still looked up each time', async () => {
  const { method, keys, asked } = authHarness(apiKey, {});
  for (let i = 0; i < 3; i++) await method.authenticate(memoryExchange({ headers: { 'x-api-key': keys.good } }));
  assert.equal(asked.length, 3);
});
