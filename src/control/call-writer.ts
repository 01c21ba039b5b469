/**
 * Call records on their way into the store: taken from gateways, handed on as the bytes they came as, bounded in memory
 * and on disk. A record that finds the queue full is dropped and counted; nothing waits for the store.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { packCallBatch, type PackedCalls, splitCallBatch, unpackCalls } from '../sdk/call-batch.ts';
import type { CallTable } from '../store/types.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type metricSpecs from './api/metrics.ts';
import type { ControlConfig } from './config.ts';
import { within } from './within.ts';

export interface CallWriter {
  /** Takes a batch, in memory of its own; never waits. `dropped` is what the gateway lost before. */
  add(batch: PackedCalls, dropped: number): void;
  /** Counts records that died in a gateway's memory. */
  killed(count: number): void;
  /** Resolves when all that was added is stored, or raises when the store fails meanwhile. */
  flush(): Promise<void>;
  /** Stores what is left, for at most `graceMs`, and stops. */
  stop(graceMs: number): Promise<void>;
}

interface Needs {
  readonly calls: Pick<CallTable, 'add' | 'trim'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: ControlConfig['calls'];
  readonly metrics: Metrics<typeof metricSpecs>;
}

/** Calls of one transaction, unless one batch has more. */
const CALLS_AT_ONCE = 20_000;
const RETRY_MS = 1000;
const TRIM_MS = 60_000;

/** Makes the writer and starts trimming by age and size. */
export function createCallWriter({ calls, clock, log, config, metrics }: Needs): CallWriter {
  const queue: PackedCalls[] = [];
  let waiting = 0;
  let writing: Promise<void> | undefined;
  let trimming: Promise<void> | undefined;
  let stopped = false;
  const show = () => metrics.callsWaiting.set(waiting);

  async function write(): Promise<void> {
    while (queue.length > 0) {
      const batches = firstOf(queue);
      const bytes = await calls.add(batches);
      queue.splice(0, batches.length);
      const stored = batches.reduce((sum, { count }) => sum + count, 0);
      waiting -= stored;
      metrics.callsStored.add(stored);
      show();
      if (bytes > config.bytes) trim();
    }
  }

  /** One writer at a time: two would cut the queue twice. */
  function drain(): Promise<void> {
    writing ??= write().finally(() => {
      writing = undefined;
    });
    return writing;
  }

  function start(): void {
    if (writing || stopped) return;
    drain().catch((error: unknown) => {
      log.error('call records could not be stored; trying again', { waiting, error });
      clock.after(RETRY_MS, start, { unref: true });
    });
  }

  async function flush(): Promise<void> {
    while (queue.length > 0 || writing) await drain();
  }

  function trim(): void {
    trimming ??= calls
      .trim(clock.now() - config.age, config.bytes)
      .then(
        () => {},
        (error: unknown) => log.error('old call records could not be deleted', { error }),
      )
      .finally(() => (trimming = undefined));
  }
  const cancelTrim = clock.every(TRIM_MS, trim, { unref: true });

  return {
    add(batch, dropped) {
      const room = Math.max(0, config.queue - waiting);
      const lost = Math.max(0, batch.count - room);
      if (dropped > 0) metrics.callsDropped.add(dropped, { where: 'gateway' });
      if (lost > 0) metrics.callsDropped.add(lost, { where: 'control' });
      const kept = lost > 0 ? firstCalls(batch, room) : batch;
      if (kept.count > 0) queue.push(kept);
      waiting += kept.count;
      show();
      start();
    },
    killed(count) {
      if (count > 0) metrics.callsDropped.add(count, { where: 'killed' });
    },
    flush,
    async stop(graceMs) {
      stopped = true;
      cancelTrim();
      await within(clock, graceMs, flush(), undefined).catch((error: unknown) => {
        log.error('the last call records could not be stored', { lost: waiting, error });
      });
    },
  };
}

/** What is stored at once: at least one batch. */
function firstOf(queue: readonly PackedCalls[]): PackedCalls[] {
  let calls = 0;
  const end = queue.findIndex(({ count }, i) => (calls += count) > CALLS_AT_ONCE && i > 0);
  return queue.slice(0, end < 0 ? queue.length : end);
}

/** The first calls of a batch. */
function firstCalls(batch: PackedCalls, count: number): PackedCalls {
  const [first] = splitCallBatch(unpackCalls(batch), count);
  const own = { ...first, numbers: first.numbers.slice(), bytes: first.bytes.slice() };
  return packCallBatch(own);
}
