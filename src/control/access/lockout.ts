/** Wrong passwords slow the next try down, per user and per address; a right one forgets them. */
import type { Clock } from '../../base/clock.ts';
import type { LoginFailureTable } from '../../store/types.ts';
import problems from './problems.ts';

/** Tries that cost nothing. */
const FREE_TRIES = 5;
const FIRST_LOCK_MS = 2_000;
const LONGEST_LOCK_MS = 15 * 60_000;
/** Failures older than this are forgotten. */
const FORGET_MS = 24 * 3_600_000;

export interface Lockout {
  /** Raises `locked` while one of the subjects is. */
  check(subjects: readonly string[]): Promise<void>;
  failed(subjects: readonly string[]): Promise<void>;
  succeeded(subjects: readonly string[]): Promise<void>;
  lockedUntil(subject: string): Promise<number | null>;
}

export function createLockout(table: LoginFailureTable, clock: Clock): Lockout {
  return {
    async check(subjects) {
      const now = clock.now();
      for (const subject of subjects) {
        const found = await table.get(subject);
        if (!found || found.lockedUntil <= now) continue;
        // A clock set back must not lock anybody out for longer than a lock may last.
        const waitMs = Math.min(found.lockedUntil - now, LONGEST_LOCK_MS);
        throw problems.raise.locked({ values: { seconds: Math.ceil(waitMs / 1000) }, retryAfterMs: waitMs });
      }
    },
    async failed(subjects) {
      const now = clock.now();
      for (const subject of subjects) {
        const before = await table.get(subject);
        const failures = before && now - before.lastAt < FORGET_MS ? before.failures + 1 : 1;
        const over = failures - FREE_TRIES;
        const lockMs = over < 0 ? 0 : Math.min(FIRST_LOCK_MS * 2 ** Math.min(over, 20), LONGEST_LOCK_MS);
        await table.put(subject, { failures, lastAt: now, lockedUntil: now + lockMs });
      }
      await table.trim(now - FORGET_MS);
    },
    async succeeded(subjects) {
      for (const subject of subjects) await table.clear(subject);
    },
    async lockedUntil(subject) {
      const found = await table.get(subject);
      return found && found.lockedUntil > clock.now() ? found.lockedUntil : null;
    },
  };
}
