/**
 * The store on `node:sqlite`: WAL, every commit on disk before it is acknowledged. One connection per
 * process; transactions of one process wait for each other here, those of others by SQLite's own lock.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type Database, type Row, storable, type Value } from './database.ts';
import problems from './problems.ts';
import { BUSY_MS, useWal } from './wal.ts';

const STATEMENTS_MAX = 500;
/** A trigger refused: a bug of ours, not a conflict. */
const TRIGGER = 1811;
/** Work waiting for a transaction of this process; more is refused as `busy`. */
const WAITING_MAX = 10_000;

/** Opens (or makes) the file, mode 0600. Raises `damaged`, `read-only` or `full`. */
export function openSqlite(file: string): Database {
  const db = translated(() => openFile(file));
  const statement = keptStatements(db);
  const direct = {
    dialect: 'sqlite' as const,
    all: async (sql: string, values: readonly Value[] = []) =>
      translated(() =>
        statement(sql)
          .all(...storable(values))
          .map((row) => narrowed(row as Row)),
      ),
    run: async (sql: string, values: readonly Value[] = []) => translated(() => Number(statement(sql).run(...storable(values)).changes)),
    close: async () => db.close(),
  };
  const queue = turnstile();
  const inner: Database = { ...direct, transaction: (work) => work(inner) };
  return {
    dialect: 'sqlite',
    all: (sql, values) => queue(() => direct.all(sql, values)),
    run: (sql, values) => queue(() => direct.run(sql, values)),
    transaction: (work) =>
      queue(async () => {
        translated(() => db.exec('BEGIN IMMEDIATE'));
        try {
          const result = await work(inner);
          translated(() => db.exec('COMMIT'));
          return result;
        } catch (error) {
          if (db.isTransaction) db.exec('ROLLBACK');
          throw error;
        }
      }),
    close: () => queue(direct.close),
  };
}

type Statements = (sql: string) => StatementSync;

function keptStatements(db: DatabaseSync): Statements {
  const statements = new Map<string, StatementSync>();
  return (sql) => {
    let found = statements.get(sql);
    if (!found) {
      if (statements.size >= STATEMENTS_MAX) statements.clear();
      found = db.prepare(sql);
      found.setReadBigInts(true);
      statements.set(sql, found);
    }
    return found;
  };
}

/** Made by us the file is ours alone; SQLite gives its log the same mode. */
function openFile(file: string): DatabaseSync {
  closeSync(openSync(file, 'a', 0o600));
  const opened = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    useWal(opened, 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864');
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** Lets one piece of work in at a time, in order. */
function turnstile(): <V>(work: () => Promise<V>) => Promise<V> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (work) => {
    if (waiting >= WAITING_MAX) return Promise.reject(problems.raise.busy());
    waiting++;
    const mine = last.then(work).finally(() => waiting--);
    last = mine.catch(() => {});
    return mine;
  };
}

/** Integers as numbers where a number holds them exactly. */
function narrowed(row: Row): Row {
  const result: Record<string, Value> = {};
  for (const [name, value] of Object.entries(row)) {
    const exact = typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
    result[name] = exact ? Number(value) : value;
  }
  return result;
}

/** Runs `work`, turning SQLite's errors into our problems. */
export function translated<V>(work: () => V): V {
  try {
    return work();
  } catch (error) {
    const { errcode, code, message } = error as { errcode?: number; code?: string; message: string };
    if (code === 'ENOSPC' || code === 'EDQUOT') throw problems.raise.full({ cause: error });
    if (/^(EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EISDIR)$/.test(code ?? '')) throw problems.raise['read-only']({ cause: error });
    const primary = (errcode ?? 0) & 0xff; // https://www.sqlite.org/rescode.html
    if (primary === 13) throw problems.raise.full({ cause: error });
    if (primary === 5 || primary === 6) throw problems.raise.busy({ cause: error });
    if (primary === 11 || primary === 26) throw problems.raise.damaged({ cause: error });
    if (primary === 8 || primary === 14) throw problems.raise['read-only']({ cause: error });
    if (primary === 10) throw problems.raise[/disk full|ENOSPC/i.test(message) ? 'full' : 'unavailable']({ cause: error });
    if (primary === 19 && errcode !== TRIGGER) throw problems.raise['changed-meanwhile']({ cause: error });
    throw error;
  }
}
