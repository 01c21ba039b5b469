/** Reads batches ahead of the one being written: batch k+1 is on its way while batch k goes out. */
import type { Clock } from '../base/clock.ts';
import { abortable, within, SOURCE } from './abort.ts';

export interface LookAheadOptions {
  /** Batches that may wait, at least 1. */
  readonly depth: number;
  readonly signal: AbortSignal;
  /** Longest wait for the source to let go at the end. */
  readonly closeMs: number;
  readonly clock: Clock;
}

/**
 * Yields what `open` gives, in order, holding at most `depth` items. An error comes after the items
 * before it. Leaving early, or an abort, stops the source (its own signal aborts) and waits for it, bounded.
 */
export async function* lookAhead<V>(open: (signal: AbortSignal) => AsyncIterable<V>, options: LookAheadOptions): AsyncGenerator<V> {
  const { depth, signal, closeMs, clock } = options;
  const own = new AbortController();
  const follow = () => own.abort(signal.reason);
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  const items: V[] = [];
  let ended = false;
  let failure: { error: unknown } | undefined;
  let wake = () => {};
  const changed = () => new Promise<void>((resolve) => (wake = resolve));
  let makeRoom = () => {};
  const room = () => new Promise<void>((resolve) => (makeRoom = resolve));
  const pump = (async () => {
    for await (const item of open(own.signal)) {
      items.push(item);
      wake();
      while (items.length >= depth && !own.signal.aborted) await room();
      if (own.signal.aborted) break;
    }
  })();
  own.signal.addEventListener('abort', () => makeRoom(), { once: true });
  const settled = pump
    .catch((error: unknown) => (failure = { error }))
    .then(() => {
      ended = true;
      wake();
    });
  try {
    for (;;) {
      signal.throwIfAborted();
      const item = items.shift();
      if (item !== undefined) {
        makeRoom();
        yield item;
      } else if (ended) {
        if (failure) throw failure.error;
        return;
      } else {
        await abortable(changed(), signal);
      }
    }
  } finally {
    signal.removeEventListener('abort', follow);
    own.abort(signal.reason);
    await within(settled, closeMs, SOURCE, clock).catch(() => {}); // It was told to stop; the run goes on without it.
  }
}
