/**
 * Aim: a call goes from parameters to bytes through the real threads: pages, single objects, caps, busy
 * pools, deadlines, cancellation, replaced connections; no byte of a request ever reaches SQL text.
 * Method: a query thread with engine threads over a real SQLite file; seeded hostile values.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { type House, startHouse } from '../../test/dataapi/house.ts';
import { systemClock } from '../base/clock.ts';
import { Problem } from '../base/problem.ts';
import { seededRandom } from '../base/random.ts';
import { createSqliteQuery } from '../extensions/connectors/sqlite/query.ts';
import type { CompiledDataApi } from '../sdk/dataapi.ts';
import { hostileTexts } from '../../test/dataapi/hostile.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-dataapi-'));
const file = path.join(folder, 'shop.db');
const engine = createSqliteQuery({ resolvePath: async () => file, clock: systemClock });
const writer = new DatabaseSync(file);
let house: House;

/** Yields its only row after seconds of work inside SQLite, where nothing interrupts it. */
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000000) SELECT max(i) AS m FROM n';
const page = (sort: string[], size = 50) => ({ page: { sort, sizeDefault: size, sizeMax: 100 } });
const connection = (name: string, poolMax = 4, at = file) => ({
  project: 'default',
  name,
  type: 'sqlite',
  config: { file: at },
  poolMax,
});

before(() => {
  writer.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, grp INT NOT NULL, name TEXT)');
  const insert = writer.prepare('INSERT INTO item VALUES (?, ?, ?)');
  insert.setReadBigInts(true);
  for (let i = 1; i <= 250; i++) insert.run(BigInt(i) + 9007199254740992n, i % 7, `名 ${i}`);
  house = startHouse({ waitMs: 300, queueMax: 2 });
  house.connect(connection('w'));
});
after(async () => {
  await house.close();
  await engine.close();
  writer.close();
  rmSync(folder, { recursive: true });
});

const publish = (spec: Record<string, unknown>) => house.publish({ connection: 'w', ...spec }, engine);
const json = (body: Uint8Array) => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>[];

async function problemOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof Problem, String(error));
    return `${error.status} ${error.code.split('/').pop()}`;
  }
  return 'answered';
}

test('a list, with and without its optional condition', async () => {
  const api = await publish({
    parameters: { grp: { schema: { type: 'integer' } }, name: { schema: { type: 'string' } } },
    sql: `SELECT id, name FROM item
      <where> <if test="grp != null">grp = #{grp}</if> <if test="name != null">AND name LIKE #{name}</if> </where> ORDER BY id`,
  });
  assert.equal(json((await house.call(api)).body).length, 250);
  const answer = await house.call(api, { query: 'grp=3&name=%25+1%25' });
  assert.deepEqual([answer.status, answer.headers['content-type'], answer.rows], [200, 'application/json', json(answer.body).length]);
  assert.ok(
    Buffer.from(answer.body).toString().startsWith('[{"id":9007199254741002,"name":"名 10"}'),
    'integers beyond 2^53 keep their digits',
  );
  assert.equal(await problemOf(house.call(api, { query: 'grp=x' })), '400 parameters-invalid');
  assert.equal(await problemOf(house.call(api, { method: 'POST' })), '405 method-not-allowed');
});

test('pages join to exactly the whole, in mixed order, and end', async () => {
  const api = await publish({ sql: 'SELECT grp, id FROM item', ...page(['-grp', 'id'], 40) });
  const seen: string[] = [];
  let query = '';
  for (let pages = 0; ; pages++) {
    assert.ok(pages < 10);
    const answer = await house.call(api, { query });
    seen.push(
      ...[
        ...Buffer.from(answer.body)
          .toString()
          .matchAll(/"id":(\d+)/g),
      ].map((m) => m[1]!),
    );
    const link = answer.headers['link'];
    assert.equal(link === undefined, answer.headers['x-next-cursor'] === undefined);
    if (!link) break;
    query = /^<\?(.*)>; rel="next"$/.exec(link)![1]!;
  }
  const expected = writer
    .prepare('SELECT CAST(id AS TEXT) AS id FROM item ORDER BY grp DESC, item.id')
    .all()
    .map((r) => r['id']);
  assert.deepEqual(seen, expected);
  assert.equal(await problemOf(house.call(api, { query: 'cursor=abc.def' })), '400 cursor-invalid');
});

test('one object, none, and one too many', async () => {
  const api = await publish({
    path: '/x/{id}',
    single: true,
    parameters: { id: { in: 'path', schema: { type: 'integer' } } },
    sql: 'SELECT id, grp FROM item WHERE id = #{id} OR grp = #{id}',
  });
  assert.equal(
    Buffer.from((await house.call(api, { params: { id: '9007199254740993' } })).body).toString(),
    '{"id":9007199254740993,"grp":1}',
  );
  assert.equal(await problemOf(house.call(api, { params: { id: '-1' } })), '404 not-found');
  assert.equal(await problemOf(house.call(api, { params: { id: '1' } })), '502 not-single');
});

test('caps are problems that name the cap', async () => {
  const rows = await publish({ sql: 'SELECT id FROM item', limits: { rows: 100 } });
  const bytes = await publish({ sql: 'SELECT id FROM item', limits: { bytes: '100B' } });
  for (const api of [rows, bytes]) assert.equal(await problemOf(house.call(api)), '422 answer-too-large');
});

test('what may not be published', async () => {
  const refused = async (spec: Record<string, unknown>) =>
    house.publish({ connection: 'w', ...spec }, engine).then(
      () => '',
      (error: Error) => error.message,
    );
  assert.match(await refused({ sql: 'SELECT grp FROM item', ...page(['grp']) }), /not a unique, not-null key/);
  assert.match(await refused({ sql: 'SELECT grp AS id FROM item', ...page(['id']) }), /not a unique, not-null key/);
  assert.match(await refused({ sql: 'SELECT id + 1 AS id FROM item', ...page(['id']) }), /not an unchanged column/);
  assert.match(await refused({ sql: 'SELECT a.id FROM item a JOIN item b ON a.grp = b.grp', ...page(['id']) }), /\/page\/table/);
  assert.match(await refused({ sql: 'SELECT id FROM item', ...page(['nope']) }), /no such column: weir_page.nope/);
  assert.match(await refused({ sql: 'SELECT id, id FROM item' }), /two columns named/);
  assert.match(await refused({ sql: 'SELECT nope FROM item' }), /the database refuses it: no such column/);
  assert.match(
    await refused({ parameters: { a: { schema: { type: 'string' } } }, sql: 'SELECT id <if test="a != null">, grp</if> FROM item' }),
    /different columns by branch/,
  );
  assert.match(
    await refused({
      parameters: { a: { schema: { type: 'string' } } },
      sql: 'SELECT id FROM item <where><if test="a != null">nope = #{a}</if></where>',
    }),
    /with <if> number 1 taken/,
  );
});

test('no byte of a request reaches SQL text', async () => {
  const api = await publish({
    parameters: { s: { schema: { type: 'string' } }, h: { in: 'header', schema: { type: 'string' } } },
    sql: 'SELECT #{s} AS s, #{h} AS h, (SELECT count(*) FROM item) AS n',
  });
  const before = JSON.stringify(api.shapes);
  const runner = house.runner();
  const random = seededRandom(11);
  for (const text of hostileTexts(random, 300)) {
    const query = `s=${encodeURIComponent(text)}`;
    const answer = await runner.run({ api, method: 'GET', params: {}, query, header: () => text, signal: new AbortController().signal });
    assert.deepEqual(json(answer.body), [{ s: text, h: text, n: 250 }], 'the value comes back as a value, and nothing else happened');
  }
  assert.equal(JSON.stringify(api.shapes), before);
});

test('messages to the query thread carry SQL only from compiled shapes', async () => {
  const api = await publish({ parameters: { s: { schema: { type: 'string' } } }, sql: 'SELECT #{s} AS s' });
  const { createRunner } = await import('./runner.ts');
  const { MessageChannel } = await import('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  const runner = createRunner({ port: port1, clock: systemClock });
  const sent: { type: string; call?: number; info?: { shape: { sql: string } } }[] = [];
  port2.on('message', (message) => {
    sent.push(message);
    if (message.type === 'run')
      port2.postMessage({ type: 'rows', call: message.call, json: new TextEncoder().encode('[]'), rows: 0, more: false, lastSort: null });
  });
  for (const text of hostileTexts(seededRandom(12), 50)) {
    await runner.run({
      api,
      method: 'GET',
      params: {},
      query: `s=${encodeURIComponent(text)}`,
      header: () => undefined,
      signal: new AbortController().signal,
    });
  }
  assert.deepEqual(
    sent.filter((m) => m.type === 'shape').map((m) => m.info!.shape.sql),
    api.shapes.map((s) => s.sql),
  );
  assert.ok(sent.filter((m) => m.type === 'run').every((m) => !('sql' in m) && !('info' in m)));
  runner.close();
});

test('a query that yields no row is ended at its deadline, and others go on meanwhile', async () => {
  const slow = await publish({ sql: ENDLESS, limits: { timeout: '200ms' } });
  const quick = await publish({ sql: 'SELECT count(*) AS n FROM item' });
  const stuck = problemOf(house.call(slow));
  assert.deepEqual(json((await house.call(quick)).body), [{ n: 250 }]);
  assert.equal(await stuck, '504 timeout');
  assert.deepEqual(json((await house.call(quick)).body), [{ n: 250 }]);
});

test('a full pool is 503 with Retry-After after a bounded wait, a full queue at once', async () => {
  const slow = await publish({ sql: ENDLESS, limits: { timeout: '600ms' } });
  const calls = Array.from({ length: 6 }, () => problemOf(house.call(slow)));
  const outcomes = (await Promise.all(calls)).sort();
  assert.deepEqual([...new Set(outcomes)], ['503 busy', '504 timeout']);
  const busy = await house.call(slow, { signal: AbortSignal.abort(new Error('gone')) }).catch((error: Error) => error.message);
  assert.equal(busy, 'gone');
});

test('a caller that goes away is let go at once', async () => {
  const slow: CompiledDataApi = await publish({ sql: ENDLESS, limits: { timeout: '600ms' } });
  const abort = new AbortController();
  const call = house.call(slow, { signal: abort.signal }).catch((error: Error) => error.message);
  abort.abort(new Error('client closed'));
  assert.equal(await call, 'client closed');
});

test('a changed connection is used from then on; an unknown one is 503; a query thread that ends is 503', async () => {
  const own = startHouse({ waitMs: 3_000 });
  try {
    const other = path.join(folder, 'other.db');
    const db = new DatabaseSync(other);
    db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY)');
    db.close();
    const api = await own.publish({ connection: 'w', sql: 'SELECT count(*) AS n FROM item' }, engine);
    assert.equal(await problemOf(own.call(api)), '503 unavailable');
    own.connect(connection('w'));
    assert.deepEqual(json((await own.call(api)).body), [{ n: 250 }]);
    own.connect(connection('w', 4, other));
    const end = systemClock.monotonic() + 5_000;
    while (json((await own.call(api)).body)[0]!['n'] !== 0) assert.ok(systemClock.monotonic() < end, 'the new file was not used');
    const pending = problemOf(own.call(await own.publish({ connection: 'w', sql: ENDLESS }, engine)));
    await own.worker.terminate();
    assert.equal(await pending, '503 unavailable');
  } finally {
    await own.close();
  }
});
