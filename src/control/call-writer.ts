/**
 * Call records on their way into the store: taken from gateways, handed on as the bytes they came as, bounded in memory
 * and on disk. A record that finds the queue full is dropped and counted; nothing waits for the store.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Problem } from '../base/problem.ts';
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
  readonly calls: Pick<CallTable, 'add' | 'trim' | 'lost'>;
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
export function createCallWriter(needs: Needs): CallWriter {
  const { clock, log, config, metrics } = needs;
  const cleaner = createCleaner(needs);
  const queue: PackedCalls[] = [];
  let waiting = 0;
  let writing: Promise<void> | undefined;
  let isResting = false;
  let stopped = false;

  /** It is over in the very turn in which it finds the queue empty: whoever adds after that begins anew. */
  async function write(): Promise<void> {
    try {
      for (let alone = 0; queue.length > 0; alone--) {
        const batches = alone > 0 ? queue.slice(0, 1) : firstOf(queue);
        const bytes = await stored(needs, batches);
        if (bytes === undefined && batches.length > 1) {
          alone = batches.length + 1;
          continue;
        }
        queue.splice(0, batches.length);
        waiting -= countOf(batches);
        metrics.callsWaiting.set(waiting);
        cleaner.written(countOf(batches), bytes);
      }
    } finally {
      writing = undefined;
    }
  }

  /** One writer at a time: two would cut the queue twice. */
  async function drain(): Promise<void> {
    if (queue.length > 0) writing ??= write();
    await writing;
  }

  /** After a failure nothing is tried for a while, whatever comes: each try costs a log line. */
  function start(): void {
    if (writing || isResting || stopped) return;
    drain().catch((error: unknown) => {
      log.error('call records could not be stored; trying again', { waiting, error });
      isResting = true;
      clock.after(RETRY_MS, again, { unref: true });
    });
  }

  function again(): void {
    isResting = false;
    start();
  }

  async function flush(): Promise<void> {
    while (queue.length > 0 || writing) await drain();
  }

  return {
    add(batch, dropped) {
      const room = Math.max(0, config.queue - waiting);
      const lost = Math.max(0, batch.count - room);
      if (dropped > 0) metrics.callsDropped.add(dropped, { where: 'gateway' });
      if (lost > 0) metrics.callsDropped.add(lost, { where: 'control' });
      const kept = lost > 0 ? firstCalls(batch, room) : batch;
      if (kept.count > 0) queue.push(kept);
      waiting += kept.count;
      metrics.callsWaiting.set(waiting);
      start();
    },
    killed(count) {
      if (count > 0) metrics.callsDropped.add(count, { where: 'killed' });
    },
    flush,
    async stop(graceMs) {
      stopped = true;
      cleaner.stop();
      await within(clock, graceMs, flush(), undefined).catch((error: unknown) => {
        log.error('the last call records could not be stored', { lost: waiting, error });
      });
    },
  };
}

/** Answers the bytes that all take; undefined when nobody can store this batch, whatever is tried: others do not wait for it. */
async function stored({ calls, log }: Needs, batches: readonly PackedCalls[]): Promise<number | undefined> {
  try {
    return await calls.add(batches);
  } catch (error) {
    if (error instanceof Problem) throw error;
    log.error('call records were refused by the store', { calls: countOf(batches), error });
    return undefined;
  }
}

interface Cleaner {
  /** Counts calls that left the queue, and deletes others when there are too many. `bytes`: of all on the disk now; undefined: refused. */
  written(calls: number, bytes: number | undefined): void;
  stop(): void;
}

/** Trims now and then. */
function createCleaner({ calls, clock, log, config, metrics }: Needs): Cleaner {
  let trimming: Promise<void> | undefined;
  let lostBefore = 0;
  /** What the disk lost stays lost. */
  function tellLost(): void {
    const lost = calls.lost - lostBefore;
    if (lost === 0) return;
    lostBefore += lost;
    metrics.callsDropped.add(lost, { where: 'disk' });
    log.error('stored call records could not be read any more and are deleted: their file was damaged', { lost });
  }
  /** Deletes what is too old or too much; begins nothing while it is at it. */
  function trim(): void {
    trimming ??= calls
      .trim(clock.now() - config.age, config.bytes)
      .then(
        (deleted) => metrics.callsDeleted.add(deleted),
        (error: unknown) => log.error('old call records could not be deleted', { error }),
      )
      .finally(() => {
        trimming = undefined;
        tellLost();
      });
  }
  return {
    written(count, bytes) {
      tellLost();
      if (bytes === undefined) return metrics.callsDropped.add(count, { where: 'control' });
      metrics.callsStored.add(count);
      metrics.callsBytes.set(bytes);
      if (bytes > config.bytes) trim();
    },
    stop: clock.every(TRIM_MS, trim, { unref: true }),
  };
}

const countOf = (batches: readonly PackedCalls[]): number => batches.reduce((sum, { count }) => sum + count, 0);

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
