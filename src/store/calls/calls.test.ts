// Aim: calls stored in blocks are found as if each stood in a row of its own, in every order and by every field, whatever batches they
// came in; what is small is joined, what is old or too much goes, and the bound is of real bytes.
// Method: the file itself, with seeded calls; a plain list of the same calls says what is right.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { packedCalls } from '../../../test/calls.ts';
import { systemClock } from '../../base/clock.ts';
import { seededRandom } from '../../base/random.ts';
import { readPackedCalls } from '../../sdk/call-batch.ts';
import type { CallRecord } from '../../sdk/call-record.ts';
import type { CallFilter } from '../types.ts';
import { openBlockFile } from './block-file.ts';
import { openBlockSearch } from './block-search.ts';
import { openCalls } from './call-threads.ts';
import { SECTION_NAMES } from './columns.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-calls-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const random = seededRandom(4);
const pick = <V>(values: readonly V[]): V => values[random.integer(values.length)]!;

function callOf(i: number): CallRecord {
  return {
    id: i % 7 === 0 ? `mine-${i % 21}~0000${i}` : `id-${String(i).padStart(6, '0')}`,
    time: 1_000_000 + i * 3 - random.integer(400),
    project: pick(['default', 'blue', 'green']),
    consumer: pick(['', 'app', 'web']),
    clientAddress: `192.0.2.${random.integer(9)}`,
    route: `r${random.integer(40)}`,
    method: pick(['GET', 'POST']),
    protocol: pick(['http/1.1', 'h2']),
    path: `/p${random.integer(5)}/${i}`,
    release: pick(['abc1', 'abd2']),
    status: pick([0, 200, 200, 204, 404, 429, 500]),
    reason: pick(['', 'core/gateway/timeout']),
    durationMs: random.integer(4_000_000) / 1000,
    upstreamMs: random.integer(2000) / 1000,
    requestBytes: random.integer(100),
    responseBytes: random.integer(5000),
    traceId: String(i).padStart(32, '0'),
  };
}

/** Calls in batches of many sizes, as gateways tell of them. */
function filled(file: string, count: number): CallRecord[] {
  const all = Array.from({ length: count }, (_, i) => callOf(i));
  const blocks = openBlockFile(file);
  for (let at = 0; at < count; ) {
    const size = pick([1, 1, 2, 5, 40, 300]);
    blocks.add([packedCalls(all.slice(at, at + size))]);
    at += size;
  }
  blocks.close();
  return all;
}

const VALUES = {
  time: (c: CallRecord) => c.time,
  duration: (c: CallRecord) => Math.round(c.durationMs * 1000),
  status: (c: CallRecord) => c.status,
};

function ordered(all: readonly CallRecord[], { by, descending }: NonNullable<CallFilter['order']>): CallRecord[] {
  const sign = descending ? -1 : 1;
  return all.toSorted((a, b) => sign * (VALUES[by](a) - VALUES[by](b) || (a.id < b.id ? -1 : 1)));
}

test('every order, page by page, and every field answer what a plain list answers', () => {
  const file = path.join(folder, 'same.db');
  const all = filled(file, 3000);
  const search = openBlockSearch(file)!;
  for (const by of ['time', 'duration', 'status'] as const) {
    for (const descending of [true, false]) {
      const found: CallRecord[] = [];
      for (let after: CallFilter['after']; ; ) {
        const page = search.search({ order: { by, descending }, limit: 700, ...(after ? { after } : {}) });
        found.push(...page);
        if (page.length < 700) break;
        after = { value: VALUES[by](page.at(-1)!), id: page.at(-1)!.id };
      }
      assert.deepEqual(found, ordered(all, { by, descending }), `${by} ${descending}`);
    }
  }
  const asked: [Omit<CallFilter, 'limit'>, (c: CallRecord) => boolean][] = [
    [{ project: 'blue' }, (c) => c.project === 'blue'],
    [{ projects: ['blue', 'green'], consumer: 'app' }, (c) => c.project !== 'default' && c.consumer === 'app'],
    [{ projects: [] }, () => false],
    [{ routes: ['r1', 'r2'] }, (c) => c.route === 'r1' || c.route === 'r2'],
    [{ route: 'r39', method: 'POST' }, (c) => c.route === 'r39' && c.method === 'POST'],
    [{ path: '/p3/2' }, (c) => c.path.startsWith('/p3/2')],
    [{ release: 'abd' }, (c) => c.release === 'abd2'],
    [{ protocol: 'h2' }, (c) => c.protocol === 'h2'],
    [{ status: 404 }, (c) => c.status === 404],
    [{ statusFrom: 400, statusTo: 499 }, (c) => c.status >= 400 && c.status < 500],
    [{ reason: 'core/gateway/timeout' }, (c) => c.reason !== ''],
    [{ clientAddress: '192.0.2.3' }, (c) => c.clientAddress === '192.0.2.3'],
    [{ traceId: '77'.padStart(32, '0') }, (c) => c.traceId.endsWith('00077')],
    [{ id: 'mine-14' }, (c) => c.id.startsWith('mine-14~')],
    [{ id: 'mine-14~000014' }, (c) => c.id === 'mine-14~000014'],
    [{ id: 'mine' }, () => false],
    [{ from: 1_003_000, to: 1_003_500 }, (c) => c.time >= 1_003_000 && c.time < 1_003_500],
    [{ slowerThanMs: 3900, upstreamSlowerThanMs: 1 }, (c) => c.durationMs >= 3900 && c.upstreamMs >= 1],
    [{ requestBytesFrom: 90, responseBytesFrom: 4000 }, (c) => c.requestBytes >= 90 && c.responseBytes >= 4000],
  ];
  for (const [filter, fits] of asked) {
    const right = ordered(all.filter(fits), { by: 'time', descending: true });
    assert.deepEqual(search.search({ ...filter, limit: 5000 }), right, JSON.stringify(filter));
    assert.deepEqual(search.search({ ...filter, limit: 3 }), right.slice(0, 3), JSON.stringify(filter));
  }
  search.close();
});

test('one call is told with its story, after its batch was joined with others', () => {
  const file = path.join(folder, 'told.db');
  const all = filled(file, 800);
  const search = openBlockSearch(file)!;
  for (const call of [all[1]!, all[399]!, all[799]!]) assert.deepEqual(search.find(call.id), readPackedCalls(packedCalls([call]))[0]);
  assert.equal(search.find('nobody'), null);
  search.close();
});

test('sums are those of the newest calls', () => {
  const file = path.join(folder, 'sums.db');
  const all = filled(file, 2000);
  const search = openBlockSearch(file)!;
  const within = { from: 1_001_000, to: 1_005_000 };
  const inside = all.filter((c) => c.time >= within.from && c.time < within.to);
  const totals = search.totals({ ...within, spanMs: 1000, rowsMax: 10_000 });
  assert.equal(
    totals.reduce((sum, one) => sum + one.calls, 0),
    inside.length,
  );
  for (const time of [1_001_000, 1_004_000]) {
    const limited = totals.filter((one) => one.time === time && one.limited).reduce((sum, one) => sum + one.calls, 0);
    assert.equal(limited, inside.filter((c) => c.time >= time && c.time < time + 1000 && c.status === 429).length);
  }
  const own = search.totals({ ...within, spanMs: 10_000, rowsMax: 10_000, projects: ['blue'], consumer: 'app', route: 'r7' });
  assert.equal(
    own.reduce((sum, one) => sum + one.calls, 0),
    inside.filter((c) => c.project === 'blue' && c.consumer === 'app' && c.route === 'r7').length,
  );
  const newest = ordered(inside, { by: 'time', descending: true }).slice(0, 100);
  const few = search.totals({ ...within, spanMs: 1, rowsMax: 100 });
  assert.equal(
    few.reduce((sum, one) => sum + one.calls, 0),
    100,
  );
  assert.equal(few[0]!.time, newest.at(-1)!.time, 'only the newest are looked at');
  const routes = search.totalsByRoute({ ...within, prefix: 'r1', rowsMax: 10_000, projects: ['blue', 'green'] });
  const ofRoute = inside.filter((c) => c.project === 'blue' && c.route === 'r11');
  assert.deepEqual(
    routes.find((one) => one.project === 'blue' && one.route === 'r11'),
    {
      project: 'blue',
      route: 'r11',
      calls: ofRoute.length,
      failed: ofRoute.filter((c) => c.status >= 500 || c.status === 0).length,
      limited: ofRoute.filter((c) => c.status === 429).length,
    },
  );
  assert.ok(routes.every((one) => one.route.startsWith('r1') && one.project !== 'default'));
  search.close();
});

test('a thousand batches of one call each end in few blocks', () => {
  const file = path.join(folder, 'small.db');
  const blocks = openBlockFile(file);
  for (let i = 0; i < 1000; i++) blocks.add([packedCalls([callOf(i)])]);
  blocks.close();
  const db = new DatabaseSync(file, { readOnly: true });
  const { blocks: count, calls } = db.prepare('SELECT count(*) AS blocks, sum(count) AS calls FROM block').get() as Record<string, number>;
  db.close();
  assert.equal(calls, 1000);
  assert.ok(count! <= 3 + 15 + 15, `${count} blocks`);
});

test('calls past their age go to the last one, younger ones of the same block stay', () => {
  const file = path.join(folder, 'age.db');
  const all = filled(file, 1500);
  const blocks = openBlockFile(file);
  const before = 1_002_222;
  let deleted = 0;
  for (let more = true; more; ) {
    const step = blocks.trim(before, 1e12);
    deleted += step.deleted;
    ({ more } = step);
  }
  blocks.close();
  const search = openBlockSearch(file)!;
  const right = ordered(
    all.filter((c) => c.time >= before),
    { by: 'time', descending: true },
  );
  assert.equal(deleted, all.length - right.length);
  assert.deepEqual(search.search({ limit: 5000 }), right);
  search.close();
});

test('the bound is of the bytes on the disk, however long paths are', () => {
  const file = path.join(folder, 'bytes.db');
  const blocks = openBlockFile(file);
  const max = 2 ** 20;
  let steps = 0;
  for (let i = 0; i < 300; i++) {
    const long = Array.from({ length: 30 }, (_, k) => ({
      ...callOf(i * 30 + k),
      path: `/${Buffer.from(random.bytes(900)).toString('hex')}`,
    }));
    const bytes = blocks.add([packedCalls(long)]);
    for (let more = bytes > max; more; steps++) ({ more } = blocks.trim(0, max));
  }
  blocks.close();
  assert.ok(steps > 0, 'more came than may stay');
  const size = statSync(file).size;
  assert.ok(size < 1.5 * max, `${size} bytes`);
  const search = openBlockSearch(file)!;
  const kept = search.search({ limit: 20_000 });
  assert.ok(kept.length > 300 && kept.length < 9000, `${kept.length} kept`);
  const last = String(8999).padStart(32, '0');
  assert.ok(
    kept.some(({ traceId }) => traceId === last),
    'the newest is there',
  );
  search.close();
});

test('on threads: nothing to read at first, then all that was acknowledged, also by who opens it later', async () => {
  const file = path.join(folder, 'threads.db');
  const calls = openCalls(file, systemClock);
  assert.deepEqual(await calls.search({ limit: 5 }), []);
  assert.equal(await calls.find('x'), null);
  const some = Array.from({ length: 50 }, (_, i) => callOf(i));
  assert.ok((await calls.add([packedCalls(some.slice(0, 20)), packedCalls(some.slice(20))])) > 0);
  assert.equal((await calls.search({ limit: 99 })).length, 50);
  assert.equal(await calls.trim(0, 1), 50, 'in steps, told at the end');
  await calls.add([packedCalls(some)]);
  await calls.close();
  const again = openCalls(file, systemClock);
  assert.equal((await again.search({ limit: 99 })).length, 50);
  await again.close();
});

test('a file that is none is told as damaged, to who stores and to who reads, and set aside: a new one takes what comes next', async () => {
  const file = path.join(folder, 'damaged.db');
  const none = 'this is no store'.repeat(200);
  writeFileSync(file, none);
  const calls = openCalls(file, systemClock);
  await assert.rejects(calls.search({ limit: 1 }), { code: 'core/store/damaged' });
  await assert.rejects(calls.add([packedCalls([callOf(1)])]), { code: 'core/store/damaged' });
  await calls.add([packedCalls([callOf(1)])]);
  assert.equal((await calls.search({ limit: 5 })).length, 1);
  assert.equal(readFileSync(`${file}.damaged`, 'utf8'), none);
  await calls.close();
});

/** Changes a byte in the middle of a stored part of each of these blocks, as a bad disk does. */
function damage(file: string, part: string, blocks = 'SELECT id FROM block'): void {
  const db = new DatabaseSync(file);
  const all = db.prepare(`SELECT id, ${part} AS part FROM block_content WHERE id IN (${blocks})`).all() as {
    id: number;
    part: Uint8Array;
  }[];
  for (const { id, part: bytes } of all) {
    bytes[bytes.length >> 1]! ^= 0x10;
    db.prepare(`UPDATE block_content SET ${part} = ? WHERE id = ?`).run(bytes, id);
  }
  db.close();
}

for (const part of [...SECTION_NAMES, 'names'])
  test(`blocks whose ${part} the disk changed are left out, deleted and counted; all others are found`, async () => {
    const file = path.join(folder, `bad-${part}.db`);
    const all = Array.from({ length: 600 }, (_, i) => callOf(i));
    const calls = openCalls(file, systemClock);
    await calls.add([packedCalls(all.slice(0, 300)), packedCalls(all.slice(300))]);
    damage(file, part, 'SELECT min(id) FROM block');
    const kept = ordered(all.slice(300), { by: 'time', descending: true });
    // Each part is needed by one of these.
    const found = await calls.search({ path: '/p', limit: 999 });
    if (part !== 'story') assert.deepEqual(found, kept);
    await calls.totals({ from: 0, to: 1e9, spanMs: 1e6, rowsMax: 1e6 });
    await calls.totalsByRoute({ from: 0, to: 1e9, prefix: '', rowsMax: 1e6 });
    assert.equal(await calls.find(all[5]!.id), null);
    await calls.add([]);
    assert.equal(calls.lost, 300);
    assert.deepEqual(await calls.search({ limit: 999 }), kept);
    await calls.close();
  });

test('small blocks that the disk changed do not keep new calls from being stored, nor old ones from being deleted', () => {
  const file = path.join(folder, 'bad-small.db');
  const blocks = openBlockFile(file);
  for (let i = 0; i < 15; i++) blocks.add([packedCalls([callOf(i)])]);
  damage(file, 'ids', 'SELECT id FROM block LIMIT 5');
  blocks.add([packedCalls([callOf(15)])]);
  assert.equal(blocks.lost(), 5);
  assert.equal(blocks.lost(), 0, 'told once');
  blocks.add([packedCalls(Array.from({ length: 300 }, (_, i) => callOf(i)))]);
  damage(file, 'story');
  assert.deepEqual(blocks.trim(1_000_300, 1e12), { deleted: 11, more: false }, 'without being read');
  assert.equal(blocks.lost(), 300);
  blocks.close();
});

test('pages that are needed no more are given back to the disk', () => {
  const file = path.join(folder, 'given-back.db');
  const blocks = openBlockFile(file);
  for (let i = 0; i < 40; i++) {
    const wide = (_: unknown, k: number) => ({ ...callOf(i * 300 + k), path: `/${Buffer.from(random.bytes(100)).toString('hex')}` });
    blocks.add([packedCalls(Array.from({ length: 300 }, wide))]);
  }
  blocks.close();
  const full = statSync(file).size;
  const again = openBlockFile(file);
  for (let more = true; more; ) ({ more } = again.trim(1e12, 1e12));
  again.close();
  assert.ok(statSync(file).size < full / 4, `${full} bytes, then ${statSync(file).size}`);
});

test('deleting much goes in steps of so many blocks, so that new calls are stored in between', () => {
  const blocks = openBlockFile(path.join(folder, 'steps.db'));
  for (let i = 0; i < 40; i++) blocks.add([packedCalls(Array.from({ length: 256 }, (_, k) => callOf(i * 256 + k)))]);
  const steps = [blocks.trim(1e12, 1e12), blocks.trim(1e12, 1e12)];
  assert.deepEqual(steps, [
    { deleted: 32 * 256, more: true },
    { deleted: 8 * 256, more: false },
  ]);
  blocks.close();
});
