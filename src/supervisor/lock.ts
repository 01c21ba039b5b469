/**
 * One Weir per data folder. The supervisor holds a write transaction on `lock.db`, a file of its own;
 * the system lets go of it whenever the process ends, however it ends. Nothing is adopted, no pid file.
 * WAL mode lets a second start read who holds it.
 */
import { verbatim } from '../base/text.ts';
import { chmodSync, closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../base/clock.ts';
import problems from './problems.ts';

const WAIT_MS = 5_000;
const RETRY_MS = 100;

export interface Lock {
  release(): void;
}

/**
 * Takes the lock of `folder`, waiting up to 5 seconds for one that is just ending.
 * Raises `second-instance` when another Weir keeps it, `data-folder` when the file cannot be used.
 */
export async function takeLock(folder: string, pid: number, clock: Clock): Promise<Lock> {
  const until = clock.monotonic() + WAIT_MS;
  for (;;) {
    const held = tryLock(folder, pid);
    if (!('holder' in held)) return held;
    if (clock.monotonic() >= until) throw problems.raise['second-instance']({ values: { pid: held.holder, folder } });
    await clock.sleep(RETRY_MS);
  }
}

function tryLock(folder: string, pid: number): Lock | { holder: number } {
  let db: DatabaseSync | undefined;
  try {
    const file = path.join(folder, 'lock.db');
    closeSync(openSync(file, 'a', 0o600)); // SQLite gives its log the mode of the file.
    chmodSync(file, 0o600);
    db = new DatabaseSync(file);
    db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS holder (pid INTEGER)');
    db.exec('BEGIN IMMEDIATE; DELETE FROM holder');
    db.prepare('INSERT INTO holder (pid) VALUES (?)').run(pid);
    db.exec('COMMIT; BEGIN IMMEDIATE');
    const open = db;
    return { release: () => open.close() };
  } catch (error) {
    const busy = /locked|busy/i.test((error as Error).message);
    const holder = busy && db ? readHolder(db) : 0;
    db?.close();
    if (busy) return { holder };
    throw problems.raise['data-folder']({ values: { folder, reason: verbatim((error as Error).message) }, cause: error });
  }
}

function readHolder(db: DatabaseSync): number {
  try {
    return Number(db.prepare('SELECT pid FROM holder').get()?.['pid'] ?? 0);
  } catch {
    return 0; // Locked by a start that is still writing its name.
  }
}
