/**
 * Aim: whatever control refuses because of who asks stands in the audit trail, with who, from where and what.
 * Method: a real control role; each kind of refusal is provoked over its socket, then the trail is read.
 */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import { ADMIN_PASSWORD, startTestControl, type TestControl } from '../../../test/control-role.ts';
import { sha256Hex } from '../access/secrets-text.ts';
import type { AuditRow } from '../../store/types.ts';

let control: TestControl;
before(async () => void (control = await startTestControl()));
after(() => control.stop());

/** The newest line that was written while `act` ran. */
async function lineOf(act: () => Promise<unknown>, action = 'denied'): Promise<AuditRow> {
  const before = new Set((await control.store.audit.list({ limit: 1000 })).map((row) => row.id));
  await act();
  const [line] = (await control.store.audit.list({ action, limit: 1000 })).filter((row) => !before.has(row.id));
  assert.ok(line, 'a line was written');
  assert.equal(line.outcome, 'refused');
  assert.equal(line.address, '127.0.0.1');
  return line;
}

const told = ({ actor, actorKind, subject, detail }: AuditRow) => [actor, actorKind, subject, detail];

/** A token's secret and id. */
async function token(name: string, more: Record<string, unknown> = {}): Promise<{ secret: string; id: string }> {
  const { json } = await control.request('POST', '/api/v1/tokens', { as: control.admin, body: { name, role: 'admin', ...more } });
  return { secret: json.secret, id: json.token.id };
}

function raw(path: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  const { hostname, port } = new URL(control.address);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers, timeout: 10_000 }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    });
    request.on('error', reject).end();
  });
}

test('credentials that are none, unknown, revoked, expired: who it was is told where it is known', async () => {
  assert.deepEqual(told(await lineOf(() => control.request('GET', '/api/v1/users'))), [
    '',
    'nobody',
    'listUsers',
    'core/api/unauthenticated',
  ]);
  const unknown = await lineOf(() => control.request('GET', '/api/v1/users', { as: 'weir_guess-guess' }));
  assert.deepEqual(told(unknown), ['', 'nobody', 'listUsers', 'core/api/token-not-valid']);
  const session = { sha256: sha256Hex('over'), account: 'admin', createdAt: 0, usedAt: 0, expiresAt: 1, address: '' };
  await control.store.sessions.add(session);
  const over = await lineOf(() => control.request('GET', '/api/v1/users', { headers: { cookie: 'weir_session=over' } }));
  assert.deepEqual(told(over), ['admin', 'user', 'listUsers', 'core/api/token-not-valid: expired']);
  const revoked = await token('was-good');
  await control.request('DELETE', `/api/v1/tokens/${revoked.id}`, { as: control.admin });
  const line = await lineOf(() => control.request('GET', '/api/v1/projects/blue/keys', { as: revoked.secret }));
  assert.deepEqual(told(line), ['was-good', 'token', 'blue/listKeys', 'core/api/token-not-valid: revoked']);
  const proxied = { as: control.cliToken, headers: { 'x-forwarded-for': '10.0.0.1' } };
  const abroad = await lineOf(() => control.request('GET', '/metrics', proxied));
  assert.deepEqual(told(abroad), ['local-cli', 'local-cli', '/metrics', 'core/api/token-not-valid: not from this machine']);
  const all = JSON.stringify(await control.store.audit.list({ limit: 1000 }));
  for (const secret of [revoked.secret, control.cliToken, 'guess-guess']) assert.ok(!all.includes(secret), 'no secret in the trail');
});

test('who asks who they are without any credential is told "nobody", and no line is written; with one that is over there is a line', async () => {
  const before = (await control.store.audit.list({ limit: 1000 })).length;
  const nobody = await control.request('GET', '/api/v1/session');
  assert.deepEqual([nobody.status, nobody.json.code], [401, 'core/api/unauthenticated']);
  assert.equal((await control.store.audit.list({ limit: 1000 })).length, before);
  const spent = await lineOf(() => control.request('GET', '/api/v1/session', { headers: { cookie: 'weir_session=over' } }));
  assert.deepEqual(told(spent), ['admin', 'user', 'whoami', 'core/api/token-not-valid: expired']);
});

test('a forged change, a wrong present password', async () => {
  const login = await control.request('POST', '/api/v1/session', { body: { name: 'admin', password: ADMIN_PASSWORD } });
  const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
  const forged = await lineOf(() => control.request('DELETE', '/api/v1/session', { headers: { cookie } }));
  assert.deepEqual(told(forged), ['admin', 'user', 'logout', 'core/api/csrf-token-missing']);
  const headers = { cookie, 'x-weir-csrf': login.json.csrfToken as string };
  const body = { before: 'not the password', after: 'something else 1' };
  const wrong = await lineOf(() => control.request('POST', '/api/v1/session/password', { headers, body }));
  assert.deepEqual(told(wrong), ['admin', 'user', 'changePassword', 'core/access/wrong-password']);
  await control.request('DELETE', '/api/v1/session', { headers });
  assert.equal((await control.request('GET', '/api/v1/session', { headers: { cookie } })).status, 401);
});

test('wrong logins and lock-outs, under the name that was claimed', async () => {
  const attempt = () => control.request('POST', '/api/v1/session', { body: { name: 'eve', password: 'wrong' } });
  assert.deepEqual(told(await lineOf(attempt, 'login')), ['eve', 'nobody', 'eve', 'core/access/login-failed']);
  for (let i = 0; i < 4; i++) await attempt();
  assert.deepEqual(told(await lineOf(attempt, 'login')), ['eve', 'nobody', 'eve', 'core/access/locked']);
  const lines = await control.store.audit.list({ action: 'login', subject: 'eve', limit: 100 });
  assert.equal(lines.length, 2, 'what is the same is counted, not repeated');
});

test('foreign hosts and pages', async () => {
  const { host } = new URL(control.address);
  const evil = await lineOf(() => raw('/openapi.json?token=canary', { host: 'evil.test' }));
  assert.deepEqual(told(evil), ['', 'nobody', '/openapi.json', 'core/api/wrong-host']);
  const page = await lineOf(() => raw('/api/v1/session', { host, origin: 'http://evil.test' }, 'POST'));
  assert.deepEqual(told(page), ['', 'nobody', 'login', 'core/api/wrong-origin']);
});

test('refusals inside a handler: more rights than one’s own, runs of a project out of reach', async () => {
  const { secret } = await token('maker', { permissions: ['tokens:write'] });
  const more = await lineOf(() => control.request('POST', '/api/v1/tokens', { as: secret, body: { name: 'wide', role: 'admin' } }));
  assert.deepEqual(told(more), ['maker', 'token', 'createToken', 'core/api/forbidden']);
  const blue = await token('blue', { projects: ['blue'] });
  const run = await control.store.runs.enqueue({
    project: 'red',
    pipeline: 'p',
    release: 'r',
    trigger: 'manual',
    attempt: 1,
    attemptsMax: 1,
    dueAt: 0,
    requestedBy: 'test',
    overlap: 'skip',
  });
  const hidden = await lineOf(async () => {
    const answer = await control.request('POST', `/api/v1/runs/${run!.id}/cancel`, { as: blue.secret });
    assert.equal(answer.status, 404, 'the caller learns nothing');
  });
  assert.deepEqual(told(hidden), ['blue', 'token', 'cancelRun', 'core/api/not-found: not a project of this credential']);
  const before = (await control.store.audit.list({ limit: 1000 })).length;
  assert.equal((await control.request('GET', '/api/v1/runs/none', { as: blue.secret })).status, 404);
  assert.equal((await control.store.audit.list({ limit: 1000 })).length, before, 'what is not there is no refusal');
});

test('a batch that is refused in part: which documents, and which of them were not allowed', async () => {
  const { secret } = await token('green', { projects: ['green'] });
  const plan = (project: string, name: string, rest = 'spec: {}') =>
    `apiVersion: weir/v1\nkind: Plan\nmetadata: { project: ${project}, name: ${name} }\n${rest}\n`;
  const text = [plan('green', 'good'), plan('red', 'foreign'), plan('green', 'bad', 'spec: { polices: canary-secret }')].join('---\n');
  const act = (query = '') => control.request('POST', `/api/v1/apply${query}`, { as: secret, body: text });
  const line = await lineOf(act, 'resource.refused');
  assert.deepEqual(told(line), ['green', 'token', 'documents', '2 of 3 refused: red/Plan/foreign (not allowed), green/Plan/bad']);
  const before = (await control.store.audit.list({ limit: 1000 })).length;
  await act('?dryRun=true');
  assert.equal((await control.store.audit.list({ limit: 1000 })).length, before, 'a dry run asks, it does not try');
  const single = await lineOf(async () => {
    const narrow = await token('narrow', { permissions: ['resources:write', 'users:read'] });
    const at = '/api/v1/projects/default/resources/User/eve';
    const body = { spec: { role: 'admin' } };
    const answer = await control.request('PUT', at, { as: narrow.secret, body, headers: { 'if-none-match': '*' } });
    assert.equal(answer.status, 403, answer.text);
  });
  assert.deepEqual(told(single), ['narrow', 'token', 'default/putResource', 'core/resources/refused']);
});

test('a refusal stands though its line cannot be written, and the log tells', async () => {
  const { add } = control.store.audit;
  Object.assign(control.store.audit, { add: () => Promise.reject(new Error('disk full')) });
  try {
    assert.equal((await control.request('GET', '/api/v1/tokens', { as: control.viewer })).status, 403);
  } finally {
    Object.assign(control.store.audit, { add });
  }
  assert.ok(control.lines.some((line) => line.includes('could not be written to the audit trail')));
});

test('the trail says in both languages what was asked for; a spreadsheet keeps its columns', async () => {
  await control.request('GET', '/api/v1/users', { as: control.viewer });
  await control.request('GET', '/nothing/listUsers', { as: control.viewer });
  const { json } = await control.request('GET', '/api/v1/audit?action=denied&actor=test-viewer&subject=listUsers', { as: control.admin });
  assert.deepEqual(json.items[0].asked, { en: 'Lists users, by name unless sorted otherwise.', zh: '列出用户，默认按名称排序。' });
  const made = (await control.request('GET', '/api/v1/audit?action=token.create', { as: control.admin })).json.items[0];
  assert.equal(made.asked, null);
  const csv = await control.request('GET', '/api/v1/audit?format=csv', { as: control.admin });
  assert.match(csv.text.split('\r\n')[0]!, /,subject,outcome,/);
});
