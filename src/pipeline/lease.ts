/**
 * Keeps a claimed run this worker's: renews the lease, hears of cancels, and ends the run at once when
 * the lease is lost or can no longer be renewed, so that at most one worker believes it owns a run.
 */
import type { Clock } from '../base/clock.ts';
import type { Lease, RunStore } from '../sdk/run.ts';
import { within, STORE } from './abort.ts';
import type { PipelineLimits } from './limits.ts';
import problems from './problems.ts';

export interface LeaseKeeper {
  /** Stops renewing. */
  stop(): void;
}

/** Renews `lease` every `heartbeatMs`; aborts `run` with `lease-lost` or `cancelled`. */
export function keepLease(
  lease: Lease,
  run: AbortController,
  options: { runStore: RunStore; clock: Clock; limits: PipelineLimits; claimedAt: number },
): LeaseKeeper {
  const { runStore, clock, limits, claimedAt } = options;
  // Counted from before the claim or renewal was sent, so that our end of the lease is never later than the store's.
  let heldUntil = claimedAt + limits.leaseMs;
  let busy = false;
  let stopped = false;
  let cancelExpiry = () => {};
  const lose = () => run.abort(problems.raise['lease-lost']());
  const watchExpiry = () => {
    cancelExpiry();
    cancelExpiry = clock.after(heldUntil - clock.monotonic(), lose, { unref: true });
  };
  const beat = async () => {
    const sentAt = clock.monotonic();
    const answer = await within(runStore.heartbeat(lease, limits.leaseMs), limits.storeMs, STORE, clock);
    if (stopped) return;
    if (!answer.held) return lose();
    heldUntil = sentAt + limits.leaseMs;
    watchExpiry();
    if (answer.cancelRequested) run.abort(problems.raise['cancelled']());
  };
  watchExpiry();
  const cancelBeats = clock.every(
    limits.heartbeatMs,
    () => {
      if (busy) return;
      busy = true;
      // A failing store is tried again at the next beat, until the lease is over.
      beat()
        .catch(() => {})
        .finally(() => (busy = false));
    },
    { unref: true },
  );
  return {
    stop() {
      stopped = true;
      cancelBeats();
      cancelExpiry();
    },
  };
}
