// Aim: reads on the thread of their own see what is committed, in order, bounded in number and time, and cannot write;
// one that is stuck holds up nobody. Method: a real file and real threads; time by hand.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { setTimeout as delay } from 'node:timers/promises';
import { manualClock } from '../base/clock.ts';
import { openSqlite } from './sqlite.ts';
import { createReader, type Reader, type ReaderThread } from './reader.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-reader-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'store.db');
const db = openSqlite(file);
await db.run('CREATE TABLE t (n INTEGER, s TEXT)');
after(() => db.close());

const opened: Reader<string, unknown>[] = [];
afterEach(async () => {
  for (const reader of opened.splice(0)) await reader.close();
});
function open() {
  const clock = manualClock();
  const start = () => new Worker(new URL('./reader.worker.ts', import.meta.url), { workerData: { file } });
  const reader = createReader({ start: start as unknown as () => ReaderThread<string, unknown>, clock });
  opened.push(reader);
  return { clock, reader };
}

/** Some time inside SQLite, and an end. */
const SLOW = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) AS c FROM n';

test('what was committed before is seen', async () => {
  const { reader } = open();
  for (const n of [1, 2, 3]) {
    await db.run('INSERT INTO t VALUES (?, ?)', [n, 's']);
    assert.equal(await reader.ask('SELECT count(*) FROM t'), n);
  }
});

test('a big read does not hold up this thread, and answers come in order', async () => {
  const { reader } = open();
  const order: string[] = [];
  const slow = reader.ask(SLOW).then((count) => order.push(`slow ${String(count)}`));
  const quick = reader.ask('SELECT 1 AS one').then(() => order.push('quick'));
  await delay(1); // On this thread a blocked loop could not get here before the slow one is over.
  order.push('here');
  await Promise.all([slow, quick]);
  assert.deepEqual(order, ['here', 'slow 3000000', 'quick']);
});

test('it cannot write, and a mistake in a statement ends that statement only', async () => {
  const { reader } = open();
  await assert.rejects(reader.ask('INSERT INTO t VALUES (7, 7)'), { code: 'core/store/read-only' });
  await assert.rejects(reader.ask('SELECT absent FROM t'), (error: Error) => /no such column/.test(String(error.cause)));
  assert.equal(await reader.ask('SELECT 5 AS five'), 5);
});

test('one past its time is given up and the next has a fresh thread; who waits too long is told', async () => {
  const { clock, reader } = open();
  await reader.ask('SELECT 1 AS one');
  const late = assert.rejects(reader.ask(SLOW), { code: 'core/store/read-too-slow' });
  clock.advance(14_999);
  const behind = assert.rejects(reader.ask('SELECT 2 AS two'), { code: 'core/store/busy' });
  clock.advance(5_000);
  await behind;
  const young = reader.ask('SELECT 3 AS three');
  clock.advance(1);
  await late;
  assert.equal(await young, 3);
});

test('too many at once, and too many stuck threads, are refused at once; it goes on when one has ended', async () => {
  const { clock, reader } = open();
  const first = reader.ask(SLOW);
  const all = Array.from({ length: 100 }, () => reader.ask('SELECT 1 AS one'));
  await assert.rejects(reader.ask('SELECT 1 AS one'), { code: 'core/store/busy' });
  await Promise.all([first, ...all]);
  const late = [reader.ask(SLOW)];
  clock.advance(20_000);
  late.push(reader.ask(SLOW));
  clock.advance(20_000);
  const refused = reader.ask('SELECT 1 AS one');
  for (const read of late) await assert.rejects(read, { code: 'core/store/read-too-slow' });
  await assert.rejects(refused, { code: 'core/store/busy' });
  for (let tries = 0; ; tries++) {
    const one = await reader.ask('SELECT 1 AS one').catch(() => undefined);
    if (one === 1) break;
    assert.ok(tries < 1500, 'no thread has ended within 30 s');
    await delay(20);
  }
});

test('closing ends what waits', async () => {
  const { reader } = open();
  const reads = [reader.ask(SLOW), reader.ask('SELECT 1 AS one')].map((read) => assert.rejects(read, { code: 'core/store/unavailable' }));
  await reader.close();
  await Promise.all(reads);
  await assert.rejects(reader.ask('SELECT 1 AS one'), { code: 'core/store/busy' });
});
