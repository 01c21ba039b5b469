/**
 * Aim: PostgreSQL's own rules: the bound waits for open transactions, a replaced table keeps all that hangs on
 * it, NUL and foreign keys are told by row, a lost server loses nothing. Method: a real server, two logins.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { startPostgres } from '../../../../test/servers.ts';
import type { Connector, ReadBound, SinkTarget } from '../../../sdk/connector.ts';
import { decodeRows, Problem, type StreamSchema } from '../../../sdk/index.ts';
import { batchOf, connect, suiteTools } from '../../../sdk/suites/connector-tools.ts';
import postgres from './index.ts';

const server = await startPostgres({ own: true });
const signal = () => AbortSignal.timeout(30_000);
const columns = [
  { name: 'id', type: 'int64', nullable: false, sourceType: 'bigint' },
  { name: 'code', type: 'text', nullable: true, sourceType: 'text' },
] as const;
const stream = (table: string, key: string[] = ['id']): StreamSchema => ({
  name: `src.${table}`,
  namespace: 'src',
  table,
  columns,
  primaryKey: key,
  uniqueKeys: [key],
  rowsEstimate: undefined,
});

if ('missing' in server) {
  test('postgres rules', { skip: server.missing }, () => {});
} else {
  const { host, port, user, password, database } = server;
  const config = { host, port, user, password, database, lockTimeout: '5s' };
  const open = async (as = { user, password }) => {
    const client = new pg.Client({ host, port, database, ...as });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const client = await open();
  const connector: Connector = connect(postgres as never, config, suiteTools());
  after(async () => {
    await client.end().catch(() => {});
    await connector.close();
    await server.stop();
  });

  const load = async (table: string, rows: (string | null)[][], more: Partial<SinkTarget> = {}) => {
    const schema = more.schema ?? stream(table);
    const target: SinkTarget = {
      pipeline: 'p',
      stream: schema.name,
      run: 'r',
      epoch: 1,
      namespace: 'public',
      table,
      schema,
      write: 'replace',
      key: [],
      adopt: true,
      allowEmpty: false,
      ...more,
    };
    const session = await connector.sink!.open(target, signal());
    try {
      await session.write(batchOf(schema, rows), signal());
      return await (target.write === 'replace' ? session.finish(signal()) : session.commit(null, signal()));
    } finally {
      await session.close();
    }
  };
  const fails = (code: string, key?: string) => (error: Problem) => {
    assert.ok(error instanceof Problem && error.code.endsWith(`/${code}`), String(error.stack));
    if (key !== undefined) assert.equal(error.options.values?.['key'], key, error.message);
    return true;
  };
  const find = async (name: string, through = connector) => (await through.discover(signal())).find((s) => s.name === name)!;
  const readIds = async (from: StreamSchema, cursor: string, bound: ReadBound) => {
    const ids: string[] = [];
    if (bound.upTo === null) return ids;
    const mode = { type: 'incremental', cursor, key: ['id'], after: null, upTo: bound.upTo } as const;
    for await (const batch of connector.source!.read({ stream: from, mode, batchBytes: 4096 }, signal()))
      ids.push(...[...decodeRows(batch.data)].map((row) => row[0]!));
    return ids;
  };

  test('bound: a transaction opened before and committed after is neither read past nor lost', async () => {
    await client.query('CREATE TABLE late (id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now()); INSERT INTO late VALUES (1)');
    const slow = await open();
    await slow.query('BEGIN');
    await slow.query('SELECT now()');
    await client.query('INSERT INTO late VALUES (3)');
    const late = await find('public.late');
    const before = await connector.source!.bound(late, 'at', 0, signal());
    assert.deepEqual(await readIds(late, 'at', before), ['1'], 'row 3 waits for the older transaction');
    await slow.query('INSERT INTO late VALUES (2)');
    await slow.query('COMMIT');
    await slow.end();
    const bound = await connector.source!.bound(late, 'at', 0, signal());
    assert.deepEqual(await readIds(late, 'at', bound), ['1', '2', '3']);
    assert.ok(before.upTo! < (await client.query('SELECT at::text FROM late WHERE id = 2')).rows[0].at);
  });

  test('bound: a prepared transaction holds it back by lookback, and says so', async () => {
    await client.query('CREATE TABLE prepared (id bigint PRIMARY KEY, at timestamptz DEFAULT now()); INSERT INTO prepared VALUES (1)');
    await client.query("BEGIN; INSERT INTO prepared VALUES (2); PREPARE TRANSACTION 'weir_two'");
    await client.query('INSERT INTO prepared VALUES (3)');
    const found = await find('public.prepared');
    const bound = await connector.source!.bound(found, 'at', 3_600_000, signal());
    assert.equal(bound.upTo, null);
    assert.match(bound.warning!.en, /prepared/);
    await client.query("COMMIT PREPARED 'weir_two'");
    assert.deepEqual((await readIds(found, 'at', await connector.source!.bound(found, 'at', 0, signal()))).length, 3);
  });

  test('bound: a login that cannot see other sessions keeps lookback and says so', async () => {
    await client.query(
      `CREATE ROLE blind LOGIN PASSWORD 'blind-password'; CREATE TABLE unseen (id bigint PRIMARY KEY, at timestamptz);
        GRANT SELECT ON unseen TO blind`,
    );
    await client.query("INSERT INTO unseen VALUES (1, now() - interval '1 hour'), (2, now() - interval '1 second')");
    const blind = connect(postgres as never, { ...config, user: 'blind', password: 'blind-password' }, suiteTools());
    const found = await find('public.unseen', blind);
    const slow = await open();
    await slow.query('BEGIN; SELECT 1');
    const bound = await blind.source!.bound(found, 'at', 60_000, signal());
    assert.match(bound.warning!.en, /pg_read_all_stats/);
    assert.deepEqual(await readIds(found, 'at', bound), ['1']);
    await slow.query('ROLLBACK');
    await slow.end();
    const alone = await blind.source!.bound(found, 'at', 60_000, signal());
    assert.equal(alone.warning, undefined, 'nobody has a transaction open');
    assert.deepEqual(await readIds(found, 'at', alone), ['1', '2']);
  });

  test('bound of a number: waits for the transactions that write the table', async () => {
    await client.query('CREATE TABLE numbered (id bigserial PRIMARY KEY, v text); INSERT INTO numbered (v) VALUES (1)');
    const slow = await open();
    await slow.query('BEGIN; INSERT INTO numbered (v) VALUES (2)');
    await client.query('INSERT INTO numbered (v) VALUES (3)');
    const found = await find('public.numbered');
    let settled = false;
    const waiting = connector.source!.bound(found, 'id', 0, signal()).finally(() => (settled = true));
    for (let asked = 0; asked < 3; ) {
      const { rows } = await client.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'weir bound' AND query LIKE '%relation%'",
      );
      if (rows[0].n > 0) asked++;
    }
    assert.equal(settled, false);
    await slow.query('COMMIT');
    await slow.end();
    assert.deepEqual(await readIds(found, 'id', await waiting), ['1', '2', '3']);
  });

  test('replace keeps grants, indexes, views, triggers and foreign keys, and the rows others refer to', async () => {
    await client.query(`CREATE ROLE reader; CREATE TABLE kept (id bigint PRIMARY KEY, code text UNIQUE, own text DEFAULT 'mine');
      INSERT INTO kept VALUES (1, 'a'), (2, 'b'), (3, 'c'); GRANT SELECT ON kept TO reader; CREATE INDEX kept_lower ON kept (lower(code));
      CREATE VIEW kept_view AS SELECT code FROM kept; CREATE TABLE child (kept_id bigint REFERENCES kept ON DELETE CASCADE, note text);
      INSERT INTO child VALUES (1, 'x'), (2, 'y')`);
    const facts = async () =>
      (
        await client.query(`SELECT 'kept'::regclass::oid::int AS oid, has_table_privilege('reader', 'kept', 'SELECT') AS granted,
      (SELECT count(*)::int FROM pg_index WHERE indrelid = 'kept'::regclass) AS indexes, (SELECT count(*)::int FROM child) AS children,
      (SELECT count(*)::int FROM pg_constraint WHERE confrelid = 'kept'::regclass) AS keys`)
      ).rows[0];
    const before = await facts();
    await load('kept', [
      ['1', 'a2'],
      ['2', 'b'],
      ['4', 'd'],
    ]);
    assert.deepEqual(await facts(), before);
    assert.deepEqual(
      (await client.query('SELECT code FROM kept_view ORDER BY 1')).rows.map((row) => row.code),
      ['a2', 'b', 'd'],
    );
    // Two rows trade their unique codes: by difference that collides, as a whole it would take the children along.
    await assert.rejects(
      load('kept', [
        ['1', 'b'],
        ['2', 'a2'],
      ]),
      fails('replace-referenced'),
    );
    assert.deepEqual(await facts(), before);
    await client.query("ALTER TABLE child DROP CONSTRAINT child_kept_id_fkey; UPDATE kept SET own = 'special' WHERE id = 2");
    await assert.rejects(
      load('kept', [
        ['1', 'b'],
        ['2', 'a2'],
      ]),
      fails('replace-referenced'),
    );
    assert.equal(
      (await client.query('SELECT own FROM kept WHERE id = 2')).rows[0].own,
      'special',
      'a column of the user’s own keeps its values',
    );
    await client.query('ALTER TABLE kept DROP COLUMN own');
    await load('kept', [
      ['1', 'b'],
      ['2', 'a2'],
    ]);
    assert.deepEqual((await client.query('SELECT id, code FROM kept ORDER BY 1')).rows, [
      { id: '1', code: 'b' },
      { id: '2', code: 'a2' },
    ]);
  });

  test('replace never takes rows that others still refer to', async () => {
    await client.query(
      `CREATE TABLE parent (id bigint PRIMARY KEY, code text); INSERT INTO parent VALUES (1), (2);
        CREATE TABLE ward (p bigint REFERENCES parent); INSERT INTO ward VALUES (2)`,
    );
    await assert.rejects(load('parent', [['1', 'x']]), fails('replace-referenced'));
    await assert.rejects(
      load('parent', [
        ['1', 'x'],
        ['1', 'y'],
      ]),
      fails('duplicate-key', 'id=1'),
    );
    assert.deepEqual((await client.query('SELECT id, code FROM parent ORDER BY 1')).rows, [
      { id: '1', code: null },
      { id: '2', code: null },
    ]);
  });

  test('a NUL, a broken check, a missing parent: the row and the reason', async () => {
    await client.query(
      `CREATE TABLE strict (id bigint PRIMARY KEY, code text CHECK (code <> 'bad') UNIQUE);
        CREATE TABLE needs (id bigint PRIMARY KEY, code text REFERENCES strict (code))`,
    );
    for (const write of ['append', 'upsert'] as const) {
      const more = { write, key: write === 'upsert' ? ['id'] : [] };
      await assert.rejects(
        load(
          'strict',
          [
            ['1', 'ok'],
            ['2', 'n\0ul'],
          ],
          more,
        ),
        (error: Problem) => fails('value-does-not-fit', 'id=2')(error) && error.options.values?.['column'] === 'code',
      );
      await assert.rejects(
        load(
          'strict',
          [
            ['1', 'ok'],
            ['3', 'bad'],
          ],
          more,
        ),
        fails('constraint-violated', 'id=3'),
      );
      await assert.rejects(load('needs', [['4', 'nobody']], more), fails('constraint-violated', 'id=4'));
      await assert.rejects(
        load(
          'strict',
          [
            ['5', 'same'],
            ['6', 'same'],
          ],
          more,
        ),
        fails('duplicate-key', write === 'upsert' ? undefined : 'id=6'),
      );
    }
    assert.equal((await client.query('SELECT count(*)::int AS n FROM strict')).rows[0].n, 0);
  });

  test('a table made anew by somebody else under our name is not ours', async () => {
    await load('renewed', [['1', 'x']], { adopt: false });
    await client.query('DROP TABLE renewed; CREATE TABLE renewed (id bigint PRIMARY KEY, code text); INSERT INTO renewed VALUES (9)');
    await assert.rejects(load('renewed', [['1', 'x']], { adopt: false }), fails('not-owned'));
    assert.equal((await client.query('SELECT id FROM renewed')).rows[0].id, '9');
  });

  test('rows and position are one: a session killed at the server leaves the last commit', async () => {
    const target: SinkTarget = {
      pipeline: 'p',
      stream: 's',
      run: 'r',
      epoch: 1,
      namespace: 'public',
      table: 'killed',
      schema: stream('killed'),
      write: 'append',
      key: [],
      adopt: false,
      allowEmpty: false,
    };
    const session = await connector.sink!.open(target, signal());
    await session.write(batchOf(target.schema, [['1', 'a']]), signal());
    await session.commit({ cursor: '1', key: ['1'] }, signal());
    await session.write(batchOf(target.schema, [['2', 'b']]), signal());
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weir write'");
    await assert.rejects(session.commit({ cursor: '2', key: ['2'] }, signal()), fails('connection-lost'));
    await session.close();
    const again = await connector.sink!.open({ ...target, epoch: 2 }, signal());
    assert.deepEqual(again.checkpoint?.position, { cursor: '1', key: ['1'] });
    await again.close();
    assert.deepEqual((await client.query('SELECT id FROM killed')).rows, [{ id: '1' }]);
  });

  for (const which of ['write', 'commit'] as const)
    test(`an abort of the ${which} while a lock is waited for ends at once and leaves nothing behind`, async () => {
      await load('locked', [['1', 'a']]);
      const holder = await open();
      await holder.query('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE');
      const controller = new AbortController();
      const target: SinkTarget = {
        pipeline: 'p2',
        stream: 's',
        run: 'r',
        epoch: 1,
        namespace: 'public',
        table: 'locked',
        schema: stream('locked'),
        write: 'append',
        key: [],
        adopt: false,
        allowEmpty: false,
      };
      const session = await connector.sink!.open(target, signal());
      await session.write(batchOf(target.schema, [['2', 'b']]), which === 'write' ? controller.signal : signal());
      const committing = session.commit(null, which === 'commit' ? controller.signal : signal());
      for (;;) {
        const { rows } = await client.query(
          "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'weir write' AND wait_event_type = 'Lock'",
        );
        if (rows[0].n > 0) break;
      }
      controller.abort(new Error('stopped on request'));
      await assert.rejects(committing, /stopped on request/);
      await session.close();
      await holder.query('ROLLBACK');
      await holder.end();
      assert.equal((await client.query('SELECT count(*)::int AS n FROM locked')).rows[0].n, 1);
    });

  test('a table or column that went away is told by name, in every mode', async () => {
    await client.query('CREATE TABLE going (id bigint PRIMARY KEY, at timestamptz DEFAULT now(), extra text)');
    const found = await find('public.going');
    const mode = { type: 'incremental', cursor: 'at', key: ['id'], after: null, upTo: '2026-01-01 00:00:00+00' } as const;
    const read = async (from: StreamSchema) => Array.fromAsync(connector.source!.read({ stream: from, mode, batchBytes: 4096 }, signal()));
    await client.query('ALTER TABLE going DROP COLUMN extra');
    await assert.rejects(read(found), (error: Problem) => fails('column-gone')(error) && /extra/.test(error.message));
    await client.query('ALTER TABLE going DROP COLUMN at');
    await assert.rejects(read(found), (error: Problem) => fails('column-gone')(error) && /"at"/.test(error.message));
    await assert.rejects(connector.source!.bound(found, 'at', 0, signal()), fails('column-gone'));
    await client.query('DROP TABLE going');
    const named = (error: Problem) => fails('stream-gone')(error) && error.message.includes('public.going');
    await assert.rejects(read(found), named);
    await assert.rejects(connector.source!.bound(found, 'at', 0, signal()), named);
    await assert.rejects(connector.preview(found, 1, signal()), fails('stream-gone'));
  });

  test('a server that stops: told as unreachable, and as such by the next call', async () => {
    await server.stop();
    await assert.rejects(connector.discover(signal()), fails('host-unreachable'));
    const steps = [];
    for await (const step of connector.check(signal())) steps.push(step);
    assert.deepEqual(
      steps.map((step) => [step.step, step.ok]),
      [
        ['dns', true],
        ['tcp', false],
      ],
    );
  });
}
