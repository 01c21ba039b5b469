/**
 * Aim: all eleven Chinook tables come over from PostgreSQL with equal contents; incremental carries inserts
 * and updates exactly; full with replace carries deletes. Method: the real script on a real server, an
 * `updated_at` kept by a trigger, order-free checksums of every column.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import postgres from '../../src/extensions/connectors/postgres/index.ts';
import type { Run } from '../../src/sdk/run.ts';
import { startPostgres, type TestDatabase } from '../servers.ts';
import { changeChinook, type Chinook, CHINOOK_TABLES, chinookScript, contentsOf, deleteFromChinook } from './chinook.ts';
import { pipelineWorld, type TestConnection } from './pipeline-world.ts';

const TEXT_ONLY = { getTypeParser: () => (value: string) => value } as never;

test('Chinook from PostgreSQL: full, incremental, deletes', { timeout: 100_000 }, async (t) => {
  const script = chinookScript('Chinook_PostgreSql.sql');
  if ('missing' in script) return t.skip(script.missing);
  const [from, to] = [await startPostgres(), await startPostgres()];
  if ('missing' in from) return t.skip(from.missing);
  if ('missing' in to) return t.skip(to.missing);
  t.after(() => Promise.all([from.stop(), to.stop()]));
  const source = await connect(from);
  const warehouse = await connect(to);
  t.after(() => Promise.all([source.end(), warehouse.end()]));
  await source.query(script.sql);
  const snake = (name: string) => name.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase();
  const db: Chinook = {
    tables: CHINOOK_TABLES.map(snake), name: snake,
    exec: async (sql) => void (await source.query(sql)),
    rows: (table) => rowsOf(source, `"${table}"`),
  };
  const world = pipelineWorld({ from: connectionOf(from), to: connectionOf(to) });
  t.after(() => world.stop());
  const equal = async (when: string) => {
    for (const table of db.tables) assert.equal(
      contentsOf(await rowsOf(warehouse, `chinook."${table}"`)), contentsOf(await db.rows(table)), `${table} ${when}`,
    );
  };
  const spec = { source: { connection: 'from', streams: ['public.*'] }, sink: { connection: 'to', schema: 'chinook', write: 'upsert' } };
  const carry = async (more: object = {}) => {
    const run = await world.run({ ...spec, ...more }, 'chinook');
    assert.equal(run.result, 'succeeded', JSON.stringify(run.problem));
    assert.equal(run.streams.length, 11);
    return run;
  };
  const read = (run: Run) => run.streams.reduce((sum, stream) => sum + stream.rowsRead, 0);
  const all = read(await carry());
  await equal('after full');
  await source.query(
    'CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$',
  );
  for (const table of db.tables) {
    await source.query(`ALTER TABLE ${table} ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
      CREATE TRIGGER touch BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION touch()`);
  }
  const incremental = { mode: { incremental: { cursor: 'updated_at' } } };
  assert.equal(read(await carry(incremental)), all, 'the first incremental run reads everything');
  await equal('after the first incremental run');
  await changeChinook(db);
  const changed = read(await carry(incremental));
  assert.ok(changed > 70 && changed < 90, `${changed} changed rows were read, no more`);
  await equal('after inserts and updates');
  await deleteFromChinook(db);
  assert.equal(read(await carry(incremental)), 0, 'a cursor cannot see deletes');
  await carry({ sink: { ...spec.sink, write: 'replace' } });
  await equal('after deletes and replace');
});

async function connect({ host, port, user, password, database }: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user, password, database });
  client.on('error', () => {});
  await client.connect();
  await client.query("SET TimeZone = 'UTC'");
  return client;
}

function connectionOf({ host, port, user, password, database }: TestDatabase): TestConnection {
  return { component: postgres, config: { host, port, user, password, database, tls: { mode: 'disable' } } } as unknown as TestConnection;
}

async function rowsOf(client: pg.Client, table: string): Promise<unknown[][]> {
  const { rows } = await client.query({ text: `SELECT * FROM ${table}`, rowMode: 'array', types: TEXT_ONLY });
  return rows as unknown[][];
}
