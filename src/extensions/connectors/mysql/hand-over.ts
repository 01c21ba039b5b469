/** Joins a giver that is pushed and a taker that pulls: the giver waits until what it gave was taken. */

/** A place for one value: `give` resolves when it was taken. */
export function handOver<T>(): { give(value: T): Promise<void>; take(): Promise<T | undefined>; end(): void; fail(error: unknown): void } {
  const waiting: { value: T; taken: () => void }[] = [];
  let ended = false;
  let failure: { error: unknown } | undefined;
  let wake = () => {};
  return {
    give: (value) =>
      new Promise((resolve) => {
        waiting.push({ value, taken: resolve });
        wake();
      }),
    async take() {
      for (;;) {
        const next = waiting.shift();
        if (next) {
          next.taken();
          return next.value;
        }
        if (failure) throw failure.error;
        if (ended) return undefined;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    end() {
      ended = true;
      wake();
    },
    fail(error) {
      failure = { error };
      wake();
    },
  };
}
