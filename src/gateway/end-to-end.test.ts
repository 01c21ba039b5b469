// Aim: one whole thread as it runs: client, engine, core, real extensions, an upstream of node:http.
// Method: `runGatewayThread` in this process, its main thread played by the test over a MessageChannel.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { machineClockOffsetMs, systemClock } from '../base/clock.ts';
import { idGenerator } from '../base/id.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { readValue } from '../base/schema-read.ts';
import type { ToldCall } from '../sdk/call-record.ts';
import { readStory } from '../sdk/call-story.ts';
import { createCounterBuffer } from '../sdk/shared-counters.ts';
import { type AnyEntry, revisionHash } from '../sdk/revision.ts';
import { consumerEntries, entry, routeEntry, testRegistry } from '../../test/gateway/core-harness.ts';
import { readCallBatch } from '../sdk/call-batch.ts';
import { defaultListener, engineLimits, gatewayConfig } from './config.ts';
import { createAdmissionMemory } from './http/admission.ts';
import { createEngine } from './http/engine.ts';
import { metricsJson } from './metrics-json.ts';
import { runGatewayThread } from './thread.ts';
import type { FromThread, ToThread } from './thread-messages.ts';

const KEY = 'k-0123456789abcdefghijklmnopqrst';
const { port1: role, port2: parent } = new MessageChannel();
const heard: FromThread[] = [];
const records: ToldCall[] = [];
let wake = () => {};
let port = 0;
let revision = 0;

/** An upstream that tells what it was asked; `/slow` never answers. */
const upstream = http.createServer(async (request, response) => {
  if (request.url!.startsWith('/slow')) return;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  response.setHeader('server', 'secret-server/1.0');
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() }),
  );
});

async function until<V>(pick: () => V | undefined): Promise<V> {
  const signal = AbortSignal.timeout(10_000);
  for (;;) {
    const picked = pick();
    if (picked !== undefined) return picked;
    await new Promise<void>((resolve, reject) => {
      wake = resolve;
      signal.addEventListener('abort', () => reject(new Error('not heard within 10 s')), { once: true });
    });
  }
}
const tell = (message: ToThread) => role.postMessage(message, []);

async function publish(entries: AnyEntry[]): Promise<void> {
  revision++;
  tell({ type: 'revision', delta: { from: 0, to: revision, hash: revisionHash(entries), put: entries, remove: [] }, pieces: [] });
  const state = await until(() => heard.flatMap((m) => (m.type === 'applied' && m.state.revision === revision ? [m.state] : []))[0]);
  assert.deepEqual(state.failed, []);
}

interface Echo {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}
async function call(path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...options, signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: (text === '' ? {} : JSON.parse(text)) as Echo & Record<string, unknown>,
  };
}

const upstreamEntry = (at: number) =>
  entry('upstream', 'u', { name: 'u', targets: [{ host: '127.0.0.1', port: at, weight: 1 }], connectionsMax: 16, idleMs: 5000 });
const auth = [{ type: 'api-key', config: { query: 'key' } }];

before(async () => {
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  role.on('message', (message: FromThread) => {
    heard.push(message);
    if (message.type === 'calls') records.push(...readCallBatch(message.batch));
    wake();
  });
  runGatewayThread({
    data: {
      kind: 'weir-gateway-thread',
      thread: 0,
      limits: engineLimits(readValue(gatewayConfig, {}).value),
      admission: createAdmissionMemory(1, systemRandom),
      drainMs: 1000,
      callsBuffered: 1000,
      callsMade: new Int32Array(new SharedArrayBuffer(4)),
      counters: createCounterBuffer(1024, systemRandom),
      countersSinceMs: systemClock.monotonic() + machineClockOffsetMs(),
    },
    parent,
    registry: testRegistry(),
    createEngine,
    clock: systemClock,
    random: systemRandom,
    newId: idGenerator(systemClock, systemRandom),
    log: silentLog,
    createRunner: () => ({ run: () => Promise.reject(new Error('no data APIs in this test')), attach() {} }),
  });
  tell({ type: 'listen', reusePort: false, ...defaultListener(readValue(gatewayConfig, { host: '127.0.0.1', port: 0 }).value) });
  port = await until(() => heard.flatMap((m) => (m.type === 'listening' ? [m.port] : []))[0]);
  await publish([
    upstreamEntry((upstream.address() as AddressInfo).port),
    routeEntry('open', { paths: ['/open/**'], rewrite: '/base/**', methods: ['GET', 'POST'] }),
    routeEntry('keyed', { auth, paths: ['/keyed/{id}'], rewrite: '/v2/{id}' }),
    routeEntry('limited', {
      auth,
      policies: [{ type: 'rate-limit', config: { limit: 3, window: '1h' }, identity: 'route/p/limited/rate-limit/0' }],
    }),
    routeEntry('changed', {
      policies: [
        {
          type: 'transform',
          config: { request: { set: { 'x-tenant': 'acme' } }, response: { remove: ['server'], set: { 'x-via': 'weir' } } },
          identity: 't',
        },
      ],
    }),
    routeEntry('slow', { rewrite: '/slow', timeouts: { connectMs: 1000, firstByteMs: 50, idleMs: 1000 } }),
    ...consumerEntries('shop', hash('sha256', KEY)),
  ]);
});
after(async () => {
  tell({ type: 'stop', graceMs: 1000 });
  await until(() => heard.find((m) => m.type === 'stopped'));
  role.close();
  upstream.closeAllConnections();
  upstream.close();
});

test('routes, rewrites and carries bodies', async () => {
  const { status, json } = await call('/open/a%20b/?q=%20', {
    method: 'POST',
    body: 'x'.repeat(100_000),
    headers: { 'x-weir-consumer': 'p/admin' },
  });
  assert.equal(status, 200);
  assert.deepEqual([json.method, json.url, json.body.length], ['POST', '/base/a%20b/?q=%20', 100_000]);
  assert.equal(json.headers['x-weir-consumer'], undefined);
  assert.equal((await call('/open', { method: 'HEAD' })).status, 200);
  const wrong = await call('/open', { method: 'DELETE' });
  assert.deepEqual(
    [wrong.status, wrong.headers.get('allow'), wrong.json['code']],
    [405, 'GET, HEAD, POST', 'core/gateway/method-not-allowed'],
  );
  assert.equal((await call('/nowhere', { headers: { 'accept-language': 'zh' } })).json['title'], '没有匹配的路由');
  assert.equal((await call('/open/%2e%2e%2fx')).status, 400);
});

test('asks who is calling, and tells the upstream, without the key', async () => {
  const none = await call('/keyed/7');
  assert.deepEqual([none.status, none.headers.get('www-authenticate')], [401, 'ApiKey header="x-api-key"']);
  assert.equal((await call('/keyed/7', { headers: { 'x-api-key': 'y'.repeat(32) } })).status, 401);
  const { status, json } = await call(`/keyed/7?a=1&key=${KEY}`, { headers: { 'x-weir-consumer': 'p/admin' } });
  assert.deepEqual([status, json.url, json.headers['x-weir-consumer']], [200, '/v2/7?a=1', 'p/shop']);
  const byHeader = await call('/keyed/8', { headers: { 'x-api-key': KEY } });
  assert.deepEqual([byHeader.json.url, byHeader.json.headers['x-api-key']], ['/v2/8', undefined]);
  assert.ok(!JSON.stringify([json, byHeader.json]).includes(KEY));
});

test('limits exactly, and says so in the fields', async () => {
  const answers = [];
  for (let i = 0; i < 5; i++) answers.push(await call('/limited/x', { headers: { 'x-api-key': KEY } }));
  assert.deepEqual(
    answers.map((a) => a.status),
    [200, 200, 200, 429, 429],
  );
  assert.deepEqual(
    answers.map((a) => a.headers.get('ratelimit')?.split(';')[1]),
    ['r=2', 'r=1', 'r=0', 'r=0', 'r=0'],
  );
  assert.equal(answers[0]!.headers.get('ratelimit-policy'), '"route";q=3;w=3600');
  const wait = Number(answers[3]!.headers.get('retry-after'));
  assert.ok(wait > 1190 && wait <= 1200, `${wait}`);
  assert.equal(answers[3]!.headers.get('content-type'), 'application/problem+json');
});

test('changes fields in both directions', async () => {
  const { headers, json } = await call('/changed/x');
  assert.equal(json.headers['x-tenant'], 'acme');
  assert.deepEqual([headers.get('server'), headers.get('x-via')], [null, 'weir']);
});

test('an upstream that never answers is a 504 within its deadline', async () => {
  assert.equal((await call('/slow')).status, 504);
});

test('every call is recorded, with its end, without its query', async () => {
  const slow = await until(() => records.find((r) => r.route === 'slow'));
  assert.equal(slow.status, 504);
  assert.notEqual(slow.reason, '');
  const limited = await until(() => {
    const all = records.filter((r) => r.route === 'limited');
    return all.length === 5 ? all : undefined;
  });
  assert.deepEqual(
    limited.map((r) => [r.status, r.consumer, r.reason]),
    [
      ...Array.from({ length: 3 }, () => [200, 'shop', '']),
      ...Array.from({ length: 2 }, () => [429, 'shop', 'policy/rate-limit/exceeded']),
    ],
  );
  const posted = await until(() => records.find((r) => r.method === 'POST'));
  assert.deepEqual(
    [posted.path, posted.route, posted.release, posted.clientAddress],
    ['/open/a%20b/', 'open', 'release-open', '127.0.0.1'],
  );
  assert.ok(
    posted.requestBytes > 100_000 && posted.responseBytes > 100_000 && posted.upstreamMs > 0 && posted.durationMs >= posted.upstreamMs,
  );
  assert.ok(!JSON.stringify(records).includes(KEY));
});

test('every call has its story: target, connection, times, and the chain', async () => {
  const limited = (await until(() => (records.filter((r) => r.route === 'limited').length === 5 ? records : undefined))).filter(
    (r) => r.route === 'limited',
  );
  const stories = limited.map((r) => readStory(r.story));
  const address = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  for (const story of stories.slice(0, 3)) {
    assert.deepEqual([story.target, story.tries], [{ index: 0, address }, 1]);
    assert.equal(story.reused, story.phases.connectMs === 0);
    assert.ok(story.phases.firstByteMs > 0 && story.phases.firstByteMs <= story.phases.totalMs);
  }
  assert.deepEqual(
    stories.map((story) => story.steps.map((s) => `${s.id} ${s.phase} ${s.outcome} ${s.facts['remaining'] ?? ''}`.trim())).slice(2, 4),
    [
      ['api-key request passed', 'rate-limit request passed 0', 'rate-limit response changed'],
      ['api-key request passed', 'rate-limit request refused 0'],
    ],
  );
  assert.equal(stories[4]!.target, null);
});

test('the numbers of it all are in the metrics', async () => {
  tell({ type: 'collect', id: 1 });
  const { metrics } = await until(() => heard.flatMap((m) => (m.type === 'metrics' ? [m] : []))[0]);
  const requests = metricsJson([metrics]).find((m) => m['name'] === 'weir_gateway_requests_total')!['values'] as {
    value: number;
    labels: Record<string, string>;
  }[];
  const of = (route: string) => requests.filter((r) => r.labels['route'] === route).map((r) => [r.labels['code'], r.value]);
  assert.deepEqual(of('limited'), [
    ['2xx', 3],
    ['4xx', 2],
  ]);
  assert.deepEqual(of('slow'), [['5xx', 1]]);
});
