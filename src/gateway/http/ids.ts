/**
 * Cheap identifiers for the request path: request ids in the form of UUIDv7 and W3C trace contexts.
 * Neither is a secret, so both stretch few strong random numbers over many requests.
 * Source: RFC 9562 §5.7; W3C Trace Context §3.2.
 */
import type { NewId } from '../../base/id.ts';
import type { Random } from '../../base/random.ts';
import type { TextSink } from '../contract.ts';

export interface RequestIds {
  /** A new request id; ids of one maker sort by time. `nowMs` is any coarse clock. */
  requestId(nowMs: number): string;
  /** The ids to take from at `nowMs`: one that is not used up and not old. */
  idBatch(nowMs: number): IdBatch;
  /** The trace contexts to take from. */
  traceBatch(): TraceBatch;
}

const PER_BASE = 4096;
/** A base id, and with it the time inside, is kept this long at most. */
const BASE_MS = 20;
const HEX3 = Array.from({ length: PER_BASE }, (_, i) => i.toString(16).padStart(3, '0'));
const HEX3_BYTES = Uint8Array.from({ length: PER_BASE * 3 }, (_, i) => HEX3[Math.floor(i / 3)]!.charCodeAt(i % 3));
const LINE_END = '\r\n';
const ID_NAME = `${LINE_END}x-request-id: `;
const TRACE_NAME = '\r\ntraceparent: ';

/** Request ids that differ in their last three digits only. Texts are made when asked for: most ids only pass as bytes. */
export class IdBatch {
  private used = 0;
  private readonly base: string;
  private readonly line: Buffer;

  constructor(base: string) {
    this.base = base;
    this.line = Buffer.from(`${ID_NAME}${base}000\r\n\r\n`, 'latin1');
  }

  get isUsedUp(): boolean {
    return this.used >= PER_BASE;
  }

  /** The number of a new id. */
  take(): number {
    return this.used++;
  }

  text(n: number): string {
    return this.base + HEX3[n]!;
  }

  /** Adds the id alone. */
  writeId(out: TextSink, n: number): void {
    digits(this.line, ID_NAME.length + 33, n);
    out.bytes(this.line, ID_NAME.length, ID_NAME.length + 36);
  }

  /** Adds an end of line and `x-request-id: …`. */
  writeField(out: TextSink, n: number): void {
    digits(this.line, ID_NAME.length + 33, n);
    out.bytes(this.line, 0, ID_NAME.length + 36);
  }

  /** Adds the field as the last one of a head, with the head's end. */
  writeLast(out: TextSink, n: number): void {
    digits(this.line, ID_NAME.length + 33, n);
    out.bytes(this.line, LINE_END.length, this.line.length);
  }
}

/** Trace contexts of one base, not sampled: nobody records spans yet. They differ in a counter, and in digits that are random in each. */
export class TraceBatch {
  private used = 0;
  private readonly line: Buffer;
  private readonly next: () => number;

  constructor(hex: string, next: () => number) {
    this.next = next;
    // The fixed 1 keeps ids from being all zero, which W3C forbids.
    this.line = Buffer.from(`${TRACE_NAME}00-1${hex.slice(1, 16)}000${hex.slice(16, 26)}000-1${hex.slice(27, 39)}000-00`, 'latin1');
  }

  get isUsedUp(): boolean {
    return this.used >= PER_BASE;
  }

  /** The number of a new trace. */
  take(): number {
    return (this.used++ << 12) | (this.next() & 0xfff);
  }

  text(n: number): string {
    this.fill(n);
    return this.line.toString('latin1', TRACE_NAME.length);
  }

  /** Adds the 32 digits of the trace id alone. */
  writeId(out: TextSink, n: number): void {
    this.fill(n);
    out.bytes(this.line, TRACE_NAME.length + 3, TRACE_NAME.length + 35);
  }

  /** Adds an end of line and the field `traceparent`. */
  writeField(out: TextSink, n: number): void {
    this.fill(n);
    out.bytes(this.line, 0, this.line.length);
  }

  private fill(n: number): void {
    const { line } = this;
    digits(line, TRACE_NAME.length + 19, n & 0xfff); // Where samplers look.
    digits(line, TRACE_NAME.length + 32, n >>> 12);
    digits(line, TRACE_NAME.length + 49, n >>> 12);
  }
}

function digits(b: Uint8Array, at: number, n: number): void {
  const from = n * 3;
  b[at] = HEX3_BYTES[from]!;
  b[at + 1] = HEX3_BYTES[from + 1]!;
  b[at + 2] = HEX3_BYTES[from + 2]!;
}

/**
 * Makes request ids from `newId` (its last three hex digits count) and trace contexts from fresh random
 * digits for each few thousand, a counter, and, where samplers look, digits that are random in each.
 */
export function createRequestIds(newId: NewId, random: Random): RequestIds {
  const next = xorshift(random.bytes(16));
  const newTraces = (): TraceBatch => new TraceBatch(Buffer.from(random.bytes(24)).toString('hex'), next);
  const newIds = (): IdBatch => new IdBatch(newId().slice(0, 33));
  let ids = newIds();
  let madeAt = Number.NEGATIVE_INFINITY;
  let traces = newTraces();
  const idBatch = (nowMs: number): IdBatch => {
    if (nowMs - madeAt < BASE_MS && !ids.isUsedUp) return ids;
    madeAt = nowMs;
    return (ids = newIds());
  };
  return {
    idBatch,
    requestId(nowMs) {
      const batch = idBatch(nowMs);
      return batch.text(batch.take());
    },
    traceBatch: () => (traces.isUsedUp ? (traces = newTraces()) : traces),
  };
}

/** xorshift128: fast, long period, not for secrets. Source: G. Marsaglia, "Xorshift RNGs", 2003. */
function xorshift(seed: Uint8Array): () => number {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  let x = view.getUint32(0) | 1;
  let y = view.getUint32(4);
  let z = view.getUint32(8);
  let w = view.getUint32(12);
  return () => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return w >>> 0;
  };
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The caller's `traceparent` as version 00, or undefined when it is not valid. */
export function readTraceparent(text: string): string | undefined {
  const match = TRACEPARENT.exec(text);
  if (!match) return undefined;
  const [, version, trace, parent, flags, rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(trace!) || /^0+$/.test(parent!)) return undefined;
  return `00-${trace}-${parent}-${flags}`;
}

/** A caller's request id we take over: 8 to 64 letters, digits, `-`, `_` or `.`. */
export function isSaneRequestId(text: string): boolean {
  return /^[A-Za-z0-9._-]{8,64}$/.test(text);
}
