/**
 * Aim: both databases keep the same promises. Method: one suite over a real SQLite file and a real
 * PostgreSQL database; time moved by hand; two processes' worth of claims raced against each other.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startPostgres, type TestDatabase } from '../../test/servers.ts';
import { manualClock } from '../base/clock.ts';
import { idGenerator } from '../base/id.ts';
import { seededRandom } from '../base/random.ts';
import { readPackedCalls } from '../sdk/call-batch.ts';
import type { CallRecord, ToldCall } from '../sdk/call-record.ts';
import { packedCalls, withoutStory, STORY } from '../../test/calls.ts';
import type { StoredResource } from '../sdk/resource.ts';
import type { Lease } from '../sdk/run.ts';
import type { Database } from './database.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import { openStore } from './store.ts';
import type { Store } from './types.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const resource = (name: string, version = 1): StoredResource => ({
  project: 'default',
  kind: 'Plan',
  name,
  manager: 'api',
  text: `# ${name}\n`,
  spec: { big: 1 },
  labels: { a: 'b' },
  description: '说明',
  enabled: true,
  version,
  release: `r${version}`,
  createdAt: 1,
  updatedAt: 2,
  updatedBy: 'me',
});
const call = (id: string, time: number, more: Partial<CallRecord> = {}): ToldCall => ({
  story: STORY,
  id,
  time,
  project: 'default',
  consumer: 'c',
  clientAddress: '127.0.0.1',
  route: 'r',
  method: 'GET',
  protocol: 'http/1.1',
  path: '/a/b',
  release: 'x',
  status: 200,
  reason: '',
  durationMs: 1.5,
  upstreamMs: 0.25,
  requestBytes: 2 ** 33,
  responseBytes: 5,
  traceId: 't',
  ...more,
});
const queued = {
  project: 'default',
  release: 'r',
  trigger: 'manual' as const,
  attempt: 1,
  attemptsMax: 3,
  dueAt: 0,
  requestedBy: 'me',
  overlap: 'queue' as const,
};

/** A claim that skipped what others were deciding about looks again, as a worker does. */
async function claimUntilFound(store: Store, worker: string): Promise<Lease | null> {
  for (let look = 0; look < 50; look++) {
    const lease = await store.runs.claim(worker, 60_000);
    if (lease) return lease;
    if ((await store.runs.list({ state: 'queued', limit: 1 })).length === 0) return null;
  }
  return null;
}

/** Runs SQL past the tables, on a connection of its own; answers the first value. */
async function onceOn(db: Database, sql: string): Promise<unknown> {
  try {
    const [row] = await db.all(sql);
    return row && Object.values(row)[0];
  } finally {
    await db.close();
  }
}

function suite(
  name: string,
  open: (clock: ReturnType<typeof manualClock>) => Promise<Store | string>,
  direct: (sql: string) => Promise<unknown>,
): void {
  describe(name, () => {
    const clock = manualClock();
    let store: Store;
    let missing = '';
    before(async () => {
      const opened = await open(clock);
      if (typeof opened === 'string') missing = opened;
      else store = opened;
    });
    after(() => store?.close());
    const it = (what: string, work: () => Promise<void>) => test(what, (t) => (missing ? t.skip(missing) : work()));

    it('keeps resources, their history and versions', async () => {
      await store.resources.put(resource('gold'), 'created', 3);
      for (let v = 2; v <= 6; v++) await store.resources.put(resource('gold', v), 'updated', 3);
      const key = { project: 'default', kind: 'Plan', name: 'gold' };
      assert.deepEqual(await store.resources.get(key), resource('gold', 6));
      assert.deepEqual(
        (await store.resources.history(key, 10)).map((h) => h.version),
        [6, 5, 4],
      );
      await store.resources.delete(resource('gold', 6), 7, 9, 'you', 3);
      assert.equal(await store.resources.get(key), null);
      assert.equal(await store.resources.lastVersion(key), 7);
    });

    it('a transaction is all or nothing', async () => {
      await assert.rejects(
        store.transaction(async (tables) => {
          await tables.settings.put('half', 'done');
          throw new Error('stop');
        }),
        /stop/,
      );
      assert.equal(await store.settings.get('half'), null);
    });

    it('calls are found by any field, newest first, and bounded', async () => {
      const records = Array.from({ length: 450 }, (_, i) =>
        call(String(i).padStart(5, '0'), 1000 + i, { status: i % 2 ? 200 : 429, path: i % 3 ? '/a/b' : '/z%_' }),
      );
      await store.calls.add([packedCalls(records)]);
      assert.equal((await store.calls.search({ limit: 1000 })).length, 450);
      assert.equal((await store.calls.search({ status: 429, limit: 1000 })).length, 225);
      assert.equal((await store.calls.search({ path: '/z%', method: 'GET', project: 'default', limit: 1000 })).length, 150);
      const totals = await store.calls.totals({ from: 1000, to: 1450, spanMs: 100, rowsMax: 1000 });
      const sum = (found: typeof totals) => found.reduce((all, t) => all + t.calls, 0);
      assert.deepEqual([sum(totals), sum(totals.filter((t) => t.limited)), totals[0]!.time], [450, 225, 1000]);
      const newest = await store.calls.totals({ from: 0, to: 9999, spanMs: 100, rowsMax: 10, projects: ['default'] });
      assert.deepEqual([sum(newest), newest[0]!.time], [10, 1400], 'only the newest are looked at');
      const page = await store.calls.search({ limit: 2, after: { value: 1449, id: '00449' } });
      assert.deepEqual(
        page.map((c) => c.id),
        ['00448', '00447'],
      );
      assert.deepEqual(page[0], withoutStory(records[448]!));
      assert.deepEqual(await store.calls.find('00448'), readPackedCalls(packedCalls([records[448]!]))[0]);
      assert.equal(await store.calls.find('0044'), null);
      assert.equal(await store.calls.trim(1010, 1e9), 10);
      assert.deepEqual((await store.calls.search({ limit: 1000 })).map((c) => c.id).at(-1), '00010');
    });

    it('the database itself refuses to change the audit trail', async () => {
      const row = {
        id: 'kept',
        time: 5,
        actor: 'keeper',
        actorKind: 'user' as const,
        address: '',
        action: 'x',
        subject: 's',
        beforeHash: null,
        afterHash: null,
        outcome: 'done' as const,
        detail: '',
      };
      await store.audit.add(row);
      for (const sql of [`UPDATE audit SET actor = 'b'`, `DELETE FROM audit`, `DELETE FROM audit WHERE id = 'kept'`]) {
        await assert.rejects(direct(sql), /append-only/, sql);
      }
      assert.deepEqual(await store.audit.list({ subject: 's', limit: 5 }), [row]);
    });

    it('the store used inside its own transaction fails at once instead of waiting for itself', async () => {
      await assert.rejects(
        store.transaction(() => store.settings.get('x')),
        /inside its own transaction/,
      );
      await assert.rejects(
        store.transaction(() => store.transaction(async () => {})),
        /inside its own transaction/,
      );
    });

    it('transactions follow one another: a count read inside is still true when it is written', async () => {
      await store.settings.put('count', '0');
      await Promise.all(
        Array.from({ length: 20 }, () =>
          store.transaction(async ({ settings }) => settings.put('count', String(Number(await settings.get('count')) + 1))),
        ),
      );
      assert.equal(await store.settings.get('count'), '20');
    });

    it('integers beyond 2^53 and texts with NUL come back', async () => {
      const big = call('big', 2, { requestBytes: Number.MAX_SAFE_INTEGER, path: '/a\0b' });
      await store.calls.add([packedCalls([big])]);
      assert.deepEqual(await store.calls.search({ id: 'big', limit: 1 }), [{ ...withoutStory(big), path: '/a\ufffdb' }]);
      assert.equal(await direct('SELECT CAST(9007199254740993 AS BIGINT) AS n'), 9007199254740993n);
      assert.equal(await direct('SELECT CAST(-9223372036854775808 AS BIGINT) AS n'), -(2n ** 63n));
      assert.equal(await direct('SELECT CAST(9007199254740991 AS BIGINT) AS n'), 9007199254740991);
    });

    it('calls are found by the beginning of a release, by protocol, time taken and bytes', async () => {
      await store.calls.add([
        packedCalls([
          call('r1', 3, { release: 'feed01', protocol: 'h2', durationMs: 20, upstreamMs: 15 }),
          call('r2', 4, { release: 'feed02', responseBytes: 9000, requestBytes: 70 }),
        ]),
      ]);
      const found = async (filter: object) => (await store.calls.search({ ...filter, from: 3, to: 5, limit: 9 })).map((c) => c.id);
      assert.deepEqual(await found({ release: 'feed' }), ['r2', 'r1']);
      assert.deepEqual(await found({ release: 'feed02' }), ['r2']);
      assert.deepEqual(await found({ slowerThanMs: 20 }), ['r1']);
      assert.deepEqual(await found({ protocol: 'h2' }), ['r1']);
      assert.deepEqual(await found({ upstreamSlowerThanMs: 15 }), ['r1']);
      assert.deepEqual(await found({ responseBytesFrom: 9000, requestBytesFrom: 70 }), ['r2']);
    });

    it('audit and incidents', async () => {
      const row = {
        id: '1',
        time: 5,
        actor: 'a',
        actorKind: 'user' as const,
        address: '::1',
        action: 'login',
        subject: 'a',
        beforeHash: null,
        afterHash: null,
        outcome: 'done' as const,
        detail: '',
      };
      await store.audit.add(row);
      assert.deepEqual(await store.audit.list({ actor: 'a', limit: 5 }), [row]);
      const incident = { id: 'i1', kind: 'k', subject: 's', detail: { en: 'e', zh: '中' }, data: { n: 1 }, openedAt: 1 };
      const opened = await store.incidents.open(incident);
      assert.equal((await store.incidents.open({ ...opened, id: 'i2', detail: { en: 'f', zh: '中' } })).id, 'i1');
      assert.equal(await store.incidents.close('k', 's', 2), true);
      assert.equal(await store.incidents.close('k', 's', 3), false);
    });

    it('a run asked for in a transaction goes with it', async () => {
      const asked = store.transaction(async ({ runs }) => {
        assert.notEqual(await runs.enqueue({ ...queued, pipeline: 'undone' }), null);
        throw new Error('undone');
      });
      await assert.rejects(asked, /undone/);
      assert.deepEqual(await store.runs.list({ pipeline: 'undone', limit: 1 }), []);
    });

    it('a run has one holder, whose epoch grows and fences', async () => {
      const run = (await store.runs.enqueue({ ...queued, pipeline: 'p' }))!;
      assert.equal(await store.runs.enqueue({ ...queued, pipeline: 'p', overlap: 'skip' }), null);
      const first = (await store.runs.claim('w1', 1000))!;
      assert.equal(first.run.id, run.id);
      assert.notEqual(await store.runs.enqueue({ ...queued, pipeline: 'p' }), null);
      assert.equal(await store.runs.claim('w2', 1000), null, 'one run of a pipeline at a time');
      clock.advance(1001);
      const second = (await store.runs.claim('w2', 1000))!;
      assert.equal(second.run.id, run.id);
      assert.ok(second.epoch > first.epoch);
      assert.deepEqual(await store.runs.heartbeat(first, 1000), { held: false, cancelRequested: false });
      assert.equal(await store.runs.finish(first, 'succeeded', [], null), false);
      assert.equal(await store.runs.requestCancel(run.id), true);
      assert.deepEqual(await store.runs.heartbeat(second, 1000), { held: true, cancelRequested: true });
      assert.equal(await store.runs.finish(second, 'cancelled', [], { code: 'c', detail: { en: 'd', zh: '丁' } }), true);
      const next = (await store.runs.claim('w1', 1000))!;
      assert.ok(next.epoch > second.epoch, 'epochs grow over all runs of a pipeline');
      await store.runs.finish(next, 'succeeded', [], null);
    });

    it('leases of a worker that is gone are released: the next one claims at once, and fences it off', async () => {
      await store.runs.enqueue({ ...queued, pipeline: 'gone' });
      const left = (await store.runs.claim('w1', 60_000))!;
      assert.equal(await store.runs.release('w2'), 0, 'it holds none');
      assert.equal(await store.runs.claim('w2', 60_000), null);
      assert.equal(await store.runs.release('w1'), 1);
      const next = (await store.runs.claim('w2', 60_000))!;
      assert.equal(next.run.id, left.run.id);
      assert.ok(next.epoch > left.epoch);
      assert.equal((await store.runs.heartbeat(left, 60_000)).held, false);
      assert.equal(await store.runs.finish(left, 'succeeded', [], null), false);
      assert.equal(await store.runs.release('w1'), 0);
      await store.runs.finish(next, 'succeeded', [], null);
    });

    it('a lease released while its holder lives is its holder’s again with the next sign of life', async () => {
      await store.runs.enqueue({ ...queued, pipeline: 'alive' });
      const held = (await store.runs.claim('w1', 60_000))!;
      assert.equal(await store.runs.release('w1'), 1);
      assert.equal((await store.runs.heartbeat(held, 60_000)).held, true);
      assert.equal(await store.runs.claim('w2', 60_000), null);
      await store.runs.finish(held, 'succeeded', [], null);
    });

    it('a clock that jumps back starts nothing twice', async () => {
      await store.runs.enqueue({ ...queued, pipeline: 'jump' });
      const held = (await store.runs.claim('w1', 1000))!;
      clock.setNow(clock.now() - 3_600_000);
      assert.equal(await store.runs.claim('w2', 1000), null);
      assert.equal((await store.runs.heartbeat(held, 1000)).held, true);
      await store.runs.finish(held, 'succeeded', [], null);
      assert.equal(await store.schedules.advance('default', 'jump', null, 5), true);
      assert.equal(await store.schedules.advance('default', 'jump', null, 6), false);
      assert.equal(await store.schedules.advance('default', 'jump', 5, 9), true);
      assert.equal(await store.schedules.advance('default', 'jump', 5, 10), false);
    });

    it('a lease written before the clock went back still ends, and a live holder keeps it', async () => {
      await store.runs.enqueue({ ...queued, pipeline: 'back' });
      const held = (await store.runs.claim('w1', 1000))!;
      clock.setNow(clock.now() - 3_600_000);
      assert.equal(await store.runs.claim('w2', 1000), null);
      clock.advance(3_000);
      assert.equal((await store.runs.heartbeat(held, 1000)).held, true);
      assert.equal(await store.runs.claim('w2', 1000), null);
      clock.advance(1_001);
      assert.equal((await store.runs.claim('w2', 1000))?.run.id, held.run.id, 'its holder is gone, not an hour away');
      assert.equal(await store.runs.finish(held, 'succeeded', [], null), false);
      clock.setNow(clock.now() + 3_600_000);
      await store.runs.finish((await store.runs.claim('w1', 1000))!, 'succeeded', [], null);
    });

    it('pipelines that are busy do not hide one that is free', async () => {
      const held = [];
      for (let i = 0; i < 60; i++) {
        await store.runs.enqueue({ ...queued, pipeline: `busy${i}` });
        held.push((await store.runs.claim('w1', 60_000))!);
        await store.runs.enqueue({ ...queued, pipeline: `busy${i}` });
      }
      await store.runs.enqueue({ ...queued, pipeline: 'free', dueAt: 1 });
      const found = (await store.runs.claim('w2', 60_000))!;
      assert.equal(found.run.pipeline, 'free');
      for (const lease of [...held, found]) await store.runs.finish(lease, 'succeeded', [], null);
      const rest = await Promise.all(Array.from({ length: 70 }, (_, i) => claimUntilFound(store, `w${i % 7}`)));
      const ids = rest.flatMap((lease) => (lease ? [lease.run.id] : []));
      assert.equal(ids.length, 60);
      assert.equal(new Set(ids).size, 60, 'claims at the same moment never share a run');
    });

    it('an older epoch never overwrites a checkpoint', async () => {
      const c = { pipeline: 'p', stream: 's', epoch: 7, position: { cursor: '9007199254740993', key: ['1'] }, rows: 3, run: 'r' };
      await store.runs.saveCheckpoint('default', c);
      await store.runs.saveCheckpoint('default', { ...c, epoch: 6, rows: 1 });
      assert.deepEqual(await store.runs.checkpoint('default', 'p', 's'), c);
    });

    it('log lines keep their order', async () => {
      const line = (en: string) => ({ run: 'x', time: 1, level: 'info' as const, message: { en, zh: `${en}！` }, stream: null });
      await store.runs.log([line('a'), line('b')]);
      await store.runs.log([line('c')]);
      assert.deepEqual(
        (await store.runs.logs('x', 1, 10)).map((l) => `${l.sequence}${l.message.en}${l.message.zh}`),
        ['2bb！', '3cc！'],
      );
    });
  });
}

const newId = (clock: ReturnType<typeof manualClock>) => idGenerator(clock, seededRandom(7));
const suiteFile = path.join(folder, 'suite.db');
suite(
  'store on SQLite',
  (clock) => openStore({ file: suiteFile, clock, newId: newId(clock) }),
  (sql) => onceOn(openSqlite(suiteFile), sql),
);

const urlOf = ({ user, password, host, port, database }: TestDatabase, login = password) =>
  `postgres://${user}:${login}@${host}:${port}/${database}`;
let postgres: TestDatabase | undefined;
suite(
  'store on PostgreSQL',
  async (clock) => {
    const server = await startPostgres();
    if ('missing' in server) return server.missing;
    postgres = server;
    return openStore({ url: urlOf(server), file: '', clock, newId: newId(clock) });
  },
  (sql) => onceOn(openPostgres(urlOf(postgres!)), sql),
);
after(() => postgres?.stop());

test('a newer schema is refused', async () => {
  const file = path.join(folder, 'newer.db');
  const clock = manualClock();
  await (await openStore({ file, clock, newId: newId(clock) })).close();
  const db = new DatabaseSync(file);
  db.exec('INSERT INTO schema_version VALUES (999)');
  db.close();
  await assert.rejects(openStore({ file, clock, newId: newId(clock) }), { code: 'core/store/newer-schema' });
});

test('a damaged file is a clear problem', async () => {
  const file = path.join(folder, 'damaged.db');
  const clock = manualClock();
  writeFileSync(file, 'this is no database, it is a text that is long enough to be looked at as one'.repeat(100));
  await assert.rejects(openStore({ file, clock, newId: newId(clock) }), { code: 'core/store/damaged' });
  truncateSync(file, 0);
  await (await openStore({ file, clock, newId: newId(clock) })).close();
});

test('a folder that is missing or not ours is a clear problem; the file is ours alone', async () => {
  const clock = manualClock();
  await assert.rejects(openStore({ file: path.join(folder, 'none', 'x.db'), clock, newId: newId(clock) }), {
    code: 'core/store/read-only',
  });
  const file = path.join(folder, 'own.db');
  await (await openStore({ file, clock, newId: newId(clock) })).close();
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a PostgreSQL that is down, or has no such database, is a clear problem', async (t) => {
  const clock = manualClock();
  await assert.rejects(openStore({ url: 'postgres://u:p@127.0.0.1:1/x', file: '', clock, newId: newId(clock) }), {
    code: 'core/store/unavailable',
  });
  if (!postgres) return t.skip('no PostgreSQL here');
  const url = `${urlOf(postgres)}_not_there`;
  await assert.rejects(openStore({ url, file: '', clock, newId: newId(clock) }), { code: 'core/store/refused' });
});

test('several processes bring the same new store up to date together', async () => {
  const file = path.join(folder, 'together.db');
  const script = path.join(import.meta.dirname, '..', '..', 'test', 'claim-runs.ts');
  const codes = await Promise.all(
    Array.from({ length: 4 }, () => new Promise((resolve) => fork(script, [file], { stdio: 'ignore' }).on('exit', resolve))),
  );
  assert.deepEqual(codes, [0, 0, 0, 0]);
});

test('kill -9 in the middle of writing loses no change that was acknowledged', { timeout: 60_000 }, async () => {
  const file = path.join(folder, 'killed.db');
  const script = path.join(import.meta.dirname, '..', '..', 'test', 'write-settings.ts');
  let acknowledged = -1;
  for (let round = 0; round < 3; round++) {
    const child = fork(script, [file, String(acknowledged + 1)], { stdio: 'ignore' });
    const stopAt = acknowledged + 30 + round * 7;
    child.on('message', (n: number) => {
      acknowledged = n;
      if (n >= stopAt) child.kill('SIGKILL');
    });
    await new Promise((resolve) => child.on('exit', resolve));
  }
  const clock = manualClock();
  const store = await openStore({ file, clock, newId: newId(clock) });
  for (let n = 0; n <= acknowledged; n++) assert.equal(await store.settings.get(`s${n}`), String(n));
  const told = new Set((await store.outbox.waiting(10_000)).map((e) => Number(e.subject)));
  for (let n = 0; n <= acknowledged; n++) assert.ok(told.has(n), 'events came with their changes');
  await store.close();
});

test('no statement changes or deletes audit lines', () => {
  const source = readFileSync(path.join(import.meta.dirname, 'tables', 'audit.ts'), 'utf8');
  assert.doesNotMatch(source, /(UPDATE|DELETE FROM|REPLACE INTO)\s+audit/i);
});

test('two processes claim no run twice, and kill -9 loses nothing acknowledged', { timeout: 60_000 }, async () => {
  const file = path.join(folder, 'shared.db');
  const clock = manualClock(Date.now());
  const store = await openStore({ file, clock, newId: newId(clock) });
  for (let i = 0; i < 60; i++) await store.runs.enqueue({ ...queued, pipeline: `p${i}` });
  const script = path.join(import.meta.dirname, '..', '..', 'test', 'claim-runs.ts');
  const claim = (kill: boolean) =>
    new Promise<string[]>((resolve) => {
      const child = fork(script, [file, kill ? 'k' : 'c'], { stdio: 'ignore' });
      const ids: string[] = [];
      child.on('message', (id: string) => {
        ids.push(id);
        if (kill && ids.length === 10) child.kill('SIGKILL');
      });
      child.on('exit', () => resolve(ids));
    });
  const [a, b] = await Promise.all([claim(false), claim(true)]);
  const all = [...a, ...b];
  assert.equal(new Set(all).size, all.length);
  for (const id of all) assert.notEqual((await store.runs.get(id))?.state, 'queued');
  await store.close();
});
