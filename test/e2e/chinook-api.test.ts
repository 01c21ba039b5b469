/**
 * Aim: the road from a database to a governed API, on real data: connections with a secret, a pipeline of all eleven
 * Chinook tables into a PostgreSQL warehouse, an API on it, called rightly and in every wrong way; and the database's
 * password is nowhere to be found. Method: the real command and CLI, a real PostgreSQL, contents compared by SQL.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import pg from 'pg';
import { startPostgres, type TestDatabase } from '../servers.ts';
import { CHINOOK_TABLES, chinookScript, contentsOf } from './chinook.ts';
import { api, call, filesHolding, must, newHome, untilReady, weirIn } from './tools.ts';
import { until, type Weir } from './weir.ts';

const CANARY = `canary-${randomBytes(16).toString('hex')}`;
const PATH = '/data/v1/customers';

let weir: Weir;
let missing = '';
let server: TestDatabase;
let source: pg.Client;
let warehouse: pg.Client;
const keys: Record<string, string> = {};

after(async () => {
  await weir?.stop();
  for (const client of [source, warehouse]) await client?.end();
  await server?.stop();
});
const home = newHome({ after }, 'chinook');

before(async () => {
  const script = chinookScript('Chinook_PostgreSql.sql');
  if ('missing' in script) return void (missing = script.missing);
  const started = await startPostgres();
  if ('missing' in started) return void (missing = started.missing);
  server = started;
  source = await connect(server.database);
  await source.query(script.sql);
  const [login, target] = [`loader_${server.database}`, `${server.database}_warehouse`];
  await source.query(`CREATE ROLE "${login}" LOGIN SUPERUSER PASSWORD '${CANARY}'`);
  await source.query(`CREATE DATABASE "${target}"`);
  warehouse = await connect(target);
  weir = await weirIn(home);
  writeFileSync(path.join(home, 'chinook.yaml'), documents(login, target));
  await must(weir, 'apply', '-f', 'chinook.yaml');
  await must(weir, 'run', 'start', 'chinook-to-warehouse', '--wait');
  for (const consumer of ['app', 'greedy']) keys[consumer] = (await must(weir, 'key', 'create', consumer)).trim();
  await untilReady(weir, 'DataApi', 'customer-invoices');
  await until('the keys are known', async () => (await ask('/1/invoices', 'app')).status === 200, 10);
});

test('all eleven tables came over, cell by cell', async (t) => {
  if (skipped(t)) return;
  for (const documented of CHINOOK_TABLES) {
    const table = documented.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase();
    assert.equal(contentsOf(await rowsOf(warehouse, `chinook.${table}`)), contentsOf(await rowsOf(source, `public.${table}`)), table);
  }
});

test('the API answers what SQL answers, through all pages and with its filter', async (t) => {
  if (skipped(t)) return;
  for (const customer of [1, 17, 59]) {
    const { rows } = await source.query('SELECT invoice_id, total::text FROM invoice WHERE customer_id = $1 ORDER BY 1', [customer]);
    const got: { invoice_id: number; total: unknown }[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const answer = await ask(`/${customer}/invoices?page_size=3${cursor && `&cursor=${cursor}`}`, 'app');
      assert.equal(answer.status, 200, answer.text);
      got.push(...(JSON.parse(answer.text) as typeof got));
      cursor = answer.headers['x-next-cursor'] as string | undefined;
    }
    assert.deepEqual(
      got.map((row) => [row.invoice_id, Number(row.total)]),
      rows.map((row) => [row.invoice_id, Number(row.total)]),
    );
  }
  const { rows } = await source.query("SELECT count(*)::int AS n FROM invoice WHERE customer_id = 1 AND invoice_date >= DATE '2023-01-01'");
  assert.ok(rows[0].n > 0);
  assert.equal((JSON.parse((await ask('/1/invoices?from=2023-01-01', 'app')).text) as unknown[]).length, rows[0].n);
});

test('without a key, with a false one, with a revoked one: 401', async (t) => {
  if (skipped(t)) return;
  assert.equal((await call(`${weir.gateway}${PATH}/1/invoices`)).status, 401);
  assert.equal((await call(`${weir.gateway}${PATH}/1/invoices`, { 'x-api-key': 'wk_false' })).status, 401);
  keys['old'] = (await must(weir, 'key', 'create', 'app')).trim();
  await until('the new key is known', async () => (await ask('/1/invoices', 'old')).status === 200, 10);
  const listed = JSON.parse(await must(weir, 'key', 'list', 'app', '-o', 'json')) as { id: string; hint: string }[];
  await must(weir, 'key', 'revoke', listed.find(({ hint }) => keys['old']!.startsWith(hint))!.id, '--yes');
  await until('the key is refused', async () => (await ask('/1/invoices', 'old')).status === 401, 10);
  assert.equal((await ask('/1/invoices', 'app')).status, 200, 'the other key goes on');
});

test('every wrong parameter is a 400 that names it', async (t) => {
  if (skipped(t)) return;
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['/none/invoices', /customer_id/],
    ['/0/invoices', /customer_id/],
    ['/1.5/invoices', /customer_id/],
    ['/1/invoices?from=2023-02-30', /from/],
    ['/1/invoices?from=', /from/],
    ['/1/invoices?from=2023-01-01&from=2023-01-02', /from/],
    ['/1/invoices?until=2023-01-01', /until/],
    ['/1/invoices?page_size=many', /page_size/],
    ['/1/invoices?page_size=1001', /page_size/],
    ['/99999999999999999999/invoices', /customer_id/],
  ];
  for (const [at, pointer] of wrong) {
    const answer = await ask(at, 'app');
    assert.equal(answer.status, 400, `${at}: ${answer.text}`);
    assert.match((JSON.parse(answer.text) as { errors: { pointer: string }[] }).errors.map((error) => error.pointer).join(), pointer, at);
  }
  const first = await ask('/1/invoices?page_size=1', 'app');
  const cursor = String(first.headers['x-next-cursor']);
  const swapped = cursor.replace(/^(.{12})(.)/, (_, head: string, letter: string) => head + (letter === 'A' ? 'B' : 'A'));
  for (const tampered of [swapped, cursor.slice(0, -3), 'x', `${cursor}.${cursor}`]) {
    const answer = await ask(`/1/invoices?cursor=${tampered}`, 'app');
    assert.deepEqual([answer.status, (JSON.parse(answer.text) as { code: string }).code], [400, 'core/dataapi/cursor-invalid'], tampered);
  }
});

test('past the limit: 429 with Retry-After, and the other consumer is served', async (t) => {
  if (skipped(t)) return;
  const statuses: number[] = [];
  let last: Awaited<ReturnType<typeof ask>> | undefined;
  for (let i = 0; i < 130 && last?.status !== 429; i++) statuses.push((last = await ask('/1/invoices?page_size=1', 'greedy')).status);
  assert.equal(last!.status, 429);
  assert.ok(statuses.length > 100, `${statuses.length - 1} were let through`);
  assert.ok(Number(last!.headers['retry-after']) >= 1);
  assert.equal((JSON.parse(last!.text) as { code: string }).code, 'policy/rate-limit/exceeded');
  assert.notEqual((await ask('/2/invoices', 'app')).status, 429);
});

test('publishing warns of a login that could write, and a check names each step and the one that fails', async (t) => {
  if (skipped(t)) return;
  assert.match(await must(weir, 'describe', 'DataApi', 'customer-invoices'), /superuser/);
  const right = await weir.cli('connection', 'check', 'warehouse');
  assert.equal(right.code, 0, right.stderr);
  assert.match(right.stdout, /^tcp +ok[^]*^login +ok[^]*superuser/m);
  const wrong = await weir.cli('connection', 'check', 'wrong');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stdout, /^tcp +ok[^]*^login +failed.*password/m);
  const run = await weir.cli('run', 'start', 'from-wrong', '--wait');
  assert.equal(run.code, 1);
  assert.match(run.stdout, /failed.*connector\/postgres\/login-failed/);
});

test('the published document speaks the language of its reader', async (t) => {
  if (skipped(t)) return;
  const read = async (language: string) => (await api(weir, '/api/v1/data-apis/openapi.json', { language })).text;
  const [en, zh] = [await read('en'), await read('zh-CN')];
  assert.match(en, /Rows of a page\./);
  assert.match(zh, /每页行数。/);
  assert.doesNotMatch(en + zh, /"x-zh/);
});

test('the password of the database is nowhere', async (t) => {
  if (skipped(t)) return;
  await until('the calls are stored', async () => /customers/.test(await must(weir, 'calls')), 10);
  const shown = [weir.output(), await must(weir, 'dump'), await must(weir, 'get', '-o', 'json')];
  for (const kind of ['Secret/pg-password', 'Connection/warehouse'])
    shown.push(await must(weir, 'history', ...kind.split('/'), '-o', 'json'));
  shown.push(
    await must(weir, 'calls', '-o', 'json', '--limit', '10000'),
    await must(weir, 'connection', 'check', 'warehouse', '-o', 'json'),
  );
  for (const at of ['/api/v1/audit?limit=200', '/api/v1/projects/default/resources/Secret/pg-password', '/openapi.json', '/metrics']) {
    const answer = await api(weir, at);
    assert.equal(answer.status, 200, `${at}: ${answer.text}`);
    shown.push(answer.text);
  }
  assert.match(shown.join(), /pg-password/);
  for (const form of [CANARY, Buffer.from(CANARY).toString('base64').slice(0, -4), Buffer.from(CANARY).toString('hex')]) {
    assert.equal(
      shown.find((text) => text.includes(form)),
      undefined,
    );
    assert.deepEqual(filesHolding(path.join(home, '.weir'), form), []);
  }
});

function ask(at: string, consumer: string) {
  return call(weir.gateway + PATH + at, { 'x-api-key': keys[consumer]! });
}

function skipped(t: TestContext): boolean {
  if (missing) t.skip(missing);
  return missing !== '';
}

async function connect(database: string): Promise<pg.Client> {
  const { host, port, user, password } = server;
  const client = new pg.Client({ host, port, user, password, database });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function rowsOf(client: pg.Client, table: string): Promise<unknown[][]> {
  const types = { getTypeParser: () => (value: string) => value } as never;
  return (await client.query({ text: `SELECT * FROM ${table}`, rowMode: 'array', types })).rows as unknown[][];
}

/** The documents of a user who does this for the first time; the API is the one of the design. */
function documents(login: string, target: string): string {
  const connection = (name: string, database: string, password: string) => `apiVersion: weir/v1
kind: Connection
metadata: { name: ${name} }
spec:
  { type: postgres, host: ${server.host}, port: ${server.port}, database: ${database}, user: ${login}, password: "\${secret:${password}}" }
`;
  const pipeline = (name: string, from: string) => `apiVersion: weir/v1
kind: Pipeline
metadata: { name: ${name} }
spec:
  source: { connection: ${from}, streams: ["public.*"] }
  sink: { connection: warehouse, schema: chinook, write: upsert }
  mode: full
  retry: { attempts: 1 }
`;
  const consumer = (name: string) => `apiVersion: weir/v1\nkind: Consumer\nmetadata: { name: ${name} }\nspec: {}\n`;
  const secret = (name: string, value: string) =>
    `apiVersion: weir/v1\nkind: Secret\nmetadata: { name: ${name} }\nspec: { value: ${value} }\n`;
  return [
    secret('pg-password', CANARY),
    secret('false-password', 'no-such-password'),
    connection('chinook', server.database, 'pg-password'),
    connection('warehouse', target, 'pg-password'),
    connection('wrong', server.database, 'false-password'),
    pipeline('chinook-to-warehouse', 'chinook'),
    pipeline('from-wrong', 'wrong'),
    consumer('app'),
    consumer('greedy'),
    `apiVersion: weir/v1
kind: DataApi
metadata: { name: customer-invoices, labels: { tier: core } }
spec:
  connection: warehouse
  path: /data/v1/customers/{customer_id}/invoices
  parameters:
    customer_id: { in: path, schema: { type: integer, minimum: 1 } }
    from:        { in: query, schema: { type: string, format: date } }
  sql: |
    SELECT invoice_id, invoice_date, total FROM chinook.invoice
    <where> customer_id = #{customer_id} <if test="from != null"> AND invoice_date >= #{from} </if> </where>
  page: { mode: keyset, sort: [invoice_id], sizeDefault: 50, sizeMax: 1000 }
  auth: [{ type: api-key }]
  policies: [{ type: rate-limit, algorithm: token-bucket, limit: 100, window: 1m, key: consumer.id }]
`,
  ].join('---\n');
}
