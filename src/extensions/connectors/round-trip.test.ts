/**
 * Aim: every value of every type arrives as it left, between all systems.
 * Method: type matrices with their edges on real servers, carried from source to sink in small batches, both
 * sides compared by an order-free checksum of every column; then once more, which must change nothing.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { checksumStream } from '../../../test/checksum.ts';
import { startMariadb, startPostgres } from '../../../test/servers.ts';
import type { Connector, WriteMode } from '../../sdk/connector.ts';
import type { ColumnType, StreamSchema } from '../../sdk/record.ts';
import { connect, suiteTools } from '../../sdk/suites/connector-tools.ts';
import maria from './mysql/index.ts';
import postgres from './postgres/index.ts';
import sqlite from './sqlite/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-trip-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const tools = suiteTools(folder);
const signal = () => AbortSignal.timeout(60_000);
const TEXTS = ['', ' ', '\\N', 'tab\tnew\nline\rback\\slash', '堰 都江堰', '😀👩‍👩‍👧', 'it\'s "quoted"', '\\.', '\b\f\v\u0001', 'ÿ'];

const [pgServer, myServer] = await Promise.all([startPostgres(), startMariadb()]);
const pgConfig =
  'missing' in pgServer
    ? undefined
    : { host: pgServer.host, port: pgServer.port, user: pgServer.user, password: pgServer.password, database: pgServer.database };
const myConfig =
  'missing' in myServer
    ? undefined
    : { host: myServer.host, port: myServer.port, user: myServer.user, password: myServer.password, database: myServer.database };
after(async () => {
  if (!('missing' in pgServer)) await pgServer.stop();
  if (!('missing' in myServer)) await myServer.stop();
});

const skipPg = pgConfig ? false : 'PostgreSQL is missing';
const skipBoth = pgConfig && myConfig ? false : 'PostgreSQL or MariaDB is missing';

async function find(connector: Connector, name: string): Promise<StreamSchema> {
  const found = (await connector.discover(signal())).find((stream) => stream.name === name);
  assert.ok(found, name);
  return found;
}

async function carry(
  from: Connector,
  stream: StreamSchema,
  to: Connector,
  namespace: string | undefined,
  table: string,
  write: WriteMode,
  batchBytes = 4096,
): Promise<void> {
  const target = {
    pipeline: 'trip',
    stream: stream.name,
    run: 'r',
    epoch: 1,
    namespace,
    table,
    schema: stream,
    write,
    key: write === 'upsert' ? stream.primaryKey : [],
    adopt: false,
    allowEmpty: false,
  };
  const session = await to.sink!.open(target, signal());
  try {
    for await (const batch of from.source!.read({ stream, mode: { type: 'full' }, batchBytes }, signal()))
      await session.write(batch, signal());
    await (write === 'replace' ? session.finish(signal()) : session.commit(null, signal()));
  } finally {
    await session.close();
  }
}

async function compare(
  from: Connector,
  name: string,
  to: Connector,
  target: { namespace?: string; table: string; name: string },
): Promise<void> {
  const stream = await find(from, name);
  const types = Object.fromEntries(stream.columns.map((column) => [column.name, column.type])) as Record<string, ColumnType>;
  const expected = await checksumStream(from, stream, types);
  assert.ok(expected.rows > 0);
  for (const write of ['upsert', 'upsert', 'replace'] as const) {
    await carry(from, stream, to, target.namespace, target.table, write);
    assert.deepEqual(await checksumStream(to, await find(to, target.name), types), expected, `${name} by ${write}`);
  }
}

const PG_MATRIX = `
  CREATE SCHEMA "Quelle 源";
  CREATE TYPE "Quelle 源".mood AS ENUM ('sad', 'happy');
  CREATE DOMAIN "Quelle 源".small AS numeric(6,2);
  CREATE TABLE "Quelle 源"."Matrix 1" (
    id bigint PRIMARY KEY, b boolean, i2 smallint, i4 integer, i8 bigint, n numeric(38,10), free numeric, dom "Quelle 源".small,
    f4 real, f8 double precision, t text, v varchar(20), c char(5), raw bytea, d date, tm time, ts timestamp, tz timestamptz,
    j json, jb jsonb, u uuid, arr text[], iv interval, m "Quelle 源".mood, ip inet);`;
const PG_ROWS = `
  INSERT INTO "Quelle 源"."Matrix 1" VALUES
  (1, true, -32768, -2147483648, -9223372036854775808, -1234567890123456789012345678.0123456789, 1e-30, 1.5, 'NaN', '-Infinity', '',
    '', '', '',
   '0001-01-01', '00:00', '0001-01-01 00:00:00', '0001-01-01 00:00:00+00', '{"a": 1.0, "a":2}', '{"b": [1e3, 12345678901234567890.123]}',
   '00000000-0000-0000-0000-000000000000', '{}', '1 year 2 mons -3 days 04:05:06.789', 'sad', '::1'),
  (2, false, 32767, 2147483647, 9223372036854775807, 9999999999999999999999999999.9999999999, 123456789012345678901234567890.5,
    -9999.99, 3.4028235e38, 5e-324,
   E'tab\\tnl\\ncr\\r\\\\N', '堰😀', 'ab', '\\x00ff5c0a09', '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.999999', '2025-06-30 23:59:59.123456+08',
   '"\\u5830"', 'null', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '{"a b",NULL,"x\\\\y"}', '0', 'happy', '10.0.0.0/8'),
  (3, ${Array(24).fill('NULL').join(', ')}),
  (4, true, 0, 0, 9007199254740993, 0.0000000001, 'NaN', 0, 0.1, 0.1, '\\N', '\\N', '\\N', '\\x5c4e', '2000-02-29', '12:00',
    'infinity', '-infinity',
   '[]', '{}', gen_random_uuid(), '{NULL}', '1 day', 'sad', '192.168.0.1')`;

if (pgConfig) {
  const client = new pg.Client(pgConfig);
  client.on('error', () => {});
  await client.connect();
  after(() => client.end());
  const source = connect(postgres as never, pgConfig, tools);
  await client.query(PG_MATRIX);
  await client.query(PG_ROWS);

  test('PostgreSQL to PostgreSQL: every type and edge, the text of each value the same', async () => {
    await compare(source, 'Quelle 源.Matrix 1', source, { namespace: 'Ziel "2"', table: 'Kopie', name: 'Ziel "2".Kopie' });
    const columns =
      'id, b, i2, i4, i8, n, free, dom, f4, f8, t, v, rtrim(c), raw, d, tm, ts, tz, j::text, jb::text, u, arr::text, iv::text, m::text';
    const difference = await client.query(
      `SELECT ${columns} FROM "Quelle 源"."Matrix 1" EXCEPT SELECT ${columns} FROM "Ziel ""2"""."Kopie"`,
    );
    assert.deepEqual(difference.rows, []);
  });

  test('PostgreSQL to SQLite: all that SQLite can hold', async () => {
    await client.query(`CREATE TABLE "Quelle 源".lite AS SELECT id, b, i2, i4, i8, n, f8, t, v, raw, d, tm, ts, tz, j, jb, u, arr FROM "Quelle 源"."Matrix 1";
      ALTER TABLE "Quelle 源".lite ADD PRIMARY KEY (id)`);
    const sink = connect(sqlite as never, { file: 'lite.db' }, tools);
    await compare(source, 'Quelle 源.lite', sink, { table: 'lite', name: 'lite' });
    await sink.close();
  });
  after(() => source.close());
}

test('SQLite to PostgreSQL and back', { skip: skipPg }, async () => {
  const database = new DatabaseSync(path.join(folder, 'erp.db'));
  database.exec(`CREATE TABLE items (id INTEGER PRIMARY KEY, big BIGINT NOT NULL, price DECIMAL(12,2), ratio REAL, name TEXT,
    note VARCHAR(5), raw BLOB,
    made DATETIME, day DATE, flag BOOLEAN, doc JSON, any_type)`);
  const insert = database.prepare('INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  TEXTS.forEach((text, i) =>
    insert.run(
      i + 1,
      9007199254740993n + BigInt(i),
      i + 0.25,
      1 / (i + 3),
      text,
      'longer than said',
      Buffer.from([0, i, 92, 10]),
      `2025-01-0${(i % 9) + 1} 10:11:12.123456`,
      '2024-02-29',
      i % 2,
      '{"n": 12345678901234567890}',
      `any ${i}`,
    ),
  );
  insert.run(100, -(2n ** 63n), null, null, null, null, null, null, null, null, null, null);
  database.close();
  const source = connect(sqlite as never, { file: 'erp.db' }, tools);
  const sink = connect(postgres as never, pgConfig!, tools);
  await compare(source, 'items', sink, { namespace: 'lite', table: 'items', name: 'lite.items' });
  const back = connect(sqlite as never, { file: 'back.db' }, tools);
  await compare(sink, 'lite.items', back, { table: 'items', name: 'items' });
  for (const connector of [source, sink, back]) await connector.close();
});

test('MariaDB to PostgreSQL: every type and edge', { skip: skipBoth }, async () => {
  const client = await mysql.createConnection({ ...myConfig!, multipleStatements: true, timezone: 'Z' });
  await client.query(`SET time_zone = '+08:00'; CREATE TABLE \`Matrix 表\` (
    id bigint unsigned PRIMARY KEY, t1 tinyint(1), tu tinyint unsigned, s smallint, su smallint unsigned, m mediumint, i int,
      iu int unsigned, b bigint,
    n decimal(38,10), f float, d double, bit1 bit(1), bit64 bit(64), y year, v varchar(200), tx longtext, bin binary(4),
      vb varbinary(300), bl longblob,
    da date, ti time(6), dt datetime(6), ts timestamp(6) NULL, dt0 datetime, j json, e enum('a','堰'), st set('x','y'), u uuid, \`order by\` int)
    CHARACTER SET utf8mb4`);
  const rows: unknown[][] = TEXTS.map((text, n) => [
    n + 1,
    n % 2,
    255,
    -32768,
    65535,
    -8388608,
    -2147483648,
    4294967295,
    '9223372036854775807',
    '9999999999999999999999999999.9999999999',
    0.1,
    1e-300,
    n % 2,
    Buffer.alloc(8, 255),
    2025,
    text,
    text + text,
    Buffer.from([1, 0, 9, 10]),
    Buffer.from([...Array(256).keys()]),
    Buffer.from(text),
    '1000-01-01',
    '23:59:59.999999',
    '9999-12-31 23:59:59.999999',
    '2025-06-30 23:59:59.123456',
    '2025-06-30 00:00:01',
    '{"a": 1.10, "b": "堰"}',
    '堰',
    'x,y',
    '123e4567-e89b-12d3-a456-426614174000',
    n,
  ]);
  rows.push(['18446744073709551615', ...Array<null>(29).fill(null)]);
  await client.query('INSERT INTO `Matrix 表` VALUES ?', [rows]);
  const source = connect(maria as never, myConfig!, tools);
  const sink = connect(postgres as never, pgConfig!, tools);
  await compare(source, 'Matrix 表', sink, { namespace: 'maria', table: 'Matrix 表', name: 'maria.Matrix 表' });
  const check = new pg.Client(pgConfig!);
  await check.connect();
  const { rows: got } =
    await check.query(`SELECT id::text, f::text, bit1, bit64::text, ts::text, dt::text, e, encode(vb, 'hex') AS vb, v FROM maria."Matrix 表"
    WHERE id <= 4 ORDER BY id`);
  assert.equal(got[0].bit64, '18446744073709551615');
  assert.equal(got[0].f, '0.1');
  assert.equal(got[0].vb, Buffer.from([...Array(256).keys()]).toString('hex'));
  assert.deepEqual(
    got.map((row) => row.v),
    TEXTS.slice(0, 4),
  );
  assert.equal(new Date(got[0].ts).toISOString(), '2025-06-30T15:59:59.123Z');
  await check.end();

  await client.query(
    `SET sql_mode = ''; CREATE TABLE zeros (id int PRIMARY KEY, d date); INSERT INTO zeros VALUES (1, '2025-01-01'), (7, '0000-00-00')`,
  );
  const strict = await find(source, 'zeros');
  await assert.rejects(
    async () => carry(source, strict, sink, 'maria', 'zeros', 'append'),
    /row id=7, column "d": "0000-00-00" is no date/,
  );
  const lenient = connect(maria as never, { ...myConfig!, zeroDates: 'null' }, tools);
  await carry(lenient, strict, sink, 'maria', 'zeros', 'append');
  assert.equal((await checksumStream(sink, await find(sink, 'maria.zeros'))).rows, 2);
  await client.end();
  for (const connector of [source, sink, lenient]) await connector.close();
});
