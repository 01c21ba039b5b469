// Aim: reads on the thread of their own see what is committed, in order, bounded in number and time, and cannot write;
// one that is stuck holds up nobody. Method: a real file and real threads; time by hand.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { manualClock } from '../base/clock.ts';
import { openSqlite } from './sqlite.ts';
import { createSqliteReader, type SqliteReader } from './sqlite-reader.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-reader-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'store.db');
const db = openSqlite(file);
await db.run('CREATE TABLE t (n INTEGER, s TEXT)');
after(() => db.close());

const opened: SqliteReader[] = [];
afterEach(async () => {
  for (const reader of opened.splice(0)) await reader.close();
});
function open() {
  const clock = manualClock();
  const reader = createSqliteReader({ file, clock });
  opened.push(reader);
  return { clock, reader };
}

/** Some time inside SQLite, and an end. */
const SLOW = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) AS c FROM n';

test('what was committed before is seen, exactly as by the other handle', async () => {
  const { reader } = open();
  for (const n of [1, 2 ** 40, 3]) {
    await db.run('INSERT INTO t VALUES (?, ?)', [n, `a\0${n}`]);
    const sql = 'SELECT n, s, NULL AS none, 9007199254740993 AS big FROM t WHERE n <= ? ORDER BY n';
    assert.deepEqual(await reader.all(sql, [2 ** 50]), await db.all(sql, [2 ** 50]));
  }
});

test('a big read does not hold up this thread, and answers come in order', async () => {
  const { reader } = open();
  const order: string[] = [];
  const slow = reader.all(SLOW).then((rows) => order.push(`slow ${String(rows[0]!['c'])}`));
  const quick = reader.all('SELECT 1 AS one').then(() => order.push('quick'));
  await delay(1); // On this thread a blocked loop could not get here before the slow one is over.
  order.push('here');
  await Promise.all([slow, quick]);
  assert.deepEqual(order, ['here', 'slow 3000000', 'quick']);
});

test('it cannot write, and a mistake in a statement ends that statement only', async () => {
  const { reader } = open();
  await assert.rejects(reader.all('INSERT INTO t VALUES (7, 7)'), { code: 'core/store/read-only' });
  await assert.rejects(reader.all('SELECT absent FROM t'), (error: Error) => /no such column/.test(String(error.cause)));
  assert.equal((await reader.all('SELECT 5 AS five'))[0]!['five'], 5);
});

test('one past its time is given up and the next has a fresh thread; who waits too long is told', async () => {
  const { clock, reader } = open();
  await reader.all('SELECT 1 AS one');
  const late = assert.rejects(reader.all(SLOW), { code: 'core/store/read-too-slow' });
  clock.advance(14_999);
  const behind = assert.rejects(reader.all('SELECT 2 AS two'), { code: 'core/store/busy' });
  clock.advance(5_000);
  await behind;
  const young = reader.all('SELECT 3 AS three');
  clock.advance(1);
  await late;
  assert.equal((await young)[0]!['three'], 3);
});

test('too many at once, and too many stuck threads, are refused at once; it goes on when one has ended', async () => {
  const { clock, reader } = open();
  const first = reader.all(SLOW);
  const all = Array.from({ length: 100 }, () => reader.all('SELECT 1 AS one'));
  await assert.rejects(reader.all('SELECT 1 AS one'), { code: 'core/store/busy' });
  await Promise.all([first, ...all]);
  const late = [reader.all(SLOW)];
  clock.advance(20_000);
  late.push(reader.all(SLOW));
  clock.advance(20_000);
  const refused = reader.all('SELECT 1 AS one');
  for (const read of late) await assert.rejects(read, { code: 'core/store/read-too-slow' });
  await assert.rejects(refused, { code: 'core/store/busy' });
  for (let tries = 0; ; tries++) {
    const rows = await reader.all('SELECT 1 AS one').catch(() => undefined);
    if (rows) break;
    assert.ok(tries < 1500, 'no thread has ended within 30 s');
    await delay(20);
  }
});

test('closing ends what waits', async () => {
  const { reader } = open();
  const reads = [reader.all(SLOW), reader.all('SELECT 1 AS one')].map((read) => assert.rejects(read, { code: 'core/store/unavailable' }));
  await reader.close();
  await Promise.all(reads);
  await assert.rejects(reader.all('SELECT 1 AS one'), { code: 'core/store/busy' });
});
