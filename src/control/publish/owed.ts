/**
 * Changes that are stored but not yet published, since the store failed in between: they are tried again
 * until they are, so that what serves never stays behind what is stored.
 */
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

export interface Owed {
  /** Resolves after one try that holds the keys, whatever came of it. Keys that come before a try begins share it. */
  add(keys: Iterable<string>): Promise<void>;
  close(): void;
}

export interface OwedParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Runs a try when it is its turn; may raise without having run it. */
  turn(attempt: () => Promise<void>): Promise<void>;
  /** Publishes keys, or raises and then has published none of them. */
  work(keys: readonly string[]): Promise<void>;
}

const RETRY_MS = 1_000;

export function createOwed({ clock, log, turn, work }: OwedParts): Owed {
  const waiting = new Set<string>();
  /** The newest try; while it has not begun, keys that come share it. */
  let next: Promise<void> = Promise.resolve();
  let begun = true;
  let retry: Cancel | undefined;
  let closed = false;
  const failed = (error: unknown): void => {
    log.error('stored changes could not be published yet', { resources: [...waiting].slice(0, 10), error: String(error) });
    retry?.();
    if (!closed) retry = clock.after(RETRY_MS, () => void run(), { unref: true });
  };
  const attempt = async (): Promise<void> => {
    begun = true;
    const keys = [...waiting];
    waiting.clear();
    try {
      if (keys.length > 0) await work(keys);
    } catch (error) {
      for (const key of keys) waiting.add(key);
      failed(error);
    }
  };
  const run = (): Promise<void> => {
    if (!begun) return next;
    begun = false;
    next = turn(attempt).catch((error: unknown) => {
      begun = true;
      failed(error);
    });
    return next;
  };
  return {
    add(keys) {
      for (const key of keys) waiting.add(key);
      return run();
    },
    close() {
      closed = true;
      retry?.();
    },
  };
}
