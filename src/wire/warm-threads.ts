/** Threads that a spare process starts ahead: each has loaded its entry and waits until the gateway needs it. */
import { type ResourceLimits, Worker } from 'node:worker_threads';
import type { Log } from '../base/log.ts';
import type { NewThread } from '../gateway/kept-thread.ts';
import { type Begin, threadConfig, WARM } from './entry.ts';

export interface WarmThreads {
  /** Starts a thread that will wait; nothing after `close`. */
  add(entry: URL, name: string, resourceLimits?: ResourceLimits): void;
  /** A waiting thread of that entry, told to begin, else a new one; `shareThreadConfig` comes before. */
  readonly newThread: NewThread;
  /** Ends those that nobody needed. */
  close(): void;
}

/** Makes an empty set. */
export function createWarmThreads(log: Log): WarmThreads {
  const waiting = new Map<Worker, { readonly href: string; forget(): void }>();
  let closed = false;
  return {
    add(entry, name, resourceLimits) {
      if (closed) return;
      const worker = new Worker(entry, { workerData: WARM, name, ...(resourceLimits ? { resourceLimits } : {}) });
      const lost = (error: unknown) => {
        if (!waiting.delete(worker)) return; // 'exit' follows 'error'.
        log.warn('a thread that waited ended', { thread: name, error });
      };
      worker.on('error', lost);
      worker.on('exit', lost);
      waiting.set(worker, { href: entry.href, forget: () => void worker.off('error', lost).off('exit', lost) });
    },
    newThread(entry, options) {
      const [worker, found] = [...waiting].find(([, { href }]) => href === entry.href) ?? [];
      if (!worker || !found) return new Worker(entry, options);
      found.forget();
      waiting.delete(worker);
      worker.postMessage({ data: options.workerData, config: threadConfig() } satisfies Begin, []);
      return worker;
    },
    close() {
      closed = true;
      for (const [worker, { forget }] of waiting) {
        forget();
        void worker.terminate();
      }
      waiting.clear();
    },
  };
}
