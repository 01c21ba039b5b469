/**
 * Aim: `kill -9` of a worker at random points while a run is under way, 22 times, and the source keeps changing: contents are equal
 * at the end, an appended row is there exactly once. Method: real worker processes on a real PostgreSQL,
 * killed a seeded random time after they claimed a run; the next one takes over when the lease runs out.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { systemClock } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import postgres from '../../src/extensions/connectors/postgres/index.ts';
import { DEFAULT_LIMITS } from '../../src/pipeline/limits.ts';
import type { AnyEntry } from '../../src/sdk/revision.ts';
import type { RunStore } from '../../src/sdk/run.ts';
import { startPostgres } from '../servers.ts';
import { direct, memoryRuns } from '../simulation/run-store.ts';
import type { FromChild, ToChild } from './pipeline-child.ts';
import { checksum, entriesOf, type TestConnection, waitForRun } from './pipeline-world.ts';

const KILLS = 22;
const TRIES = 60;
const SEED = Number(process.env['WEIR_TEST_SEED'] ?? 1);
const LIMITS = { ...DEFAULT_LIMITS, leaseMs: 400, heartbeatMs: 100, pollMs: 30, commitRows: 500 };

test(`kill -9 at ${KILLS} random points loses and doubles nothing (WEIR_TEST_SEED=${SEED})`, { timeout: 110_000 }, async (t) => {
  const server = await startPostgres();
  if ('missing' in server) return t.skip(server.missing);
  t.after(() => server.stop());
  const { host, port, user, password, database } = server;
  const client = new pg.Client({ host, port, user, password, database });
  client.on('error', () => {});
  await client.connect();
  t.after(() => client.end());
  await prepare(client);
  const connection = {
    component: postgres, config: { host, port, user, password, database, tls: { mode: 'disable' } },
  } as unknown as TestConnection;
  const entries = entriesOf({ from: connection, to: connection }, 'copy', {
    source: { connection: 'from', streams: [
      { name: 'src.events', write: 'append' }, 'src.items', { name: 'src.whole', mode: 'full', write: 'replace' },
    ] },
    sink: { connection: 'to', schema: 'wh' }, mode: { incremental: { cursor: 'updated_at' } }, batch: '16KiB',
    retry: { attempts: 20, backoff: '10ms', backoffMax: '50ms' },
  });
  const store = memoryRuns(systemClock);
  const stores = store.stores(direct);
  const enqueue = () => stores.enqueue({
    project: 'test', pipeline: 'copy', release: 'r', trigger: 'manual', attempt: 1, attemptsMax: 20,
    dueAt: 0, requestedBy: 'test', overlap: 'skip',
  });
  const random = seededRandom(SEED);
  let midway = 0;
  for (let kill = 1; midway < KILLS && kill <= TRIES; kill++) {
    await change(client, random.integer(1_000));
    await enqueue();
    const { child, claimed } = launch(stores, entries, `worker-${kill}`);
    t.after(() => child.kill('SIGKILL'));
    await claimed;
    await systemClock.sleep(random.float() ** 2 * 700);
    child.kill('SIGKILL');
    await once(child, 'exit');
    if (store.runs.some((r) => r.state === 'running')) midway += 1;
  }
  assert.equal(midway, KILLS, 'so many kills met a run under way');
  const { child } = launch(stores, entries, 'last');
  t.after(() => child.kill('SIGKILL'));
  for (const run of store.runs) await waitForRun(store, run.id);
  await waitForRun(store, (await enqueue())?.id ?? store.runs.at(-1)!.id);
  assert.equal(store.runs.at(-1)!.result, 'succeeded', JSON.stringify(store.runs.at(-1)!.problem));
  for (const table of ['events', 'items', 'whole']) assert.equal(
    await contents(client, `wh.${table}`), await contents(client, `src.${table}`), table,
  );
});

/** Starts a worker process; `claimed` resolves when the parent answered it a lease. */
function launch(stores: RunStore, entries: AnyEntry[], instance: string): { child: ChildProcess; claimed: Promise<void> } {
  const child = fork(path.join(import.meta.dirname, 'pipeline-child.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const tell = (message: ToChild) => child.connected && child.send(message, () => {});
  const claimed = new Promise<void>((resolve) => {
    child.on('message', ({ id, method, values }: FromChild) => {
      const call = stores[method] as (...given: unknown[]) => Promise<unknown>;
      call(...values).then(
        (value) => {
          if (method === 'claim' && value) resolve();
          tell({ type: 'answer', id, value });
        },
        (error: Error) => tell({ type: 'answer', id, error: error.message }),
      );
    });
  });
  tell({ type: 'init', entries, limits: LIMITS, instance });
  return { child, claimed };
}

async function prepare(client: pg.Client): Promise<void> {
  for (const table of ['events', 'items', 'whole']) {
    await client.query(`CREATE SCHEMA IF NOT EXISTS src;
      CREATE TABLE src.${table} (id bigserial PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT clock_timestamp(), note text);
      INSERT INTO src.${table} (note) SELECT 'row ' || i FROM generate_series(1, 20000) i`);
  }
  // Appended rows have no unique index in the target: a doubled one would stay.
  await client.query('CREATE SCHEMA wh; CREATE TABLE wh.events (id bigint, updated_at timestamptz, note text)');
}

/** More rows, changed rows, and deleted ones where the mode sees them. */
async function change(client: pg.Client, n: number): Promise<void> {
  await client.query(`INSERT INTO src.events (note) SELECT 'more ' || i FROM generate_series(1, ${3_000 + n}) i;
    INSERT INTO src.items (note) SELECT 'more ' || i FROM generate_series(1, ${1_000 + n}) i;
    UPDATE src.items SET note = note || '!', updated_at = clock_timestamp() WHERE id % 17 = ${n % 17};
    DELETE FROM src.whole WHERE id % 97 = ${n % 97}`);
}

async function contents(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query(
    { text: `SELECT * FROM ${table}`, rowMode: 'array', types: { getTypeParser: () => (v: string) => v } as never },
  );
  return checksum(rows as (string | null)[][]);
}
