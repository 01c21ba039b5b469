/** Much work on a thread that also answers people: done in slices, and between two of them the event loop turns. */
import type { Clock } from './clock.ts';

/** One piece of work that lets others in between. */
export interface Slices {
  /** To be awaited after each step: nothing while the slice goes on, a turn of the event loop when it is over. */
  pause(): Promise<void> | undefined;
}

/** What a request to the same thread may have to wait, besides the one step that is under way. */
const SLICE_MS = 4;

/** Begins the first slice. */
export function createSlices(clock: Pick<Clock, 'monotonic'>, sliceMs: number = SLICE_MS): Slices {
  let until = clock.monotonic() + sliceMs;
  return {
    pause() {
      if (clock.monotonic() < until) return undefined;
      return new Promise((resolve) =>
        setImmediate(() => {
          until = clock.monotonic() + sliceMs;
          resolve();
        }),
      );
    },
  };
}

/** For a program that answers nobody meanwhile. */
export const UNBROKEN: Slices = Object.freeze({ pause: () => undefined });

/** Maps one after the other, with a pause after each. */
export async function mapSliced<A, B>(items: readonly A[], slices: Slices, map: (item: A, index: number) => B | Promise<B>): Promise<B[]> {
  const made: B[] = [];
  for (const [index, item] of items.entries()) {
    made.push(await map(item, index));
    await slices.pause();
  }
  return made;
}
