/**
 * Aim: MariaDB's own rules: numbers beyond 2^53 and texts as keys, times in any zone, running seconds, what has no order.
 * Method: a real server whose time zone is not UTC; reads stopped after every batch.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import mysql from 'mysql2/promise';
import { startMariadb } from '../../../../test/servers.ts';
import { decodeRows, type Position, Problem, type ReadMode, type StreamSchema } from '../../../sdk/index.ts';
import { connect, suiteTools } from '../../../sdk/suites/connector-tools.ts';
import maria from './index.ts';

const server = await startMariadb();
const signal = () => AbortSignal.timeout(30_000);

if ('missing' in server) {
  test('mysql rules', { skip: server.missing }, () => {});
} else {
  const { host, port, user, password, database } = server;
  const client = await mysql.createConnection({ host, port, user, password, database, multipleStatements: true });
  const connector = connect(maria as never, { host, port, user, password, database }, suiteTools());
  after(async () => {
    await client.end();
    await connector.close();
    await server.stop();
  });
  const find = async (name: string) => (await connector.discover(signal())).find((stream) => stream.name === name)!;
  const source = connector.source!;

  /** Reads all rows up to the bound, forgetting everything but the position after each batch. */
  const resume = async (stream: StreamSchema, cursor: string, key: string[]): Promise<(string | null)[][]> => {
    const { upTo } = await source.bound(stream, cursor, 0, signal());
    assert.ok(upTo !== null);
    const rows: (string | null)[][] = [];
    let after: Position | null = null;
    for (let stops = 0; stops < 500; stops++) {
      const mode: ReadMode = { type: 'incremental', cursor, key, after, upTo };
      const before: number = rows.length;
      for await (const batch of source.read({ stream, mode, batchBytes: 256 }, signal())) {
        rows.push(...decodeRows(batch.data));
        after = batch.last!;
        break;
      }
      if (rows.length === before) break;
    }
    return rows;
  };

  test('a key of an unsigned number and a text orders rows exactly, quotes and backslashes included', async () => {
    await client.query(`CREATE TABLE keyed (big bigint unsigned, word varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
      at timestamp(6) NOT NULL,
      PRIMARY KEY (big, word))`);
    const words = ["it's", 'back\\slash', '堰', '😀', 'plain', ''];
    const rows = Array.from({ length: 120 }, (_, n) => [
      String(18446744073709551615n - BigInt(n >> 2)),
      `${words[n % 6]}${n % 4}`,
      '2025-06-01 08:00:00.5',
    ]);
    await client.query('INSERT INTO keyed VALUES ?', [rows]);
    const stream = await find('keyed');
    assert.deepEqual(stream.primaryKey, ['big', 'word']);
    const got = await resume(stream, 'at', ['big', 'word']);
    assert.equal(got.length, 120);
    assert.equal(new Set(got.map((row) => `${row[0]} ${row[1]}`)).size, 120);
    assert.match(got[0]![2]!, /^2025-06-01 \d\d:00:00.500000\+00$/);
  });

  test('the running second is left for later where a column keeps no fractions, and lookback is kept', async () => {
    await client.query(`CREATE TABLE seconds (id int PRIMARY KEY, at datetime NOT NULL);
      INSERT INTO seconds VALUES (1, NOW() - INTERVAL 1 HOUR), (2, NOW() - INTERVAL 10 SECOND), (3, NOW() + INTERVAL 1 HOUR)`);
    const stream = await find('seconds');
    const ids = async (lookbackMs: number) => {
      const { upTo } = await source.bound(stream, 'at', lookbackMs, signal());
      const mode: ReadMode = { type: 'incremental', cursor: 'at', key: ['id'], after: null, upTo: upTo! };
      const batches = await Array.fromAsync(source.read({ stream, mode, batchBytes: 4096 }, signal()));
      return batches.flatMap((batch) => [...decodeRows(batch.data)].map((row) => row[0]));
    };
    assert.deepEqual(await ids(0), ['1', '2'], 'a row of the future waits until its time');
    assert.deepEqual(await ids(60_000), ['1']);
  });

  test('a cursor that is no time is read with a warning; one without an order is refused', async () => {
    await client.query(`CREATE TABLE plain (id int PRIMARY KEY, state enum('b','a')); INSERT INTO plain VALUES (1, 'a'), (2, 'b')`);
    const stream = await find('plain');
    const bound = await source.bound(stream, 'id', 0, signal());
    assert.equal(bound.upTo, '2');
    assert.match(bound.warning!.en, /no time/);
    await assert.rejects(source.bound(stream, 'state', 0, signal()), (error: Problem) => error.code.endsWith('/incremental-impossible'));
  });

  test('a view is a stream; an empty table has no bound; a dropped table is told by name', async () => {
    await client.query('CREATE VIEW seen AS SELECT id, at FROM seconds; CREATE TABLE nothing (id int PRIMARY KEY, at datetime(6))');
    assert.deepEqual(
      (await find('seen')).columns.map((column) => column.type),
      ['int32', 'timestamp'],
    );
    const nothing = await find('nothing');
    assert.deepEqual(await source.bound(nothing, 'at', 0, signal()), { upTo: null, nullCursors: 0 });
    await client.query('DROP TABLE nothing');
    await assert.rejects(
      source.bound(nothing, 'at', 0, signal()),
      (error: Problem) => error.code.endsWith('/stream-gone') && error.message.includes('nothing'),
    );
  });

  test('a reader that stops early leaves no query running', async () => {
    await client.query(
      'CREATE TABLE many (id int PRIMARY KEY, filler varchar(200)); INSERT INTO many SELECT seq, REPEAT("x", 200) FROM seq_1_to_50000',
    );
    const stream = await find('many');
    for await (const batch of source.read({ stream, mode: { type: 'full' }, batchBytes: 16_384 }, signal())) {
      assert.ok(batch.rows > 0 && batch.data.length < 200_000, 'the server is not read ahead without bound');
      break;
    }
    for (let tries = 0; ; tries++) {
      const [rows] = await client.query(
        "SELECT count(*) AS n FROM information_schema.PROCESSLIST WHERE INFO LIKE '%`many`%' AND ID <> CONNECTION_ID()",
      );
      if ((rows as { n: number }[])[0]!.n === 0) break;
      assert.ok(tries < 2_000, 'the query is still running');
    }
  });
}
