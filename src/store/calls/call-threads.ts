/**
 * Calls on SQLite: a file of blocks with one thread that writes it and one that reads it, each started when first needed. What control
 * has to do for a batch of calls is to hand it over. A thread that dies or does not answer is replaced; no wait is without an end.
 *
 *   add, trim ─▶ writer thread ─▶ calls.db ◀─ reader thread ◀─ search, find, totals
 */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/clock.ts';
import { Problem } from '../../base/problem.ts';
import type { PackedCalls } from '../../sdk/call-batch.ts';
import problems from '../problems.ts';
import { createReader, type Reader, type ReaderProblems, type ReaderThread } from '../reader.ts';
import type { CallTable } from '../types.ts';
import type { BlockSearch } from './block-search.ts';

type Question = Exclude<keyof BlockSearch, 'close' | 'unreadable'>;

/** What the reader thread is asked: a function of `BlockSearch` and what it takes. */
export type ToSearch = { [F in Question]: { readonly ask: F; readonly with: Parameters<BlockSearch[F]>[0] } }[Question];

/** What it answers; `unreadable` names blocks whose calls had to be left out. */
export interface FromSearch {
  readonly found: unknown;
  readonly unreadable: readonly number[];
}

/** What the writer thread is told. Each is one transaction. */
export type ToWrite =
  | { readonly type: 'add'; readonly batches: readonly PackedCalls[]; readonly maybe: readonly number[] }
  | { readonly type: 'trim'; readonly before: number; readonly bytesMax: number }
  | { readonly type: 'discard'; readonly blocks: readonly number[] }
  | { readonly type: 'close' };

/** What it answers. */
export interface FromWrite {
  /** Of all calls on the disk; 0 where nobody asked for it. */
  readonly bytes: number;
  readonly deleted: number;
  /** There is more to delete. */
  readonly more: boolean;
  /** Calls of blocks that could not be read and are deleted. */
  readonly lost: number;
}

/** A table of calls with threads of its own. */
export interface ThreadedCalls extends CallTable {
  close(): Promise<void>;
}

/** Starts a thread of this name: `call-writer-thread` or `call-reader-thread`. */
export type StartThread = (name: string) => Worker;

const CLOSE_MS = 2000;
/** Nobody asked for too much: the disk does not answer. */
const WRITER_PROBLEMS: ReaderProblems = Object.freeze({
  busy: () => problems.raise.busy(),
  tooSlow: () => problems.raise.unavailable(),
  unavailable: (cause?: unknown) => problems.raise.unavailable({ cause }),
});

/** Makes the table of `file`, which the writer makes when it is missing. */
export function openCalls(file: string, clock: Clock, start: StartThread = (name) => startThread(name, file)): ThreadedCalls {
  const writer = createReader<ToWrite, FromWrite>({
    start: () => start('call-writer-thread') as unknown as ReaderThread<ToWrite, FromWrite>,
    clock,
    raise: WRITER_PROBLEMS,
  });
  const reader = createReader<ToSearch, FromSearch>({
    start: () => start('call-reader-thread') as unknown as ReaderThread<ToSearch, FromSearch>,
    clock,
  });
  let lost = 0;
  let isOpen = false;
  const tell = async (order: ToWrite): Promise<FromWrite> => {
    isOpen = true;
    const done = await writer.ask(order);
    lost += done.lost;
    return done;
  };
  const ask = async <F extends Question>(name: F, what: Parameters<BlockSearch[F]>[0]) => {
    const { found, unreadable } = await reader.ask({ ask: name, with: what } as ToSearch);
    if (unreadable.length > 0) void tell({ type: 'discard', blocks: unreadable }).catch(() => {}); // Whoever meets them next tells again.
    return found as ReturnType<BlockSearch[F]>;
  };
  return {
    add: adding(tell),
    async trim(before, bytesMax) {
      let deleted = 0;
      // New calls are stored between the steps.
      for (let more = true; more; ) {
        const step = await tell({ type: 'trim', before, bytesMax });
        deleted += step.deleted;
        ({ more } = step);
      }
      return deleted;
    },
    search: (filter) => ask('search', filter),
    find: (id) => ask('find', id),
    totals: (filter) => ask('totals', filter),
    totalsByRoute: (filter) => ask('totalsByRoute', filter),
    get lost() {
      return lost;
    },
    async close() {
      if (isOpen) await closedInTime(writer, clock);
      await Promise.all([writer.close(), reader.close()]);
    },
  };
}

/** Whoever stores a batch again, since nobody answered, does not store it twice. */
function adding(tell: (order: ToWrite) => Promise<FromWrite>): CallTable['add'] {
  const unsure = new WeakSet<PackedCalls>();
  return async (batches) => {
    const maybe = batches.flatMap((batch, place) => (unsure.has(batch) ? [place] : []));
    try {
      const { bytes } = await tell({ type: 'add', batches, maybe });
      for (const batch of batches) unsure.delete(batch);
      return bytes;
    } catch (error) {
      if (error instanceof Problem && error.code === 'core/store/unavailable') for (const batch of batches) unsure.add(batch);
      throw error;
    }
  };
}

/** What stays in the log because it took too long is found at the next start. */
async function closedInTime(writer: Reader<ToWrite, FromWrite>, clock: Clock): Promise<void> {
  const end = new AbortController();
  const late = clock.sleep(CLOSE_MS, end.signal).catch(() => {});
  await Promise.race([writer.ask({ type: 'close' }).catch(() => {}), late]);
  end.abort();
}

/** `.ts` in a checkout, `.js` in a package. */
function startThread(name: string, file: string): Worker {
  const entry = new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
  return new Worker(entry, { workerData: { file }, name });
}
