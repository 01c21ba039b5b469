/** Changes one after another: two that are planned on the same catalog must not cross. Bounded. */

export interface TurnQueue {
  /** Runs `work` when all before it are done. `full` raises instead when too many wait. */
  run<V>(work: () => Promise<V>): Promise<V>;
}

/** Makes a queue in which at most `waitingMax` wait. */
export function createTurnQueue(waitingMax: number, full: () => Error): TurnQueue {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    async run(work) {
      if (waiting >= waitingMax) throw full();
      waiting += 1;
      const mine = last.then(work, work);
      last = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        waiting -= 1;
      }
    },
  };
}
