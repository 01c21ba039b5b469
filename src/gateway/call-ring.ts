/**
 * Call records between the request threads and the rest: a ring of fixed size per thread, written without
 * allocating, drained in batches of columns that cross threads cheaply. When it is full the newest call is
 * dropped and counted: a request never waits for its record.
 */
import type { CallRecord, ToldCall } from '../sdk/call-record.ts';
import { storyText } from '../sdk/call-story.ts';

/** A call as a thread tells of it: the record and what its story is made of. */
export interface RingRecord extends CallRecord {
  readonly headMs: number;
  readonly tries: number;
  /** -1 when no target was asked. */
  readonly targetIndex: number;
  /** `host:port`; behind a space why earlier tries were given up, if any was. */
  readonly target: string;
  /** 1 when the connection was used before. */
  readonly reused: number;
  readonly waitMs: number;
  readonly connectMs: number;
  /** Lines 2 and 3 of the story, and those of its chain: one text for all calls through it. */
  readonly marks: string;
  readonly said: string;
  readonly chain: string;
}

/** Records as columns: so many `numbers` and `texts` per record as the lists below have names, in their order. */
export interface CallBatch {
  readonly count: number;
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly texts: readonly string[];
  /** Chains the calls went through, each once, and for each record its place among them. */
  readonly chains: readonly string[];
  readonly chainOf: readonly number[];
  /** Records dropped since the last batch. */
  readonly dropped: number;
}

export interface CallRing {
  /** Keeps a record, or drops it when the ring is full. */
  push(record: RingRecord): void;
  /** Takes up to `max` records out; undefined when there is neither a record nor a drop to tell. */
  drain(max: number): CallBatch | undefined;
  readonly size: number;
  /** Records dropped since the start. */
  readonly dropped: number;
}

const RECORD_NUMBERS = ['time', 'status', 'durationMs', 'upstreamMs', 'requestBytes', 'responseBytes'] as const;
const NUMBERS = [...RECORD_NUMBERS, 'headMs', 'tries', 'targetIndex', 'reused', 'waitMs', 'connectMs'] as const;
const RECORD_TEXTS = ['id', 'project', 'consumer', 'clientAddress', 'route', 'method', 'path', 'release', 'reason', 'traceId'] as const;
const TEXTS = [...RECORD_TEXTS, 'target', 'marks', 'said'] as const;
/** Longer paths are cut in the record, and marks of hundreds of steps. */
const TEXT_MAX = 2048;

/**
 * Makes a ring for `capacity` records. `made[0]` counts every record offered, modulo 2^32: in shared memory the count
 * outlives the thread, and tells what died with it.
 */
export function createCallRing(capacity: number, made: Int32Array = new Int32Array(1)): CallRing {
  const numbers = new Float64Array(capacity * NUMBERS.length);
  const texts = Array.from({ length: capacity * TEXTS.length }, () => '');
  const chains = Array.from({ length: capacity }, () => '');
  let first = 0;
  let size = 0;
  let dropped = 0;
  let told = 0;
  return {
    push(record) {
      Atomics.add(made, 0, 1);
      if (size === capacity) return void dropped++;
      const at = (first + size++) % capacity;
      for (let i = 0; i < NUMBERS.length; i++) numbers[at * NUMBERS.length + i] = record[NUMBERS[i]!];
      for (let i = 0; i < TEXTS.length; i++) texts[at * TEXTS.length + i] = cut(record[TEXTS[i]!]);
      chains[at] = record.chain;
    },
    drain(max) {
      const count = Math.min(size, max);
      if (count === 0 && told === dropped) return undefined;
      const batch = { count, numbers: new Float64Array(count * NUMBERS.length), texts: [] as string[], dropped: dropped - told };
      const known = new Map<string, number>();
      const chainOf: number[] = [];
      for (let n = 0; n < count; n++) {
        const at = (first + n) % capacity;
        batch.numbers.set(numbers.subarray(at * NUMBERS.length, (at + 1) * NUMBERS.length), n * NUMBERS.length);
        for (let i = at * TEXTS.length; i < (at + 1) * TEXTS.length; i++) {
          batch.texts.push(texts[i]!);
          texts[i] = ''; // The ring must not keep old texts alive.
        }
        let chain = known.get(chains[at]!);
        if (chain === undefined) known.set(chains[at]!, (chain = known.size));
        chainOf.push(chain);
        chains[at] = '';
      }
      first = (first + count) % capacity;
      size -= count;
      told = dropped;
      return { ...batch, chainOf, chains: [...known.keys()] };
    },
    get size() {
      return size;
    },
    get dropped() {
      return dropped;
    },
  };
}

/** The records of a batch, each with its story. */
export function readCallBatch({ count, numbers, texts, chains, chainOf }: CallBatch): ToldCall[] {
  return Array.from({ length: count }, (_, n) => {
    const record: Record<string, string | number> = {};
    const [number, text] = [n * NUMBERS.length, n * TEXTS.length];
    RECORD_NUMBERS.forEach((name, i) => (record[name] = numbers[number + i]!));
    RECORD_TEXTS.forEach((name, i) => (record[name] = texts[text + i]!));
    const [headMs, tries, targetIndex, reused, waitMs, connectMs] = numbers.subarray(number + RECORD_NUMBERS.length) as unknown as Six;
    const { upstreamMs, durationMs } = record as unknown as CallRecord;
    const [target, marks, said] = texts.slice(text + RECORD_TEXTS.length, text + TEXTS.length) as [string, string, string];
    const trip = { headMs, tries, targetIndex, reused, waitMs, connectMs, upstreamMs, durationMs };
    record['story'] = storyText(trip, target, marks, said, chains[chainOf[n]!]!);
    return record as unknown as ToldCall;
  });
}

type Six = readonly [number, number, number, number, number, number];

function cut(text: string): string {
  return text.length > TEXT_MAX ? text.slice(0, TEXT_MAX) : text;
}
