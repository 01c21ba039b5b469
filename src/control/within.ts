/** A wait with an end. */
import type { Clock } from '../base/clock.ts';

/** What `wait` resolves to, or `late` when that takes longer than `ms`. Raises what `wait` raises in time; leaves no timer behind. */
export async function within<V, L>(clock: Clock, ms: number, wait: Promise<V>, late: L): Promise<V | L> {
  const timer = new AbortController();
  const end = clock.sleep(ms, timer.signal).then(() => late);
  end.catch(() => {}); // The abort below is how it usually ends.
  wait.catch(() => {}); // A failure after the end concerns nobody any more.
  try {
    return await Promise.race([wait, end]);
  } finally {
    timer.abort();
  }
}
