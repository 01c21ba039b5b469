// Aim: a call's story tells, for every step of its chain, what it decided and says of itself, in order and bounded.
// Method: the core with real extensions and made-up ones over an exchange in memory; the clock moves by hand inside steps.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { strictObject, T } from '../base/schema.ts';
import type { Policy } from '../sdk/policy.ts';
import { definePolicy } from '../sdk/policy.ts';
import { readStory, STORY_MAX } from '../sdk/call-story.ts';
import { memoryExchange } from '../sdk/suites/exchange.ts';
import { consumerEntries, coreHarness, entry, now, routeEntry } from '../../test/gateway/core-harness.ts';

const KEY = 'k-0123456789abcdefghijklmnopqrst';
const auth = [{ type: 'api-key', config: {} }];
const limit = (place: string, count: number) => ({
  type: 'rate-limit',
  config: { limit: count, window: '1h' },
  identity: `${place}/p/x/rate-limit/0`,
});
const transform = {
  type: 'transform',
  config: { request: { set: { 'x-a': 'canary-value' }, remove: ['x-b'] }, response: { remove: ['server'] } },
  identity: 'route/p/x/transform/0',
};

function madeUp(id: string, policy: () => Policy, phases: readonly ('request' | 'response')[] = ['request']) {
  const spec = {
    title: { en: id, zh: id },
    summary: { en: id, zh: id },
    since: '0.1',
    status: 'stable',
    version: 1,
    examples: [],
  } as const;
  const component = definePolicy({
    ...spec,
    id,
    phases,
    bodies: 'none',
    config: strictObject({ n: T.Optional(T.Integer()) }),
    problems: {},
    create: policy,
  });
  return { component, named: { type: id, config: {}, identity: `route/p/x/${id}/0` } };
}

test('tells of auth, plan and route policies in the order they ran, with what they say and no values', () => {
  const plan = entry('plan', 'gold', { name: 'gold', policies: [limit('plan', 5)] });
  const people = consumerEntries('shop', hash('sha256', KEY), { plan: 'gold' });
  const { core, done, records } = coreHarness([routeEntry('a', { auth, policies: [transform] }), plan, ...people]);
  const exchange = memoryExchange({ path: '/a', headers: { 'x-api-key': KEY, 'x-b': '1' } });
  assert.equal(now(core.onRequest(exchange)).kind, 'upstream');
  core.onResponse(exchange);
  done(exchange);
  const [record] = records();
  assert.deepEqual(
    readStory(record!.story).steps.map((s) => [s.kind, s.id, s.place, s.phase, s.outcome, s.facts]),
    [
      ['auth', 'api-key', 'route', 'request', 'passed', { key: 'shop-1' }],
      ['policy', 'rate-limit', 'plan', 'request', 'passed', { name: 'plan', limit: 5, remaining: 4 }],
      ['policy', 'transform', 'route', 'request', 'changed', { request: 'remove 1, set 1', response: 'remove 1' }],
      ['policy', 'transform', 'route', 'response', 'passed', {}],
      ['policy', 'rate-limit', 'plan', 'response', 'changed', {}],
    ],
  );
  assert.ok(!JSON.stringify(record).includes('canary-value') && !JSON.stringify(record).includes(KEY));
});

test('a refusal has its code, and what was not reached says so', () => {
  const { core, done, records } = coreHarness([routeEntry('a', { policies: [limit('route', 1), transform] })]);
  for (let i = 0; i < 2; i++) {
    const exchange = memoryExchange({ path: '/a' });
    core.onRequest(exchange);
    done(exchange);
  }
  const steps = readStory(records()[1]!.story).steps.map((s) => [s.id, s.outcome, s.code]);
  assert.deepEqual(steps, [
    ['rate-limit', 'refused', 'policy/rate-limit/exceeded'],
    ['transform', 'not-reached', ''],
  ]);
});

test('an absent credential, an own answer and a wait show as such, with the time each took', async () => {
  const slow = madeUp('slow', () => ({ request: async () => void harness.clock.advance(7) }));
  const cached = madeUp('cached', () => ({ request: () => (harness.clock.advance(2), { status: 204 }) }));
  const harness = coreHarness([routeEntry('keyed', { auth }), routeEntry('a', { policies: [slow.named, cached.named] })], {
    policies: [slow.component, cached.component],
  });
  const keyed = memoryExchange({ path: '/keyed' });
  harness.core.onRequest(keyed);
  harness.done(keyed);
  const exchange = memoryExchange({ path: '/a' });
  await harness.core.onRequest(exchange);
  harness.done(exchange);
  const [first, second] = harness.records();
  assert.deepEqual(
    readStory(first!.story).steps.map((s) => s.outcome),
    ['absent'],
  );
  assert.deepEqual(
    readStory(second!.story).steps.map((s) => [s.id, s.outcome, s.us]),
    [
      ['slow', 'passed', 7000],
      ['cached', 'answered', 2000],
    ],
  );
  assert.equal(readStory(second!.story).phases.chainMs, 9);
});

test('facts are few, short and of one line; one who throws over them loses only them', () => {
  const chatty = madeUp('chatty', () => ({
    request: () => undefined,
    facts: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`name${i}\t|=`, `'quoted'\n~${'x'.repeat(1000)}`])),
  }));
  const broken = madeUp('broken', () => ({
    request: () => undefined,
    tells: {
      name: 'never',
      read() {
        throw new Error('no facts');
      },
    },
  }));
  const many = Array.from({ length: 200 }, (_, i) => ({ ...chatty.named, identity: `route/p/x/chatty/${i}` }));
  const { core, done, records } = coreHarness(
    [routeEntry('a', { policies: [chatty.named, broken.named] }), routeEntry('b', { policies: many })],
    { policies: [chatty.component, broken.component] },
  );
  for (const path of ['/a', '/b']) {
    const exchange = memoryExchange({ path });
    core.onRequest(exchange);
    done(exchange);
  }
  const [one, two] = records();
  const [said, silent] = readStory(one!.story).steps;
  assert.equal(Object.keys(said!.facts).length, 8);
  assert.equal(said!.facts['name0  '], `'quoted'  ${'x'.repeat(54)}`);
  assert.deepEqual(silent!.facts, {});
  assert.equal(silent!.outcome, 'passed');
  const { steps } = readStory(two!.story);
  assert.ok(two!.story.length < STORY_MAX && steps.length > 10, `the story is cut: ${two!.story.length}`);
});
