/**
 * A bounded door to a pool: `slots` may be inside, `queueMax` may wait, each for `waitMs` at most.
 * First come, first served.
 */
import type { Clock } from '../base/clock.ts';

export interface GateLimits {
  readonly slots: number;
  readonly queueMax: number;
  readonly waitMs: number;
}

export interface Gate {
  /** Resolves with the function that gives the slot back; null when the queue is full or the wait too long. Rejects when aborted. */
  enter(signal: AbortSignal): Promise<(() => void) | null>;
  /** Changes the number of slots; those inside stay. */
  resize(slots: number): void;
  inside(): number;
  waiting(): number;
}

/** Makes a gate. */
export function createGate(limits: GateLimits, clock: Clock): Gate {
  let { slots } = limits;
  let inside = 0;
  const queue = new Set<() => void>();

  const leave = () => {
    inside -= 1;
    admit();
  };
  const admit = () => {
    while (inside < slots && queue.size > 0) {
      const [next] = queue;
      queue.delete(next!);
      inside += 1;
      next!();
    }
  };
  const once = (action: () => void) => {
    let done = false;
    return () => {
      if (done) return;
      done = true;
      action();
    };
  };
  const wait = (signal: AbortSignal): Promise<(() => void) | null> =>
    new Promise((resolve, reject) => {
      const admitted = () => {
        settle();
        resolve(once(leave));
      };
      const settle = () => {
        queue.delete(admitted);
        stopTimer();
        signal.removeEventListener('abort', abort);
      };
      const abort = () => {
        settle();
        reject(signal.reason);
      };
      const stopTimer = clock.after(limits.waitMs, () => {
        settle();
        resolve(null);
      });
      signal.addEventListener('abort', abort, { once: true });
      queue.add(admitted);
    });

  return {
    enter(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (inside < slots && queue.size === 0) {
        inside += 1;
        return Promise.resolve(once(leave));
      }
      return queue.size >= limits.queueMax ? Promise.resolve(null) : wait(signal);
    },
    resize(count) {
      slots = count;
      admit();
    },
    inside: () => inside,
    waiting: () => queue.size,
  };
}
