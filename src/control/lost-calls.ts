/**
 * Call records that died with a gateway process. A process says how many it holds; when its line closes and it is
 * not back within ten seconds, it was killed, and they are counted as lost. One that dials again lost nothing.
 */
import type { Cancel, Clock } from '../base/clock.ts';

export interface LostCalls {
  /** The line of a process is down; it last said that it held `waiting` records. */
  left(instance: string, waiting: number): void;
  /** The process is there. */
  back(instance: string): void;
  close(): void;
}

const BACK_WITHIN_MS = 10_000;

/** Makes the watch; `lost` is told how many records are gone. */
export function createLostCalls(clock: Clock, lost: (count: number) => void): LostCalls {
  const missed = new Map<string, Cancel>();
  return {
    left(instance, waiting) {
      if (waiting === 0 || missed.has(instance)) return;
      const count = () => {
        missed.delete(instance);
        lost(waiting);
      };
      missed.set(instance, clock.after(BACK_WITHIN_MS, count, { unref: true }));
    },
    back(instance) {
      missed.get(instance)?.();
      missed.delete(instance);
    },
    close() {
      for (const cancel of missed.values()) cancel();
      missed.clear();
    },
  };
}
