// Aim: a store whose calls were rows has the same calls as blocks after its schema was brought up to date, stories and all, even when
// the first attempt broke off. Method: a store of the schema before, made by its own migrations, with rows as it wrote them.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { packedCalls } from '../../../test/calls.ts';
import { systemClock } from '../../base/clock.ts';
import { readPackedCalls } from '../../sdk/call-batch.ts';
import type { ToldCall } from '../../sdk/call-record.ts';
import { chainText, storyText } from '../../sdk/call-story.ts';
import { openBlockSearch } from './block-search.ts';
import { openSqlite } from '../sqlite.ts';
import { openStore } from '../store.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-import-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const newId = () => 'id';

const CHAIN = chainText([
  { kind: 'auth', id: 'api-key', place: 'route', hasRequest: true, hasResponse: false, tells: '', facts: { header: 'x-api-key' } },
  { kind: 'policy', id: 'rate-limit', place: 'plan', hasRequest: true, hasResponse: true, tells: 'remaining', facts: { limit: 5 } },
]);
const TRIP = { headMs: 0.012, tries: 2, targetIndex: 1, reused: 1, waitMs: 0.5, connectMs: 1.5 };

function calls(count: number): ToldCall[] {
  return readPackedCalls(
    packedCalls(
      Array.from({ length: count }, (_, i) => ({
        id: `c${String(i).padStart(6, '0')}`,
        time: 1_000_000 + i,
        project: 'default',
        consumer: 'app',
        clientAddress: '192.0.2.1',
        route: `r${i % 9}`,
        method: 'GET',
        protocol: i % 2 ? 'h2' : '',
        path: `/p/${i}`,
        release: 'abc',
        status: 200,
        reason: '',
        durationMs: 4.5,
        upstreamMs: 3.75,
        requestBytes: 1,
        responseBytes: 2,
        traceId: 't'.repeat(32),
      })),
    ),
  ).map((call, i) => {
    const { upstreamMs, durationMs } = call;
    const refused = storyText(
      { ...TRIP, upstreamMs, durationMs },
      '192.0.2.9:80 503,closed',
      ' p3,r12=rate-limit/exceeded;c1',
      "|'a b|4",
      CHAIN,
    );
    return i % 3 === 0 ? { ...call, story: refused } : call;
  });
}

/** A store as it was before schema 7, with these calls as rows. */
async function storeOfRows(file: string, all: readonly ToldCall[]): Promise<void> {
  const db = openSqlite(file);
  const migrations = path.join(import.meta.dirname, '..', 'migrations');
  await db.run('CREATE TABLE schema_version (version BIGINT NOT NULL)');
  for (const name of readdirSync(migrations).sort().slice(0, 6)) {
    const statements = readFileSync(path.join(migrations, name), 'utf8')
      .replace(/^--.*$/gm, '')
      .split(/;\s*$/m)
      .map((one) => one.trim())
      .filter((one) => one !== '' && !one.startsWith('/* postgres */'));
    for (const statement of statements) await db.run(statement);
  }
  await db.run('INSERT INTO schema_version VALUES (6)');
  await db.transaction(async (inner) => {
    for (const [i, c] of all.entries()) {
      const story = i === 1 ? null : c.story;
      const times = [Math.round(c.durationMs * 1000), Math.round(c.upstreamMs * 1000)];
      const row = [
        c.id,
        c.time,
        c.project,
        c.consumer,
        c.clientAddress,
        c.route,
        c.method,
        c.path,
        c.release,
        c.status,
        c.reason,
        ...times,
      ];
      await inner.run(`INSERT INTO call_record VALUES (${'?, '.repeat(17)}?)`, [
        ...row,
        c.requestBytes,
        c.responseBytes,
        c.traceId,
        story,
        c.protocol,
      ]);
    }
  });
  await db.close();
}

test('calls that were rows are found as before', async () => {
  const file = path.join(folder, 'store.db');
  const all = calls(4500);
  await storeOfRows(file, all);
  const before = statSync(file).size;
  writeFileSync(path.join(folder, 'calls.db.unfinished'), 'an attempt that broke off');
  const store = await openStore({ file, clock: systemClock, newId });
  try {
    const found = await store.calls.search({ limit: 5000 });
    assert.deepEqual(
      found,
      all.toReversed().map(({ story: _story, ...call }) => call),
    );
    for (const i of [0, 2, 3, 4499]) assert.deepEqual(await store.calls.find(all[i]!.id), all[i]);
    assert.equal((await store.calls.find(all[1]!.id))!.story, null, 'recorded before stories were');
    assert.ok(statSync(file).size < before / 4, `the disk has back what the rows took: ${before} bytes, then ${statSync(file).size}`);
  } finally {
    await store.close();
  }
  const again = await openStore({ file, clock: systemClock, newId });
  assert.equal((await again.calls.search({ limit: 5000 })).length, all.length, 'once');
  await again.close();
});

test('an older store that was restored beside newer calls: its rows are taken over, and the calls recorded since are kept', async () => {
  const own = path.join(folder, 'restored');
  mkdirSync(own);
  const file = path.join(own, 'store.db');
  const since = await openStore({ file, clock: systemClock, newId });
  await since.calls.add([packedCalls(calls(3).map(({ story: _story, ...call }) => ({ ...call, id: `since-${call.id}` })))]);
  await since.close();
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
  await storeOfRows(file, calls(5));
  const store = await openStore({ file, clock: systemClock, newId });
  assert.equal((await store.calls.search({ limit: 9 })).length, 5);
  await store.close();
  const kept = openBlockSearch(path.join(own, 'calls.db.before'))!;
  assert.equal(kept.search({ limit: 9 }).length, 3);
  kept.close();
});
