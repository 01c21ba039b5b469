/** Waits that end: when a signal aborts, or when the time is over, even if the other side never answers. */
import type { Clock } from '../base/clock.ts';
import { type Text } from '../base/text.ts';
import problems from './problems.ts';

/** Who is waited for, as `no-answer` names them. */
export const STORE: Text = { en: 'the store', zh: '存储' };
export const RUNS: Text = { en: 'the runs', zh: '运行' };
export const SOURCE: Text = { en: 'the source', zh: '源' };
export const SINK: Text = { en: 'the sink', zh: '目标' };

/** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. */
export function abortable<V>(promise: Promise<V>, signal: AbortSignal): Promise<V> {
  if (signal.aborted) {
    promise.catch(() => {}); // Nobody waits for it any more.
    return Promise.reject(signal.reason);
  }
  return new Promise<V>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Settles as `promise` does; raises `no-answer` naming `what` after `ms` milliseconds. */
export function within<V>(promise: Promise<V>, ms: number, what: Text, clock: Clock): Promise<V> {
  return new Promise<V>((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(problems.raise['no-answer']({ values: { what, ms } })));
    promise.then(resolve, reject).finally(cancel);
  });
}

/**
 * Calls the outside: the call gets a signal that aborts with `signal` or after `ms`, and the wait ends
 * then whether or not the call heeds it.
 */
export async function outside<V>(
  call: (signal: AbortSignal) => Promise<V>,
  options: { signal: AbortSignal; ms: number; what: Text; clock: Clock },
): Promise<V> {
  const { signal, ms, what, clock } = options;
  signal.throwIfAborted();
  const own = new AbortController();
  const follow = () => own.abort(signal.reason);
  signal.addEventListener('abort', follow, { once: true });
  const cancel = clock.after(ms, () => own.abort(problems.raise['no-answer']({ values: { what, ms } })));
  try {
    return await abortable(call(own.signal), own.signal);
  } finally {
    cancel();
    signal.removeEventListener('abort', follow);
  }
}
