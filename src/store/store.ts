/**
 * Our own database: SQLite in the data folder by default, PostgreSQL for anything shared.
 * In: a file or URL. Out: one object per table, the same over both.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import path from 'node:path';
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/id.ts';
import { Problem } from '../base/problem.ts';
import type { Database } from './database.ts';
import { openCalls } from './calls/call-threads.ts';
import { importCalls } from './calls/import.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite.ts';
import { accountTable, loginFailureTable, sessionTable, tokenTable } from './tables/accounts.ts';
import { auditTable, outboxTable } from './tables/audit.ts';
import { callTable } from './tables/calls.ts';
import { credentialTable } from './tables/credentials.ts';
import { incidentTable, settingTable } from './tables/incidents.ts';
import { resourceTable } from './tables/resources.ts';
import { revisionTable } from './tables/revisions.ts';
import { runTable } from './tables/runs.ts';
import { scheduleTable } from './tables/schedules.ts';
import type { Store, Tables } from './types.ts';

export interface StoreOptions {
  /** PostgreSQL URL; when left out, `file` is used. */
  readonly url?: string;
  /** Path of the SQLite file; made when missing. */
  readonly file: string;
  readonly clock: Clock;
  readonly newId: NewId;
}

/**
 * Opens the store and brings its schema up to date.
 * Raises `newer-schema`, `damaged`, `read-only`, `full`, `unavailable`.
 */
export async function openStore({ url, file, clock, newId }: StoreOptions): Promise<Store> {
  const tables = (db: Database) => ({ ...tablesOf(db), runs: runTable(db, clock, newId) });
  const opened = url === undefined ? openSqlite(file) : (await import('./postgres.ts')).openPostgres(url);
  try {
    await migrate(opened, url === undefined ? { '0007.sql': (inner) => importCalls(inner, callsFile(file)) } : {});
    await tidyUp(tables(opened), clock.now());
    if (url === undefined) await giveBack(opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
  const db = guarded(opened);
  const threads = url === undefined ? openCalls(callsFile(file), clock) : undefined;
  return {
    ...tables(db),
    calls: threads ?? callTable(db),
    schedules: scheduleTable(db),
    transaction: (work) =>
      db.transaction(async (inner) => {
        // SQLite has one writer anyway; on PostgreSQL this makes reading before writing as safe.
        if (inner.dialect === 'postgres') await inner.all('SELECT pg_advisory_xact_lock(?)', [TRANSACTION_LOCK]);
        return work(tables(inner));
      }),
    ping: async () => void (await db.all('SELECT 1 AS one')),
    async close() {
      await threads?.close();
      await db.close();
    },
  };
}

/** Gives the disk back what is most of the file and holds nothing, as after calls left it. Not while somebody else is at it. */
async function giveBack(db: Database): Promise<void> {
  const pragma = async (name: string): Promise<number> => Number((await db.all(`PRAGMA ${name}`))[0]?.[name]);
  const [pages, free] = [await pragma('page_count'), await pragma('freelist_count')];
  if (free < GIVEN_BACK_PAGES || free * 2 < pages) return;
  try {
    await db.run('VACUUM');
    await db.all('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (!(error instanceof Problem) || !/\/(busy|full)$/.test(error.code)) throw error; // The next start tries again.
  }
}

/** Calls stand beside the store: their writing is no business of its log and its one writer. */
const callsFile = (file: string): string => path.join(path.dirname(file), 'calls.db');

/** Any number, the same in every Weir. */
const TRANSACTION_LOCK = 7_239_002;
/** Events that nobody fetched, and incidents that are over, are kept up to this many. */
const KEPT_MAX = 100_000;
/** Of 4 KiB; fewer are soon used again. */
const GIVEN_BACK_PAGES = 250;
const DELIVERED_MS = 7 * 86_400_000;

/** What is over goes at the start: sessions, delivered events, old incidents. */
async function tidyUp(tables: Tables, now: number): Promise<void> {
  await tables.sessions.trim(now);
  await tables.outbox.trim(now - DELIVERED_MS, KEPT_MAX);
  await tables.incidents.trim(KEPT_MAX);
}

/** Fails a use of the store inside one of its own transactions, which would wait for itself for ever. */
function guarded(db: Database): Database {
  const within = new AsyncLocalStorage<{ open: boolean }>();
  const outside = () => assert(within.getStore()?.open !== true, 'the store is used inside its own transaction: use the tables handed in');
  return {
    ...db,
    async all(sql, values) {
      outside();
      return db.all(sql, values);
    },
    async run(sql, values) {
      outside();
      return db.run(sql, values);
    },
    async transaction(work) {
      outside();
      const scope = { open: true };
      return db.transaction((inner) => within.run(scope, () => work(inner))).finally(() => (scope.open = false));
    },
  };
}

function tablesOf(db: Database): Omit<Tables, 'runs'> {
  return {
    resources: resourceTable(db),
    revisions: revisionTable(db),
    credentials: credentialTable(db),
    accounts: accountTable(db),
    sessions: sessionTable(db),
    tokens: tokenTable(db),
    loginFailures: loginFailureTable(db),
    audit: auditTable(db),
    outbox: outboxTable(db),
    incidents: incidentTable(db),
    settings: settingTable(db),
  };
}
