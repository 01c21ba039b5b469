/**
 * Our own database: SQLite in the data folder by default, PostgreSQL for anything shared.
 * In: a file or URL. Out: one object per table, the same over both.
 */
import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/id.ts';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openPostgres } from './postgres.ts';
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
import { secretTable } from './tables/secrets.ts';
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
  const db = url === undefined ? openSqlite(file) : openPostgres(url);
  try {
    await migrate(db);
  } catch (error) {
    await db.close();
    throw error;
  }
  return {
    ...tablesOf(db),
    runs: runTable(db, clock, newId),
    schedules: scheduleTable(db),
    transaction: (work) => db.transaction((inner) => work(tablesOf(inner))),
    ping: async () => void (await db.all('SELECT 1 AS one')),
    close: () => db.close(),
  };
}

function tablesOf(db: Database): Tables {
  return {
    resources: resourceTable(db),
    revisions: revisionTable(db),
    secrets: secretTable(db),
    credentials: credentialTable(db),
    accounts: accountTable(db),
    sessions: sessionTable(db),
    tokens: tokenTable(db),
    loginFailures: loginFailureTable(db),
    audit: auditTable(db),
    outbox: outboxTable(db),
    calls: callTable(db),
    incidents: incidentTable(db),
    settings: settingTable(db),
  };
}
