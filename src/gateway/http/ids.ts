/**
 * Cheap identifiers for the request path: request ids in the form of UUIDv7 and W3C trace contexts.
 * Neither is a secret, so both stretch few strong random numbers over many requests.
 * Source: RFC 9562 §5.7; W3C Trace Context §3.2.
 */
import type { NewId } from '../../base/id.ts';
import type { Random } from '../../base/random.ts';

export interface RequestIds {
  /** A new request id; ids of one maker sort by time. `nowMs` is any coarse clock. */
  requestId(nowMs: number): string;
  /** A new `traceparent`, not sampled: nobody records spans yet. */
  traceparent(): string;
}

const PER_BASE = 4096;
/** A base id, and with it the time inside, is kept this long at most. */
const BASE_MS = 20;
const HEX3 = Array.from({ length: PER_BASE }, (_, i) => i.toString(16).padStart(3, '0'));

/**
 * Makes request ids from `newId` (its last three hex digits count) and trace contexts from fresh random
 * digits for each few thousand, a counter, and, where samplers look, digits that are random in each.
 */
export function createRequestIds(newId: NewId, random: Random): RequestIds {
  let base = '';
  let used = PER_BASE;
  let madeAt = Number.NEGATIVE_INFINITY;
  let trace = ['', '', ''];
  let traces = PER_BASE;
  const next = xorshift(random.bytes(16));
  return {
    requestId(nowMs) {
      if (used >= PER_BASE || nowMs - madeAt >= BASE_MS) {
        base = newId().slice(0, 33);
        used = 0;
        madeAt = nowMs;
      }
      return base + HEX3[used++]!;
    },
    traceparent() {
      if (traces >= PER_BASE) {
        const hex = Buffer.from(random.bytes(24)).toString('hex');
        // The fixed 1 keeps ids from being all zero, which W3C forbids.
        trace = [`00-1${hex.slice(1, 16)}`, hex.slice(16, 26), `-1${hex.slice(27, 39)}`];
        traces = 0;
      }
      const count = HEX3[traces++]!;
      return `${trace[0]}${HEX3[next() & 0xfff]}${trace[1]}${count}${trace[2]}${count}-00`;
    },
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
