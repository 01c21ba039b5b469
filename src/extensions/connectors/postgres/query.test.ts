/**
 * Aim: the PostgreSQL query engine answers exact JSON, keeps its caps, cancels, and cannot write.
 * Method: a real server with a superuser login (the worst case); shapes go to the engine past the compiler.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { startPostgres, type TestDatabase } from '../../../../test/servers.ts';
import {
  type BoundValue,
  type ColumnType,
  QueryFailure,
  type QueryEngine,
  type QueryLimits,
  silentLog,
  systemClock,
} from '../../../sdk/index.ts';
import { createPostgresQuery } from './query.ts';

const started = await startPostgres();
const skip = 'missing' in started ? started.missing : false;
const server = started as TestDatabase;
const signal = new AbortController().signal;
const limits: QueryLimits = { rowsMax: 100, bytesMax: 10_000, timeoutMs: 10_000 };
let engine: QueryEngine;
let admin: pg.Client;

function engineAs(user: string, password: string): QueryEngine {
  return createPostgresQuery({
    clock: systemClock,
    log: silentLog,
    connect: async () => {
      const client = new pg.Client({
        host: server.host,
        port: server.port,
        database: server.database,
        user,
        password,
        types: { getTypeParser: () => (v: string) => v } as never,
      });
      client.on('error', () => {});
      await client.connect();
      return client;
    },
  });
}

before(async () => {
  if (skip) return;
  admin = new pg.Client({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    database: server.database,
  });
  admin.on('error', () => {});
  await admin.connect();
  await admin.query(`
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE item (id bigint PRIMARY KEY, name text, price numeric(30,10), ok bool, at timestamptz, ts timestamp, day date, doc json,
      docb jsonb, raw bytea, f float8, tags text[], nums int[], u uuid, m mood, span interval);
    INSERT INTO item VALUES (9007199254740993, '堰 "q"', 12345678901234567890.0123456789, true,
      '2026-01-31T23:59:59.123456+08', '2026-01-31 23:59:59.5', '2026-02-01',
      '{"a": 1.00,  "a": 2}', '{"b": 1.00}', '\\x00ff', 'NaN', ARRAY['a,b', NULL, 'q"\\', ''], '[0:1]={1,2}',
      '00000000-0000-0000-0000-000000000001', 'ok', '1 day 2 hours');
    INSERT INTO item (id, at, f, tags, nums) VALUES (2, 'infinity', 0.1, '{}', '{{1,2},{3,NULL}}');
    CREATE TABLE pair (a text NOT NULL, b int NOT NULL, c int UNIQUE, UNIQUE (a, b));
    CREATE UNIQUE INDEX ON pair (b) WHERE c > 0; CREATE UNIQUE INDEX ON pair ((b + 1));
    CREATE SEQUENCE seq;
    CREATE VIEW sneaky AS SELECT pg_read_file('PG_VERSION') AS v;
    CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'INSERT INTO pair VALUES (''x'', 1, 1) RETURNING 1';
    CREATE FUNCTION escapes() RETURNS text LANGUAGE plpgsql AS $$
      BEGIN PERFORM set_config('transaction_read_only', 'off', true); RETURN 'x'; END $$;
    DROP ROLE IF EXISTS weir_query_reader; CREATE ROLE weir_query_reader LOGIN PASSWORD 'reader-password';
    GRANT SELECT ON item TO weir_query_reader; REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
  engine = engineAs(server.user, server.password);
});
after(async () => {
  if (skip) return;
  await engine.close();
  await admin.end();
  await server.stop();
});

function run(sql: string, values: BoundValue[] = [], own: Partial<QueryLimits> = {}, sort: string[] = [], on: AbortSignal = signal) {
  return engine.run({ sql, parameterTypes: values.map((v) => v.type) }, values, { ...limits, ...own }, sort, on);
}
const bound = (value: string | null, type: ColumnType = 'text'): BoundValue => ({ value, type });
const text = (json: Uint8Array) => Buffer.from(json).toString();
const reason =
  (...expected: string[]) =>
  (error: unknown) =>
    error instanceof QueryFailure && (assert.ok(expected.includes(error.reason), `${error.reason}: ${error.message}`), true);

test('values keep every digit', { skip }, async () => {
  const { json, rows } = await run('SELECT * FROM item ORDER BY id DESC');
  assert.equal(rows, 2);
  assert.equal(
    text(json),
    '[{"id":9007199254740993,"name":"堰 \\"q\\"","price":12345678901234567890.0123456789,"ok":true,' +
      '"at":"2026-01-31T15:59:59.123456+00:00",' +
      '"ts":"2026-01-31T23:59:59.5",' +
      '"day":"2026-02-01","doc":{"a": 1.00,  "a": 2},"docb":{"b": 1.00},"raw":"\\\\x00ff","f":"NaN",' +
      '"tags":["a,b",null,"q\\"\\\\",""],"nums":[1,2],"u":"00000000-0000-0000-0000-000000000001","m":"ok","span":"P1DT2H"},' +
      '{"id":2,"name":null,"price":null,"ok":null,"at":"infinity","ts":null,"day":null,"doc":null,"docb":null,' +
      '"raw":null,"f":0.1,"tags":[],"nums":[[1,2],[3,null]],"u":null,"m":null,"span":null}]',
  );
  assert.equal(json.byteLength, json.buffer.byteLength);
  JSON.parse(text(json));
});

test('values are bound; a value the server cannot take is told apart', { skip }, async () => {
  const { json } = await run('SELECT $1::int8 AS a, $2::text AS b, $3::bool AS c, $2::text AS d, $4::date AS e', [
    bound('9223372036854775807', 'int64'),
    bound("x'; DROP TABLE item; --"),
    bound('f', 'boolean'),
    bound(null, 'date'),
  ]);
  assert.equal(text(json), '[{"a":9223372036854775807,"b":"x\'; DROP TABLE item; --","c":false,"d":"x\'; DROP TABLE item; --","e":null}]');
  await assert.rejects(run('SELECT $1::date AS d', [bound('0000-01-01', 'date')]), reason('value'));
  await assert.rejects(run('SELECT 1 / 0 AS d'), reason('failed'));
});

test('caps: rows, bytes and time are failures, and the connection goes on', { skip }, async () => {
  await assert.rejects(run('SELECT generate_series(1, 1000000) AS n'), reason('rows'));
  await assert.rejects(run('SELECT generate_series(1, 3000000) AS n', [], { rowsMax: 1e9, bytesMax: 2000 }), reason('bytes'));
  await assert.rejects(run('SELECT count(*) FROM generate_series(1, 1000000000) AS n', [], { timeoutMs: 50 }), reason('timeout'));
  assert.equal((await run('SELECT generate_series(1, 100) AS n')).rows, 100);
});

test('an aborted call is cancelled at the server', { skip }, async () => {
  const abort = new AbortController();
  const call = run(
    "SELECT count(*), 'abort-me' AS mark FROM generate_series(1, 1000000000) AS n",
    [],
    { timeoutMs: 60_000 },
    [],
    abort.signal,
  );
  const running = async () =>
    (
      await admin.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%abort-me%' AND pid <> pg_backend_pid()",
      )
    ).rows[0].n as number;
  await until(async () => (await running()) === 1);
  abort.abort(new QueryFailure('cancelled', { en: 'gone', zh: '已离开' }));
  await assert.rejects(call, reason('cancelled'));
  await until(async () => (await running()) === 0);
  assert.equal((await run('SELECT 1 AS n')).rows, 1);
});

test('a lost connection is replaced in the background', { skip }, async () => {
  await run('SELECT 1 AS n');
  await admin.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  await until(() =>
    run('SELECT 1 AS n').then(
      () => true,
      (error: unknown) => (reason('unavailable')(error), false),
    ),
  );
});

test('a page tells whether more follows, and a sort that is not unique fails', { skip }, async () => {
  const page = await run('SELECT id FROM item ORDER BY id DESC LIMIT $1::int8', [bound('2', 'int64')], { pageRows: 1 }, ['id']);
  assert.deepEqual([page.more, page.rows, page.lastSort], [true, 1, [{ value: '9007199254740993', type: 'int64' }]]);
  await assert.rejects(run('SELECT 1 AS k FROM item', [], { pageRows: 1 }, ['k']), reason('failed'));
});

test('describe: columns, origins, bad SQL', { skip }, async () => {
  const columns = await engine.describe(
    { sql: 'SELECT id, name AS n, price + 1 AS p, tags FROM item WHERE id > $1 AND name = $2::text', parameterTypes: ['text', 'text'] },
    signal,
  );
  assert.deepEqual(
    columns.map((c) => [c.name, c.type, c.origin?.namespace, c.origin?.table, c.origin?.column]),
    [
      ['id', 'int64', 'public', 'item', 'id'],
      ['n', 'text', 'public', 'item', 'name'],
      ['p', 'decimal', undefined, undefined, undefined],
      ['tags', 'json', 'public', 'item', 'tags'],
    ],
  );
  await assert.rejects(engine.describe({ sql: 'SELECT nope FROM item', parameterTypes: [] }, signal), reason('failed'));
  assert.equal((await run('SELECT 1 AS n')).rows, 1);
});

test('uniqueness: keys yes; nullable, partial, expression and partly covered ones no', { skip }, async () => {
  const unique = (table: string, columns: string[], namespace?: string) => engine.isUnique({ namespace, table }, columns, signal);
  const answers = [];
  for (const [table, columns, namespace] of [
    ['item', ['id']],
    ['item', ['id'], 'public'],
    ['item', ['id', 'name']],
    ['pair', ['a', 'b']],
    ['pair', ['b']],
    ['pair', ['c']],
    ['pair', ['a']],
    ['nope', ['id']],
    ['item', ['id'], 'other'],
  ] as [string, string[], string?][]) {
    answers.push(await unique(table, columns, namespace));
  }
  assert.deepEqual(answers, [true, true, false, true, false, false, false, false, false]);
});

test('publishing tells whether the login can write', { skip }, async () => {
  assert.match((await engine.canWrite(signal))!.en, /superuser/);
  const reader = engineAs('weir_query_reader', 'reader-password');
  assert.equal(await reader.canWrite(signal), null);
  await admin.query('GRANT UPDATE ON item TO weir_query_reader');
  assert.match((await reader.canWrite(signal))!.en, /change tables/);
  await reader.close();
});

test('publishing refuses what acts, also behind a view', { skip }, async () => {
  for (const sql of [
    "SELECT pg_read_file('PG_VERSION') AS v",
    'SELECT * FROM sneaky',
    "SELECT * FROM pg_ls_dir('.') AS d",
    'SELECT id FROM item FOR UPDATE',
    "SELECT nextval('seq') AS n",
    'SELECT pg_sleep(1) AS s',
    'WITH d AS (DELETE FROM item RETURNING id) SELECT * FROM d',
    "SELECT set_config('a.b', 'c', false) AS s",
    "SELECT lo_import('/etc/passwd') AS l",
    "SELECT query_to_xml('SELECT 1', true, true, '') AS x",
  ]) {
    await assert.rejects(engine.describe({ sql, parameterTypes: [] }, signal), reason('refused'), sql);
  }
});

test('nothing is written at run time either, on a superuser login', { skip }, async () => {
  const attempts = [
    "INSERT INTO pair VALUES ('a', 1, 1) RETURNING a",
    'UPDATE item SET name = name RETURNING id',
    'DELETE FROM item RETURNING id',
    'SELECT * INTO copied FROM item',
    'CREATE TABLE x AS SELECT 1 AS a',
    'WITH d AS (DELETE FROM item RETURNING id) SELECT * FROM d',
    "SELECT nextval('seq') AS n",
    'SELECT writes() AS w',
    'SELECT id FROM item FOR UPDATE',
    'TRUNCATE item',
    'SELECT lo_create(0) AS l',
    'DROP TABLE item',
    "SELECT setval('seq', 5) AS s",
    'SELECT 1; DELETE FROM item',
    'SELECT 1; SELECT 2',
    'COMMIT; DELETE FROM item',
    "COPY item TO PROGRAM 'true'",
    'SELECT escapes() AS e',
    'LOCK TABLE item',
    'VACUUM item',
    'SET transaction_read_only = off',
  ];
  for (const sql of attempts) {
    const outcome = await run(sql).then(
      () => 'answered',
      (error: unknown) => (error instanceof QueryFailure ? error.reason : 'other'),
    );
    if (sql !== 'SELECT lo_create(0) AS l') assert.notEqual(outcome, 'answered', sql);
    const left = await admin.query(
      'SELECT (SELECT count(*) FROM item)::int AS items, (SELECT count(*) FROM pair)::int AS pairs, ' +
        "(SELECT is_called FROM seq) AS called, to_regclass('copied') AS copied, " +
        '(SELECT count(*) FROM pg_largeobject_metadata)::int AS large',
    );
    assert.deepEqual(left.rows[0], { items: 2, pairs: 0, called: false, copied: null, large: 0 }, sql);
  }
});

test('a session cannot be talked out of reading', { skip }, async () => {
  await run('SET transaction_read_only = off').catch(() => undefined);
  await run('SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE').catch(() => undefined);
  await run('COMMIT').catch(() => undefined);
  await run('SET default_transaction_read_only = off').catch(() => undefined);
  await assert.rejects(run("INSERT INTO pair VALUES ('a', 1, 1) RETURNING a"), reason('refused', 'failed'));
});

test('a table that changed its columns is prepared anew', { skip }, async () => {
  await admin.query('CREATE TABLE moving (a int); INSERT INTO moving VALUES (1)');
  assert.equal(text((await run('SELECT * FROM moving')).json), '[{"a":1}]');
  await admin.query("ALTER TABLE moving ADD COLUMN b text DEFAULT 'x'");
  assert.equal(text((await run('SELECT * FROM moving')).json), '[{"a":1,"b":"x"}]');
});

test('a server that is gone is unavailable within a bounded time', { skip }, async () => {
  const nowhere = createPostgresQuery({ clock: systemClock, log: silentLog, connect: () => Promise.reject(new Error('refused')) });
  await assert.rejects(nowhere.warm(1, signal));
  await assert.rejects(nowhere.run({ sql: 'SELECT 1', parameterTypes: [] }, [], limits, [], signal), reason('unavailable'));
  await nowhere.close();
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = systemClock.monotonic() + 10_000;
  while (!(await condition())) {
    assert.ok(systemClock.monotonic() < end, 'the condition did not come true in 10 s');
    await systemClock.sleep(20);
  }
}
