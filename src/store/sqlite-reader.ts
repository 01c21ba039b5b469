/**
 * Reads of SQLite that may look at very many rows, off the thread that answers people.
 *
 *   all ─▶ queue (bounded) ─▶ reader thread, started when first needed ─▶ rows
 *
 * A read past its time is answered at once and its thread replaced; since SQLite cannot be interrupted from here, that
 * thread ends only when its statement does, so their number is bounded: past it, reads are refused until one ends.
 */
import { Worker } from 'node:worker_threads';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Database, Row, Value } from './database.ts';
import problems from './problems.ts';

export interface ToReader {
  readonly id: number;
  readonly sql: string;
  readonly values: readonly Value[];
}
export type FromReader =
  | { readonly id: number; readonly rows: Row[] }
  /** `code` of a problem of the store, or empty; `message` is for the log. */
  | { readonly id: number; readonly code: string; readonly message: string };

/** The part of a Worker that is used here. */
export interface ReaderThread {
  postMessage(message: ToReader, transfer: []): void;
  on(event: 'message', listener: (answer: FromReader) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  /** A thread at rest does not keep the process alive. */
  ref(): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

export interface SqliteReader extends Pick<Database, 'dialect'> {
  /** Sees all that was committed before. Raises `busy`, `read-too-slow` and what the database raises. */
  all(sql: string, values?: readonly Value[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** Reads that may wait. */
const WAITING_MAX = 100;
/** Longest wait for the thread, and longest time of a statement: together less than an admin request may take. */
const WAIT_MS = 5_000;
const RUN_MS = 20_000;
/** Replaced threads that may still be inside a statement. */
const STUCK_MAX = 2;
const CLOSE_MS = 1000;

interface Read extends ToReader {
  resolve(rows: Row[]): void;
  reject(error: unknown): void;
  cancel: Cancel;
}

/** Makes the reader of `file`; nothing is opened before the first read. */
export function createSqliteReader(options: { file: string; clock: Clock; start?: () => ReaderThread }): SqliteReader {
  const start = options.start ?? (() => startThread(options.file));
  return new Reader(start, options.clock);
}

/** `.ts` in a checkout, `.js` in a package. */
function startThread(file: string): ReaderThread {
  const entry = new URL(`./sqlite-reader-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
  return new Worker(entry, { workerData: { file }, name: 'store-reader' }) as unknown as ReaderThread;
}

class Reader implements SqliteReader {
  readonly dialect = 'sqlite';
  private readonly start: () => ReaderThread;
  private readonly clock: Clock;
  private thread: ReaderThread | undefined;
  private readonly stuck = new Set<ReaderThread>();
  private readonly waiting: Read[] = [];
  private running: Read | undefined;
  private ids = 0;
  private closed = false;

  constructor(start: () => ReaderThread, clock: Clock) {
    this.start = start;
    this.clock = clock;
  }

  all(sql: string, values: readonly Value[] = []): Promise<Row[]> {
    if (this.closed || this.waiting.length >= WAITING_MAX || (!this.thread && this.stuck.size >= STUCK_MAX))
      return Promise.reject(problems.raise.busy());
    return new Promise((resolve, reject) => {
      const read: Read = { id: ++this.ids, sql, values, resolve, reject, cancel: () => {} };
      read.cancel = this.clock.after(WAIT_MS, () => this.waitedTooLong(read), { unref: true });
      this.waiting.push(read);
      this.next();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    const threads = [this.thread, ...this.stuck].filter((thread) => thread !== undefined);
    this.fail(problems.raise.unavailable());
    if (threads.length === 0) return;
    let cancel: Cancel = () => {};
    const late = new Promise<void>((resolve) => void (cancel = this.clock.after(CLOSE_MS, resolve, { unref: true })));
    await Promise.race([Promise.all(threads.map((thread) => thread.terminate())), late]);
    cancel();
  }

  private next(): void {
    if (this.running || this.waiting.length === 0) return;
    if (!this.thread && this.stuck.size >= STUCK_MAX) return this.fail(problems.raise.busy());
    this.thread ??= this.begin();
    const read = this.waiting.shift()!;
    this.running = read;
    read.cancel();
    read.cancel = this.clock.after(RUN_MS, () => this.ranTooLong(read), { unref: true });
    this.thread.ref();
    const { id, sql, values } = read;
    this.thread.postMessage({ id, sql, values }, []);
  }

  private begin(): ReaderThread {
    const thread = this.start();
    let failure: unknown;
    thread.on('message', (answer) => {
      if (thread === this.thread) this.answered(answer);
    });
    thread.on('error', (error) => (failure = error));
    thread.on('exit', () => {
      this.stuck.delete(thread);
      if (thread !== this.thread) return;
      this.thread = undefined;
      this.settle((read) => read.reject(problems.raise.unavailable({ cause: failure })));
    });
    return thread;
  }

  private answered(answer: FromReader): void {
    this.settle((read) => ('rows' in answer ? read.resolve(answer.rows) : read.reject(errorOf(answer))));
  }

  /** Ends the read that runs, and begins the next. */
  private settle(end: (read: Read) => void): void {
    const read = this.running;
    this.running = undefined;
    this.thread?.unref();
    if (read) {
      read.cancel();
      end(read);
    }
    this.next();
  }

  private waitedTooLong(read: Read): void {
    this.waiting.splice(this.waiting.indexOf(read), 1);
    read.reject(problems.raise.busy());
  }

  private ranTooLong(read: Read): void {
    const { thread } = this;
    this.thread = undefined;
    if (thread) {
      this.stuck.add(thread);
      thread.unref();
      void thread.terminate();
    }
    this.settle(() => read.reject(problems.raise['read-too-slow']({ values: { seconds: RUN_MS / 1000 } })));
  }

  /** Ends all reads that wait, and the one that runs. */
  private fail(error: Error): void {
    const all = [...(this.running ? [this.running] : []), ...this.waiting.splice(0)];
    this.running = undefined;
    for (const read of all) {
      read.cancel();
      read.reject(error);
    }
  }
}

function errorOf({ code, message }: Extract<FromReader, { code: string }>): Error {
  const name = code.slice(code.lastIndexOf('/') + 1);
  const cause = new Error(message);
  return Object.hasOwn(problems.raise, name)
    ? problems.raise[name as 'busy']({ cause })
    : new Error('a read of the store failed', { cause });
}
