/**
 * Aim: control feeds the other roles and takes from them: revisions, call records, metrics, runs; and it
 * says when it is not ready. Method: a real control role; gateways and workers are lines in memory.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestControl, type TestControl } from '../../test/control-role.ts';
import type { CallRecord, ToldCall } from '../sdk/call-record.ts';
import { callsMessage, STORY } from '../../test/calls.ts';
import type { FromControl, ToControl } from '../sdk/channel.ts';
import { defineMetrics } from '../telemetry/metric-specs.ts';
import { createRegistry, metricsJson, openMetrics } from '../telemetry/metrics.ts';
import type { RoleChannel } from './fleet.ts';

let control: TestControl;
before(async () => void (control = await startTestControl({ calls: { queue: 100 } })));
after(() => control.stop());

/** A role process: what it was sent, and a way to answer. */
function role(hello: Partial<Extract<ToControl, { type: 'hello' }>> = {}) {
  const got: FromControl[] = [];
  const waiting: { type: string; resolve: (message: FromControl) => void }[] = [];
  let tell: (message: ToControl) => void = () => {};
  let closed: () => void = () => {};
  const channel: RoleChannel = {
    send(message) {
      got.push(message);
      for (const one of waiting.filter((w) => w.type === message.type)) {
        waiting.splice(waiting.indexOf(one), 1);
        one.resolve(message);
      }
      return true;
    },
    onMessage: (handler) => void (tell = handler),
    onClose: (handler) => void (closed = handler),
    close: () => closed(),
  };
  control.connect(channel);
  const next = <T extends FromControl['type']>(type: T) =>
    new Promise<Extract<FromControl, { type: T }>>((resolve) => waiting.push({ type, resolve: resolve as (message: FromControl) => void }));
  tell({ type: 'hello', role: 'gateway', instance: 'g1', pid: 1, revision: 0, ...hello });
  return { got, next, tell: (message: ToControl) => tell(message), close: () => closed() };
}

const record = (n: number, over: Partial<CallRecord> = {}): ToldCall => ({
  story: STORY,
  id: `call-${String(n).padStart(5, '0')}`,
  time: Date.UTC(2026, 10, 1) + n,
  project: 'default',
  consumer: 'app',
  clientAddress: '10.0.0.7',
  route: 'orders',
  method: 'GET',
  protocol: 'http/1.1',
  path: `/orders/${n}`,
  release: 'abc123',
  status: n % 2 ? 200 : 503,
  reason: n % 2 ? '' : 'core/gateway/upstream-down',
  durationMs: n,
  upstreamMs: n / 2,
  requestBytes: 10,
  responseBytes: 20,
  traceId: '0'.repeat(32),
  ...over,
});

const upstream = 'apiVersion: weir/v1\nkind: Upstream\nmetadata: { name: crm }\nspec: { targets: [{ host: 127.0.0.1, port: 9001 }] }\n';

test('a role gets what it lacks, then every new revision; a worker is told to look for runs', async () => {
  const gateway = role();
  const worker = role({ role: 'worker', instance: 'w1', pid: 2 });
  assert.ok(worker.got.some((m) => m.type === 'runs-waiting'));
  const first = gateway.got.find((m) => m.type === 'revision');
  const next = gateway.next('revision');
  assert.equal((await control.request('POST', '/api/v1/apply', { as: control.admin, body: upstream })).status, 200);
  const { delta } = await next;
  assert.deepEqual(
    delta.put.map((entry) => entry.key),
    ['upstream/default/crm'],
  );
  assert.equal(delta.from, first?.delta.to ?? 0, 'only what changed');
  const late = role({ instance: 'g2', pid: 3 });
  const whole = late.got.find((m) => m.type === 'revision')!;
  assert.equal(whole.delta.from, 0);
  assert.equal(whole.delta.hash, delta.hash);
  const again = role({ instance: 'g3', pid: 4, revision: delta.to, hash: delta.hash });
  const nothing = again.got.filter((m) => m.type === 'revision').map((m) => [m.delta.put.length, m.delta.remove.length]);
  assert.deepEqual(nothing, [[0, 0]], 'it has everything, and is asked where it stands');
  const failed = [{ key: 'route/default/a', reason: { en: 'a reason', zh: '原因' } }];
  gateway.tell({ type: 'applied', threads: [{ thread: 0, revision: delta.to, hash: delta.hash, failed }] });
  const fleet = (await control.request('GET', '/api/v1/fleet', { as: control.admin })).json;
  const chinese = (await control.request('GET', '/api/v1/fleet', { as: control.admin, headers: { 'accept-language': 'zh' } })).json;
  const reasonIn = (shown: typeof fleet) => shown.nodes.find((n: { instance: string }) => n.instance === 'g1').threads[0].failed[0].reason;
  assert.deepEqual(
    [reasonIn(fleet), reasonIn(chinese)],
    ['a reason', '原因'],
    'why an entry does not serve is told in the reader’s language',
  );
  assert.equal(fleet.revision, delta.to);
  assert.equal(fleet.nodes.find((n: { instance: string }) => n.instance === 'g1').threads[0].revision, delta.to);
  for (const one of [gateway, worker, late, again]) one.close();
  assert.deepEqual((await control.request('GET', '/api/v1/fleet', { as: control.admin })).json.nodes, []);
});

test('call records are stored and found by every field, page by page', async () => {
  const gateway = role();
  gateway.tell(
    callsMessage(
      Array.from({ length: 60 }, (_, i) => record(i)),
      { dropped: 3 },
    ),
  );
  const search = async (query: string) => (await control.request('GET', `/api/v1/calls?${query}`, { as: control.viewer })).json;
  for (let i = 0; i < 200 && (await search('limit=1000')).items.length < 60; i++) await new Promise((resolve) => setImmediate(resolve));
  const fields = ['id=call-00007', 'path=/orders/7', 'slowerThan=59', 'from=' + (Date.UTC(2026, 10, 1) + 59)];
  assert.deepEqual(await Promise.all(fields.map(async (q) => (await search(q)).items.length)), [1, 1, 1, 1]);
  for (const q of ['status=5xx', 'status=503', 'failed=true', 'reason=core/gateway/upstream-down'])
    assert.equal((await search(q)).items.length, 30, q);
  for (const q of [
    'consumer=app',
    'clientAddress=10.0.0.7',
    'route=orders',
    'method=GET',
    'release=abc123',
    `traceId=${'0'.repeat(32)}`,
    'project=default',
  ]) {
    assert.equal((await search(`${q}&limit=1000`)).items.length, 60, q);
    assert.equal((await search(`${q.replace(/=.*/, '=nothing')}`)).items?.length, 0, q);
  }
  const ids: string[] = [];
  for (let after = ''; ; ) {
    const page = await search(`limit=25${after && `&after=${after}`}`);
    ids.push(...page.items.map((c: CallRecord) => c.id));
    if (page.next === null) break;
    after = page.next;
  }
  assert.deepEqual(
    ids,
    Array.from({ length: 60 }, (_, i) => record(59 - i).id),
    'newest first, none twice, none missing',
  );
  assert.equal((await control.request('GET', '/api/v1/calls?after=rubbish', { as: control.viewer })).status, 400);
  gateway.close();
});

test('more records than the queue holds are dropped and counted', async () => {
  const gateway = role();
  gateway.tell(callsMessage(Array.from({ length: 250 }, (_, i) => record(1000 + i))));
  gateway.close();
  const { text } = await control.request('GET', '/metrics');
  const dropped = Number(/^weir_control_calls_dropped_total\{where="control"\} (\d+)$/m.exec(text)?.[1]);
  assert.equal(dropped, 150);
  assert.match(text, /^weir_control_calls_dropped_total\{where="gateway"\} 3$/m);
});

test('metrics of all processes come out as one; a silent one does not hold them up for long', async () => {
  const specs = defineMetrics({ calls: { name: 'weir_test_calls_total', type: 'counter', help: { en: 'Calls.', zh: '调用。' } } });
  const gateways = [role({ instance: 'g1' }), role({ instance: 'g2' })];
  const silent = role({ instance: 'g3' });
  const answer = control.request('GET', '/metrics');
  for (const gateway of gateways) {
    const { id } = gateway.got.find((m) => m.type === 'collect') ?? (await gateway.next('collect'));
    const registry = createRegistry();
    openMetrics(registry, specs).calls.add(21);
    gateway.tell({ type: 'metrics', id, metrics: await metricsJson(registry) });
  }
  const { text } = await answer;
  assert.match(text, /^weir_test_calls_total 42$/m);
  assert.match(text, /^weir_build_info\{role="control",instance="control-test",version="0.0.0-test"/m);
  assert.match(text, /^weir_control_nodes\{role="gateway"\} 3$/m);
  for (const one of [...gateways, silent]) one.close();
});

test('runs are queued, nudged, listed, cancelled, and refused when switched off', async () => {
  const documents = `apiVersion: weir/v1
kind: Connection
metadata: { name: db }
spec: { type: sqlite, file: shop.db }
---
apiVersion: weir/v1
kind: Pipeline
metadata: { name: copy }
spec: { source: { connection: db, streams: ["*"] }, sink: { connection: db } }
`;
  const ask = (method: string, path: string) => control.request(method, `/api/v1${path}`, { as: control.admin });
  const applied = await control.request('POST', '/api/v1/apply', { as: control.admin, body: documents });
  assert.equal(applied.json.refused, false, applied.text);
  const worker = role({ role: 'worker', instance: 'w1' });
  const nudged = worker.next('runs-waiting');
  const started = await ask('POST', '/projects/default/pipelines/copy/runs');
  assert.equal(started.status, 202, started.text);
  await nudged;
  const { id } = started.json;
  assert.equal(started.json.requestedBy, 'test-admin');
  assert.equal((await ask('POST', '/projects/default/pipelines/copy/runs')).status, 409, 'overlap: skip');
  assert.deepEqual(
    (await ask('GET', '/runs?pipeline=copy&state=queued')).json.items.map((r: { id: string }) => r.id),
    [id],
  );
  assert.equal((await ask('POST', `/runs/${id}/retry`)).status, 409, 'not over yet');
  assert.equal((await ask('POST', `/runs/${id}/cancel`)).status, 202);
  await control.store.runs.log([{ run: id, time: 1, level: 'info', message: { en: 'hello', zh: '你好' }, stream: null }]);
  const [line] = (await ask('GET', `/runs/${id}/logs`)).json.items;
  assert.equal(line.message, 'hello');
  assert.deepEqual((await ask('GET', `/runs/${id}/logs?after=${line.sequence}`)).json.items, []);
  assert.equal((await ask('GET', '/runs/none')).status, 404);
  await ask('POST', '/projects/default/resources/Pipeline/copy/disable');
  assert.equal((await ask('POST', '/projects/default/pipelines/copy/runs')).status, 409);
  worker.close();
});

test('ready says whether the store answers; stopping makes it not ready', async () => {
  assert.equal((await control.request('GET', '/readyz')).text, 'ok\n');
  const { ping } = control.store;
  try {
    Object.assign(control.store, { ping: async () => Promise.reject(new Error('gone')) });
    const answer = await control.request('GET', '/readyz');
    assert.equal(answer.status, 503);
    assert.doesNotMatch(answer.text, /gone/);
    assert.equal((await control.request('GET', '/livez')).status, 200, 'the process itself is well');
  } finally {
    Object.assign(control.store, { ping });
  }
});
