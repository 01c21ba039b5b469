/**
 * The engine threads of a query thread, for engines that block. A query past its deadline is answered at
 * once and its thread replaced. A thread stopped inside the database's own code ends only when that code
 * returns (node:sqlite cannot be interrupted), so the number of such threads is bounded: past it, calls
 * are refused until one ends.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { QueryFailure } from '../sdk/query.ts';
import { createGate, type Gate } from './gate.ts';
import type { ConnectionUse, EngineThreadMessage, QueryReplyMessage, ShapeInfo } from './protocol.ts';

/** The part of a Worker that is used here. */
export interface EngineWorker {
  postMessage(message: EngineThreadMessage, transfer: []): void;
  on(event: 'message', listener: (reply: QueryReplyMessage) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  terminate(): Promise<unknown>;
}

export interface EngineThreadLimits {
  /** Threads that take queries. */
  readonly threads: number;
  /** Stopped threads that may still be inside the database. */
  readonly stoppedMax: number;
  /** Time past a query's own limit before its thread is stopped. */
  readonly graceMs: number;
  readonly queueMax: number;
  readonly waitMs: number;
}

type Rows = Extract<QueryReplyMessage, { type: 'rows' }>;
type Call = { readonly info: ShapeInfo; readonly values: (EngineThreadMessage & { type: 'run' })['values']; readonly pageRows: number };

export interface EngineThreads {
  set(all: readonly ConnectionUse[]): void;
  /**
   * Runs a query on a free thread; null when none came free in time. Raises QueryFailure. The signal ends
   * the wait; a query that runs goes on to its end or deadline, since only stopping its thread could end it.
   */
  run(call: Call, signal: AbortSignal): Promise<Rows | null>;
  close(): Promise<void>;
}

interface Thread {
  readonly worker: EngineWorker;
  settle: ((outcome: QueryReplyMessage | QueryFailure) => void) | undefined;
  gone: boolean;
}

export interface EngineThreadOptions {
  readonly spawn: () => EngineWorker;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: EngineThreadLimits;
}

/** Makes the pool; threads start with the first connection. */
export function createEngineThreads(options: EngineThreadOptions): EngineThreads {
  return new ThreadPool(options);
}

class ThreadPool implements EngineThreads {
  readonly #options: EngineThreadOptions;
  readonly #gate: Gate;
  readonly #idle: Thread[] = [];
  readonly #threads = new Set<Thread>();
  readonly #stopped = new Set<Thread>();
  #connections: readonly ConnectionUse[] = [];
  #calls = 0;
  #closed = false;

  constructor(options: EngineThreadOptions) {
    this.#options = options;
    const { threads, queueMax, waitMs } = options.limits;
    this.#gate = createGate({ slots: threads, queueMax, waitMs }, options.clock);
  }

  set(all: readonly ConnectionUse[]): void {
    this.#connections = all;
    for (const thread of this.#threads) thread.worker.postMessage({ type: 'connections', all }, []);
    this.#fill();
  }

  async run(call: Call, signal: AbortSignal): Promise<Rows | null> {
    const leave = await this.#gate.enter(signal);
    if (!leave) return null;
    try {
      return await this.#runOn(this.#take(), call);
    } finally {
      leave();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const thread of this.#threads) this.#stop(thread);
  }

  /** All threads stand ready before a request needs one. */
  #fill(): void {
    const { threads, stoppedMax } = this.#options.limits;
    if (this.#closed || this.#connections.length === 0 || this.#stopped.size > stoppedMax) return;
    for (let missing = threads - this.#threads.size; missing > 0; missing--) this.#idle.push(this.#start());
  }

  #start(): Thread {
    const thread: Thread = { worker: this.#options.spawn(), settle: undefined, gone: false };
    thread.worker.on('message', (reply) => thread.settle?.(reply));
    thread.worker.on('error', (error) => this.#options.log.error('an engine thread failed', { error: error.message }));
    thread.worker.on('exit', () => {
      thread.gone = true;
      this.#threads.delete(thread);
      this.#stopped.delete(thread);
      thread.settle?.(new QueryFailure('unavailable', { en: 'the engine thread ended', zh: '引擎线程已结束' }));
      this.#fill();
    });
    this.#threads.add(thread);
    thread.worker.postMessage({ type: 'connections', all: this.#connections }, []);
    return thread;
  }

  #stop(thread: Thread): void {
    this.#threads.delete(thread);
    this.#stopped.add(thread);
    thread.settle = undefined;
    void thread.worker.terminate();
    this.#fill();
  }

  #take(): Thread {
    for (let thread = this.#idle.pop(); thread; thread = this.#idle.pop()) if (!thread.gone) return thread;
    throw new QueryFailure('unavailable', {
      en: `no engine thread is free; ${this.#stopped.size} stopped queries are still inside the database`,
      zh: `没有空闲的引擎线程；仍有 ${this.#stopped.size} 个已停止的查询留在数据库中`,
    });
  }

  #runOn(thread: Thread, call: Call): Promise<Rows> {
    const { clock, limits, log } = this.#options;
    const { connection, limits: own } = call.info;
    return new Promise((resolve, reject) => {
      const finish = (outcome: QueryReplyMessage | QueryFailure, keep: boolean) => {
        stopTimer();
        thread.settle = undefined;
        if (keep && !thread.gone) this.#idle.push(thread);
        else if (!thread.gone) this.#stop(thread);
        if (outcome instanceof QueryFailure) reject(outcome);
        else if (outcome.type === 'rows') resolve(outcome);
        else
          reject(
            new QueryFailure(
              outcome.reason === 'busy' ? 'failed' : outcome.reason,
              outcome.detail ?? { en: 'the query failed on its engine thread', zh: '查询在引擎线程上失败' },
            ),
          );
      };
      const stopTimer = clock.after(own.timeoutMs + limits.graceMs, () => {
        log.warn('a query passed its time limit; its thread was replaced', { connection, timeoutMs: own.timeoutMs });
        finish(new QueryFailure('timeout', { en: 'the query passed its time limit', zh: '查询超过时限' }), false);
      });
      thread.settle = (outcome) => finish(outcome, true);
      thread.worker.postMessage({ type: 'run', call: ++this.#calls, ...call }, []);
    });
  }
}
