/**
 * Aim: nobody gets to the admin side who should not, and what they tried stands in the audit. Method: the real
 * command; every operation of its own /openapi.json is asked for without a credential and as a viewer; a login by
 * cookie, a scoped token through WEIR_TOKEN, wrong hosts and pages, and /metrics behind a proxy.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { api, call, must, newHome, shell, weirIn } from './tools.ts';
import { until, type Weir } from './weir.ts';

interface Asked {
  readonly id: string;
  readonly method: string;
  readonly path: string;
}

const JSON_BODY = { 'content-type': 'application/json' };
const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
/** Looks only, though they carry a body. */
const LOOKS = ['diffDocuments', 'editDocument', 'explainRoute', 'validateDocuments'];

let weir: Weir;
let operations: Asked[];

after(() => weir?.stop());
const home = newHome({ after }, 'access');
before(async () => {
  weir = await weirIn(home);
  const document = JSON.parse((await api(weir, '/openapi.json')).text) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  operations = Object.entries(document.paths).flatMap(([at, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      id: item[method]!.operationId,
      method: method.toUpperCase(),
      path: at.replace(/\{\w+\}/g, 'default'),
    })),
  );
});

test('nobody is let in without a credential, at any operation', async () => {
  assert.ok(operations.length > 50, `${operations.length} operations`);
  const open = [];
  for (const { id, method, path: at } of operations) {
    const { status } = await attempt(method, at, {});
    if (status !== 401) open.push(`${id} ${status}`);
  }
  assert.deepEqual(open, ['login 400'], 'a login without name and password is malformed, all else is refused');
  const invented = await call(`${weir.control}/api/v1/fleet`, { authorization: 'Bearer wt_false' });
  assert.equal(invented.status, 401);
});

test('a viewer looks and changes nothing', async () => {
  writeFileSync(path.join(home, 'password'), 'a long enough password of vera');
  await must(weir, 'user', 'create', 'vera', '--role', 'viewer', '--password-file', 'password');
  const { cookie, csrf } = await login('vera', 'a long enough password of vera');
  const allowed = [];
  const before = await standing();
  for (const { id, method, path: at } of operations) {
    if (method === 'GET' || id === 'login' || id === 'logout' || id === 'changePassword') continue;
    const answer = await attempt(method, at, { cookie, 'x-weir-csrf': csrf });
    if (answer.status !== 403) allowed.push(`${id} ${answer.status}`);
  }
  assert.deepEqual(
    allowed.sort(),
    LOOKS.map((id) => `${id} 400`),
    'what only looks is open, and finds the empty body malformed',
  );
  assert.deepEqual(await standing(), before, 'no resource has a new version');
  assert.equal((await call(`${weir.control}/api/v1/resources`, { cookie })).status, 200);
  assert.equal((await call(`${weir.control}/api/v1/audit`, { cookie })).status, 403, 'the audit is for administrators');
});

test('a login by cookie changes things only with its CSRF token', async () => {
  const password = readFileSync(path.join(home, '.weir', 'admin-password'), 'utf8').trim();
  assert.equal(
    (await call(`${weir.control}/api/v1/session`, JSON_BODY, { method: 'POST', body: '{"name":"admin","password":"wrong"}' })).status,
    401,
  );
  const { cookie, csrf, setCookie } = await login('admin', password);
  assert.match(setCookie, /HttpOnly/);
  assert.match(setCookie, /SameSite=Strict/);
  const body = 'apiVersion: weir/v1\nkind: Plan\nmetadata: { name: silver }\nspec: {}\n';
  const put = (headers: Record<string, string>) =>
    call(
      `${weir.control}/api/v1/projects/default/resources/Plan/silver`,
      { 'content-type': 'application/yaml', 'if-none-match': '*', cookie, ...headers },
      { method: 'PUT', body },
    );
  assert.equal((await put({})).status, 403);
  assert.equal((await put({ 'x-weir-csrf': `${csrf}x` })).status, 403);
  assert.equal((await put({ 'x-weir-csrf': csrf, origin: 'http://elsewhere.example.test' })).status, 403);
  const done = await put({ 'x-weir-csrf': csrf });
  assert.ok([200, 201].includes(done.status), done.text);
  const out = await call(`${weir.control}/api/v1/session`, { cookie, 'x-weir-csrf': csrf }, { method: 'DELETE' });
  assert.ok(out.status < 300, out.text);
  assert.equal((await call(`${weir.control}/api/v1/session`, { cookie })).status, 401);
});

test('a wrong Host and a foreign Origin are refused, whatever the credential', async () => {
  const authorization = `Bearer ${readFileSync(path.join(home, '.weir', 'cli-token'), 'utf8').trim()}`;
  const ask = (headers: Record<string, string>) => call(`${weir.control}/api/v1/fleet`, { authorization, ...headers });
  assert.equal((await ask({})).status, 200);
  assert.ok((await ask({ host: 'rebound.example.test' })).status >= 400);
  assert.ok((await ask({ origin: 'http://elsewhere.example.test' })).status >= 400);
  assert.ok((await ask({ origin: 'null' })).status >= 400);
  assert.equal((await ask({ origin: weir.control })).status, 200);
});

test('/metrics is open on loopback, and asks for a token behind a proxy', async () => {
  const roles = ['control', 'gateway', 'worker'];
  let metrics = await call(`${weir.control}/metrics`);
  // A process tells of itself a second after it connected at the latest.
  const wanted = roles.flatMap((role) => [
    new RegExp(`^weir_build_info\\{role="${role}"`, 'm'),
    new RegExp(`^weir_process_event_loop_delay_seconds\\{[^}]*role="${role}"`, 'm'),
  ]);
  await until('every role tells of itself', async () => {
    metrics = await call(`${weir.control}/metrics`);
    return metrics.status === 200 && wanted.every((pattern) => pattern.test(metrics.text));
  });
  assert.match(metrics.text, /^weir_control_requests_total\{/m);
  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via']) {
    assert.equal((await call(`${weir.control}/metrics`, { [header]: 'for=192.0.2.1' })).status, 401, header);
  }
  const token = (await must(weir, 'token', 'create', 'prometheus', '--permission', 'metrics:read')).trim();
  const behind = await call(`${weir.control}/metrics`, { 'x-forwarded-for': '192.0.2.1', authorization: `Bearer ${token}` });
  assert.equal(behind.status, 200);
  for (const at of ['/livez', '/readyz']) assert.equal((await call(weir.control + at, { 'x-forwarded-for': '192.0.2.1' })).status, 200);
  assert.equal(
    (await call(`${weir.control}/api/v1/resources`, { authorization: `Bearer ${token}` })).status,
    403,
    'it may read metrics only',
  );
});

test('a scoped token works through WEIR_TOKEN, within its scope', async () => {
  const token = (await must(weir, 'token', 'create', 'deploy', '--role', 'admin', '--only-project', 'shop', '--expires-in', '1h')).trim();
  const plan = (project: string) => `apiVersion: weir/v1\nkind: Plan\nmetadata: { name: gold, project: ${project} }\nspec: {}\n`;
  writeFileSync(path.join(home, 'shop.yaml'), plan('shop'));
  writeFileSync(path.join(home, 'other.yaml'), plan('other'));
  const as = (line: string) => shell(weir, line, { WEIR_TOKEN: token });
  const inside = await as('./weir apply -f shop.yaml');
  assert.equal(inside.code, 0, inside.stderr);
  const outside = await as('./weir apply -f other.yaml');
  assert.equal(outside.code, 1);
  assert.match(outside.stdout + outside.stderr, /refused +other\/Plan\/gold[^]*you may not change project/);
  assert.equal((await as('./weir user list')).code, 5);
  assert.doesNotMatch((await as('./weir get --all-projects')).stdout, /silver/);
  const tokens = JSON.parse(await must(weir, 'token', 'list', '-o', 'json')) as { id: string; name: string }[];
  await must(weir, 'token', 'revoke', tokens.find(({ name }) => name === 'deploy')!.id, '--yes');
  assert.equal((await as('./weir get Plan')).code, 5);
});

test('the audit shows who did what and who was refused', async () => {
  const { items } = JSON.parse((await api(weir, '/api/v1/audit?limit=200')).text) as {
    items: { actor: string; action: string; subject: string; outcome: string }[];
  };
  const lines = items.map(({ actor, action, subject }) => `${actor} ${action} ${subject}`);
  const wanted = [
    /^local-cli resource\.create default\/User\/vera/,
    /^admin .*login/,
    /^admin .*Plan\/silver|^admin .*silver/,
    /^vera .*den/,
    /^local-cli token\.create/,
    /^deploy .*gold/,
    /^local-cli token\.revoke/,
    /^deploy .*den/,
  ];
  for (const line of wanted)
    assert.ok(
      lines.some((found) => line.test(found)),
      `${String(line)} is not in:\n${lines.join('\n')}`,
    );
  assert.ok(
    items.some(({ action, outcome }) => action === 'login' && outcome === 'refused'),
    'the wrong password',
  );
  const text = JSON.stringify(items);
  for (const secret of ['a long enough password', 'wt_', readFileSync(path.join(home, '.weir', 'admin-password'), 'utf8').trim()]) {
    assert.ok(!text.includes(secret));
  }
});

function attempt(method: string, at: string, headers: Record<string, string>) {
  const bare = method === 'GET' || method === 'DELETE';
  return call(weir.control + at, bare ? headers : { ...JSON_BODY, ...headers }, { method, ...(bare ? {} : { body: '{}' }) });
}

async function login(name: string, password: string): Promise<{ cookie: string; csrf: string; setCookie: string }> {
  const answer = await call(`${weir.control}/api/v1/session`, JSON_BODY, { method: 'POST', body: JSON.stringify({ name, password }) });
  assert.equal(answer.status, 200, answer.text);
  const setCookie = String(answer.headers['set-cookie']);
  return { cookie: setCookie.split(';')[0]!, csrf: (JSON.parse(answer.text) as { csrfToken: string }).csrfToken, setCookie };
}

/** Every resource with its version. */
async function standing(): Promise<string[]> {
  const { items } = JSON.parse((await api(weir, '/api/v1/resources?limit=500')).text) as {
    items: { project: string; kind: string; name: string; version: number }[];
  };
  assert.ok(items.length > 0);
  return items.map(({ project, kind, name, version }) => `${project}/${kind}/${name} ${version}`).sort();
}
