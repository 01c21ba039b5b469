/**
 * Asks one discovery again and again: as long as an answer holds, and after a failure a little later each time. The targets
 * found last stay while it fails.
 */
import type { Clock } from '../../base/clock.ts';
import { Problem } from '../../base/problem.ts';
import { type Discovery, FOUND_MAX } from '../../sdk/discovery.ts';
import type { CompiledTarget } from '../../sdk/upstream.ts';

/** Longest search. */
const FIND_MS = 30_000;
const LEAST_MS = 1000;
const RETRY_MAX_MS = 60_000;

export interface DiscoveryLoopOptions {
  readonly discovery: Discovery;
  readonly clock: Clock;
  /** The newest answer, and how many of it were left out, at least; the same targets may come again. */
  onFound(targets: readonly CompiledTarget[], leftOut: number): void;
  /** Why there was none, in a short text without addresses of servers. */
  onFailed(reason: string): void;
}

/** Begins at once; the result ends it. */
export function startDiscoveryLoop({ discovery, clock, onFound, onFailed }: DiscoveryLoopOptions): () => void {
  const end = new AbortController();
  let failures = 0;

  /** One search; answers when to search again. */
  async function look(): Promise<number> {
    const search = new AbortController();
    const stop = () => search.abort(end.signal.reason);
    end.signal.addEventListener('abort', stop, { once: true });
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(FIND_MS, () => (search.abort(new Error('late')), late.reject(new Error('late'))), { unref: true });
    try {
      const { targets, holdsMs } = await Promise.race([discovery.find(search.signal), late.promise]);
      if (end.signal.aborted) return Number.POSITIVE_INFINITY;
      failures = 0;
      onFound(targets.slice(0, FOUND_MAX), Math.max(0, targets.length - FOUND_MAX));
      return Math.max(LEAST_MS, holdsMs);
    } catch (error) {
      if (end.signal.aborted) return Number.POSITIVE_INFINITY;
      failures++;
      onFailed(error instanceof Problem ? error.code : search.signal.aborted ? 'late' : 'failed');
      const asked = error instanceof Problem ? error.options.retryAfterMs : undefined;
      return Math.max(LEAST_MS, asked ?? Math.min(RETRY_MAX_MS, LEAST_MS * 2 ** Math.min(failures - 1, 10)));
    } finally {
      cancel();
      end.signal.removeEventListener('abort', stop);
    }
  }

  let cancelWait = () => {};
  async function turn(): Promise<void> {
    const ms = await look();
    if (Number.isFinite(ms) && !end.signal.aborted) cancelWait = clock.after(ms, () => void turn(), { unref: true });
  }
  void turn();
  return () => {
    end.abort(new Error('discovery ended'));
    cancelWait();
    discovery.close?.();
  };
}
