/**
 * Aim: nobody gets past the door who should not. Method: a real control role on a random port; every
 * operation of the registry is asked for anonymously, by a viewer, from wrong hosts and pages.
 */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { operations } from '../../../generated/operations.ts';
import { ADMIN_PASSWORD, startTestControl, type TestControl } from '../../../test/control-role.ts';
import { permissionsOf, ROLES_TEXT } from '../access/roles.ts';
import type { Permission } from './caller.ts';
import { API_PREFIX, type Operation } from './operation.ts';

let control: TestControl;
before(async () => void (control = await startTestControl({ hosts: ['weir.example.test'] })));
after(() => control.stop());

const pathOf = ({ path }: Operation) => API_PREFIX + path.replace(/\{(\w+)\}/g, 'default');

/** A request with full control over its headers, Host included. */
function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  const { hostname, port } = new URL(control.address);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers, timeout: 10_000 }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function login(): Promise<{ cookie: string; csrf: string; setCookie: string }> {
  const answer = await control.request('POST', '/api/v1/session', { body: { name: 'admin', password: ADMIN_PASSWORD } });
  assert.equal(answer.status, 200, answer.text);
  const setCookie = answer.headers.get('set-cookie')!;
  return { cookie: setCookie.split(';')[0]!, csrf: answer.json.csrfToken, setCookie };
}

test('every operation declares a known access, and only login is public', () => {
  const known = new Set<string>([...permissionsOf('admin'), 'signed-in', 'public']);
  assert.ok(operations.length > 50, `${operations.length} operations`);
  for (const { id, access } of operations) assert.ok(known.has(access), `${id}: ${access}`);
  assert.deepEqual(
    operations.filter((o) => o.access === 'public').map((o) => o.id),
    ['login'],
  );
  assert.equal(new Set(operations.map((o) => o.id)).size, operations.length, 'ids are unique');
  const onlyLook = new Set(['diffDocuments', 'validateDocuments', 'editDocument', 'explainRoute']);
  for (const { id, method, access } of operations) {
    if (method !== 'GET' && !onlyLook.has(id) && access !== 'signed-in' && access !== 'public')
      assert.match(access, /write$|use$/, `${id} changes something`);
  }
});

test('anonymous callers get 401 on every operation', async () => {
  for (const operation of operations.filter((o) => o.access !== 'public')) {
    const answer = await control.request(operation.method, pathOf(operation));
    assert.equal(answer.status, 401, `${operation.id}: ${answer.status}`);
    assert.equal(answer.json.code, 'core/api/unauthenticated', operation.id);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="weir"');
  }
  const wrong = await control.request('GET', '/api/v1/resources', { as: 'weir_not-a-token' });
  assert.equal(wrong.json.code, 'core/api/token-not-valid');
});

test('a viewer gets 403 on everything beyond looking, and it is audited', async () => {
  const may = new Set<string>(permissionsOf('viewer'));
  const refused = operations.filter((o) => o.access !== 'public' && o.access !== 'signed-in' && !may.has(o.access));
  assert.ok(refused.length >= 20);
  for (const operation of refused) {
    const answer = await control.request(operation.method, pathOf(operation), { as: control.viewer });
    assert.equal(answer.status, 403, `${operation.id}: ${answer.status} ${answer.text}`);
    assert.equal(answer.json.code, 'core/api/forbidden', operation.id);
  }
  const rows = await control.store.audit.list({ actor: 'test-viewer', action: 'denied', limit: 500 });
  assert.deepEqual(new Set(rows.map((row) => row.subject.split('/').at(-1))), new Set(refused.map((o) => o.id)));
  assert.ok(rows.every((row) => row.outcome === 'refused' && row.actorKind === 'token'));
});

test('what the roles’ text says a viewer may do is what a viewer may do', async () => {
  const words: Record<Permission, RegExp> = {
    'resources:read': /resources/,
    'runs:read': /runs/,
    'calls:read': /calls/,
    'keys:read': /keys \(never their secrets\)/,
    'metrics:read': /metrics/,
    'system:read': /the system/,
    'resources:write': /changes nothing/,
    'runs:write': /changes nothing/,
    'keys:write': /changes nothing/,
    'tokens:write': /changes nothing/,
    'users:write': /changes nothing/,
    'system:write': /changes nothing/,
    'connections:use': /connections/,
    'tokens:read': /tokens/,
    'users:read': /users/,
    'audit:read': /the audit trail/,
  };
  const [, mayText, mayNotText] = /`viewer` may look at (.*), (and changes nothing; .* are closed to it)/.exec(ROLES_TEXT.en)!;
  for (const operation of operations) {
    if (operation.access === 'public' || operation.access === 'signed-in') continue;
    const { status } = await control.request(operation.method, pathOf(operation), { as: control.viewer });
    const [yes, no] = status === 403 ? [mayNotText!, mayText!] : [mayText!, mayNotText!];
    assert.notEqual(status, 401);
    assert.match(yes, words[operation.access], `${operation.id} answers ${status}`);
    assert.doesNotMatch(no, words[operation.access], `${operation.id} answers ${status}`);
  }
});

test('a token limited to a project reaches that project and nothing wide', async () => {
  const make = await control.request('POST', '/api/v1/tokens', {
    as: control.admin,
    body: { name: 'narrow', role: 'admin', projects: ['blue'] },
  });
  assert.equal(make.status, 201, make.text);
  const as = make.json.secret;
  assert.equal((await control.request('GET', '/api/v1/projects/blue/resources/Route/x', { as })).status, 404);
  assert.equal((await control.request('GET', '/api/v1/projects/default/resources/Route/x', { as })).status, 403);
  assert.equal((await control.request('GET', '/api/v1/resources', { as })).status, 200, 'shows its share');
  assert.equal((await control.request('GET', '/api/v1/resources?project=default', { as })).status, 403);
  assert.equal((await control.request('POST', '/api/v1/users', { as, body: {} })).status, 403, 'no users');
  assert.equal((await control.request('POST', '/api/v1/tokens', { as, body: {} })).status, 403, 'no wider tokens');
});

test('the CLI token is good without a proxy in between only', async () => {
  assert.equal((await control.request('GET', '/api/v1/session', { as: control.cliToken })).json.name, 'local-cli');
  const proxied = await control.request('GET', '/api/v1/session', { as: control.cliToken, headers: { 'x-forwarded-for': '10.0.0.1' } });
  assert.equal(proxied.status, 401);
});

test('unknown hosts and foreign pages are refused before anything else', async () => {
  const port = new URL(control.address).port;
  const ask = async (headers: Record<string, string>, method = 'GET', path = '/livez') => {
    const answer = await raw(method, path, headers);
    return answer.status < 300 ? 'ok' : (JSON.parse(answer.text) as { code: string }).code;
  };
  assert.equal(await ask({ host: `localhost:${port}` }), 'ok');
  assert.equal(await ask({ host: 'weir.example.test' }), 'ok');
  for (const path of ['/livez', '/', '/openapi.json', '/metrics', '/api/v1/session', '/nowhere']) {
    assert.equal(await ask({ host: 'evil.test' }, 'GET', path), 'core/api/wrong-host', path);
  }
  assert.equal(await ask({ host: `localhost:${port}`, origin: 'http://evil.test' }, 'POST', '/api/v1/session'), 'core/api/wrong-origin');
  assert.equal(
    await ask({ host: `localhost:${port}`, origin: 'http://localhost:3000' }, 'GET', '/api/v1/resources'),
    'core/api/wrong-origin',
  );
  assert.equal(
    await ask({ host: `localhost:${port}`, 'sec-fetch-site': 'cross-site' }, 'POST', '/api/v1/session'),
    'core/api/wrong-origin',
  );
});

test('the session cookie is strict and out of reach of scripts; changes need the CSRF token', async () => {
  const { cookie, csrf, setCookie } = await login();
  assert.match(setCookie, /; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
  const who = await control.request('GET', '/api/v1/session', { headers: { cookie } });
  assert.equal(who.json.name, 'admin');
  assert.equal(who.json.csrfToken, csrf);
  const forged = await control.request('POST', '/api/v1/validate', { headers: { cookie }, body: { sources: [{ text: '' }] } });
  assert.equal(forged.json.code, 'core/api/csrf-token-missing');
  const guessed = await control.request('POST', '/api/v1/validate', {
    headers: { cookie, 'x-weir-csrf': 'x'.repeat(csrf.length) },
    body: { sources: [{ text: '' }] },
  });
  assert.equal(guessed.status, 403);
  const good = await control.request('POST', '/api/v1/validate', {
    headers: { cookie, 'x-weir-csrf': csrf },
    body: { sources: [{ text: '' }] },
  });
  assert.equal(good.status, 200, good.text);
  assert.equal((await control.request('DELETE', '/api/v1/session', { headers: { cookie, 'x-weir-csrf': csrf } })).status, 204);
  assert.equal((await control.request('GET', '/api/v1/session', { headers: { cookie } })).status, 401, 'a session that ended stays ended');
});

test('wrong passwords lock for a while and say how long', async () => {
  const attempt = () => control.request('POST', '/api/v1/session', { body: { name: 'nobody-here', password: 'wrong' } });
  const codes: string[] = [];
  for (let i = 0; i < 6; i++) codes.push((await attempt()).json.code);
  assert.equal(codes[0], 'core/access/login-failed');
  const locked = await attempt();
  assert.equal(locked.status, 429);
  assert.equal(locked.json.code, 'core/access/locked');
  assert.ok(Number(locked.headers.get('retry-after')) >= 1);
  await control.store.loginFailures.clearAll('');
});

test('metrics are open to this machine, closed behind a proxy, and open to a token that may', async () => {
  assert.equal((await control.request('GET', '/metrics')).status, 200);
  for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
    assert.equal((await control.request('GET', '/metrics', { headers: { [header]: '10.0.0.1' } })).status, 401, header);
  }
  const proxied = { 'x-forwarded-for': '10.0.0.1' };
  assert.equal((await control.request('GET', '/metrics', { as: control.viewer, headers: proxied })).status, 200);
  const made = await control.request('POST', '/api/v1/tokens', {
    as: control.admin,
    body: { name: 'no-metrics', permissions: ['runs:read' satisfies Permission] },
  });
  assert.equal((await control.request('GET', '/metrics', { as: made.json.secret, headers: proxied })).status, 403);
});

test('answers carry the security headers and no framework names', async () => {
  const { headers } = await control.request('GET', '/api/v1/resources', {
    as: control.viewer,
    headers: { 'x-request-id': 'my-request-1' },
  });
  assert.equal(headers.get('x-request-id'), 'my-request-1');
  for (const [name, value] of [
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['cache-control', 'no-store'],
  ] as const)
    assert.equal(headers.get(name), value);
  assert.equal(headers.get('x-powered-by'), null);
  assert.equal(headers.get('access-control-allow-origin'), null);
  const odd = await control.request('GET', '/api/v1/resources', { as: control.viewer, headers: { 'x-request-id': 'a b<script>' } });
  assert.match(odd.headers.get('x-request-id')!, /^[0-9a-f-]{36}$/);
});

test('too large, wrong type, broken JSON, unknown members, unknown address: each a problem with what to do', async () => {
  const as = control.admin;
  const send = (body: string, type: string) =>
    raw('POST', '/api/v1/users', { host: new URL(control.address).host, authorization: `Bearer ${as}`, 'content-type': type }, body);
  const code = (answer: { text: string }) => (JSON.parse(answer.text) as { code: string }).code;
  assert.equal(code(await send('{"name":', 'application/json')), 'core/api/malformed-body');
  assert.equal(code(await send('name=x', 'text/plain')), 'core/api/unsupported-type');
  assert.equal(code(await send(`{"name":"${'x'.repeat(17 * 2 ** 20)}"}`, 'application/json')), 'core/api/body-too-large');
  const many = await control.request('POST', '/api/v1/users?x=1', {
    as,
    body: { nmae: 'y', role: 'boss' },
    headers: { 'accept-language': 'zh-CN' },
  });
  assert.equal(many.status, 400);
  assert.equal(many.json.title, '请求无效');
  assert.deepEqual(many.json.errors.map((e: { pointer: string }) => e.pointer).sort(), [
    '/body/name',
    '/body/nmae',
    '/body/password',
    '/body/role',
    '/query/x',
  ]);
  assert.equal((await control.request('GET', '/api/v1/nothing', { as })).json.code, 'core/api/no-such-address');
  assert.equal((await control.request('PATCH', '/api/v1/users', { as })).status, 404);
});

test('bytes that are no HTTP, or too much of it, get one clear answer and the socket is closed', async () => {
  const { hostname, port } = new URL(control.address);
  const speak = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => socket.write(bytes));
      socket
        .on('data', (chunk) => (text += chunk))
        .on('error', reject)
        .on('close', () => resolve(text));
    });
  assert.match(await speak('\x16\x03\x01 this is TLS\r\n\r\n'), /^HTTP\/1.1 400 [^]*core\/api\/not-http/);
  assert.match(
    await speak(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`),
    /^HTTP\/1.1 431 [^]*core\/api\/head-too-large/,
  );
});

test('operations end at their time, and too many at once are told to wait', async () => {
  const small = await startTestControl({ requests: { atOnce: 4, timeout: '1s' } });
  const { search } = small.store.calls;
  try {
    let release: (records: never[]) => void = () => {};
    const hanging = new Promise<never[]>((resolve) => (release = resolve));
    Object.assign(small.store.calls, { search: () => hanging });
    const slow = Array.from({ length: 4 }, () => small.request('GET', '/api/v1/calls', { as: small.admin }));
    const ended = await Promise.all(slow);
    assert.deepEqual(
      ended.map((answer) => answer.json.code),
      Array(4).fill('core/api/timed-out'),
    );
    release([]);
    Object.assign(small.store.calls, { search });
    for (let i = 0; i < 20; i++) assert.equal((await small.request('GET', '/livez')).status, 200, 'the count goes down again');
    Object.assign(small.store.calls, { search: () => new Promise(() => {}) });
    const codes = (await Promise.all(Array.from({ length: 8 }, () => small.request('GET', '/api/v1/calls', { as: small.admin })))).map(
      (a) => a.json.code,
    );
    assert.deepEqual([...new Set(codes)].sort(), ['core/api/busy', 'core/api/timed-out']);
    assert.equal(codes.filter((code) => code === 'core/api/timed-out').length, 4);
  } finally {
    Object.assign(small.store.calls, { search });
    await small.stop();
  }
});
