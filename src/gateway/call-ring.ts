/**
 * Call records between the request threads and the rest: a page of fixed size per thread, filled without
 * allocating and handed over whole. What differs in each call lies in it as bytes and numbers; texts many calls
 * share stand once in a list. When it is full the newest call is dropped and counted: a request never
 * waits for its record. Texts and stories are made of them in another process: sdk/call-batch.ts.
 */
import { type CallBatch, NUMBERS, SAID_NAME, SAID_NOTHING, SAID_NUMBER } from '../sdk/call-batch.ts';
import type { Fact } from '../sdk/call-story.ts';
import type { TextSink } from './contract.ts';

/** Who writes a call's own texts. */
export interface CallTexts {
  readonly path: string;
  writeId(out: TextSink): void;
  writeTraceId(out: TextSink): void;
}

/** What the steps of a call did: see story.ts `Steps`. */
export interface CallMarks {
  /** `microseconds × 32 + phase × 8 + letter` of each step that ran, in order. */
  readonly marks: readonly number[];
  /** How many of `marks` there are. */
  readonly marked: number;
  /** Problem codes of the marks that have one, in order. */
  readonly codes: readonly string[];
  /** What steps said of this call, in order. */
  readonly said: readonly (Fact | undefined)[];
  /** How many of `said` there are. */
  readonly saidCount: number;
  /** Lines of the chain: one text for all calls through it. */
  readonly chain: string;
}

/** A call as a thread tells of it: the record and what its story is made of. Read during `push` only. */
export interface RingRecord {
  readonly texts: CallTexts;
  /** Follows the id behind `~`; empty for an id that is one of a kind. */
  readonly idMark: string;
  readonly time: number;
  readonly project: string;
  readonly consumer: string;
  readonly clientAddress: string;
  readonly route: string;
  readonly method: string;
  readonly release: string;
  readonly status: number;
  readonly reason: string;
  readonly durationMs: number;
  readonly upstreamMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
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
  /** Place in `CALL_PROTOCOLS`. */
  readonly protocol: number;
  readonly steps: CallMarks | undefined;
}

export interface CallRing {
  /** Keeps a record, or drops it when the ring is full. */
  push(record: RingRecord): void;
  /** Takes all records out; undefined when there is neither a record nor a drop to tell. */
  drain(): CallBatch | undefined;
  readonly size: number;
  /** Records dropped since the start. */
  readonly dropped: number;
}

/** Longer texts are cut in the record. */
const TEXT_MAX = 2048;
const MARKS_MAX = 400;
const SAID_CHARACTERS_MAX = 256;
/** Room per record; whose paths are longer than usual fill a page before its records are counted out. */
const BYTES_EACH = 320;
const NUMBERS_EACH = NUMBERS.length + 16;
/** What the longest record takes: a page always has room for one. */
const BYTES_LONGEST = 3 * TEXT_MAX;
const NUMBERS_LONGEST = NUMBERS.length + MARKS_MAX * 4;

/**
 * Makes a ring for `capacity` records. `made[0]` counts every record offered, modulo 2^32: in shared memory the count
 * outlives the thread, and tells what died with it.
 */
export function createCallRing(capacity: number, made: Int32Array = new Int32Array(1)): CallRing {
  return new Ring(capacity, made);
}

/** A class, since each call is pushed: an object literal with getters is a slow dictionary to the engine. */
class Ring implements CallRing {
  dropped = 0;
  private readonly page: Page;
  private readonly made: Int32Array;
  private told = 0;

  constructor(capacity: number, made: Int32Array) {
    this.page = new Page(capacity);
    this.made = made;
  }

  get size(): number {
    return this.page.count;
  }

  push(record: RingRecord): void {
    this.made[0]!++; // Nobody else writes it.
    if (!this.page.add(record)) this.dropped++;
  }

  drain(): CallBatch | undefined {
    const { page, dropped, told } = this;
    if (page.count === 0 && told === dropped) return undefined;
    this.told = dropped;
    return page.take(dropped - told);
  }
}

class Page implements TextSink {
  count = 0;
  private readonly capacity: number;
  private readonly n: Float64Array<ArrayBuffer>;
  private readonly b: Uint8Array<ArrayBuffer>;
  private readonly names = new Map<string, number>();
  private readonly lastNames: (string | undefined)[] = Array.from({ length: 9 }, () => undefined);
  private readonly lastPlaces: number[] = Array.from({ length: 9 }, () => 0);
  private nAt = 0;
  private bAt = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.n = new Float64Array(capacity * NUMBERS_EACH + NUMBERS_LONGEST);
    this.b = new Uint8Array(capacity * BYTES_EACH + BYTES_LONGEST);
  }

  /** False when there is no room. */
  add(record: RingRecord): boolean {
    if (this.count === this.capacity) return false;
    if (this.nAt + NUMBERS_LONGEST > this.n.length || this.bAt + BYTES_LONGEST > this.b.length) return false;
    this.count++;
    const { n } = this;
    const at = this.nAt;
    n[at] = record.time;
    n[at + 1] = record.status;
    n[at + 2] = record.durationMs;
    n[at + 3] = record.upstreamMs;
    n[at + 4] = record.requestBytes;
    n[at + 5] = record.responseBytes;
    n[at + 6] = record.headMs;
    n[at + 7] = record.tries;
    n[at + 8] = record.targetIndex;
    n[at + 9] = record.reused;
    n[at + 10] = record.waitMs;
    n[at + 11] = record.connectMs;
    n[at + 12] = this.column(0, record.project);
    n[at + 13] = this.column(1, record.consumer);
    n[at + 14] = this.column(2, record.clientAddress);
    n[at + 15] = this.column(3, record.route);
    n[at + 16] = this.column(4, record.method);
    n[at + 17] = this.column(5, record.release);
    n[at + 18] = this.column(6, record.reason);
    n[at + 19] = this.column(7, record.target);
    n[at + 27] = record.protocol;
    this.addTexts(record, at + 21);
    this.nAt = at + NUMBERS.length;
    this.addSteps(record.steps, at);
    return true;
  }

  /** Everything so far, copied out; the page is empty then. */
  take(dropped: number): CallBatch {
    const batch: CallBatch = {
      count: this.count,
      numbers: this.n.slice(0, this.nAt),
      bytes: this.b.slice(0, this.bAt),
      names: [...this.names.keys()],
      dropped,
    };
    this.count = this.nAt = this.bAt = 0;
    this.names.clear();
    this.lastNames.fill(undefined);
    return batch;
  }

  bytes(b: Buffer, start: number, end: number): void {
    const { b: own } = this;
    let at = this.bAt;
    const last = Math.min(end, start + TEXT_MAX);
    for (let i = start; i < last; i++) own[at++] = b[i]!;
    this.bAt = at;
  }

  text(text: string): void {
    const { b } = this;
    let at = this.bAt;
    const length = Math.min(text.length, TEXT_MAX);
    for (let i = 0; i < length; i++) b[at++] = text.charCodeAt(i);
    this.bAt = at;
  }

  private addTexts({ texts, idMark }: RingRecord, at: number): void {
    const { n } = this;
    const from = this.bAt;
    texts.writeId(this);
    if (idMark !== '') {
      this.text('~');
      this.text(idMark);
    }
    const traceFrom = this.bAt;
    texts.writeTraceId(this);
    const pathFrom = this.bAt;
    this.text(texts.path);
    n[at] = traceFrom - from;
    n[at + 1] = pathFrom - traceFrom;
    n[at + 2] = this.bAt - pathFrom;
  }

  private addSteps(steps: CallMarks | undefined, first: number): void {
    const { n } = this;
    if (!steps) {
      n[first + 20] = this.column(8, '');
      n[first + 24] = n[first + 25] = n[first + 26] = 0;
      return;
    }
    const { marks, marked, codes, said, saidCount } = steps;
    n[first + 20] = this.column(8, steps.chain);
    let at = this.nAt;
    n[first + 24] = Math.min(marked, MARKS_MAX);
    for (let i = 0; i < marked && i < MARKS_MAX; i++) n[at++] = marks[i]!;
    n[first + 25] = Math.min(codes.length, MARKS_MAX);
    for (let i = 0; i < codes.length && i < MARKS_MAX; i++) n[at++] = this.name(codes[i]!);
    n[first + 26] = Math.min(saidCount, MARKS_MAX);
    for (let i = 0; i < saidCount && i < MARKS_MAX; i++) {
      const value = said[i];
      n[at++] = value === undefined ? SAID_NOTHING : typeof value === 'number' ? SAID_NUMBER : SAID_NAME;
      n[at++] =
        value === undefined
          ? 0
          : typeof value === 'number'
            ? value
            : this.name(value.length > SAID_CHARACTERS_MAX ? value.slice(0, SAID_CHARACTERS_MAX) : value);
    }
    this.nAt = at;
  }

  /** The place of a text among the names: they are few, or at most as many as the page has records. */
  private name(text: string): number {
    let place = this.names.get(text);
    if (place === undefined) this.names.set(text, (place = this.names.size));
    return place;
  }

  /** The same for a column, where the record before mostly had the same text. */
  private column(i: number, text: string): number {
    if (text === this.lastNames[i]) return this.lastPlaces[i]!;
    this.lastNames[i] = text;
    return (this.lastPlaces[i] = this.name(text));
  }
}
