/**
 * Time as a value passed in. The only place, with main.ts, that touches the wall clock and timers.
 */
// The global of this name is a getter, which each reading would go through.
import { performance } from 'node:perf_hooks';

/** Cancels what was scheduled; calling it twice does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; may jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. For durations and limits. */
  monotonic(): number;
  /** Calls `action` once after `ms` milliseconds; does not keep the process alive when `unref`. */
  after(ms: number, action: () => void, options?: { unref?: boolean }): Cancel;
  /** Calls `action` every `ms` milliseconds until cancelled. */
  every(ms: number, action: () => void, options?: { unref?: boolean }): Cancel;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms: number, action: () => void, options: { unref?: boolean } = {}): Cancel {
    const timer = setTimeout(action, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
    if (options.unref) timer.unref();
    return () => clearTimeout(timer);
  },
  every(ms: number, action: () => void, options: { unref?: boolean } = {}): Cancel {
    const timer = setInterval(action, ms);
    if (options.unref) timer.unref();
    return () => clearInterval(timer);
  },
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const done = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  },
});

/**
 * What to add to `systemClock.monotonic()` on this thread to read the machine's own monotonic clock,
 * which is the same on all threads: `performance.now()` starts anew on each.
 */
export function machineClockOffsetMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6 - performance.now();
}

/** A clock that a test moves by hand; timers fire in order inside `advance`. */
export interface ManualClock extends Clock {
  /** Moves both clocks forward by `ms`, firing what is due. Awaits nothing. */
  advance(ms: number): void;
  /** Sets the wall clock (it may go back); the monotonic clock does not move. */
  setNow(now: number): void;
}

/** Makes a manual clock starting at `start` (milliseconds since 1970). */
export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let wall = start;
  let mono = 0;
  let timers: { due: number; every: number; action: () => void }[] = [];
  const add = (ms: number, every: number, action: () => void): Cancel => {
    const timer = { due: mono + Math.max(ms, 0), every, action };
    timers.push(timer);
    return () => {
      timers = timers.filter((t) => t !== timer);
    };
  };
  const clock: ManualClock = {
    now: () => wall,
    monotonic: () => mono,
    after: (ms, action) => add(ms, 0, action),
    every: (ms, action) => add(ms, ms, action),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const cancel = add(ms, 0, resolve);
        signal?.addEventListener('abort', () => (cancel(), reject(signal.reason)), { once: true });
      }),
    advance(ms) {
      const end = mono + ms;
      for (;;) {
        const next = timers.filter((t) => t.due <= end).sort((a, b) => a.due - b.due)[0];
        if (!next) break;
        wall += Math.max(0, next.due - mono);
        mono = Math.max(mono, next.due);
        if (next.every > 0) next.due += next.every;
        else timers = timers.filter((t) => t !== next);
        next.action();
      }
      wall += end - mono;
      mono = end;
    },
    setNow(now) {
      wall = now;
    },
  };
  return clock;
}
