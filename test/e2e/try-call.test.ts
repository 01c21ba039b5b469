/**
 * Aim: a call tried from the admin side is the consumer's own call: same auth, limits, policies and call record; the
 * key never shows and is gone afterwards; nothing but our own gateway is ever asked. Method: the real command with a
 * SQLite file, a Node server as upstream, a plan of three calls a minute, and a second project.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { api, must, newHome, untilReady, weirIn } from './tools.ts';
import { until, type Weir } from './weir.ts';
import { writeFileSync } from 'node:fs';

interface Tried {
  readonly status: number;
  readonly requestId: string;
  readonly consumer: string | null;
  readonly route: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string;
  readonly encoding: string;
  readonly truncated: boolean;
  readonly code?: string;
  readonly detail?: string;
}

const LONG = 600_000;
const seen: { method: string; url: string; headers: Record<string, unknown>; body: string }[] = [];
const upstream = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (part: string) => (body += part));
  request.on('end', () => {
    seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
    if (request.url === '/bytes') return response.end(Buffer.from([0xff, 0xfe, 0x00]));
    if (request.url === '/long') return response.end('长'.repeat(LONG / 3));
    response.setHeader('x-upstream', 'yes').end(JSON.stringify({ url: request.url, body }));
  });
});

let weir: Weir;
const home = newHome({ after }, 'try-call');
after(() => upstream.close());
after(() => weir?.stop());

before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  mkdirSync(path.join(home, 'files'));
  const file = new DatabaseSync(path.join(home, 'files', 'shop.db'));
  file.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO item VALUES (1, 'pen'), (2, '钢笔')");
  file.close();
  writeFileSync(path.join(home, 'all.yaml'), documents((upstream.address() as AddressInfo).port));
  weir = await weirIn(home);
  await must(weir, 'apply', 'all.yaml');
  await untilReady(weir, 'DataApi', 'items');
  await untilReady(weir, 'Route', 'echo');
});

async function attempt(body: object, project = 'default'): Promise<Tried & { readonly http: number }> {
  const answer = await api(weir, `/api/v1/projects/${project}/try-call`, { method: 'POST', body: JSON.stringify(body) });
  return { ...(JSON.parse(answer.text) as Tried), http: answer.status };
}

test('a data API answers as its consumer is answered, and the call record names the consumer', async () => {
  const made = await attempt({ consumer: 'shop', path: '/items?name=%E9%92%A2%E7%AC%94' });
  assert.deepEqual(
    [made.status, made.body, made.consumer, made.route],
    [200, '[{"id":2,"name":"钢笔"}]', 'shop', 'default/data-api.items'],
  );
  await until('the call is recorded', async () => (await api(weir, `/api/v1/calls/${made.requestId}`)).status === 200);
  const record = JSON.parse((await api(weir, `/api/v1/calls/${made.requestId}`)).text) as Record<string, unknown>;
  assert.deepEqual([record['consumer'], record['status'], record['path']], ['shop', 200, '/items']);
  const keys = JSON.parse((await api(weir, '/api/v1/projects/default/keys')).text) as { items: unknown[] };
  assert.deepEqual(keys.items, [], 'the lent key is gone');
  const audit = (await api(weir, '/api/v1/audit?action=call.try')).text;
  assert.ok(audit.includes(made.requestId) && audit.includes('as shop'), audit);
});

test('without a consumer the route refuses it; a wrong parameter is told as to a caller', async () => {
  const nobody = await attempt({ path: '/items' });
  assert.deepEqual([nobody.http, nobody.status, nobody.consumer], [200, 401, null]);
  const wrong = await attempt({ consumer: 'shop', path: '/items?nonsense=1' });
  assert.deepEqual([wrong.status, /nonsense/.test(wrong.body)], [400, true]);
});

test('limits of the consumer bite, and its own calls share them', async () => {
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await attempt({ consumer: 'small', path: '/items' })).status);
  assert.deepEqual(statuses, [200, 200, 200, 429]);
  const created = JSON.parse(await must(weir, 'key', 'create', 'small', '-o', 'json')) as { secret: string };
  const own = await fetch(`${weir.gateway}/items`, { headers: { 'x-api-key': created.secret } });
  assert.equal(own.status, 429);
});

test('a proxied route gets method, fields and body; the key and foreign fields do not pass', async () => {
  const made = await attempt({
    consumer: 'shop',
    method: 'POST',
    path: '/echo/a%20b?x=%22',
    headers: [
      { name: 'x-shop-key', value: 'of the user' },
      { name: 'X-Mine', value: 'quote " and $' },
    ],
    body: '{"名":"值"}',
  });
  assert.equal(made.status, 200, made.body);
  const got = seen.at(-1)!;
  assert.deepEqual([got.method, got.url, got.body, got.headers['x-mine']], ['POST', '/a%20b?x=%22', '{"名":"值"}', 'quote " and $']);
  assert.equal(got.headers['x-shop-key'], undefined);
  assert.ok(made.headers.some(({ name, value }) => name === 'x-upstream' && value === 'yes'));
  for (const name of ['Host', 'content-length', 'Connection']) {
    const refused = await attempt({ path: '/echo/x', headers: [{ name, value: 'evil.test' }] });
    assert.deepEqual([refused.http, refused.code], [400, 'core/api/invalid-request'], name);
  }
});

test('bytes that are no text come as base64, long bodies are cut', async () => {
  const bytes = await attempt({ consumer: 'shop', path: '/echo/bytes' });
  assert.deepEqual([bytes.encoding, bytes.body], ['base64', Buffer.from([0xff, 0xfe, 0]).toString('base64')]);
  await attempt({ consumer: 'shop', path: `/echo/${'p'.repeat(7000)}` });
  assert.ok((await api(weir, '/api/v1/audit?action=call.try&limit=1')).text.length < 2000, 'a long path does not fill the audit trail');
  const long = await attempt({ consumer: 'shop', path: '/echo/long' });
  assert.deepEqual([long.status, long.truncated, long.encoding, Buffer.byteLength(long.body) <= 262_144], [200, true, 'utf8', true]);
  assert.ok(long.body.length > 87_000 && /^长+$/.test(long.body));
});

test('only what a route of the project takes is called', async () => {
  const before = seen.length;
  for (const at of ['http://127.0.0.1/echo/x', '//evil.test/x', '/nowhere', '/echo/\r\nx: y', '/other/x', '']) {
    const refused = await attempt({ consumer: 'shop', path: at });
    assert.ok([400, 422].includes(refused.http), `${at}: ${refused.http}`);
  }
  const other = await attempt({ path: '/other/x' }, 'second');
  assert.deepEqual([other.http, other.status], [200, 200], 'its own project may');
  assert.equal(seen.length, before + 1);
  assert.equal((await attempt({ consumer: 'nobody', path: '/items' })).http, 404);
});

test('the command line does the same and tells by its exit code', async () => {
  const good = await weir.cli('route', 'call', 'GET /items?name=pen', '--consumer', 'shop');
  assert.deepEqual([good.code, good.stdout.trim()], [0, '[{"id":1,"name":"pen"}]'], good.stderr);
  assert.match(good.stderr, /200 by default\/data-api\.items/);
  const refused = await weir.cli('route', 'call', '/items');
  assert.equal(refused.code, 1);
  const sent = await weir.cli('route', 'call', 'POST /echo/z', '--consumer', 'shop', '-H', 'x-mine: 7', '-d', 'hello');
  assert.deepEqual([sent.code, seen.at(-1)!.body, seen.at(-1)!.headers['x-mine']], [0, 'hello', '7'], sent.stderr);
});

function documents(port: number): string {
  const resource = (kind: string, name: string, spec: string, project = 'default') =>
    `apiVersion: weir/v1\nkind: ${kind}\nmetadata: { name: ${name}, project: ${project} }\nspec: ${spec}\n`;
  const sql = '"SELECT id, name FROM item <where><if test=\\"name != null\\"> name = #{name} </if></where> ORDER BY id"';
  return [
    resource('Connection', 'shop', '{ type: sqlite, file: shop.db }'),
    resource('Plan', 'small', '{ policies: [{ type: rate-limit, limit: 3, window: 1h }] }'),
    resource('Consumer', 'shop', '{}'),
    resource('Consumer', 'small', '{ plan: small }'),
    resource(
      'DataApi',
      'items',
      `{ connection: shop, path: /items, parameters: { name: { schema: { type: string } } }, sql: ${sql}, auth: [{ type: api-key }] }`,
    ),
    resource('Upstream', 'echo', `{ targets: [{ url: "http://127.0.0.1:${port}" }] }`),
    resource(
      'Route',
      'echo',
      '{ match: { paths: ["/echo/**"] }, upstream: echo, rewrite: /**, auth: [{ type: api-key, header: x-shop-key }] }',
    ),
    resource('Upstream', 'echo', `{ targets: [{ url: "http://127.0.0.1:${port}" }] }`, 'second'),
    resource('Route', 'other', '{ match: { paths: ["/other/**"] }, upstream: echo }', 'second'),
  ].join('---\n');
}
