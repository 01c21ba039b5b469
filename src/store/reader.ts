/**
 * Questions that may take long, off the thread that answers people.
 *
 *   ask ─▶ queue (bounded) ─▶ reader thread, started when first needed ─▶ answer
 *
 * A question past its time is answered at once and its thread replaced; since a thread cannot be interrupted inside SQLite, it
 * may end only when its statement does, so their number is bounded: past it, questions are refused until one ends.
 */
import type { Cancel, Clock } from '../base/clock.ts';
import { Problem } from '../base/problem.ts';
import problems from './problems.ts';

export interface ToReader<Q> {
  readonly id: number;
  readonly question: Q;
}
export type FromReader<A> =
  | { readonly id: number; readonly answer: A }
  /** `code` of a problem of the store, or empty; `message` is for the log. */
  | { readonly id: number; readonly code: string; readonly message: string };

/** The part of a Worker that is used here. */
export interface ReaderThread<Q, A> {
  postMessage(message: ToReader<Q>, transfer: []): void;
  on(event: 'message', listener: (answer: FromReader<A>) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  /** A thread at rest does not keep the process alive. */
  ref(): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

export interface Reader<Q, A> {
  /** Sees all that was committed before. Raises `busy`, `read-too-slow` and what the database raises. */
  ask(question: Q): Promise<A>;
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

interface Read<Q, A> extends ToReader<Q> {
  resolve(answer: A): void;
  reject(error: unknown): void;
  cancel: Cancel;
}

/** What a reader raises when there is no answer. */
export interface ReaderProblems {
  busy(): Error;
  tooSlow(seconds: number): Error;
  /** Its thread is gone. */
  unavailable(cause?: unknown): Error;
}

const STORE_PROBLEMS: ReaderProblems = Object.freeze({
  busy: () => problems.raise.busy(),
  tooSlow: (seconds: number) => problems.raise['read-too-slow']({ values: { seconds } }),
  unavailable: (cause?: unknown) => problems.raise.unavailable({ cause }),
});

/** Makes a reader; no thread is started before the first question. What reads something else than the store says so by `raise`. */
export function createReader<Q, A>(options: {
  readonly start: () => ReaderThread<Q, A>;
  readonly clock: Clock;
  readonly raise?: ReaderProblems;
}): Reader<Q, A> {
  return new QueuedReader(options.start, options.clock, options.raise ?? STORE_PROBLEMS);
}

class QueuedReader<Q, A> implements Reader<Q, A> {
  private readonly start: () => ReaderThread<Q, A>;
  private readonly clock: Clock;
  private readonly raise: ReaderProblems;
  private thread: ReaderThread<Q, A> | undefined;
  private readonly stuck = new Set<ReaderThread<Q, A>>();
  private readonly waiting: Read<Q, A>[] = [];
  private running: Read<Q, A> | undefined;
  private ids = 0;
  private closed = false;

  constructor(start: () => ReaderThread<Q, A>, clock: Clock, raise: ReaderProblems) {
    this.start = start;
    this.clock = clock;
    this.raise = raise;
  }

  ask(question: Q): Promise<A> {
    if (this.closed || this.waiting.length >= WAITING_MAX || (!this.thread && this.stuck.size >= STUCK_MAX))
      return Promise.reject(this.raise.busy());
    return new Promise((resolve, reject) => {
      const read: Read<Q, A> = { id: ++this.ids, question, resolve, reject, cancel: () => {} };
      read.cancel = this.clock.after(WAIT_MS, () => this.waitedTooLong(read), { unref: true });
      this.waiting.push(read);
      this.next();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    const threads = [this.thread, ...this.stuck].filter((thread) => thread !== undefined);
    this.fail(this.raise.unavailable());
    if (threads.length === 0) return;
    let cancel: Cancel = () => {};
    const late = new Promise<void>((resolve) => void (cancel = this.clock.after(CLOSE_MS, resolve, { unref: true })));
    await Promise.race([Promise.all(threads.map((thread) => thread.terminate())), late]);
    cancel();
  }

  private next(): void {
    if (this.running || this.waiting.length === 0) return;
    if (!this.thread && this.stuck.size >= STUCK_MAX) return this.fail(this.raise.busy());
    this.thread ??= this.begin();
    const read = this.waiting.shift()!;
    this.running = read;
    read.cancel();
    read.cancel = this.clock.after(RUN_MS, () => this.ranTooLong(read), { unref: true });
    this.thread.ref();
    const { id, question } = read;
    this.thread.postMessage({ id, question }, []);
  }

  private begin(): ReaderThread<Q, A> {
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
      this.settle((read) => read.reject(this.raise.unavailable(failure)));
    });
    return thread;
  }

  private answered(answer: FromReader<A>): void {
    this.settle((read) => ('answer' in answer ? read.resolve(answer.answer) : read.reject(raisedBy(answer))));
  }

  /** Ends the read that runs, and begins the next. */
  private settle(end: (read: Read<Q, A>) => void): void {
    const read = this.running;
    this.running = undefined;
    this.thread?.unref();
    if (read) {
      read.cancel();
      end(read);
    }
    this.next();
  }

  private waitedTooLong(read: Read<Q, A>): void {
    this.waiting.splice(this.waiting.indexOf(read), 1);
    read.reject(this.raise.busy());
  }

  private ranTooLong(read: Read<Q, A>): void {
    const { thread } = this;
    this.thread = undefined;
    if (thread) {
      this.stuck.add(thread);
      thread.unref();
      void thread.terminate();
    }
    this.settle(() => read.reject(this.raise.tooSlow(RUN_MS / 1000)));
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

/** What a thread tells of an error; `raisedBy` makes it one again. */
export function toldError(error: unknown): { readonly code: string; readonly message: string } {
  return { code: error instanceof Problem ? error.code : '', message: error instanceof Error ? error.message : String(error) };
}

export function raisedBy({ code, message }: { readonly code: string; readonly message: string }): Error {
  const name = code.slice(code.lastIndexOf('/') + 1);
  const cause = new Error(message);
  return Object.hasOwn(problems.raise, name)
    ? problems.raise[name as 'busy']({ cause })
    : new Error('the store failed on a thread of its own', { cause });
}
