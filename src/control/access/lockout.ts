/**
 * Wrong passwords slow the next try down. They are counted for a user from one address, so that nobody locks
 * somebody else out and people behind one proxy do not lock each other; and, with a much higher bound, for an
 * address alone, so that one machine cannot go through many users. A right password takes its try back. An address
 * counts as the network one caller holds: who has a /64 of IPv6 has no new tries with each of its addresses.
 */
import type { Clock } from '../../base/clock.ts';
import { networkOf } from '../../sdk/address.ts';
import type { LoginFailureTable, Store } from '../../store/types.ts';
import problems from './problems.ts';

/** How many tries cost nothing, how long the lock after them grows, and when a failure is forgotten. */
interface Bound {
  readonly freeTries: number;
  readonly longestLockMs: number;
  readonly forgetMs: number;
}

const PAIR: Bound = { freeTries: 5, longestLockMs: 15 * 60_000, forgetMs: 24 * 3_600_000 };
const ADDRESS: Bound = { freeTries: 100, longestLockMs: 60_000, forgetMs: 3_600_000 };
const FIRST_LOCK_MS = 2_000;

export interface Lockout {
  /**
   * Counts a try before its password is looked at, so that tries at the same time count too.
   * Raises `locked` while the user from this address, or the address alone, is.
   */
  begin(user: string, address: string): Promise<void>;
  /** Takes the try back, and forgets the failures of the user from this address. */
  succeeded(user: string, address: string): Promise<void>;
  /** Forgets the failures of the user from everywhere: an administrator set the password anew. */
  forget(user: string): Promise<void>;
  /** Until when the user is locked from the address where that lasts longest; null when from none. */
  lockedUntil(user: string): Promise<number | null>;
}

/** Makes the lock-out over the store: it holds over restarts and all control processes. */
export function createLockout(store: Pick<Store, 'loginFailures' | 'transaction'>, clock: Clock): Lockout {
  return {
    async begin(user, address) {
      const waitMs = await countTry(store, user, address, clock.now());
      if (waitMs !== undefined) throw problems.raise.locked({ values: { seconds: Math.ceil(waitMs / 1000) }, retryAfterMs: waitMs });
    },
    succeeded: (user, address) =>
      store.transaction(async ({ loginFailures }) => {
        await loginFailures.clear(pairOf(user, address));
        const found = await loginFailures.get(addressOf(address));
        if (!found) return;
        if (found.failures <= 1) await loginFailures.clear(addressOf(address));
        else await loginFailures.put(addressOf(address), { ...found, failures: found.failures - 1, lockedUntil: 0 });
      }),
    forget: (user) => store.loginFailures.clearAll(userOf(user)),
    async lockedUntil(user) {
      const until = await store.loginFailures.lockedUntil(userOf(user));
      return until > clock.now() ? until : null;
    },
  };
}

const userOf = (user: string): string => `user:${user} `;
const pairOf = (user: string, address: string): string => `${userOf(user)}${networkOf(address)}`;
const addressOf = (address: string): string => `address:${networkOf(address)}`;

/** How long to wait, or undefined after the try was counted. */
function countTry(store: Pick<Store, 'transaction'>, user: string, address: string, now: number): Promise<number | undefined> {
  const subjects = [
    [pairOf(user, address), PAIR],
    [addressOf(address), ADDRESS],
  ] as const;
  return store.transaction(async ({ loginFailures }) => {
    for (const [subject, { longestLockMs }] of subjects) {
      const found = await loginFailures.get(subject);
      // A clock set back must not lock anybody out for longer than a lock may last.
      if (found && found.lockedUntil > now) return Math.min(found.lockedUntil - now, longestLockMs);
    }
    let isNew = false;
    for (const [subject, bound] of subjects) isNew = (await addFailure(loginFailures, subject, bound, now)) || isNew;
    if (isNew) await loginFailures.trim(now - PAIR.forgetMs);
    return undefined;
  });
}

/** True when the subject had no failure so far. */
async function addFailure(table: LoginFailureTable, subject: string, bound: Bound, now: number): Promise<boolean> {
  const before = await table.get(subject);
  const failures = before && now - before.lastAt < bound.forgetMs ? before.failures + 1 : 1;
  const over = failures - bound.freeTries;
  const lockMs = over < 0 ? 0 : Math.min(FIRST_LOCK_MS * 2 ** Math.min(over, 20), bound.longestLockMs);
  await table.put(subject, { failures, lastAt: now, lockedUntil: now + lockMs });
  return !before;
}
