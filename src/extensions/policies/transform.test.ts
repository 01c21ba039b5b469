// Aim: transform does what it says in both directions and cannot be configured to break a message.
// Method: the policy suite, then single cases over an exchange in memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readValue } from '../../base/schema-read.ts';
import { memoryExchange } from '../../sdk/suites/exchange.ts';
import { policyHarness, policySuite } from '../../sdk/suites/policy.suite.ts';
import transform from './transform.ts';

policySuite(transform);

test('renames, removes, sets and adds, in this order, in each direction', () => {
  const both = { rename: { 'X-Old': 'x-new' }, remove: ['x-gone'], set: { 'x-set': 'one' }, add: { 'x-new': 'two' } };
  const { policy } = policyHarness(transform, { request: both, response: both });
  const exchange = memoryExchange({ headers: { 'x-old': 'old', 'x-gone': '1', 'x-set': '0', 'x-kept': 'k' } });
  exchange.response.set('x-old', 'answer');
  policy.request!(exchange);
  assert.deepEqual(exchange.request.all(), [
    ['x-kept', 'k'],
    ['x-new', 'old'],
    ['x-set', 'one'],
    ['x-new', 'two'],
  ]);
  assert.deepEqual(exchange.response.all(), [['x-old', 'answer']], 'the response waits for its phase');
  policy.response!(exchange);
  assert.deepEqual(exchange.response.all(), [
    ['x-new', 'answer'],
    ['x-set', 'one'],
    ['x-new', 'two'],
  ]);
});

test('refuses framing, connection and gateway fields at validation, in any case and every place', () => {
  for (const name of ['Connection', 'transfer-ENCODING', 'content-length', 'Host', 'X-Weir-Consumer', 'x-weir-anything', 'bad name', '']) {
    for (const config of [
      { set: { [name]: 'v' } },
      { add: { [name]: 'v' } },
      { remove: [name] },
      { rename: { [name]: 'x-a' } },
      { rename: { 'x-a': name } },
    ]) {
      assert.ok(readValue(transform.config, { request: config }).errors.length > 0, `${name} in ${JSON.stringify(config)}`);
      assert.ok(readValue(transform.config, { response: config }).errors.length > 0);
    }
  }
  assert.ok(readValue(transform.config, { response: { rename: { 'Set-Cookie': 'x-a' } } }).errors.length > 0);
  for (const value of ['a\r\nx: y', 'a\0', 'ünicode', ' leading']) {
    assert.ok(readValue(transform.config, { request: { set: { 'x-a': value } } }).errors.length > 0, JSON.stringify(value));
  }
  assert.deepEqual(readValue(transform.config, { request: { set: { 'x-connection': 'a b', hostname: '' } } }).errors, []);
});
