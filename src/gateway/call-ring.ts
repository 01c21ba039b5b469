/**
 * Call records between the request threads and the rest: a ring of fixed size per thread, written without
 * allocating, drained in batches of columns that cross threads cheaply. When it is full the newest call is
 * dropped and counted: a request never waits for its record.
 */
import type { CallRecord } from '../sdk/call-record.ts';

/** Records as columns: `numbers` holds 6 per record, `texts` 10 per record, in the order of the lists below. */
export interface CallBatch {
  readonly count: number;
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly texts: readonly string[];
  /** Records dropped since the last batch. */
  readonly dropped: number;
}

export interface CallRing {
  /** Keeps a record, or drops it when the ring is full. */
  push(record: CallRecord): void;
  /** Takes up to `max` records out; undefined when there is neither a record nor a drop to tell. */
  drain(max: number): CallBatch | undefined;
  readonly size: number;
  /** Records dropped since the start. */
  readonly dropped: number;
}

const NUMBERS = ['time', 'status', 'durationMs', 'upstreamMs', 'requestBytes', 'responseBytes'] as const;
const TEXTS = ['id', 'project', 'consumer', 'clientAddress', 'route', 'method', 'path', 'release', 'reason', 'traceId'] as const;
/** Longer paths are cut in the record. */
const TEXT_MAX = 2048;

/** Makes a ring for `capacity` records. */
export function createCallRing(capacity: number): CallRing {
  const numbers = new Float64Array(capacity * NUMBERS.length);
  const texts = Array.from({ length: capacity * TEXTS.length }, () => '');
  let first = 0;
  let size = 0;
  let dropped = 0;
  let told = 0;
  return {
    push(record) {
      if (size === capacity) return void dropped++;
      const at = (first + size++) % capacity;
      for (let i = 0; i < NUMBERS.length; i++) numbers[at * NUMBERS.length + i] = record[NUMBERS[i]!];
      for (let i = 0; i < TEXTS.length; i++) texts[at * TEXTS.length + i] = cut(record[TEXTS[i]!]);
    },
    drain(max) {
      const count = Math.min(size, max);
      if (count === 0 && told === dropped) return undefined;
      const batch = { count, numbers: new Float64Array(count * NUMBERS.length), texts: [] as string[], dropped: dropped - told };
      for (let n = 0; n < count; n++) {
        const at = (first + n) % capacity;
        batch.numbers.set(numbers.subarray(at * NUMBERS.length, (at + 1) * NUMBERS.length), n * NUMBERS.length);
        for (let i = at * TEXTS.length; i < (at + 1) * TEXTS.length; i++) {
          batch.texts.push(texts[i]!);
          texts[i] = ''; // The ring must not keep old texts alive.
        }
      }
      first = (first + count) % capacity;
      size -= count;
      told = dropped;
      return batch;
    },
    get size() {
      return size;
    },
    get dropped() {
      return dropped;
    },
  };
}

/** The records of a batch. */
export function readCallBatch(batch: CallBatch): CallRecord[] {
  return Array.from({ length: batch.count }, (_, n) => {
    const record: Record<string, string | number> = {};
    NUMBERS.forEach((name, i) => (record[name] = batch.numbers[n * NUMBERS.length + i]!));
    TEXTS.forEach((name, i) => (record[name] = batch.texts[n * TEXTS.length + i]!));
    return record as unknown as CallRecord;
  });
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? text.slice(0, TEXT_MAX) : text;
}
