/**
 * Changes that are stored but not yet published, since the store failed in between: they are tried again
 * until they are, so that what serves never stays behind what is stored.
 */
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

export interface Owed {
  /** Resolves after one try, whatever came of it. */
  add(keys: Iterable<string>): Promise<void>;
  close(): void;
}

const RETRY_MS = 1_000;

/** `work` publishes keys, or raises and then has published none of them. */
export function createOwed({ clock, log, work }: { clock: Clock; log: Log; work: (keys: readonly string[]) => Promise<void> }): Owed {
  const waiting = new Set<string>();
  let retry: Cancel | undefined;
  let closed = false;
  const run = async (): Promise<void> => {
    const keys = [...waiting];
    waiting.clear();
    try {
      if (keys.length > 0) await work(keys);
    } catch (error) {
      for (const key of keys) waiting.add(key);
      log.error('stored changes could not be published yet', { resources: keys.slice(0, 10), error: String(error) });
      retry?.();
      if (!closed) retry = clock.after(RETRY_MS, () => void run(), { unref: true });
    }
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
