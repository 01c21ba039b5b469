// Aim: each exchange is matched, let in, limited, passed on and recorded as its route says.
// Method: the core with real extensions over hand-made revisions and an exchange in memory.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { defineProblems, Problem } from '../base/problem.ts';
import { strictObject, T } from '../base/schema.ts';
import type { DataApiRequest } from '../sdk/dataapi.ts';
import { definePolicy } from '../sdk/policy.ts';
import { memoryExchange } from '../sdk/suites/exchange.ts';
import { withoutStory } from '../../test/calls.ts';
import { consumerEntries, coreHarness, entry, now, routeEntry } from '../../test/gateway/core-harness.ts';

const KEY = 'k-0123456789abcdefghijklmnopqrst';
const shop = (more = {}) => consumerEntries('shop', hash('sha256', KEY), more);
const withKey = { 'x-api-key': KEY };
const auth = [{ type: 'api-key', config: {} }];

test('says 404, 405 with Allow and 400 where no route serves, and records them without a route', () => {
  const { core, records, done } = coreHarness([routeEntry('a', { methods: ['GET'] })]);
  const cases: [string, string, number, string][] = [
    ['GET', '/z', 404, 'route-not-found'],
    ['POST', '/a/1', 405, 'method-not-allowed'],
    ['GET', '/a/../z', 400, 'path-refused'],
  ];
  for (const [method, path, status, code] of cases) {
    const exchange = memoryExchange({ method, path });
    const disposition = now(core.onRequest(exchange));
    assert.ok(disposition.kind === 'problem');
    assert.deepEqual([disposition.problem.status, disposition.problem.code], [status, `core/gateway/${code}`]);
    assert.equal(exchange.response.get('allow'), status === 405 ? 'GET, HEAD' : undefined);
    assert.equal(core.onResponse(exchange), undefined);
    done(exchange, { status, reason: disposition.problem.code });
  }
  assert.deepEqual(
    records().map((r) => [r.route, r.status, r.path]),
    [
      ['', 404, '/z'],
      ['', 405, '/a/1'],
      ['', 400, '/a/../z'],
    ],
  );
});

test('passes on: deadlines, host, rewrite, parameters', () => {
  const { core } = coreHarness([
    routeEntry('a', { preserveHost: true }),
    routeEntry('b', { paths: ['/b/{id}/**'], rewrite: '/v2/{id}/**', preserveHost: false }),
  ]);
  const plain = now(core.onRequest(memoryExchange({ path: '/a/x', query: 'q=1' })));
  assert.deepEqual(plain, {
    kind: 'upstream',
    forward: {
      pool: { key: 'p/u' },
      target: undefined,
      host: 'api.example.test',
      connectMs: 1000,
      firstByteMs: 2000,
      idleMs: 3000,
      bodyBytesMax: 1 << 20,
      upgrades: ['websocket'],
      tunnelIdleMs: 600_000,
    },
  });
  const exchange = memoryExchange({ path: '/b/%37/x', query: 'q=%20' });
  const rewritten = now(core.onRequest(exchange));
  assert.ok(rewritten.kind === 'upstream');
  assert.deepEqual([rewritten.forward.target, rewritten.forward.host], ['/v2/%37/x?q=%20', undefined]);
  assert.deepEqual(exchange.params, { id: '7' });
  assert.deepEqual(exchange.route, { name: 'b', project: 'p', release: 'release-b' });
});

test('a route without its upstream answers 503', () => {
  const { core } = coreHarness([routeEntry('a')], { poolMissing: true });
  const exchange = memoryExchange({ path: '/a' });
  const disposition = now(core.onRequest(exchange));
  assert.ok(disposition.kind === 'problem' && disposition.problem.status === 503);
  assert.equal(exchange.response.get('retry-after'), '1');
});

test('lets a known consumer in: identity goes on, the credential and spoofed identities do not', () => {
  const { core, done, records } = coreHarness([
    routeEntry('a', { auth }),
    routeEntry('keep', { auth, keepCredential: true }),
    routeEntry('open'),
    ...shop(),
  ]);
  const exchange = memoryExchange({ path: '/a', headers: { ...withKey, 'x-weir-consumer': 'p/admin' } });
  assert.equal(now(core.onRequest(exchange)).kind, 'upstream');
  assert.equal(exchange.request.get('x-weir-consumer'), 'p/shop');
  assert.equal(exchange.request.get('x-api-key'), undefined);
  assert.deepEqual(exchange.consumer, { id: 'p/shop', name: 'shop', project: 'p', plan: undefined, credentialId: 'shop-1' });
  done(exchange);
  assert.equal(records()[0]!.consumer, 'shop');
  const kept = memoryExchange({ path: '/keep', headers: withKey });
  core.onRequest(kept);
  assert.equal(kept.request.get('x-api-key'), KEY);
  const open = memoryExchange({ path: '/open', headers: { 'x-weir-consumer': 'p/admin' } });
  core.onRequest(open);
  assert.equal(open.request.get('x-weir-consumer'), undefined);
});

test('refuses callers without, with a wrong, an expired or a disabled credential', () => {
  const problemOf = (entries: Parameters<typeof coreHarness>[0], headers: Record<string, string>) => {
    const { core } = coreHarness([routeEntry('a', { auth }), ...entries]);
    const exchange = memoryExchange({ path: '/a', headers });
    const disposition = now(core.onRequest(exchange));
    assert.ok(disposition.kind === 'problem');
    return [disposition.problem.code, disposition.problem.status, exchange.response.get('www-authenticate')];
  };
  const challenge = 'ApiKey header="x-api-key"';
  assert.deepEqual(problemOf(shop(), {}), ['core/gateway/credential-missing', 401, challenge]);
  assert.deepEqual(problemOf(shop(), { 'x-api-key': 'x'.repeat(32) }), ['auth/api-key/invalid', 401, challenge]);
  assert.deepEqual(problemOf(shop({ expiresAt: 1 }), withKey), ['auth/api-key/expired', 401, challenge]);
  assert.deepEqual(problemOf(shop({ enabled: false }), withKey), ['auth/api-key/disabled', 403, undefined]);
  assert.deepEqual(problemOf([], withKey), ['auth/api-key/invalid', 401, challenge]);
});

test('a key in the query goes neither on nor into the record, unless the route keeps it', () => {
  const byQuery = [{ type: 'api-key', config: { query: 'key' } }];
  const { core, done, records } = coreHarness([
    routeEntry('a', { auth: byQuery }),
    routeEntry('keep', { auth: byQuery, keepCredential: true }),
    ...shop(),
  ]);
  const target = (path: string) => {
    const exchange = memoryExchange({ path, query: `a=1&key=${KEY}&b=2` });
    const disposition = now(core.onRequest(exchange));
    assert.ok(disposition.kind === 'upstream');
    done(exchange);
    return disposition.forward.target;
  };
  assert.equal(target('/a/x'), '/a/x?a=1&b=2');
  assert.equal(target('/keep/x'), undefined);
  assert.ok(!JSON.stringify(records()).includes(KEY));
});

test('a plan limits its consumer over all routes; the 429 says when to come back', () => {
  const plan = entry('plan', 'gold', {
    name: 'gold',
    policies: [{ type: 'rate-limit', config: { limit: 2, window: '10s' }, identity: 'plan/p/gold/rate-limit/0' }],
  });
  const { core, clock, done } = coreHarness([routeEntry('a', { auth }), routeEntry('b', { auth }), plan, ...shop({ plan: 'gold' })]);
  const call = (path: string) => {
    const exchange = memoryExchange({ path, headers: withKey });
    const disposition = now(core.onRequest(exchange));
    if (disposition.kind === 'upstream') core.onResponse(exchange);
    done(exchange);
    return { disposition, exchange };
  };
  assert.equal(call('/a').exchange.response.get('ratelimit'), '"plan";r=1;t=5');
  assert.equal(call('/b').disposition.kind, 'upstream');
  const { disposition, exchange } = call('/a');
  assert.ok(disposition.kind === 'problem' && disposition.problem.code === 'policy/rate-limit/exceeded');
  assert.equal(exchange.response.get('retry-after'), '5');
  clock.advance(5000);
  assert.equal(call('/b').disposition.kind, 'upstream');
});

test('a changed limit goes on from the share that was used', () => {
  const limit = (n: number) =>
    routeEntry('a', { policies: [{ type: 'rate-limit', config: { limit: n, window: '1h' }, identity: 'p/route/a/0' }] });
  const { core, serve, done } = coreHarness([limit(4)]);
  const allowed = () => {
    const exchange = memoryExchange({ path: '/a' });
    const { kind } = now(core.onRequest(exchange));
    done(exchange);
    return kind === 'upstream';
  };
  assert.deepEqual([allowed(), allowed()], [true, true]);
  serve([limit(10)]);
  assert.deepEqual(Array.from({ length: 6 }, allowed), [true, true, true, true, true, false], 'half of 4 used is half of 10 used');
  serve([limit(1000)]);
  assert.equal(allowed(), false, 'nothing is reset');
});

const trace: string[] = [];
const tracer = definePolicy({
  id: 'tracer',
  title: { en: 't', zh: '踪' },
  summary: { en: 't', zh: '踪' },
  since: '0.1',
  status: 'experimental',
  version: 1,
  phases: ['request', 'response', 'log'],
  bodies: 'none',
  examples: [],
  config: strictObject({ name: T.String(), mode: T.String({ default: 'pass' }) }),
  problems: { no: { status: 418, title: { en: 'no', zh: '不' } } },
  create: ({ name, mode }, { problems }) => ({
    request(exchange) {
      trace.push(`request ${name}`);
      if (mode === 'throw') throw problems.no();
      if (mode === 'bug') throw new Error('bug');
      if (mode === 'answer') return { status: 204 };
      if (mode === 'later') return Promise.resolve(undefined);
      if (mode === 'refuse-later') return Promise.resolve(problems.no());
      exchange.setNote(this, name);
      return undefined;
    },
    response() {
      trace.push(`response ${name}`);
      if (mode === 'late-problem') throw problems.no();
      return mode === 'later' ? Promise.resolve() : undefined;
    },
    log: () => void trace.push(`log ${name}`),
    close: () => void trace.push(`close ${name}`),
  }),
});
const step = (name: string, mode = 'pass') => ({ type: 'tracer', config: { name, mode }, identity: name });
const traced = (...modes: string[]) =>
  coreHarness([routeEntry('a', { policies: modes.map((mode, i) => step(`${i}`, mode)) })], { policies: [tracer] });

test('phases: requests in order, responses back to front, log at the end', () => {
  trace.length = 0;
  const { core, done } = traced('pass', 'pass');
  const exchange = memoryExchange({ path: '/a' });
  now(core.onRequest(exchange));
  assert.equal(core.onResponse(exchange), undefined);
  done(exchange);
  assert.deepEqual(trace, ['request 0', 'request 1', 'response 1', 'response 0', 'log 0', 'log 1']);
});

test('a step that answers ends the request phase; only those reached see the rest', async () => {
  for (const [mode, kind] of [
    ['throw', 'problem'],
    ['answer', 'answer'],
    ['refuse-later', 'problem'],
  ] as const) {
    trace.length = 0;
    const { core, done } = traced('pass', mode, 'pass');
    const exchange = memoryExchange({ path: '/a' });
    assert.equal((await core.onRequest(exchange)).kind, kind);
    await core.onResponse(exchange);
    done(exchange);
    assert.deepEqual(trace, ['request 0', 'request 1', 'response 1', 'response 0', 'log 0', 'log 1'], mode);
  }
});

test('steps that take their time keep the order', async () => {
  trace.length = 0;
  const { core } = traced('later', 'pass', 'later');
  const exchange = memoryExchange({ path: '/a' });
  const disposition = core.onRequest(exchange);
  assert.ok(disposition instanceof Promise);
  assert.equal((await disposition).kind, 'upstream');
  assert.equal(await core.onResponse(exchange), undefined);
  assert.deepEqual(trace, ['request 0', 'request 1', 'request 2', 'response 2', 'response 1', 'response 0']);
});

test('a problem thrown in the response phase replaces the answer, and the others still run', async () => {
  trace.length = 0;
  const { core } = traced('pass', 'later', 'late-problem');
  const exchange = memoryExchange({ path: '/a' });
  await core.onRequest(exchange);
  const problem = await core.onResponse(exchange);
  assert.ok(problem instanceof Problem && problem.status === 418);
  assert.deepEqual(trace.slice(3), ['response 2', 'response 1', 'response 0']);
});

test('a bug in a policy fails its own exchange only, which still ends in order', () => {
  trace.length = 0;
  const { core, done, serve, records } = traced('bug');
  const exchange = memoryExchange({ path: '/a' });
  assert.throws(() => core.onRequest(exchange), /bug/);
  done(exchange, { status: 500, reason: 'core/engine/internal' });
  serve([]);
  assert.deepEqual(trace, ['request 0', 'log 0', 'close 0'], 'nothing holds the old route any more');
  assert.equal(records()[0]!.status, 500);
});

test('an exchange keeps the revision it began with', async () => {
  trace.length = 0;
  const { core, serve, done } = traced('later');
  const exchange = memoryExchange({ path: '/a' });
  const disposition = core.onRequest(exchange);
  serve([]);
  assert.equal((await disposition).kind, 'upstream');
  await core.onResponse(exchange);
  assert.ok(!trace.includes('close 0'));
  done(exchange);
  assert.deepEqual(trace, ['request 0', 'response 0', 'log 0', 'close 0']);
});

const dataProblems = defineProblems('core/dataapi', { 'bad-parameter': { status: 400, title: { en: 'bad', zh: '错' } } });
const dataApi = entry('dataapi', 'd', { name: 'd', release: 'r', connection: 'c' } as never);

test('a data API runs with its parameters, without the credential, and its problems are answers', async () => {
  const asked: unknown[] = [];
  const route = routeEntry('d', {
    paths: ['/d/{id}'],
    target: { kind: 'dataapi', name: 'd' },
    auth: [{ type: 'api-key', config: { query: 'key' } }],
    keepCredential: true,
  });
  const harness = coreHarness([route, dataApi, ...shop()], {
    dataApis: {
      run(request) {
        asked.push({ ...request.params, query: request.query, tenant: request.header('x-tenant'), name: request.api.name });
        harness.clock.advance(7);
        if (request.params['id'] === 'x') return Promise.reject(dataProblems.raise['bad-parameter']());
        return Promise.resolve({ status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from('[]'), rows: 0 });
      },
    },
  });
  const call = async (id: string) => {
    const exchange = memoryExchange({ path: `/d/${id}`, query: `key=${KEY}&q=1`, headers: { 'x-tenant': 't' } });
    const disposition = await harness.core.onRequest(exchange);
    harness.done(exchange, { upstreamMs: 0 });
    return disposition;
  };
  const good = await call('7');
  assert.ok(good.kind === 'answer' && good.answer.status === 200);
  assert.deepEqual(asked, [{ id: '7', query: 'q=1', tenant: 't', name: 'd' }]);
  const bad = await call('x');
  assert.ok(bad.kind === 'problem' && bad.problem.code === 'core/dataapi/bad-parameter');
  assert.deepEqual(
    harness.records().map((r) => r.upstreamMs),
    [7, 7],
  );
  harness.serve([route, ...shop()]);
  const missing = await call('7');
  assert.ok(missing.kind === 'problem' && missing.problem.status === 503);
});

test('a request id that the caller chose twice gives two records, both found by it', () => {
  const strip = { type: 'transform', config: { request: { remove: ['x-request-id'] } }, identity: 't' };
  const { core, done, records } = coreHarness([routeEntry('a', { policies: [strip] })]);
  for (const path of ['/a', '/a', '/nowhere', '/nowhere']) {
    const exchange = { ...memoryExchange({ path, headers: { 'x-request-id': 'mine' } }), id: 'mine' };
    core.onRequest(exchange);
    done(exchange);
  }
  const ids = records().map((r) => r.id);
  assert.equal(new Set(ids).size, 4);
  assert.ok(ids.every((id) => id.startsWith('mine~')));
});

test('a step that answers after the client has gone leads nowhere', async () => {
  let asked = 0;
  const route = routeEntry('d', { target: { kind: 'dataapi', name: 'd' }, policies: [step('0', 'later')] });
  const runner = { run: () => Promise.reject(new Error(`asked ${++asked} times`)) };
  const { core, done } = coreHarness([route, dataApi], { policies: [tracer], dataApis: runner });
  const exchange = memoryExchange({ path: '/d' });
  const disposition = core.onRequest(exchange);
  done(exchange, { status: 0, reason: 'client-closed' });
  assert.equal((await disposition).kind, 'answer');
  assert.equal(asked, 0);
});

test('a caller who leaves while its data API runs is no failure of ours', async () => {
  const run = ({ signal }: DataApiRequest) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  const { core, done } = coreHarness([routeEntry('d', { target: { kind: 'dataapi', name: 'd' } }), dataApi], { dataApis: { run } });
  const gone = new AbortController();
  const exchange = Object.assign(memoryExchange({ path: '/d' }), { signal: gone.signal });
  const disposition = core.onRequest(exchange);
  gone.abort(new Error('client-closed'));
  done(exchange, { status: 499, reason: 'client-closed' });
  assert.equal((await disposition).kind, 'answer', 'nothing for the log of errors');
});

test('records what was asked and how it ended', () => {
  const { core, clock, done, records } = coreHarness([routeEntry('a')]);
  const exchange = memoryExchange({ path: '/a/x', query: 'secret=1', method: 'POST' });
  core.onRequest(exchange);
  done(exchange, { status: 502, reason: 'upstream-refused' });
  assert.deepEqual(records().map(withoutStory), [
    {
      id: exchange.id,
      time: clock.now() - 5,
      project: 'p',
      consumer: '',
      clientAddress: '192.0.2.1',
      route: 'a',
      method: 'POST',
      protocol: 'http/1.1',
      path: '/a/x',
      release: 'release-a',
      status: 502,
      reason: 'upstream-refused',
      durationMs: 5,
      upstreamMs: 3,
      requestBytes: 10,
      responseBytes: 20,
      traceId: exchange.traceId,
    },
  ]);
});
