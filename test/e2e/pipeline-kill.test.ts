/**
 * Aim: `kill -9` of a worker at random points while a run is under way, 22 times, and the source changes all
 * along: contents are equal at the end, an appended row is there exactly once. Method: real worker processes
 * on a real PostgreSQL and the real store, killed a seeded random time after they claimed a run; the next
 * one takes over when the lease runs out.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { systemClock } from '../../src/base/clock.ts';
import { idGenerator } from '../../src/base/id.ts';
import { seededRandom, systemRandom } from '../../src/base/random.ts';
import postgres from '../../src/extensions/connectors/postgres/index.ts';
import { DEFAULT_LIMITS } from '../../src/pipeline/limits.ts';
import type { Run, RunStore } from '../../src/sdk/run.ts';
import { openStore } from '../../src/store/store.ts';
import { startPostgres } from '../servers.ts';
import type { ToChild } from './pipeline-child.ts';
import { checksum, entriesOf, type TestConnection } from './pipeline-world.ts';

const KILLS = 22;
const TRIES = 60;
const SEED = Number(process.env['WEIR_TEST_SEED'] ?? 1);
const LIMITS = { ...DEFAULT_LIMITS, leaseMs: 400, heartbeatMs: 100, pollMs: 30, commitRows: 500, releaseWaitMs: 0 };
const TABLES = ['events', 'items', 'whole'];

test(`kill -9 at ${KILLS} random points loses and doubles nothing (WEIR_TEST_SEED=${SEED})`, { timeout: 150_000 }, async (t) => {
  const server = await startPostgres();
  if ('missing' in server) return t.skip(server.missing);
  t.after(() => server.stop());
  const { host, port, user, password, database } = server;
  const client = new pg.Client({ host, port, user, password, database });
  client.on('error', () => {});
  await client.connect();
  t.after(() => client.end());
  await prepare(client);
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-kill-'));
  const file = path.join(folder, 'store.db');
  const store = await openStore({ file, clock: systemClock, newId: idGenerator(systemClock, systemRandom) });
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const config = { host, port, user, password, database, tls: { mode: 'disable' } };
  const connection = { component: postgres, config } as unknown as TestConnection;
  const whole = { name: 'src.whole', mode: 'full', write: 'replace' };
  const entries = entriesOf({ from: connection, to: connection }, 'copy', {
    source: { connection: 'from', streams: [{ name: 'src.events', write: 'append' }, 'src.items', whole] },
    sink: { connection: 'to', schema: 'wh' },
    mode: { incremental: { cursor: 'updated_at' } },
    batch: '16KiB',
    retry: { attempts: 20, backoff: '10ms', backoffMax: '50ms' },
  });
  const launch = (instance: string): ChildProcess => {
    const child = fork(path.join(import.meta.dirname, 'pipeline-child.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    t.after(() => child.kill('SIGKILL'));
    child.send({ file, entries, limits: LIMITS, instance } satisfies ToChild);
    return child;
  };
  const random = seededRandom(SEED);
  let midway = 0;
  for (let kill = 1; midway < KILLS && kill <= TRIES; kill++) {
    await change(client, random.integer(1_000));
    await enqueue(store.runs);
    const child = launch(`worker-${kill}`);
    await until(store.runs, (run) => run.worker === `worker-${kill}`);
    await systemClock.sleep(random.float() ** 2 * 700);
    child.kill('SIGKILL');
    await once(child, 'exit');
    if ((await newest(store.runs)).state === 'running') midway += 1;
  }
  assert.equal(midway, KILLS, 'so many kills met a run under way');
  launch('last');
  await until(store.runs, (run) => run.state === 'done');
  await enqueue(store.runs);
  const last = await until(store.runs, (run) => run.state === 'done');
  assert.equal(last.result, 'succeeded', JSON.stringify(last.problem));
  for (const table of TABLES) assert.equal(await contents(client, `wh.${table}`), await contents(client, `src.${table}`), table);
});

async function enqueue(runs: RunStore): Promise<void> {
  await runs.enqueue({
    project: 'test',
    pipeline: 'copy',
    release: 'r',
    trigger: 'manual',
    attempt: 1,
    attemptsMax: 20,
    dueAt: 0,
    requestedBy: 'test',
    overlap: 'skip',
  });
}

async function newest(runs: RunStore): Promise<Run> {
  return (await runs.list({ limit: 1 }))[0]!;
}

/** Waits, half a minute at most, until the newest run is as asked. */
async function until(runs: RunStore, asked: (run: Run) => boolean): Promise<Run> {
  const end = systemClock.monotonic() + 30_000;
  for (;;) {
    const run = await newest(runs);
    if (asked(run)) return run;
    if (systemClock.monotonic() > end) throw new Error(`waited in vain: ${JSON.stringify(run)}`);
    await systemClock.sleep(10);
  }
}

async function prepare(client: pg.Client): Promise<void> {
  await client.query('CREATE SCHEMA src; CREATE SCHEMA wh');
  for (const table of TABLES) {
    await client.query(`CREATE TABLE src.${table}
        (id bigserial PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT clock_timestamp(), note text);
      INSERT INTO src.${table} (note) SELECT 'row ' || i FROM generate_series(1, 20000) i`);
  }
  // Appended rows have no unique index in the target: a doubled one would stay.
  await client.query('CREATE TABLE wh.events (id bigint, updated_at timestamptz, note text)');
}

/** More rows, changed rows, and deleted ones where the mode sees them. */
async function change(client: pg.Client, n: number): Promise<void> {
  await client.query(`INSERT INTO src.events (note) SELECT 'more ' || i FROM generate_series(1, ${3_000 + n}) i;
    INSERT INTO src.items (note) SELECT 'more ' || i FROM generate_series(1, ${1_000 + n}) i;
    UPDATE src.items SET note = note || '!', updated_at = clock_timestamp() WHERE id % 17 = ${n % 17};
    DELETE FROM src.whole WHERE id % 97 = ${n % 97}`);
}

async function contents(client: pg.Client, table: string): Promise<string> {
  const textOnly = { getTypeParser: () => (value: string) => value } as never;
  const { rows } = await client.query({ text: `SELECT * FROM ${table}`, rowMode: 'array', types: textOnly });
  return checksum(rows as (string | null)[][]);
}
