/**
 * Aim: both databases keep the same promises. Method: one suite over a real SQLite file and a real
 * PostgreSQL database; time moved by hand; two processes' worth of claims raced against each other.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startPostgres, type TestDatabase } from '../../test/servers.ts';
import { manualClock } from '../base/clock.ts';
import { idGenerator } from '../base/id.ts';
import { seededRandom } from '../base/random.ts';
import type { CallRecord } from '../sdk/call-record.ts';
import type { StoredResource } from '../sdk/resource.ts';
import { openStore } from './store.ts';
import type { Store } from './types.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const resource = (name: string, version = 1): StoredResource => ({
  project: 'default', kind: 'Plan', name, manager: 'api', text: `# ${name}\n`, spec: { big: 1 }, labels: { a: 'b' }, description: '说明', enabled: true,
  version, release: `r${version}`, createdAt: 1, updatedAt: 2, updatedBy: 'me',
});
const call = (id: string, time: number, more: Partial<CallRecord> = {}): CallRecord => ({
  id, time, project: 'default', consumer: 'c', clientAddress: '127.0.0.1', route: 'r', method: 'GET', path: '/a/b', release: 'x', status: 200, reason: '',
  durationMs: 1.5, upstreamMs: 0.25, requestBytes: 2 ** 33, responseBytes: 5, traceId: 't', ...more,
});
const queued = { project: 'default', release: 'r', trigger: 'manual' as const, attempt: 1, attemptsMax: 3, dueAt: 0, requestedBy: 'me', overlap: 'queue' as const };

function suite(name: string, open: (clock: ReturnType<typeof manualClock>) => Promise<Store | string>): void {
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
      assert.deepEqual((await store.resources.history(key, 10)).map((h) => h.version), [6, 5, 4]);
      await store.resources.delete(resource('gold', 6), 7, 9, 'you', 3);
      assert.equal(await store.resources.get(key), null);
      assert.equal(await store.resources.lastVersion(key), 7);
    });

    it('a transaction is all or nothing', async () => {
      await assert.rejects(store.transaction(async (tables) => {
        await tables.settings.put('half', 'done');
        throw new Error('stop');
      }), /stop/);
      assert.equal(await store.settings.get('half'), null);
    });

    it('calls are found by any field, newest first, and bounded', async () => {
      const records = Array.from({ length: 450 }, (_, i) => call(String(i).padStart(5, '0'), 1000 + i, { status: i % 2 ? 200 : 429, path: i % 3 ? '/a/b' : '/z%_' }));
      await store.calls.add(records);
      await store.calls.add(records.slice(0, 3));
      assert.equal((await store.calls.search({ limit: 1000 })).length, 450);
      assert.equal((await store.calls.search({ status: 429, limit: 1000 })).length, 225);
      assert.equal((await store.calls.search({ path: '/z%', method: 'GET', project: 'default', limit: 1000 })).length, 150);
      const page = await store.calls.search({ limit: 2, before: { time: 1449, id: '00449' } });
      assert.deepEqual(page.map((c) => c.id), ['00448', '00447']);
      assert.deepEqual(page[0], records[448]);
      assert.equal(await store.calls.trim(1010, 100), 350);
      assert.deepEqual((await store.calls.search({ limit: 1000 })).map((c) => c.id).at(-1), '00350');
    });

    it('audit and incidents', async () => {
      const row = { id: '1', time: 5, actor: 'a', actorKind: 'user' as const, address: '::1', action: 'login', subject: 'a', beforeHash: null, afterHash: null, outcome: 'done' as const, detail: '' };
      await store.audit.add(row);
      assert.deepEqual(await store.audit.list({ actor: 'a', limit: 5 }), [row]);
      const opened = await store.incidents.open({ id: 'i1', kind: 'k', subject: 's', detail: { en: 'e', zh: '中' }, data: { n: 1 }, openedAt: 1 });
      assert.equal((await store.incidents.open({ ...opened, id: 'i2', detail: { en: 'f', zh: '中' } })).id, 'i1');
      assert.equal(await store.incidents.close('k', 's', 2), true);
      assert.equal(await store.incidents.close('k', 's', 3), false);
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
      assert.equal(await store.runs.finish(second, 'cancelled', [], { code: 'c', detail: 'd' }), true);
      const next = (await store.runs.claim('w1', 1000))!;
      assert.ok(next.epoch > second.epoch, 'epochs grow over all runs of a pipeline');
      await store.runs.finish(next, 'succeeded', [], null);
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

    it('an older epoch never overwrites a checkpoint', async () => {
      const c = { pipeline: 'p', stream: 's', epoch: 7, position: { cursor: '9007199254740993', key: ['1'] }, rows: 3, run: 'r' };
      await store.runs.saveCheckpoint('default', c);
      await store.runs.saveCheckpoint('default', { ...c, epoch: 6, rows: 1 });
      assert.deepEqual(await store.runs.checkpoint('default', 'p', 's'), c);
    });

    it('log lines keep their order', async () => {
      const line = (message: string) => ({ run: 'x', time: 1, level: 'info' as const, message, stream: null });
      await store.runs.log([line('a'), line('b')]);
      await store.runs.log([line('c')]);
      assert.deepEqual((await store.runs.logs('x', 1, 10)).map((l) => `${l.sequence}${l.message}`), ['2b', '3c']);
    });
  });
}

const newId = (clock: ReturnType<typeof manualClock>) => idGenerator(clock, seededRandom(7));
suite('store on SQLite', (clock) => openStore({ file: path.join(folder, 'suite.db'), clock, newId: newId(clock) }));

let postgres: TestDatabase | undefined;
suite('store on PostgreSQL', async (clock) => {
  const server = await startPostgres();
  if ('missing' in server) return server.missing;
  postgres = server;
  const { user, password, host, port, database } = server;
  return openStore({ url: `postgres://${user}:${password}@${host}:${port}/${database}`, file: '', clock, newId: newId(clock) });
});
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
