/**
 * Aim: answers are what the OpenAPI document promises, changes need what was read, and no secret ever
 * leaves. Method: a real control role; documents of several kinds go through put, history, rollback,
 * apply and dump; every answer is checked against its schema and for a canary.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Compile } from 'typebox/compile';
import { operations } from '../../../generated/operations.ts';
import { ADMIN_PASSWORD, startTestControl, type TestAnswer, type TestControl } from '../../../test/control-role.ts';
import { API_PREFIX } from './operation.ts';

const CANARY = 'canary-7f3a9';
let control: TestControl;
const seen: TestAnswer[] = [];
before(async () => void (control = await startTestControl()));
after(() => control.stop());

/** Asks as administrator and checks the answer's shape. */
async function ask(
  id: string,
  params: Record<string, string> = {},
  options: { query?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<TestAnswer> {
  const operation = operations.find((o) => o.id === id)!;
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name]!));
  const answer = await control.request(operation.method, `${API_PREFIX}${path}${options.query ?? ''}`, {
    as: control.admin,
    body: options.body,
    headers: options.headers ?? {},
  });
  seen.push(answer);
  if (answer.status < 300 && answer.json !== undefined) {
    const errors = operation.response ? [...Compile(operation.response).Errors(answer.json)] : [{ message: 'no response schema' }];
    assert.deepEqual(errors, [], `${id}: ${answer.text.slice(0, 500)}`);
  }
  return answer;
}

const upstream = (port: number) => `apiVersion: weir/v1
kind: Upstream
metadata: { name: crm, labels: { tier: core } }
spec:
  targets: [{ host: 127.0.0.1, port: ${port} }] # where the CRM listens
`;
const key = { project: 'default', kind: 'upstreams', name: 'crm' };

test('create, change and delete ask for what was read', async () => {
  assert.equal((await ask('putResource', key, { body: upstream(9001) })).json.code, 'core/api/condition-needed');
  const made = await ask('putResource', key, { body: upstream(9001), headers: { 'if-none-match': '*' } });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.headers.get('etag'), '"1"');
  assert.equal((await ask('putResource', key, { body: upstream(9002), headers: { 'if-none-match': '*' } })).status, 412);
  const changed = await ask('putResource', key, { body: upstream(9002), headers: { 'if-match': '"1"' } });
  assert.equal(changed.headers.get('etag'), '"2"');
  assert.equal(
    (await ask('putResource', key, { body: upstream(9003), headers: { 'if-match': '"1"' } })).status,
    412,
    'somebody else was faster',
  );
  const read = await ask('getResource', key);
  assert.equal(read.headers.get('etag'), '"2"');
  assert.equal((await ask('getResource', key, { headers: { 'if-none-match': '"2"' } })).status, 304);
  const yaml = await ask('getResource', key, { headers: { accept: 'application/yaml' } });
  assert.equal(yaml.text, upstream(9002), 'the text as written, comment included');
  assert.equal((await ask('deleteResource', key, { headers: { 'if-match': '"1"' } })).status, 412);
  assert.equal((await ask('deleteResource', key, { query: '?dryRun=true' })).json.outcome, 'deleted');
  assert.equal((await ask('getResource', key)).status, 200, 'a dry run deletes nothing');
});

test('history, differences, rollback, switching, use and standing', async () => {
  const versions = await ask('listResourceVersions', key);
  assert.deepEqual(
    versions.json.items.map((v: { version: number }) => v.version),
    [2, 1],
  );
  assert.match((await ask('diffResourceVersions', key, { query: '?from=1&to=2' })).json.diff, /-.*9001[^]*\+.*9002/);
  const back = await ask('rollbackResource', key, { body: { version: 1 } });
  assert.equal(back.headers.get('etag'), '"3"');
  assert.match((await ask('getResource', key)).json.text, /9001/);
  assert.equal((await ask('disableResource', key)).json.outcome, 'updated');
  assert.equal((await ask('getResourceStatus', key)).json.state, 'disabled');
  await ask('enableResource', key);
  const route = 'apiVersion: weir/v1\nkind: Route\nmetadata: { name: crm }\nspec: { match: { paths: ["/crm/**"] }, upstream: crm }\n';
  assert.equal((await ask('putResource', { ...key, kind: 'Route' }, { body: route, headers: { 'if-none-match': '*' } })).status, 201);
  assert.deepEqual((await ask('listResourceUses', key)).json.items, [{ project: 'default', kind: 'Route', name: 'crm' }]);
  assert.equal((await ask('deleteResource', key)).status, 409, 'still used');
});

test('documents: all mistakes at once with line and pointer; dump → apply is the identity', async () => {
  const bad =
    'apiVersion: weir/v1\nkind: Upstream\nmetadata: { name: other }\nspec:\n  tragets: []\n---\n' +
    'apiVersion: weir/v1\nkind: Plan\nmetadata: { name: gold }\nspec: {}\n';
  const applied = await ask('applyDocuments', {}, { body: { sources: [{ file: 'shop.yaml', text: bad }] } });
  assert.equal(applied.status, 200);
  assert.equal(applied.json.refused, true);
  const [wrong, good] = applied.json.results;
  assert.equal(wrong.outcome, 'refused');
  assert.ok(
    wrong.problems.some(
      (p: { pointer: string; line: number; file: string }) => p.pointer.includes('tragets') && p.line === 5 && p.file === 'shop.yaml',
    ),
    JSON.stringify(wrong),
  );
  assert.equal(good.outcome, 'created', 'a bad one never takes a good one down');
  const dumped = await ask('dumpDocuments');
  const again = await ask('applyDocuments', {}, { body: dumped.text });
  assert.ok(again.json.results.length >= 3);
  assert.ok(
    again.json.results.every((r: { outcome: string }) => r.outcome === 'unchanged'),
    again.text,
  );
  assert.ok(
    (await ask('diffDocuments', {}, { body: upstream(9009) })).json.results.some((r: { outcome: string }) => r.outcome === 'updated'),
  );
  assert.equal((await ask('validateDocuments', {}, { body: upstream(9009) })).json.items[0].problems.length, 0);
  const listed = await ask('listResources', {}, { query: '?label=tier%3Dcore&kind=upstream&limit=1' });
  assert.deepEqual(
    listed.json.items.map((r: { name: string }) => r.name),
    ['crm'],
  );
  assert.deepEqual((await ask('listProjects')).json.items, [{ name: 'default' }]);
});

test('keys and tokens are shown once, listed without their secret, and revoked', async () => {
  const consumer = 'apiVersion: weir/v1\nkind: Consumer\nmetadata: { name: app }\nspec: {}\n';
  await ask('putResource', { project: 'default', kind: 'Consumer', name: 'app' }, { body: consumer, headers: { 'if-none-match': '*' } });
  assert.equal((await ask('createKey', { project: 'default', consumer: 'nobody' }, { body: {} })).status, 404);
  const made = await ask('createKey', { project: 'default', consumer: 'app' }, { body: { expiresIn: '30d' } });
  assert.equal(made.status, 201, made.text);
  const listed = await ask('listKeys', { project: 'default' });
  assert.equal(listed.json.items.length, 1);
  assert.doesNotMatch(listed.text, new RegExp(made.json.secret));
  assert.equal((await ask('revokeKey', { project: 'other', id: made.json.key.id })).status, 404);
  assert.equal((await ask('revokeKey', { project: 'default', id: made.json.key.id })).status, 204);
  const token = await ask('createToken', {}, { body: { name: 'ci', expiresIn: '1h' } });
  assert.equal((await control.request('GET', '/api/v1/session', { as: token.json.secret })).json.role, 'viewer');
  assert.doesNotMatch((await ask('listTokens')).text, new RegExp(token.json.secret));
  assert.equal((await ask('revokeToken', { id: token.json.token.id })).status, 204);
  assert.equal((await control.request('GET', '/api/v1/session', { as: token.json.secret })).status, 401);
});

test('users: created, demoted, deleted; the last administrator stays', async () => {
  const made = await ask('createUser', {}, { body: { name: 'lena', role: 'admin', password: 'long enough 1' } });
  assert.equal(made.status, 201, made.text);
  assert.equal((await ask('setUserRole', { name: 'lena' }, { body: { role: 'viewer' } })).json.role, 'viewer');
  assert.equal((await ask('setUserRole', { name: 'admin' }, { body: { role: 'viewer' } })).json.code, 'core/access/last-admin');
  assert.equal((await ask('deleteUser', { name: 'admin' })).json.code, 'core/access/last-admin');
  assert.equal((await ask('resetUserPassword', { name: 'lena' }, { body: { password: 'another long one' } })).status, 204);
  assert.equal((await ask('deleteUser', { name: 'lena' })).status, 204);
  assert.deepEqual(
    (await ask('listUsers')).json.items.map((u: { name: string }) => u.name),
    ['admin'],
  );
  const audit = await ask('listAudit', {}, { query: '?action=resource.create&subject=default%2FUser%2Flena' });
  assert.equal(audit.json.items[0].actor, 'test-admin');
});

test('what is there to configure, and what can go wrong, is explained', async () => {
  const components = await ask('listComponents');
  const ids = components.json.items.map((c: { id: string }) => c.id);
  for (const id of ['Route', 'DataApi', 'rate-limit', 'api-key']) assert.ok(ids.includes(id), id);
  assert.ok((await ask('explainComponent', { name: 'policy/rate-limit' })).json.examples.length > 0);
  const connector = await ask('explainComponent', { name: 'connector/sqlite' });
  assert.match(connector.json.examples[0].text, /^type: sqlite\n/, 'an example may be pasted into a document');
  assert.match((await ask('explainComponent', { name: 'rate-limt' })).json.detail, /did you mean "rate-limit"/);
  assert.ok((await ask('listProblems')).json.items.length > 50);
  assert.equal((await ask('getProblem', { code: 'core/api/forbidden' })).json.status, 403);
  const page = await control.request('GET', '/problems/core/api/forbidden');
  assert.match(page.text, /Not allowed[^]*没有权限/);
  assert.match(page.headers.get('content-security-policy')!, /default-src 'none'; style-src 'sha256-/);
  const document = (await control.request('GET', '/openapi.json')).json;
  assert.equal(document.openapi, '3.1.0');
  assert.ok(document.components.schemas['policy.rate-limit']);
  for (const id of ['getFleet', 'getDoctorReport', 'getVersion', 'getSample', 'listIncidents', 'listDataApis', 'getDataApisOpenApi'])
    assert.equal((await ask(id)).status, 200, id);
  assert.equal((await ask('loadSample')).json.state, 'loaded');
});

test('a secret goes in and never comes out', async () => {
  const spec = `{ type: postgres, host: 127.0.0.1, database: d, user: u, password: ${CANARY} }`;
  const connection = `apiVersion: weir/v1\nkind: Connection\nmetadata: { name: db }\nspec: ${spec}\n`;
  const put = await ask(
    'putResource',
    { project: 'default', kind: 'Connection', name: 'db' },
    { body: connection, headers: { 'if-none-match': '*' } },
  );
  assert.equal(put.status, 201, put.text);
  const at = { project: 'default', kind: 'Connection', name: 'db' };
  for (const id of ['getResource', 'listResourceVersions', 'getResourceStatus', 'listResourceUses']) await ask(id, at);
  await ask('putResource', at, {
    body: connection.replace('database: d', 'database: [').replace(CANARY, `${CANARY}-2`),
    headers: { 'if-match': '"1"' },
  });
  await ask('applyDocuments', {}, { body: connection.replace('user: u', `usr: u, passwort: ${CANARY}`) });
  for (const id of ['listResources', 'dumpDocuments', 'listAudit', 'listIncidents']) await ask(id);
  await ask('checkConnection', { project: 'default', name: 'db' });
  await control.request('POST', '/api/v1/session', { body: { name: 'admin', password: CANARY } });
  const leaks = seen.filter((answer) => answer.text.includes(CANARY));
  assert.deepEqual(
    leaks.map((answer) => answer.text.slice(0, 2000)),
    [],
  );
  assert.ok(!control.lines.join('').includes(CANARY), 'nor stands in the log');
  for (const word of [ADMIN_PASSWORD, control.admin]) assert.ok(!control.lines.join('').includes(word));
});

test('a fault of ours is a 500 with an id, and its reason stands in the log alone', async () => {
  const { search } = control.store.calls;
  try {
    Object.assign(control.store.calls, { search: async () => Promise.reject(new Error('SELECT * FROM secret_table')) });
    const answer = await ask('searchCalls');
    assert.equal(answer.status, 500);
    assert.equal(answer.json.code, 'core/api/unexpected');
    assert.doesNotMatch(answer.text, /SELECT|at .*\.ts/);
    assert.ok(control.lines.some((line) => line.includes(answer.json.requestId) && line.includes('SELECT * FROM secret_table')));
  } finally {
    Object.assign(control.store.calls, { search });
  }
});
