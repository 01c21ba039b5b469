/**
 * Aim: the SQLite query engine answers exact JSON, keeps its caps, and cannot write by any statement.
 * Method: a real database file; statements are given to the engine as shapes, past the compiler.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { type BoundValue, type ColumnType, QueryFailure, type QueryLimits, systemClock } from '../../../sdk/index.ts';
import { createSqliteQuery } from './query.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-sqlite-query-'));
const file = path.join(folder, 'shop.db');
const writer = new DatabaseSync(file);
writer.exec(`
  CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(10,2), big BIGINT, ok BOOLEAN, doc JSON, raw BLOB, x REAL);
  INSERT INTO item VALUES (1, '堰 "q" ' || char(10), 9.5, 9223372036854775807, 1, '{"a": 1.00}', x'00ff', 1e300),
    (2, NULL, NULL, NULL, 0, 'not json', NULL, 9e999);
  CREATE TABLE pair (a TEXT NOT NULL, b INT NOT NULL, c INT, UNIQUE (a, b));
  CREATE UNIQUE INDEX pair_c ON pair (c);
  CREATE UNIQUE INDEX pair_part ON pair (b) WHERE c > 0;
  CREATE UNIQUE INDEX pair_expr ON pair (b + 1);
`);
const engine = createSqliteQuery({ resolvePath: async () => file, clock: systemClock });
after(async () => {
  await engine.close();
  writer.close();
  rmSync(folder, { recursive: true });
});

const signal = new AbortController().signal;
const limits: QueryLimits = { rowsMax: 100, bytesMax: 10_000, timeoutMs: 5_000 };

function run(sql: string, values: BoundValue[] = [], own: Partial<QueryLimits> = {}, sort: string[] = []) {
  return engine.run({ sql, parameterTypes: values.map((v) => v.type) }, values, { ...limits, ...own }, sort, signal);
}
const bound = (value: string | null, type: ColumnType = 'text'): BoundValue => ({ value, type });
const text = (json: Uint8Array) => Buffer.from(json).toString();
const reason = (expected: string) => (error: unknown) =>
  error instanceof QueryFailure && (assert.equal(error.reason, expected, error.message), true);

test('values keep every digit and byte', async () => {
  const { json, rows } = await run('SELECT id, name, price, big, ok, doc, raw, x FROM item ORDER BY id');
  assert.equal(rows, 2);
  assert.equal(
    text(json),
    '[{"id":1,"name":"堰 \\"q\\" \\n","price":9.5,"big":9223372036854775807,"ok":true,"doc":{"a": 1.00},"raw":"\\\\x00ff","x":1e+300},' +
      '{"id":2,"name":null,"price":null,"big":null,"ok":false,"doc":"not json","raw":null,"x":"Infinity"}]',
  );
  assert.equal(json.byteLength, json.buffer.byteLength, 'the bytes own their buffer, so it can be transferred');
});

test('values are bound by type', async () => {
  const { json } = await run('SELECT $2 AS b, $1 AS a, typeof($1) AS t, $3 AS c, typeof($4) AS d', [
    bound('9223372036854775807', 'int64'),
    bound("x' OR 1=1"),
    bound('t', 'boolean'),
    bound(null),
  ]);
  assert.equal(text(json), '[{"b":"x\' OR 1=1","a":9223372036854775807,"t":"integer","c":1,"d":"null"}]');
});

test('caps: rows, bytes and time are failures, never cut answers', async () => {
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n';
  await assert.rejects(run(numbers), reason('rows'));
  await assert.rejects(run(numbers, [], { rowsMax: 1e9, bytesMax: 2000 }), reason('bytes'));
  await assert.rejects(run(numbers, [], { rowsMax: 1e9, bytesMax: 1e9, timeoutMs: 30 }), reason('timeout'));
  assert.equal((await run(numbers.replace('< 1000000000', '< 100'))).rows, 100);
});

test('a page tells whether more follows, and a sort that is not unique fails', async () => {
  const sql = 'SELECT id, ok FROM item ORDER BY id LIMIT $1';
  assert.deepEqual(
    await run(sql, [bound('2', 'int64')], { pageRows: 1 }, ['id']).then(({ more, rows, lastSort }) => ({ more, rows, lastSort })),
    {
      more: true,
      rows: 1,
      lastSort: [{ value: '1', type: 'int64' }],
    },
  );
  assert.equal((await run(sql, [bound('3', 'int64')], { pageRows: 2 }, ['id'])).more, false);
  await assert.rejects(run('SELECT 1 AS k FROM item', [], { pageRows: 1 }, ['k']), reason('failed'));
});

test('describe answers columns and where they come from', async () => {
  const columns = await engine.describe(
    { sql: 'SELECT id, name AS n, price + 1 AS p FROM item WHERE id = $1', parameterTypes: ['int64'] },
    signal,
  );
  assert.deepEqual(
    columns.map((c) => [c.name, c.type, c.origin?.table, c.origin?.column]),
    [
      ['id', 'int64', 'item', 'id'],
      ['n', 'text', 'item', 'name'],
      ['p', 'text', undefined, undefined],
    ],
  );
  await assert.rejects(engine.describe({ sql: 'SELECT nope FROM item', parameterTypes: [] }, signal), reason('failed'));
  await assert.rejects(engine.describe({ sql: 'SELECT "nope" FROM item', parameterTypes: [] }, signal), reason('failed'));
});

test('uniqueness: keys yes; nullable, partial, expression and partly covered ones no', async () => {
  const unique = (table: string, columns: string[]) => engine.isUnique({ namespace: undefined, table }, columns, signal);
  assert.deepEqual(
    await Promise.all([
      unique('item', ['id']),
      unique('item', ['ID', 'name']),
      unique('pair', ['a', 'b']),
      unique('pair', ['b']),
      unique('pair', ['c']),
      unique('pair', ['a']),
      unique('nope', ['id']),
      unique('item', ['name']),
    ]),
    [true, false, true, false, false, false, false, false],
  );
  await assert.rejects(run("SELECT * FROM pragma_table_info('item')"), reason('refused'), 'the authorizer is back');
});

test('nothing can be written, attached, loaded or set', async () => {
  const attempts = [
    'INSERT INTO item (id) VALUES (9) RETURNING id',
    'UPDATE item SET name = 1 RETURNING id',
    'DELETE FROM item RETURNING id',
    'CREATE TABLE x (y)',
    'DROP TABLE item',
    "ATTACH 'other.db' AS o",
    "ATTACH ':memory:' AS o",
    'DETACH main',
    'PRAGMA query_only = 0',
    'PRAGMA table_info(item)',
    "SELECT * FROM pragma_table_info('item')",
    "SELECT load_extension('x')",
    'VACUUM',
    "VACUUM INTO 'copy.db'",
    'BEGIN',
    'SAVEPOINT s',
    'REINDEX',
    'ANALYZE',
    'CREATE TEMP TABLE x (y)',
    'CREATE VIRTUAL TABLE v USING fts5(x)',
    'SELECT 1; DELETE FROM item',
    "SELECT 1; ATTACH 'x' AS y",
    'SELECT 1;SELECT 2',
    'WITH x AS (SELECT 1) DELETE FROM item RETURNING id',
    "SELECT fts3_tokenizer('simple')",
  ];
  for (const sql of attempts) {
    await assert.rejects(
      run(sql),
      (error: unknown) => error instanceof QueryFailure && ['refused', 'failed', 'unavailable'].includes(error.reason),
      sql,
    );
  }
  assert.equal(writer.prepare('SELECT count(*) AS n FROM item').get()!['n'], 2);
});

test('a schema change is seen by statements already prepared', async () => {
  assert.equal(text((await run('SELECT * FROM pair')).json), '[]');
  writer.exec("ALTER TABLE pair ADD COLUMN d TEXT; INSERT INTO pair VALUES ('k', 1, NULL, 'v')");
  assert.equal(text((await run('SELECT * FROM pair')).json), '[{"a":"k","b":1,"c":null,"d":"v"}]');
});

test('a file that is none is unavailable', async () => {
  const other = createSqliteQuery({ resolvePath: async () => path.join(folder, 'none.db'), clock: systemClock });
  await assert.rejects(other.warm(1, signal), reason('unavailable'));
  await other.close();
});
