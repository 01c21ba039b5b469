/**
 * The engine threads of a query thread, for engines that block. A query past its deadline is answered at
 * once and its thread replaced. A thread stopped inside the database's own code ends only when that code
 * returns (node:sqlite cannot be interrupted), so the number of such threads is bounded: past it, calls
 * are refused until one ends.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { QueryFailure } from '../sdk/query.ts';
import { createGate } from './gate.ts';
import type { ConnectionUse, EngineThreadMessage, QueryReplyMessage, ShapeInfo } from './protocol.ts';

/** The part of a Worker that is used here. */
export interface EngineWorker {
  postMessage(message: EngineThreadMessage): void;
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

type Call = { readonly info: ShapeInfo; readonly values: (EngineThreadMessage & { type: 'run' })['values']; readonly pageRows: number };

export interface EngineThreads {
  set(all: readonly ConnectionUse[]): void;
  /**
   * Runs a query on a free thread; null when none came free in time. Raises QueryFailure. The signal ends
   * the wait; a query that runs goes on to its end or deadline, since only stopping its thread could end it.
   */
  run(call: Call, signal: AbortSignal): Promise<Extract<QueryReplyMessage, { type: 'rows' }> | null>;
  close(): Promise<void>;
}

interface Thread {
  readonly worker: EngineWorker;
  settle: ((outcome: QueryReplyMessage | QueryFailure) => void) | undefined;
  gone: boolean;
}

/** Makes the pool; threads start with the first connection. */
export function createEngineThreads(options: {
  readonly spawn: () => EngineWorker;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: EngineThreadLimits;
}): EngineThreads {
  const { spawn, clock, log, limits } = options;
  const gate = createGate({ slots: limits.threads, queueMax: limits.queueMax, waitMs: limits.waitMs }, clock);
  const idle: Thread[] = [];
  const threads = new Set<Thread>();
  const stopped = new Set<Thread>();
  let connections: readonly ConnectionUse[] = [];
  let calls = 0;
  let closed = false;

  const start = (): Thread => {
    const thread: Thread = { worker: spawn(), settle: undefined, gone: false };
    thread.worker.on('message', (reply) => thread.settle?.(reply));
    thread.worker.on('error', (error) => log.error('an engine thread failed', { error: error.message }));
    thread.worker.on('exit', () => {
      thread.gone = true;
      threads.delete(thread);
      stopped.delete(thread);
      thread.settle?.(new QueryFailure('unavailable', 'the engine thread ended'));
      fill();
    });
    threads.add(thread);
    thread.worker.postMessage({ type: 'connections', all: connections });
    return thread;
  };
  /** All threads stand ready before a request needs one. */
  const fill = () => {
    while (!closed && connections.length > 0 && threads.size < limits.threads && stopped.size <= limits.stoppedMax) idle.push(start());
  };
  const stop = (thread: Thread) => {
    threads.delete(thread);
    stopped.add(thread);
    thread.settle = undefined;
    void thread.worker.terminate();
    fill();
  };
  const takeThread = (): Thread => {
    for (let thread = idle.pop(); thread; thread = idle.pop()) if (!thread.gone) return thread;
    throw new QueryFailure('unavailable', `no engine thread is free; ${stopped.size} stopped queries are still inside the database`);
  };

  const runOn = (thread: Thread, call: Call) =>
    new Promise<Extract<QueryReplyMessage, { type: 'rows' }>>((resolve, reject) => {
      const finish = (outcome: QueryReplyMessage | QueryFailure, keep: boolean) => {
        stopTimer();
        thread.settle = undefined;
        if (!thread.gone) keep ? idle.push(thread) : stop(thread);
        if (outcome instanceof QueryFailure) reject(outcome);
        else if (outcome.type === 'rows') resolve(outcome);
        else reject(new QueryFailure(outcome.reason === 'busy' ? 'failed' : outcome.reason, 'the query failed on its engine thread'));
      };
      const stopTimer = clock.after(call.info.limits.timeoutMs + limits.graceMs, () => {
        log.warn('a query passed its time limit; its thread was replaced', { connection: call.info.connection, timeoutMs: call.info.limits.timeoutMs });
        finish(new QueryFailure('timeout', 'the query passed its time limit'), false);
      });
      thread.settle = (outcome) => finish(outcome, true);
      thread.worker.postMessage({ type: 'run', call: ++calls, ...call });
    });

  return {
    set(all) {
      connections = all;
      if (closed) return;
      for (const thread of threads) thread.worker.postMessage({ type: 'connections', all });
      fill();
    },
    async run(call, signal) {
      const leave = await gate.enter(signal);
      if (!leave) return null;
      try {
        return await runOn(takeThread(), call);
      } finally {
        leave();
      }
    },
    async close() {
      closed = true;
      for (const thread of [...threads]) stop(thread);
    },
  };
}
