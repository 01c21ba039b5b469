/**
 * Call records on their way into the store: taken from gateways, written in batches, bounded in memory
 * and on disk. A record that finds the queue full is dropped and counted; nothing waits for the store.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ToldCall } from '../sdk/call-record.ts';
import { CALL_RECORD_BYTES, type CallTable } from '../store/types.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type metricSpecs from './api/metrics.ts';
import type { ControlConfig } from './config.ts';
import { within } from './within.ts';

export interface CallWriter {
  /** Takes records; never waits. `dropped` is what the gateway lost before. */
  add(records: readonly ToldCall[], dropped: number): void;
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

const BATCH_MAX = 1000;
const RETRY_MS = 1000;
const TRIM_MS = 60_000;

/** Makes the writer and starts trimming by age and size. */
export function createCallWriter({ calls, clock, log, config, metrics }: Needs): CallWriter {
  let queue: ToldCall[] = [];
  let writing: Promise<void> | undefined;
  let stopped = false;
  const show = () => metrics.callsWaiting.set(queue.length);

  async function write(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, BATCH_MAX);
      await calls.add(batch);
      queue = queue.slice(batch.length);
      metrics.callsStored.add(batch.length);
      show();
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
      log.error('call records could not be stored; trying again', { waiting: queue.length, error });
      clock.after(RETRY_MS, start, { unref: true });
    });
  }

  async function flush(): Promise<void> {
    while (queue.length > 0 || writing) await drain();
  }

  const trim = () => {
    calls
      .trim(clock.now() - config.age, Math.floor(config.bytes / CALL_RECORD_BYTES))
      .catch((error: unknown) => log.error('old call records could not be deleted', { error }));
  };
  const cancelTrim = clock.every(TRIM_MS, trim, { unref: true });

  return {
    add(records, dropped) {
      const room = Math.max(0, config.queue - queue.length);
      const lost = Math.max(0, records.length - room);
      if (dropped > 0) metrics.callsDropped.add(dropped, { where: 'gateway' });
      if (lost > 0) metrics.callsDropped.add(lost, { where: 'control' });
      for (const record of lost > 0 ? records.slice(0, room) : records) queue.push(record);
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
        log.error('the last call records could not be stored', { lost: queue.length, error });
      });
    },
  };
}
