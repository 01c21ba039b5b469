/**
 * Calls on SQLite: a file of blocks with one thread that writes it and one that reads it, each started when first needed. What control
 * has to do for a batch of calls is to hand it over.
 *
 *   add, trim ─▶ writer thread ─▶ calls.db ◀─ reader thread ◀─ search, find, totals
 */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/clock.ts';
import type { PackedCalls } from '../../sdk/call-batch.ts';
import problems from '../problems.ts';
import { createReader, type FromReader, raisedBy, type ReaderThread } from '../reader.ts';
import type { CallTable } from '../types.ts';
import type { BlockSearch } from './block-search.ts';

/** What the reader thread is asked: a function of `BlockSearch` and what it takes. */
export type ToSearch = {
  [F in Exclude<keyof BlockSearch, 'close'>]: { readonly ask: F; readonly with: Parameters<BlockSearch[F]>[0] };
}[Exclude<keyof BlockSearch, 'close'>];

/** What the writer thread is told. */
export type ToWrite =
  | { readonly type: 'add'; readonly batches: readonly PackedCalls[] }
  | { readonly type: 'trim'; readonly before: number; readonly bytesMax: number }
  | { readonly type: 'close' };

/** A table of calls with threads of its own. */
export interface ThreadedCalls extends CallTable {
  close(): Promise<void>;
}

type WriterThread = Pick<Worker, 'postMessage' | 'on' | 'ref' | 'unref' | 'terminate'>;

/** Makes the table of `file`, which the writer makes when it is missing. */
export function openCalls(file: string, clock: Clock): ThreadedCalls {
  const writer = createWriter(() => start('call-writer-thread', file));
  const reader = createReader<ToSearch, unknown>({
    start: () => start('call-reader-thread', file) as unknown as ReaderThread<ToSearch, unknown>,
    clock,
  });
  const ask = <F extends ToSearch['ask']>(name: F, what: Parameters<BlockSearch[F]>[0]) =>
    reader.ask({ ask: name, with: what } as ToSearch) as Promise<ReturnType<BlockSearch[F]>>;
  return {
    add: (batches) => writer.tell({ type: 'add', batches }),
    trim: (before, bytesMax) => writer.tell({ type: 'trim', before, bytesMax }),
    search: (filter) => ask('search', filter),
    find: (id) => ask('find', id),
    totals: (filter) => ask('totals', filter),
    totalsByRoute: (filter) => ask('totalsByRoute', filter),
    async close() {
      await Promise.all([writer.close(), reader.close()]);
    },
  };
}

/** `.ts` in a checkout, `.js` in a package. */
function start(name: string, file: string): Worker {
  const entry = new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
  return new Worker(entry, { workerData: { file }, name });
}

interface Writer {
  /** Orders are done one after the other. Raises what the database raises, or `unavailable` when the thread died. */
  tell(order: ToWrite): Promise<number>;
  close(): Promise<void>;
}

/** Orders in order; their number is bounded by who gives them: each waits for the one before. */
function createWriter(begin: () => WriterThread): Writer {
  const open = new Map<number, PromiseWithResolvers<number>>();
  let thread: WriterThread | undefined;
  let lastId = 0;
  const settle = (id: number, end: (order: PromiseWithResolvers<number>) => void): void => {
    const order = open.get(id);
    open.delete(id);
    if (open.size === 0) thread?.unref();
    if (order) end(order);
  };
  const started = (): WriterThread => {
    const fresh = begin();
    let failure: unknown;
    fresh.on('message', (said: FromReader<number>) =>
      settle(said.id, (order) => ('answer' in said ? order.resolve(said.answer) : order.reject(raisedBy(said)))),
    );
    fresh.on('error', (error) => (failure = error));
    fresh.on('exit', () => {
      if (thread === fresh) thread = undefined;
      for (const id of open.keys()) settle(id, (order) => order.reject(problems.raise.unavailable({ cause: failure })));
    });
    return fresh;
  };
  const tell = (order: ToWrite): Promise<number> => {
    thread ??= started();
    const id = ++lastId;
    const waiting = Promise.withResolvers<number>();
    open.set(id, waiting);
    thread.ref();
    thread.postMessage({ id, question: order }, []);
    return waiting.promise;
  };
  return {
    tell,
    async close() {
      if (!thread) return;
      await tell({ type: 'close' }).catch(() => {}); // What stays in the log is found at the next start.
      await thread?.terminate();
    },
  };
}
