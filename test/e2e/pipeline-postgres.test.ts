/**
 * Aim: PostgreSQL to PostgreSQL, whole runs: exactly once over equal cursors and late transactions, replace
 * and deletes, and every change of the source between runs gives a clear error and loses nothing.
 * Method: the real worker and connector on a real server; contents compared by an order-free checksum.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import postgres from '../../src/extensions/connectors/postgres/index.ts';
import type { Run } from '../../src/sdk/run.ts';
import { startPostgres } from '../servers.ts';
import { checksum, pipelineWorld, type TestConnection } from './pipeline-world.ts';

const server = await startPostgres();
if ('missing' in server) test('pipelines on PostgreSQL', { skip: server.missing }, () => {});
else await suite(server);

async function suite({ host, port, user, password, database, stop }: Exclude<typeof server, { missing: string }>): Promise<void> {
  const login = { host, port, user, password, database };
  const client = new pg.Client(login);
  client.on('error', () => {});
  await client.connect();
  await client.query('CREATE SCHEMA src; CREATE SCHEMA wh');
  const connection = { component: postgres, config: { ...login, tls: { mode: 'disable' } } } as unknown as TestConnection;
  const world = pipelineWorld({ from: connection, to: connection });
  after(async () => {
    await world.stop();
    await client.end();
    await stop();
  });

  const sql = (text: string) => client.query(text);
  const contents = async (table: string, columns = '*') => {
    const { rows } = await client.query({
      text: `SELECT ${columns} FROM ${table}`,
      rowMode: 'array',
      types: { getTypeParser: () => (v: string) => v } as never,
    });
    return checksum(rows as (string | null)[][]);
  };
  const spec = (stream: unknown, over: Record<string, unknown> = {}, write = 'upsert') => ({
    source: { connection: 'from', streams: [stream] },
    sink: { connection: 'to', schema: 'wh', write },
    ...over,
  });
  const incremental = { mode: { incremental: { cursor: 'updated_at' } } };
  const succeeds = (run: Run) => assert.equal(run.result, 'succeeded', JSON.stringify(run.problem));
  const fails = (run: Run, code: string) => {
    assert.equal(run.result, 'failed');
    assert.equal(run.streams[0]?.problem?.code ?? run.problem?.code, code, JSON.stringify(run.problem));
  };

  test('10,000 rows of one timestamp cross batch and commit edges once, by append and by upsert', async () => {
    for (const write of ['append', 'upsert']) {
      const table = `same_${write}`;
      await sql(`CREATE TABLE src.${table} (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL, note text);
        INSERT INTO src.${table} SELECT i, '2026-01-01 00:00:00.123456+00', 'row ' || i FROM generate_series(1, 10000) i`);
      const first = await world.run(spec(`src.${table}`, incremental, write), table);
      succeeds(first);
      assert.equal(first.streams[0]!.rowsWritten, 10_000);
      assert.equal(await contents(`wh.${table}`), await contents(`src.${table}`));
      await sql(`INSERT INTO src.${table} SELECT i, '2026-01-01 00:00:00.123456+00', 'later' FROM generate_series(10001, 10010) i`);
      const second = await world.run(spec(`src.${table}`, incremental, write), table);
      succeeds(second);
      assert.equal(second.streams[0]!.rowsRead, 10, 'only what is new, although no cursor value changed');
      assert.equal(await contents(`wh.${table}`), await contents(`src.${table}`));
    }
  });

  test('a transaction opened before a run and committed after it loses nothing and doubles nothing', async () => {
    await sql('CREATE TABLE src.late (id serial PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now(), note text)');
    await sql("INSERT INTO src.late (note) VALUES ('early')");
    const other = new pg.Client(login);
    await other.connect();
    try {
      await other.query("BEGIN; INSERT INTO src.late (note) VALUES ('opened before')");
      await sql("INSERT INTO src.late (note) VALUES ('committed meanwhile')");
      succeeds(await world.run(spec('src.late', incremental, 'append'), 'late'));
      await other.query('COMMIT');
    } finally {
      await other.end();
    }
    succeeds(await world.run(spec('src.late', incremental, 'append'), 'late'));
    assert.equal(await contents('wh.late'), await contents('src.late'));
  });

  test('updates are carried by upsert, deletes only by replace, and the log says so', async () => {
    await sql(`CREATE TABLE src.moves (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        big bigint, exact numeric(30,10), js json, odd text);
      INSERT INTO src.moves SELECT i, clock_timestamp(), 9007199254740993 + i, 0.1234567891 + i,
        '{"a": [1, null]}', E'tab\\t back\\\\ \\n 堰'
        FROM generate_series(1, 500) i;
      INSERT INTO src.moves VALUES (501, clock_timestamp(), NULL, NULL, NULL, NULL)`);
    succeeds(await world.run(spec('src.moves', incremental), 'moves'));
    assert.equal(await contents('wh.moves'), await contents('src.moves'));
    await sql(
      'UPDATE src.moves SET odd = upper(odd), updated_at = clock_timestamp() WHERE id % 7 = 0; DELETE FROM src.moves WHERE id % 10 = 0',
    );
    const run = await world.run(spec('src.moves', incremental), 'moves');
    succeeds(run);
    assert.equal(await contents('(SELECT * FROM wh.moves WHERE id % 10 > 0) t'), await contents('src.moves'));
    assert.ok(world.store.lines.some((l) => l.run === run.id && /deleted rows are not seen/.test(l.message.en)));
    succeeds(await world.run(spec('src.moves', {}, 'replace'), 'moves'));
    assert.equal(await contents('wh.moves'), await contents('src.moves'));
  });

  test('an empty read replaces nothing, unless allowed', async () => {
    await sql('CREATE TABLE src.emptied (id int PRIMARY KEY); INSERT INTO src.emptied SELECT generate_series(1, 5)');
    succeeds(await world.run(spec('src.emptied', {}, 'replace'), 'emptied'));
    await sql('DELETE FROM src.emptied');
    fails(await world.run(spec('src.emptied', {}, 'replace'), 'emptied'), 'core/pipeline/replace-empty');
    assert.match(await contents('wh.emptied'), /^5 rows/);
    succeeds(await world.run(spec({ name: 'src.emptied', allowEmpty: true }, {}, 'replace'), 'emptied'));
    assert.match(await contents('wh.emptied'), /^0 rows/);
  });

  test('a column dropped between runs, the cursor dropped, the table gone: clear errors, the target as it was', async () => {
    await sql(`CREATE TABLE src.drift (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now(), note text);
      INSERT INTO src.drift SELECT i, now(), 'n' || i FROM generate_series(1, 50) i`);
    succeeds(await world.run(spec('src.drift', incremental), 'drift'));
    const before = await contents('wh.drift');
    await sql('ALTER TABLE src.drift DROP COLUMN note; UPDATE src.drift SET updated_at = clock_timestamp()');
    const dropped = await world.run(spec('src.drift', incremental), 'drift');
    fails(dropped, 'connector/postgres/column-dropped');
    assert.match(dropped.problem!.detail.en, /note/);
    await sql('ALTER TABLE src.drift DROP COLUMN updated_at');
    fails(await world.run(spec('src.drift', incremental), 'drift'), 'core/pipeline/no-column');
    await sql('DROP TABLE src.drift');
    const gone = await world.run(
      { ...spec('src.drift', incremental), source: { connection: 'from', streams: ['src.drift', 'src.late'] } },
      'drift',
    );
    fails({ ...gone, streams: gone.streams.filter((s) => s.stream === 'src.drift') }, 'core/pipeline/no-stream');
    assert.deepEqual(
      gone.streams.map((s) => [s.stream, s.result]),
      [
        ['src.late', 'succeeded'],
        ['src.drift', 'failed'],
      ],
      'the other stream is carried',
    );
    assert.equal(await contents('wh.drift'), before);
  });

  test('a column added at the source is added to Weir’s own target, with its values in rows that did not change', async () => {
    await sql(
      `CREATE TABLE src.grown (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT clock_timestamp());
        INSERT INTO src.grown SELECT generate_series(1, 5)`,
    );
    succeeds(await world.run(spec('src.grown', incremental), 'grown'));
    await sql("ALTER TABLE src.grown ADD COLUMN extra text; UPDATE src.grown SET extra = 'e' || id");
    succeeds(await world.run(spec('src.grown', incremental), 'grown'));
    assert.equal(await contents('wh.grown'), await contents('src.grown'));
  });

  test('a target table dropped by hand is filled again from the start', async () => {
    await sql(
      `CREATE TABLE src.refill (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());
        INSERT INTO src.refill SELECT generate_series(1, 20)`,
    );
    succeeds(await world.run(spec('src.refill', incremental), 'refill'));
    await sql('DROP TABLE wh.refill; INSERT INTO src.refill VALUES (21)');
    succeeds(await world.run(spec('src.refill', incremental), 'refill'));
    assert.equal(await contents('wh.refill'), await contents('src.refill'));
  });

  test('full and append adds everything again each run, and an empty stream still makes its table', async () => {
    await sql(
      `CREATE TABLE src.twice (id int PRIMARY KEY); INSERT INTO src.twice SELECT generate_series(1, 3);
        CREATE TABLE src.nothing (id int PRIMARY KEY)`,
    );
    succeeds(await world.run(spec('src.twice', {}, 'append'), 'twice'));
    const again = await world.run(spec('src.twice', {}, 'append'), 'twice');
    fails(again, 'connector/postgres/duplicate-key');
    assert.match(await contents('wh.twice'), /^3 rows/);
    succeeds(await world.run(spec('src.nothing', {}), 'nothing'));
    assert.match(await contents('wh.nothing'), /^0 rows/);
  });

  test('a wrong password fails the run with the connector’s words', async () => {
    const wrong = pipelineWorld({ from: { ...connection, config: { ...connection.config, password: 'wrong' } }, to: connection });
    const run = await wrong.run(spec('src.twice'), 'wrong');
    await wrong.stop();
    assert.deepEqual([run.result, run.problem!.code], ['failed', 'connector/postgres/login-failed']);
  });
}
