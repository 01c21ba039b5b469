/**
 * Aim: SQLite to SQLite, whole runs: equal contents by full, incremental and replace, odd values included,
 * and a file that is no database gives a clear error. Method: the real worker and connector on files.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import sqlite from '../../src/extensions/connectors/sqlite/index.ts';
import { checksum, pipelineWorld, type TestConnection } from './pipeline-world.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-pipeline-'));
const file = (name: string) => ({ component: sqlite, config: { file: name } }) as unknown as TestConnection;
const world = pipelineWorld({ from: file('erp.db'), to: file('warehouse.db') }, folder);
const source = new DatabaseSync(path.join(folder, 'erp.db'));
after(async () => {
  await world.stop();
  source.close();
  rmSync(folder, { recursive: true, force: true });
});

function contents(name: string, table: string): string {
  const database = new DatabaseSync(path.join(folder, name));
  try {
    const columns = database
      .prepare('SELECT name FROM pragma_table_info(?) ORDER BY cid')
      .all(table)
      .map((row) => `CAST("${String(row['name'])}" AS TEXT)`);
    const statement = database.prepare(`SELECT ${columns.join(', ')} FROM "${table}"`);
    statement.setReturnArrays(true);
    return checksum(statement.all() as unknown as (string | null)[][]);
  } finally {
    database.close();
  }
}

const spec = (over: Record<string, unknown> = {}, write = 'upsert') => ({
  source: { connection: 'from', streams: ['*'] },
  sink: { connection: 'to', prefix: 'erp_', write },
  ...over,
});
const incremental = { mode: { incremental: { cursor: 'updated_at', lookback: '0s' } } };
const stamp = (minute: number) => `2026-01-01 00:${String(minute).padStart(2, '0')}:00`;

test('full, incremental over equal cursors, deletes by replace', async () => {
  source.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, updated_at TIMESTAMP NOT NULL, big INTEGER, amount DECIMAL(10,2), note TEXT)');
  const insert = source.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?)');
  source.exec('BEGIN');
  for (let id = 1; id <= 10_000; id++)
    insert.run(id, stamp(1), 9_007_199_254_740_993n + BigInt(id), '12.50', id % 3 ? `注 ${id}\t\\ \n` : null);
  source.exec('COMMIT');
  const first = await world.run(spec(incremental), 'orders');
  assert.equal(first.result, 'succeeded', JSON.stringify(first.problem));
  assert.equal(contents('warehouse.db', 'erp_orders'), contents('erp.db', 'orders'));
  source.exec(`UPDATE orders SET note = 'changed', updated_at = '${stamp(2)}' WHERE id % 100 = 0`);
  for (let id = 10_001; id <= 10_020; id++) insert.run(id, stamp(1), null, null, 'same cursor value, later');
  const second = await world.run(spec(incremental), 'orders');
  assert.deepEqual([second.result, second.streams[0]!.rowsRead], ['succeeded', 120]);
  assert.equal(contents('warehouse.db', 'erp_orders'), contents('erp.db', 'orders'));
  source.exec('DELETE FROM orders WHERE id % 2 = 0');
  assert.equal((await world.run(spec(incremental), 'orders')).streams[0]!.rowsRead, 0);
  assert.equal((await world.run(spec({}, 'replace'), 'orders')).result, 'succeeded');
  assert.equal(contents('warehouse.db', 'erp_orders'), contents('erp.db', 'orders'));
});

test('a target table dropped by hand is filled again from the start', async () => {
  assert.equal((await world.run(spec(incremental), 'refill')).result, 'succeeded');
  const warehouse = new DatabaseSync(path.join(folder, 'warehouse.db'));
  warehouse.exec('DROP TABLE erp_orders');
  warehouse.close();
  assert.equal((await world.run(spec(incremental), 'refill')).result, 'succeeded');
  assert.equal(contents('warehouse.db', 'erp_orders'), contents('erp.db', 'orders'));
});

test('rows without a cursor value are counted and told, never carried', async () => {
  source.exec(
    `CREATE TABLE gaps (id INTEGER PRIMARY KEY, updated_at TIMESTAMP);
      INSERT INTO gaps VALUES (1, '2026-01-01 00:00:00'), (2, NULL), (3, NULL)`,
  );
  const run = await world.run({ ...spec(incremental), source: { connection: 'from', streams: ['gaps'] } }, 'gaps');
  assert.deepEqual([run.result, run.streams[0]!.rowsRead, run.streams[0]!.nullCursors], ['succeeded', 1, 2]);
  assert.ok(
    world.store.lines.some((l) => l.run === run.id && l.level === 'warn' && /2 row\(s\) have no value in updated_at/.test(l.message.en)),
  );
});

test('a file that is no database says so', async () => {
  writeFileSync(path.join(folder, 'garbage.db'), 'x'.repeat(5_000));
  const broken = pipelineWorld({ from: file('garbage.db'), to: file('warehouse.db') }, folder);
  const run = await broken.run(spec(), 'broken');
  await broken.stop();
  assert.deepEqual([run.result, run.problem!.code], ['failed', 'connector/sqlite/not-a-database']);
});
