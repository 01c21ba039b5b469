/** Wrong passwords slow the next try down, per user and per address; a right one forgets them. */
import type { Clock } from '../../base/clock.ts';
import type { Store } from '../../store/types.ts';
import problems from './problems.ts';

/** Tries that cost nothing. */
const FREE_TRIES = 5;
const FIRST_LOCK_MS = 2_000;
const LONGEST_LOCK_MS = 15 * 60_000;
/** Failures older than this are forgotten. */
const FORGET_MS = 24 * 3_600_000;
/** Locks whose first refusal was told already: a flood of tries writes one audit line for each lock. */
const TOLD_MAX = 10_000;

export interface Lockout {
  /**
   * Counts a try for each subject before its password is looked at, so that tries at the same time count too.
   * Raises `locked` while one of the subjects is; `refused` is called for the first refusal of a lock.
   */
  begin(subjects: readonly string[], refused: () => Promise<void>): Promise<void>;
  /** Takes the tries back. */
  succeeded(subjects: readonly string[]): Promise<void>;
  lockedUntil(subject: string): Promise<number | null>;
}

export function createLockout(store: Pick<Store, 'loginFailures' | 'transaction'>, clock: Clock): Lockout {
  const told = new Set<string>();
  const isNew = (lock: string): boolean => {
    if (told.has(lock)) return false;
    if (told.size >= TOLD_MAX) told.clear();
    told.add(lock);
    return true;
  };
  return {
    async begin(subjects, refused) {
      const lock = await countTry(store, subjects, clock.now());
      if (!lock) return;
      if (isNew(lock.id)) await refused();
      throw problems.raise.locked({ values: { seconds: Math.ceil(lock.waitMs / 1000) }, retryAfterMs: lock.waitMs });
    },
    async succeeded(subjects) {
      for (const subject of subjects) await store.loginFailures.clear(subject);
    },
    async lockedUntil(subject) {
      const found = await store.loginFailures.get(subject);
      return found && found.lockedUntil > clock.now() ? found.lockedUntil : null;
    },
  };
}

/** The first lock found, or undefined after the try was counted for every subject. */
function countTry(
  store: Pick<Store, 'transaction'>,
  subjects: readonly string[],
  now: number,
): Promise<{ id: string; waitMs: number } | undefined> {
  return store.transaction(async ({ loginFailures }) => {
    const found = new Map<string, { failures: number; lastAt: number }>();
    for (const subject of subjects) {
      const before = await loginFailures.get(subject);
      // A clock set back must not lock anybody out for longer than a lock may last.
      if (before && before.lockedUntil > now) {
        return { id: `${subject} ${before.lockedUntil}`, waitMs: Math.min(before.lockedUntil - now, LONGEST_LOCK_MS) };
      }
      if (before) found.set(subject, before);
    }
    for (const subject of subjects) {
      const before = found.get(subject);
      const failures = before && now - before.lastAt < FORGET_MS ? before.failures + 1 : 1;
      const over = failures - FREE_TRIES;
      const lockMs = over < 0 ? 0 : Math.min(FIRST_LOCK_MS * 2 ** Math.min(over, 20), LONGEST_LOCK_MS);
      await loginFailures.put(subject, { failures, lastAt: now, lockedUntil: now + lockMs });
    }
    if (found.size < subjects.length) await loginFailures.trim(now - FORGET_MS);
    return undefined;
  });
}
