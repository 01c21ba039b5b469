// Aim: rate-limit allows exactly its burst, refills at its rate, counts by its key and tells the caller in draft-11 fields.
// Method: the policy suite, then a manual clock over real counters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../../base/problem.ts';
import { memoryExchange, type MemoryExchange } from '../../sdk/suites/exchange.ts';
import { policyHarness, policySuite } from '../../sdk/suites/policy.suite.ts';
import rateLimit from './rate-limit.ts';

policySuite(rateLimit);

const consumer = (name: string) => ({ name, project: 'default', plan: undefined, credentialId: 'c' });

function caller(config: Record<string, unknown>) {
  const { policy, clock } = policyHarness(rateLimit, config);
  const call = (exchange: MemoryExchange = memoryExchange({ consumer: consumer('a') })) => {
    const verdict = policy.request!(exchange);
    if (verdict === undefined) policy.response!(exchange);
    return { exchange, problem: verdict instanceof Problem ? verdict : undefined };
  };
  return { call, clock };
}

test('allows the limit at once, then one more per token time', () => {
  const { call, clock } = caller({ limit: 6, window: '1m' });
  for (let i = 5; i >= 0; i--) {
    const { exchange, problem } = call();
    assert.equal(problem, undefined);
    assert.equal(exchange.response.get('ratelimit-policy'), '"suite";q=6;w=60');
    assert.equal(exchange.response.get('ratelimit'), `"suite";r=${i};t=${(6 - i) * 10}`);
  }
  const { exchange, problem } = call();
  assert.equal(problem?.status, 429);
  assert.equal(problem?.code, 'policy/rate-limit/exceeded');
  assert.equal(problem?.options.retryAfterMs, 10_000);
  assert.deepEqual(problem?.toBody()['violated-policies'], ['suite']);
  assert.equal(exchange.response.get('ratelimit'), '"suite";r=0;t=10');
  clock.advance(9_999);
  assert.ok(call().problem);
  clock.advance(1);
  assert.equal(call().problem, undefined);
  assert.ok(call().problem);
});

test('counts each consumer apart, and those without one by address, apart from a consumer of that name', () => {
  const { call } = caller({ limit: 1, key: 'consumer.name' });
  assert.equal(call().problem, undefined);
  assert.ok(call().problem);
  assert.equal(call(memoryExchange({ consumer: consumer('b') })).problem, undefined);
  assert.equal(call(memoryExchange({ consumer: consumer('192.0.2.1') })).problem, undefined);
  assert.equal(call(memoryExchange({ clientAddress: '192.0.2.1' })).problem, undefined);
  assert.ok(call(memoryExchange({ clientAddress: '192.0.2.1' })).problem);
  assert.equal(call(memoryExchange({ clientAddress: '192.0.2.2' })).problem, undefined);
});

test('a plan and a route with a limit each tell them apart without being told how', () => {
  const exchange = memoryExchange({ consumer: consumer('a') });
  for (const identity of ['plan/p/gold/rate-limit/0', 'plan/p/gold/rate-limit/1', 'data-api/p/orders/rate-limit/0']) {
    const { policy } = policyHarness(rateLimit, { limit: 10 }, identity);
    policy.request!(exchange);
    policy.response!(exchange);
  }
  const names = exchange.response.get('ratelimit-policy')!.match(/"[^"]+"/g);
  assert.deepEqual(names, ['"plan"', '"plan-2"', '"data-api"']);
});

test('several limits in one chain are list members beside each other', () => {
  const [first, second] = [caller({ limit: 10, name: 'plan' }), caller({ limit: 5, name: 'route' })];
  const exchange = memoryExchange({ consumer: consumer('a') });
  first.call(exchange);
  second.call(exchange);
  assert.equal(exchange.response.get('ratelimit-policy'), '"plan";q=10;w=60, "route";q=5;w=60');
});
