/** A worker thread that is started again when it dies, with a growing but bounded wait between tries. */
import { type ResourceLimits, type Transferable, Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';

/** Starts a thread of `entry`, or takes one that has loaded it already. */
export type NewThread = (
  entry: URL,
  options: { readonly workerData: unknown; readonly name: string; readonly resourceLimits?: ResourceLimits },
) => Worker;

/**
 * Memory of a gateway thread. Nearly all it makes is over within a request, so a collection costs what lives, however much is
 * dead: with 24 MB there are half as many as with 12, with more nothing is won (docs/guides/gateway.md). Node's own choice grew by
 * 10 MB more when ten thousand clients connected.
 */
export const GATEWAY_MEMORY: ResourceLimits = Object.freeze({ maxYoungGenerationSizeMb: 24 });

/** Starts a thread. */
export const newThread: NewThread = (entry, options) => new Worker(entry, options);

export interface KeptThread<In> {
  /** Posts to the thread; false when it is down. */
  send(message: In, transfer?: Transferable[]): boolean;
  /** Posts a last message and starts the thread no more. */
  stop(message: In): void;
  /** Ends the thread now and starts it again, as if it had died. */
  restart(): void;
  /** Ends the thread now; it is not started again. */
  end(): void;
  /** Resolves when the thread has ended after `stop`; it is ended by force after `withinMs`. */
  ended(withinMs: number): Promise<void>;
  /** How often it came back. */
  restarts(): number;
}

export interface KeptThreadOptions<Out> {
  start(): Worker;
  readonly clock: Clock;
  readonly log: Log;
  onMessage(message: Out): void;
  /** Called after each start, with the thread ready to be sent to. */
  onStart(): void;
  /** Called when the thread has died, before it is started again; not when it was stopped. */
  onDeath?(): void;
}

const WAIT_FIRST_MS = 50;
const WAIT_MAX_MS = 5000;
/** A thread that ran this long starts over with the shortest wait. */
const STEADY_MS = 30_000;

/** Starts a thread and keeps it. `onStart` and `onMessage` are never called before this returns. */
export function keepThread<In, Out>(options: KeptThreadOptions<Out>): KeptThread<In> {
  const { clock, log } = options;
  let worker: Worker | undefined;
  let stopping = false;
  let restarts = 0;
  let waitMs = WAIT_FIRST_MS;
  const over = Promise.withResolvers<void>();
  let cancelRestart = () => {};

  const start = (): void => {
    const begun = clock.monotonic();
    const own = options.start();
    worker = own;
    own.on('message', (message: Out) => options.onMessage(message));
    own.on('error', (error) => log.error('thread failed', { error }));
    own.on('exit', (code) => {
      worker = undefined;
      if (stopping) return over.resolve();
      options.onDeath?.();
      waitMs = clock.monotonic() - begun > STEADY_MS ? WAIT_FIRST_MS : Math.min(waitMs * 2, WAIT_MAX_MS);
      log.warn('thread ended and is started again', { code, waitMs });
      cancelRestart = clock.after(waitMs, () => {
        restarts++;
        start();
      });
    });
    options.onStart();
  };
  queueMicrotask(() => {
    if (!stopping) start();
  });

  const halt = (): void => {
    stopping = true;
    cancelRestart();
    if (!worker) over.resolve();
  };
  return {
    send(message, transfer) {
      worker?.postMessage(message, transfer);
      return worker !== undefined;
    },
    stop(message) {
      worker?.postMessage(message, []);
      halt();
    },
    restart: () => void worker?.terminate(),
    end() {
      halt();
      void worker?.terminate();
    },
    async ended(withinMs) {
      const cancel = clock.after(withinMs, () => void worker?.terminate());
      await over.promise;
      cancel();
    },
    restarts: () => restarts,
  };
}
