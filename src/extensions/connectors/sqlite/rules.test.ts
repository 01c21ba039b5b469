/**
 * Aim: SQLite's own rules: strict values, turns of several writers, foreign keys, ATTACH, a full disk.
 * Method: real files; a page limit stands in for the full disk, which gives the same error (SQLITE_FULL).
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { manualClock } from '../../../base/clock.ts';
import type { SinkTarget, WriteMode } from '../../../sdk/connector.ts';
import { decodeRows, Problem, type StreamSchema } from '../../../sdk/index.ts';
import { batchOf, connect, suiteTools } from '../../../sdk/suites/connector-tools.ts';
import { openFile } from './file.ts';
import sqlite from './index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-sqlite-rules-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const tools = suiteTools(folder);
const signal = () => AbortSignal.timeout(30_000);
const columns = [
  { name: 'id', type: 'int64', nullable: false, sourceType: '' },
  { name: 'code', type: 'text', nullable: true, sourceType: '' },
] as const;
const schemaOf = (table: string, more: Partial<StreamSchema> = {}): StreamSchema => ({
  name: table,
  namespace: undefined,
  table,
  columns,
  primaryKey: ['id'],
  uniqueKeys: [['id']],
  rowsEstimate: undefined,
  ...more,
});

async function load(
  file: string,
  table: string,
  rows: (string | null)[][],
  write: WriteMode,
  more: Partial<SinkTarget> = {},
  clock = tools.clock,
): Promise<void> {
  const connector = connect(sqlite as never, { file, lockTimeout: '200ms' }, { ...tools, clock });
  const schema = more.schema ?? schemaOf(table);
  const target: SinkTarget = {
    pipeline: 'p',
    stream: table,
    run: 'r',
    epoch: 1,
    namespace: undefined,
    table,
    schema,
    write,
    key: write === 'upsert' ? ['id'] : [],
    adopt: true,
    allowEmpty: false,
    ...more,
  };
  const session = await connector.sink!.open(target, signal());
  try {
    await session.write(batchOf(schema, rows), signal());
    await (write === 'replace' ? session.finish(signal()) : session.commit(null, signal()));
  } finally {
    await session.close();
    await connector.close();
  }
}

const fails = (code: string, key?: string) => (error: Problem) => {
  assert.ok(error instanceof Problem && error.code.endsWith(`/${code}`), String(error.stack));
  if (key !== undefined) assert.equal(error.options.values?.['key'], key, error.message);
  return true;
};
const withFile = <T>(file: string, work: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(path.join(folder, file), { readBigInts: true });
  try {
    return work(database);
  } finally {
    database.close();
  }
};

test('a wide decimal is kept exactly or refused, never rounded', async () => {
  const decimal = (precision?: number) =>
    schemaOf('wide', {
      columns: [
        columns[0],
        { name: 'code', type: 'decimal', nullable: true, sourceType: '', ...(precision ? { precision, scale: 2 } : {}) },
      ],
    });
  await load(
    'wide.db',
    'wide',
    [
      ['1', '12.50'],
      ['2', '0.30000000000000004'],
      ['3', '123456789012345678'],
    ],
    'append',
    { schema: decimal() },
  );
  await assert.rejects(
    load('wide.db', 'wide', [['4', '1234567890123456789.01']], 'append', { schema: decimal() }),
    fails('value-does-not-fit', 'id=4'),
  );
  await load('wider.db', 'wide', [['1', '1234567890123456789.01']], 'append', { schema: decimal(30) });
  assert.deepEqual(
    withFile('wider.db', (db) => db.prepare('SELECT code, typeof(code) AS kind FROM wide').get()),
    { __proto__: null, code: '1234567890123456789.01', kind: 'text' },
  );
});

test('a full disk is told as such, and the target stays as it was', async () => {
  await load('full.db', 'rows', [['1', 'a']], 'upsert');
  const big = 'x'.repeat(100_000);
  const connector = connect(sqlite as never, { file: 'full.db' }, tools);
  const target: SinkTarget = {
    pipeline: 'p',
    stream: 'rows',
    run: 'r2',
    epoch: 2,
    namespace: undefined,
    table: 'rows',
    schema: schemaOf('rows'),
    write: 'upsert',
    key: ['id'],
    adopt: false,
    allowEmpty: false,
  };
  // The limit lives in the connection, so it is set the moment one opens.
  const exec = DatabaseSync.prototype.exec;
  DatabaseSync.prototype.exec = function limitPages(sql: string) {
    exec.call(this, sql);
    if (sql.includes('synchronous = FULL')) exec.call(this, 'PRAGMA main.max_page_count = 12');
  };
  try {
    const session = await connector.sink!.open(target, signal());
    await session.write(
      batchOf(target.schema, [
        ['2', big],
        ['3', big],
      ]),
      signal(),
    );
    await assert.rejects(session.commit({ cursor: 'c', key: ['3'] }, signal()), fails('disk-full'));
    await session.close();
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
  const again = await connector.sink!.open({ ...target, epoch: 3 }, signal());
  assert.equal(again.checkpoint?.position, null);
  await again.write(batchOf(target.schema, [['2', big]]), signal());
  await again.commit({ cursor: 'c', key: ['2'] }, signal());
  await again.close();
  assert.deepEqual(
    withFile('full.db', (db) =>
      db
        .prepare('SELECT id FROM rows ORDER BY 1')
        .all()
        .map((row) => row['id']),
    ),
    [1n, 2n],
  );
});

test('another program holding the file is waited for, then told; two sinks of ours take turns', async () => {
  await load('busy.db', 'rows', [['1', 'a']], 'upsert');
  const other = new DatabaseSync(path.join(folder, 'busy.db'));
  other.exec('BEGIN IMMEDIATE');
  await assert.rejects(load('busy.db', 'rows', [['2', 'b']], 'upsert'), fails('server-busy'));
  other.exec('ROLLBACK');
  other.close();
  await Promise.all(Array.from({ length: 5 }, (_, i) => load('busy.db', `rows${i}`, [['1', 'a']], 'upsert')));
  assert.equal(
    withFile('busy.db', (db) => db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name LIKE 'rows_'").get()!['n']),
    5n,
  );
});

test('replace keeps indexes, views, triggers and the rows others refer to', async () => {
  withFile('kept.db', (db) =>
    db.exec(`CREATE TABLE kept (id INTEGER PRIMARY KEY, code TEXT UNIQUE); INSERT INTO kept VALUES (1, 'a'), (2, 'b');
    CREATE INDEX kept_lower ON kept (lower(code)); CREATE VIEW kept_view AS SELECT code FROM kept;
    CREATE TABLE child (kept_id INTEGER REFERENCES kept ON DELETE CASCADE); INSERT INTO child VALUES (1)`),
  );
  const facts = () =>
    withFile('kept.db', (db) =>
      db
        .prepare("SELECT (SELECT count(*) FROM sqlite_schema WHERE name LIKE 'kept%') AS things, (SELECT count(*) FROM child) AS children")
        .get(),
    );
  const before = facts();
  await load(
    'kept.db',
    'kept',
    [
      ['1', 'a2'],
      ['3', 'c'],
    ],
    'replace',
  );
  assert.deepEqual(facts(), before);
  await assert.rejects(
    load(
      'kept.db',
      'kept',
      [
        ['1', 'c'],
        ['3', 'a2'],
      ],
      'replace',
    ),
    fails('replace-referenced'),
  );
  assert.deepEqual(
    withFile('kept.db', (db) =>
      db
        .prepare('SELECT code FROM kept_view ORDER BY 1')
        .all()
        .map((row) => row['code']),
    ),
    ['a2', 'c'],
  );
  assert.deepEqual(facts(), before);
  withFile('kept.db', (db) => db.exec('CREATE TABLE ward (p INTEGER REFERENCES kept); INSERT INTO ward VALUES (3)'));
  await assert.rejects(load('kept.db', 'kept', [['1', 'x']], 'replace'), fails('replace-referenced'));
});

test('ATTACH and extensions are refused on every handle', async () => {
  for (const mode of ['read', 'write'] as const) {
    withFile('plain.db', (db) => db.exec('CREATE TABLE IF NOT EXISTS t (a)'));
    const file = await openFile({ file: 'plain.db', lockTimeout: 100 }, { ...tools, problems: sqlite.catalogue.raise }, mode);
    assert.throws(() => file.database.exec(`ATTACH '${path.join(folder, 'other.db')}' AS other`), /not authorized/);
    assert.throws(() => file.database.loadExtension('/nowhere.so'), /extension loading is not allowed|not enabled/i);
    if (mode === 'read') assert.throws(() => file.database.exec('INSERT INTO t VALUES (1)'), /readonly/);
    file.close();
    file.close();
  }
});

test('bytes that are no text are told by their row; a moment is bound in the form the column uses', async () => {
  withFile('odd.db', (db) =>
    db.exec(`CREATE TABLE odd (id INTEGER PRIMARY KEY, t TEXT); INSERT INTO odd VALUES (1, 'x'), (2, x'ff');
    CREATE TABLE moments (id INTEGER PRIMARY KEY, at DATETIME); INSERT INTO moments VALUES (1, '2025-12-31T23:58:00Z'), (2,
      '2025-12-31T23:59:30Z'), (3, '2026-01-01T00:00:00Z')`),
  );
  const connector = connect(sqlite as never, { file: 'odd.db' }, { ...tools, clock: manualClock(Date.UTC(2026, 0, 1)) });
  const [moments, odd] = await connector.discover(signal());
  await assert.rejects(
    async () => {
      for await (const batch of connector.source!.read({ stream: odd!, mode: { type: 'full' }, batchBytes: 1 }, signal()))
        assert.deepEqual([...decodeRows(batch.data)], [['1', 'x']]);
    },
    fails('value-unreadable', 'id=2'),
  );
  assert.equal((await connector.source!.bound(moments!, 'at', 60_000, signal())).upTo, '2025-12-31T23:58:00Z');
  assert.equal((await connector.source!.bound(moments!, 'at', 0, signal())).upTo, '2025-12-31T23:59:30Z', 'the running second is not over');
  await connector.close();
});
