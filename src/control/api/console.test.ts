/**
 * Aim: what screens need beside the resources themselves: which route takes a request, a form and its text as one
 * document. Method: a real control role, asked as administrator and as a token of one project.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Ask, applyAll, asker, tokenFor } from '../../../test/ask.ts';
import { startTestControl, type TestControl } from '../../../test/control-role.ts';
import { packedCalls } from '../../../test/calls.ts';

let control: TestControl;
let ask: Ask;
before(async () => {
  control = await startTestControl();
  ask = asker(control);
});
after(() => control.stop());

const route = (project: string, name: string, paths: string) => `apiVersion: weir/v1
kind: Upstream
metadata: { name: up, project: ${project} }
spec: { targets: [{ host: 127.0.0.1, port: 9001 }] }
---
apiVersion: weir/v1
kind: Route
metadata: { name: ${name}, project: ${project} }
spec: { match: { paths: [${paths}] }, upstream: up }
`;

test('which route takes a request, and why; a route of another project wins without its name', async () => {
  await applyAll(ask, route('shop', 'orders', '"/orders/**"'));
  await applyAll(ask, route('hidden', 'secret-route', '"/orders/{secret_id}"'));
  const all = (await ask('explainRoute', {}, { body: { host: 'any.test:80', path: '/orders/7?x=1' } })).json;
  assert.deepEqual(
    [all.outcome, all.route, all.resource, all.pattern, all.params],
    [
      'matched',
      'hidden/secret-route',
      { project: 'hidden', kind: 'Route', name: 'secret-route' },
      '/orders/{secret_id}',
      { secret_id: '7' },
    ],
  );
  assert.match(all.considered[1].why.zh, /hidden\/secret-route 排在其前/);
  const limited = await ask('explainRoute', {}, { body: { path: '/orders/7' }, as: await tokenFor(ask, 'shop') });
  assert.deepEqual([limited.json.outcome, limited.json.route, limited.json.params], ['matched', null, {}]);
  assert.doesNotMatch(limited.text, /secret/);
  assert.match(limited.text, /shop\/orders/);
  assert.equal((await ask('explainRoute', {}, { body: { path: '/a/../b' } })).json.outcome, 'refused');
  assert.equal((await ask('explainRoute', {}, { body: { path: '/none' } })).json.outcome, 'not-found');
});

test('conditions of a route are judged with the fields, query and address that are given', async () => {
  const only =
    'headers: [{ name: X-Tenant, value: acme }], query: [{ name: v, pattern: "2.*" }], clientAddresses: ["10.0.0.0/8"], priority: 3';
  await applyAll(ask, route('shop', 'tenant', `"~/t/(?<id>[0-9]+)"], ${only}, methods: [GET`));
  const explain = async (more: object) => (await ask('explainRoute', {}, { body: { path: '/t/7?v=2.1', ...more } })).json;
  const full = { headers: [{ name: 'x-tenant', value: 'acme' }], clientAddress: '10.1.1.1' };
  const found = await explain(full);
  assert.deepEqual([found.route, found.pattern, found.params], ['shop/tenant', '~/t/(?<id>[0-9]+)', { id: '7' }]);
  assert.match(found.considered[0].why.zh, /优先级 3，请求头 X-Tenant 为“acme”/);
  const without = await explain({ ...full, headers: [] });
  assert.equal(without.outcome, 'not-found');
  assert.match(without.considered[0].why.en, /header X-Tenant is "acme"/);
  assert.equal((await explain({ ...full, path: '/t/7' })).outcome, 'not-found');
  assert.equal((await explain({ ...full, clientAddress: '11.1.1.1' })).outcome, 'not-found');
  const unknown = await ask('explainRoute', {}, { body: { path: '/t/7', listener: 'edgy' } });
  assert.deepEqual([unknown.status, /"edgy"/.test(unknown.json.detail)], [404, true], 'a listener that is not there');
});

test('a form changes the text of a document, and hears its value, lines and problems', async () => {
  const text = '# mine\napiVersion: weir/v1\nkind: Plan\nmetadata: { name: gold } # best\nspec: {}\n';
  const edit = async (changes: unknown[]) => (await ask('editDocument', {}, { body: { text, changes } })).json;
  const read = await edit([]);
  assert.deepEqual([read.text, read.value.kind, read.lines['/metadata/name'], read.problems], [text, 'Plan', 4, []]);
  const made = await edit([{ pointer: '/metadata/name', value: 'silver' }]);
  assert.equal(made.text, text.replace('gold', 'silver'));
  const wrong = await edit([{ pointer: '/spec/policys', value: [] }]);
  assert.deepEqual([wrong.problems[0].pointer, wrong.problems[0].line], ['/spec/policys', wrong.lines['/spec/policys']]);
  const refused = await ask('editDocument', {}, { body: { text, changes: [{ pointer: '/gone', remove: true }] } });
  assert.deepEqual([refused.status, refused.json.errors[0].pointer], [400, '/body/changes/0']);
  assert.equal((await ask('editDocument', {}, { body: { text, changes: [{ pointer: '/a' }] } })).status, 400, 'neither value nor remove');
  const broken = await ask('editDocument', {}, { body: { text: 'a: [\n' } });
  assert.deepEqual([broken.status, broken.json.value, broken.json.problems.length > 0], [200, null, true]);
  assert.equal((await ask('getResource', { project: 'default', kind: 'Plan', name: 'silver' })).status, 404, 'nothing was stored');
  const checks = (await ask('validateDocuments', {}, { body: wrong.text })).json.items;
  assert.deepEqual(checks[0].problems, wrong.problems, 'validate tells the same places');
});

const call = (n: number, over: object) => ({
  id: `call-${n}`,
  time: Date.now(),
  project: 'shop',
  consumer: 'app',
  clientAddress: '127.0.0.1',
  route: 'orders',
  method: 'GET',
  protocol: 'http/1.1',
  path: '/orders',
  release: '',
  status: 200,
  reason: '',
  durationMs: 4,
  upstreamMs: 1,
  requestBytes: 0,
  responseBytes: 0,
  traceId: '',
  story: '',
  ...over,
});

test('the overview tells what doctor finds of the installation, to who may read the system', async () => {
  const found = async (as?: string, query = '') =>
    (await ask('getOverview', {}, { ...(as ? { as } : {}), query })).json.attention.filter(
      ({ kind }: { kind: string }) => kind === 'doctor',
    );
  assert.deepEqual(await found(), [
    {
      kind: 'doctor',
      level: 'warning',
      resource: null,
      id: 'control',
      time: null,
      text: { en: 'Control’s address: no TLS', zh: '控制端监听地址：无 TLS' },
    },
  ]);
  assert.equal((await found(control.viewer)).length, 1);
  const narrow = { name: 'no-system', role: 'admin', permissions: ['resources:read'] };
  const { secret } = (await ask('createToken', {}, { body: narrow })).json;
  assert.deepEqual(await found(secret), []);
});

test('doctor names resources only to who may read them', async () => {
  const checks = async (permissions: string[]) => {
    const { secret } = (await ask('createToken', {}, { body: { name: 'd', role: 'admin', permissions } })).json;
    return (await ask('getDoctorReport', {}, { as: secret })).json.findings.map(({ check }: { check: string }) => check);
  };
  assert.deepEqual(await checks(['system:read']), ['store', 'control']);
  assert.deepEqual(await checks(['system:read', 'resources:read']), ['store', 'control', 'default/Plan/gold']);
  assert.deepEqual(await checks([]), ['store', 'control', 'default/Plan/gold', 'default/User/li']);
});

test('the overview tells what needs attention and the traffic of the last hour; a consumer has its counts and limits', async () => {
  const calls = Array.from({ length: 100 }, (_, n) => call(n, n < 3 ? { status: 500, durationMs: 900 } : n < 13 ? { status: 429 } : {}));
  await control.store.calls.add([
    packedCalls([...calls, call(200, { project: 'hidden' }), call(201, { time: Date.now() - 2 * 3_600_000 })]),
  ]);
  await applyAll(
    ask,
    `apiVersion: weir/v1
kind: Plan
metadata: { name: gold, project: shop }
spec: { policies: [{ type: rate-limit, limit: 100, window: 1m }] }
---
apiVersion: weir/v1
kind: Consumer
metadata: { name: app, project: shop }
spec: { plan: gold }
`,
  );
  const made = await ask('createKey', { project: 'shop', consumer: 'app' }, { body: { expiresIn: '3d' } });
  assert.equal(made.status, 201, made.text);
  const { attention, traffic, runs, sample } = (await ask('getOverview', {}, { query: '?project=shop' })).json;
  assert.deepEqual([traffic.length, runs, sample], [60, [], 'absent']);
  const sum = (field: string) => traffic.reduce((all: number, point: Record<string, number>) => all + point[field]!, 0);
  assert.deepEqual(['requests', 'clientErrors', 'limited', 'serverErrors'].map(sum), [100, 10, 10, 3]);
  assert.equal(Math.max(...traffic.map((point: { p95Ms: number }) => point.p95Ms)), 5);
  const key = attention.find((a: { kind: string }) => a.kind === 'key-expires');
  assert.deepEqual([key.level, key.id, key.resource.name], ['warning', made.json.key.id, 'app']);
  assert.match(key.text.zh, /14 天/);
  const used = (await ask('getConsumerUsage', { project: 'shop', name: 'app' })).json;
  assert.deepEqual([used.hour.requests, used.day.requests, used.day.limited, used.plan], [100, 101, 10, 'gold']);
  assert.equal(used.policies[0].type, 'rate-limit');
  const own = { project: 'apis', route: 'data-api.items' };
  await control.store.calls.add([packedCalls([call(300, own), call(301, { ...own, status: 400 }), call(302, { ...own, route: 'items' })])]);
  const served = (await ask('getDataApiUsage', { project: 'apis', name: 'items' })).json;
  assert.deepEqual([served.hour.requests, served.hour.clientErrors, served.day.requests], [2, 1, 2]);
  assert.equal((await ask('getDataApiUsage', { project: 'apis', name: 'items' }, { as: await tokenFor(ask, 'hidden') })).status, 403);
  const all = (await ask('listDataApiUsage')).json.items;
  assert.deepEqual(all, [{ project: 'apis', name: 'items', requests: 2, failed: 0, limited: 0 }]);
  assert.deepEqual((await ask('listDataApiUsage', {}, { as: await tokenFor(ask, 'hidden') })).json?.items ?? [], []);
  const limited = await ask('getOverview', {}, { as: await tokenFor(ask, 'hidden', 'viewer') });
  assert.doesNotMatch(limited.text, /shop|app/);
  assert.equal(limited.json.traffic.at(-1).requests + limited.json.traffic.at(-2).requests, 1);
});
