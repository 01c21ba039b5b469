/**
 * Aim: the data API of DESIGN §4 on a real PostgreSQL, page by page; every sort type survives its cursor;
 * a SQLite query that blocks does not hold PostgreSQL up; hostile values stay values.
 * Method: a real server behind the real threads.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { hostileTexts } from '../../test/dataapi/hostile.ts';
import { type House, startHouse } from '../../test/dataapi/house.ts';
import { startPostgres, type TestDatabase } from '../../test/servers.ts';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { Problem } from '../base/problem.ts';
import { seededRandom } from '../base/random.ts';
import { createPostgresQuery } from '../extensions/connectors/postgres/query.ts';
import { createSqliteQuery } from '../extensions/connectors/sqlite/query.ts';
import type { CompiledDataApi } from '../sdk/dataapi.ts';
import type { QueryEngine } from '../sdk/query.ts';
import { createDataApiCompiler } from './compiler.ts';
import { createDataApiChecker } from './publish.ts';

const started = await startPostgres();
const skip = 'missing' in started ? started.missing : false;
const server = started as TestDatabase;
const folder = mkdtempSync(path.join(tmpdir(), 'weir-dataapi-pg-'));
const config = { host: server.host, port: server.port, user: server.user, password: server.password, database: server.database };
let house: House;
let engine: QueryEngine;

async function connectClient(): Promise<pg.Client> {
  const client = new pg.Client({ ...config, types: { getTypeParser: () => (value: string) => value } as never });
  client.on('error', () => {});
  await client.connect();
  return client;
}

before(async () => {
  if (skip) return;
  const admin = await connectClient();
  await admin.query(`
    CREATE SCHEMA chinook;
    CREATE TABLE chinook.invoice (invoice_id int PRIMARY KEY, customer_id int NOT NULL,
      invoice_date timestamp NOT NULL, total numeric(10,2));
    INSERT INTO chinook.invoice 
      SELECT i, i % 5 + 1, timestamp '2025-01-01' + i * interval '1 day', i * 1.10 FROM generate_series(1, 400) AS i;
    CREATE TABLE mixed (at timestamptz NOT NULL, price numeric NOT NULL, x float8 NOT NULL,
      name text COLLATE "C" NOT NULL, u uuid NOT NULL, PRIMARY KEY (at, price, x, name, u));
    INSERT INTO mixed SELECT timestamptz '2026-01-01' + (i % 3) * interval '1 microsecond',
      12345678901234567890.5 + i % 2, 0.1 * (i % 2), chr(65 + i % 3) || '''', md5(i::text)::uuid FROM generate_series(1, 150) AS i`);
  await admin.end();
  house = startHouse();
  engine = createPostgresQuery({ clock: systemClock, log: silentLog, connect: connectClient });
  house.connect(
    { project: 'default', name: 'warehouse', type: 'postgres', config, poolMax: 3 },
    { project: 'default', name: 'local', type: 'sqlite', config: { file: path.join(folder, 'l.db') }, poolMax: 2 },
  );
});
after(async () => {
  if (skip) return;
  await house.close();
  await engine.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

const EXAMPLE = {
  connection: 'warehouse',
  path: '/data/v1/customers/{customer_id}/invoices',
  parameters: {
    customer_id: { in: 'path', schema: { type: 'integer', minimum: 1 } },
    from: { in: 'query', schema: { type: 'string', format: 'date' } },
  },
  sql: `SELECT invoice_id, invoice_date, total FROM chinook.invoice
<where> customer_id = #{customer_id} <if test="from != null"> AND invoice_date >= #{from} </if> </where>
`,
  page: { mode: 'keyset', sort: ['invoice_id'], sizeDefault: 50, sizeMax: 1000 },
};

async function pages(api: CompiledDataApi, params: Record<string, string>, query: string): Promise<string[]> {
  const bodies: string[] = [];
  for (let next: string | undefined = query; next !== undefined; ) {
    assert.ok(bodies.length < 50);
    const answer = await house.call(api, { params, query: next });
    bodies.push(Buffer.from(answer.body).toString());
    next = answer.headers['link'] && /^<\?(.*)>/.exec(answer.headers['link'])![1]!;
  }
  return bodies;
}

test('DESIGN’s example, page by page', { skip }, async () => {
  const api = await house.publish(EXAMPLE, engine);
  assert.deepEqual(
    api.columns.map((c) => [c.name, c.type]),
    [
      ['invoice_id', 'int32'],
      ['invoice_date', 'timestamp'],
      ['total', 'decimal'],
    ],
  );
  const bodies = await pages(api, { customer_id: '3' }, 'page_size=30');
  assert.deepEqual(
    bodies.map((b) => (JSON.parse(b) as unknown[]).length),
    [30, 30, 20],
  );
  assert.ok(bodies[0]!.startsWith('[{"invoice_id":2,"invoice_date":"2025-01-03T00:00:00","total":2.20},'), bodies[0]!.slice(0, 100));
  const from = await pages(api, { customer_id: '3' }, 'from=2025-12-31');
  assert.deepEqual((JSON.parse(from[0]!) as { invoice_date: string }[])[0]!.invoice_date, '2026-01-03T00:00:00');
  assert.equal((await pages(api, { customer_id: '9223372036854775807' }, ''))[0], '[]');
});

test('every sort type survives its cursor, in mixed directions', { skip }, async () => {
  const api = await house.publish(
    {
      connection: 'warehouse',
      sql: 'SELECT * FROM mixed',
      page: { sort: ['at', '-price', 'x', '-name', 'u'], sizeDefault: 7, sizeMax: 7 },
    },
    engine,
  );
  const seen = (await pages(api, {}, '')).flatMap((b) => (JSON.parse(b) as { u: string }[]).map((r) => r.u));
  const admin = await connectClient();
  const { rows } = await admin.query('SELECT u FROM mixed ORDER BY at, price DESC, x, name DESC, u');
  await admin.end();
  assert.deepEqual(
    seen,
    (rows as { u: string }[]).map((r) => r.u),
  );
});

test('publishing warns about a login that can write, and refuses what is not unique or acts', { skip }, async () => {
  const compile = (spec: Record<string, unknown>) => {
    const result = createDataApiCompiler().compile({
      project: 'default',
      name: 'p',
      release: 'r',
      cursorKey: 'ab'.repeat(32),
      dialect: 'postgres',
      spec: { connection: 'warehouse', path: '/p', ...spec },
    });
    assert.ok(result.ok, JSON.stringify(result));
    return createDataApiChecker().checkPublishable(result.api, engine, new AbortController().signal);
  };
  const fine = await compile({ sql: 'SELECT 1 AS a' });
  assert.ok(fine.ok);
  assert.match(fine.warnings[0]!.en, /superuser/);
  const refused = async (spec: Record<string, unknown>) => JSON.stringify(await compile(spec));
  assert.match(
    await refused({ sql: 'SELECT customer_id FROM chinook.invoice', page: { sort: ['customer_id'] } }),
    /not a unique, not-null key/,
  );
  assert.match(
    await refused({ sql: 'SELECT i.invoice_id FROM chinook.invoice i JOIN mixed m ON true', page: { sort: ['invoice_id'] } }),
    /page\/table/,
  );
  assert.match(await refused({ sql: 'WITH d AS (DELETE FROM chinook.invoice RETURNING 1 AS a) SELECT * FROM d' }), /refuses it/);
  assert.match(await refused({ sql: 'SELECT a FROM nowhere' }), /relation .*nowhere.* does not exist/);
});

test('hostile values stay values', { skip }, async () => {
  const api = await house.publish(
    {
      connection: 'warehouse',
      parameters: { s: { schema: { type: 'string' } } },
      sql: 'SELECT #{s} AS s, (SELECT count(*) FROM chinook.invoice WHERE customer_id::text = #{s}) AS n',
    },
    engine,
  );
  for (const text of hostileTexts(seededRandom(21), 150)) {
    const { body } = await house.call(api, { query: `s=${encodeURIComponent(text)}` });
    assert.deepEqual(JSON.parse(Buffer.from(body).toString()), [{ s: text, n: 0 }]);
  }
});

test('a SQLite query that blocks does not hold PostgreSQL up', { skip }, async () => {
  const file = path.join(folder, 'l.db');
  new DatabaseSync(file).close();
  const sqlite = createSqliteQuery({ resolvePath: async () => file, clock: systemClock });
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000000) SELECT max(i) AS m FROM n';
  const slow = await house.publish({ connection: 'local', sql: endless, limits: { timeout: '1s' } }, sqlite);
  const quick = await house.publish({ connection: 'warehouse', sql: 'SELECT count(*) AS n FROM chinook.invoice' }, engine);
  await sqlite.close();
  let blocked = true;
  const slowCalls = [0, 1].map(() => house.call(slow).catch((error: Problem) => error.status));
  void Promise.all(slowCalls).then(() => (blocked = false));
  let answered = 0;
  for (; answered < 3; answered++) await house.call(quick);
  assert.ok(blocked, 'PostgreSQL answered while both engine threads were blocked');
  assert.deepEqual(await Promise.all(slowCalls), [504, 504]);
});

test('a deadline and a value the database cannot take', { skip }, async () => {
  const status = (call: Promise<unknown>) =>
    call.then(
      () => 200,
      (error: Problem) => `${error.status} ${error.code}`,
    );
  const slow = await house.publish(
    { connection: 'warehouse', sql: 'SELECT count(*) AS n FROM generate_series(1, 1000000000)', limits: { timeout: '100ms' } },
    engine,
  );
  assert.equal(await status(house.call(slow)), '504 core/dataapi/timeout');
  const dated = await house.publish(
    { connection: 'warehouse', parameters: { d: { schema: { type: 'string' } } }, sql: 'SELECT #{d}::date AS d' },
    engine,
  );
  assert.equal(await status(house.call(dated, { query: 'd=2026-02-30' })), '400 core/dataapi/value-refused');
  const failing = await house.publish(
    { connection: 'warehouse', parameters: { n: { schema: { type: 'integer' } } }, sql: 'SELECT 1 / #{n} AS x' },
    engine,
  );
  const problem = await house.call(failing, { query: 'n=0' }).then(
    () => undefined,
    (error: Problem) => error,
  );
  assert.equal(problem?.status, 502);
  assert.doesNotMatch(JSON.stringify(problem!.toBody('en')), /division|zero|SELECT|127\.0\.0\.1/i);
});
