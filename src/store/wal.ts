/**
 * Turns a SQLite file to its write-ahead log. SQLite waits for locks of others (`timeout`), but not here: of several
 * processes that turn a new file at once, all but one are told `database is locked` without a wait.
 * Source: https://www.sqlite.org/wal.html, https://www.sqlite.org/rescode.html#busy.
 */
import type { DatabaseSync } from 'node:sqlite';

/** How long SQLite waits for locks of others, and this for the turn, in milliseconds. */
export const BUSY_MS = 5_000;
const WAIT_MS = 10;
const BUSY = 5;
const never = new Int32Array(new SharedArrayBuffer(4));

/** Runs `settings`, which name the journal's mode. Blocks for `repeats` × 10 ms at most; raises what SQLite raises. */
export function useWal(db: Pick<DatabaseSync, 'exec'>, settings: string, repeats = BUSY_MS / WAIT_MS): void {
  for (let left = repeats; ; left--) {
    try {
      return db.exec(settings);
    } catch (error) {
      if (left <= 0 || ((error as { errcode?: number }).errcode ?? 0) % 256 !== BUSY) throw error;
      Atomics.wait(never, 0, 0, WAIT_MS);
    }
  }
}
