/**
 * Aim: all eleven Chinook tables come over from PostgreSQL and from MariaDB with equal contents; incremental
 * carries inserts and updates exactly; full with replace carries deletes. Method: the real scripts on real
 * servers, an `updated_at` kept by trigger or ON UPDATE, order-free checksums of every column.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import mysql2 from 'mysql2/promise';
import pg from 'pg';
import mysql from '../../src/extensions/connectors/mysql/index.ts';
import postgres from '../../src/extensions/connectors/postgres/index.ts';
import type { ConnectorComponent } from '../../src/sdk/connector.ts';
import type { Run } from '../../src/sdk/run.ts';
import { startMariadb, startPostgres, type TestDatabase } from '../servers.ts';
import { changeChinook, type Chinook, CHINOOK_TABLES, chinookScript, contentsOf, deleteFromChinook } from './chinook.ts';
import { pipelineWorld, type TestConnection } from './pipeline-world.ts';

const TEXT_ONLY = { getTypeParser: () => (value: string) => value } as never;

test('Chinook from PostgreSQL: full, incremental, deletes', { timeout: 100_000 }, async (t) => {
  const script = chinookScript('Chinook_PostgreSql.sql');
  if ('missing' in script) return t.skip(script.missing);
  const server = await startPostgres();
  if ('missing' in server) return t.skip(server.missing);
  t.after(() => server.stop());
  const client = await connectPostgres(server);
  t.after(() => client.end());
  await client.query(script.sql);
  const snake = (name: string) => name.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase();
  const db: Chinook = {
    tables: CHINOOK_TABLES.map(snake),
    name: snake,
    exec: async (sql) => void (await client.query(sql)),
    rows: (table) => rowsOf(client, `"${table}"`),
  };
  return story(t, db, connectionOf(postgres, server, { tls: { mode: 'disable' } }), 'public.*', async () => {
    await client.query(`CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$`);
    for (const table of db.tables) {
      await client.query(`ALTER TABLE ${table} ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
        CREATE TRIGGER touch BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION touch()`);
    }
  });
});

test('Chinook from MariaDB: full, incremental, deletes', { timeout: 100_000 }, async (t) => {
  const script = chinookScript('Chinook_MySql.sql');
  if ('missing' in script) return t.skip(script.missing);
  const server = await startMariadb();
  if ('missing' in server) return t.skip(server.missing);
  t.after(() => server.stop());
  const { host, port, user, password, database } = server;
  const client = await mysql2.createConnection({
    host,
    port,
    user,
    password,
    database,
    multipleStatements: true,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  t.after(() => client.end());
  await client.query("SET time_zone = '+00:00'");
  await client.query(script.sql);
  const db: Chinook = {
    tables: CHINOOK_TABLES,
    name: (name) => `\`${name}\``,
    exec: async (sql) => void (await client.query(sql)),
    rows: async (table) => (await client.query({ sql: `SELECT * FROM \`${table}\``, rowsAsArray: true }))[0] as unknown[][],
  };
  return story(t, db, connectionOf(mysql, server, {}), '*', async () => {
    for (const table of db.tables) {
      await client.query(`ALTER TABLE \`${table}\` ADD COLUMN updated_at TIMESTAMP(6) NOT NULL
        DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)`);
    }
  });
});

/** The same story for either source; `track` gives every table its change column. */
async function story(t: TestContext, db: Chinook, from: TestConnection, pattern: string, track: () => Promise<void>): Promise<void> {
  const to = await startPostgres();
  if ('missing' in to) return t.skip(to.missing);
  t.after(() => to.stop());
  const warehouse = await connectPostgres(to);
  t.after(() => warehouse.end());
  const world = pipelineWorld({ from, to: connectionOf(postgres, to, { tls: { mode: 'disable' } }) });
  t.after(() => world.stop());
  const equal = async (when: string) => {
    for (const table of db.tables) {
      assert.equal(contentsOf(await rowsOf(warehouse, `chinook."${table}"`)), contentsOf(await db.rows(table)), `${table} ${when}`);
    }
  };
  const spec = { source: { connection: 'from', streams: [pattern] }, sink: { connection: 'to', schema: 'chinook', write: 'upsert' } };
  const carry = async (more: object = {}) => {
    const run = await world.run({ ...spec, ...more }, 'chinook');
    assert.equal(run.result, 'succeeded', JSON.stringify(run.problem));
    assert.equal(run.streams.length, 11);
    return run;
  };
  const read = (run: Run) => run.streams.reduce((sum, stream) => sum + stream.rowsRead, 0);
  const all = read(await carry());
  await equal('after full');
  await track();
  const incremental = { mode: { incremental: { cursor: 'updated_at', lookback: '0s' } } };
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
}

async function connectPostgres({ host, port, user, password, database }: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user, password, database });
  client.on('error', () => {});
  await client.connect();
  await client.query("SET TimeZone = 'UTC'");
  return client;
}

function connectionOf(component: unknown, { host, port, user, password, database }: TestDatabase, more: object): TestConnection {
  return { component: component as ConnectorComponent, config: { host, port, user, password, database, ...more } };
}

async function rowsOf(client: pg.Client, table: string): Promise<unknown[][]> {
  const { rows } = await client.query({ text: `SELECT * FROM ${table}`, rowMode: 'array', types: TEXT_ONLY });
  return rows as unknown[][];
}
