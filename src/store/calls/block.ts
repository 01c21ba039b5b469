/** A block of calls as it is stored: sections, what it can hold (for who looks for a text), and its bounds (for who looks for a time). */
import { type CallBatch, numbersOfCall, PLACES } from '../../sdk/call-batch.ts';
import { packNames, packSections, type Section } from './columns.ts';
import { type Kind, newSeen, see } from './seen.ts';

/** Least and greatest of what calls are ordered by; whole milliseconds, microseconds, status. */
export interface Bounds {
  readonly timeFrom: number;
  readonly timeTo: number;
  readonly durationFrom: number;
  readonly durationTo: number;
  readonly statusFrom: number;
  readonly statusTo: number;
}

export interface Block extends Bounds {
  readonly count: number;
  readonly seen: Uint8Array;
  readonly names: Uint8Array;
  readonly sections: Readonly<Record<Section, Uint8Array>>;
  /** Of all that is stored of it. */
  readonly bytes: number;
}

/** What a block's row takes beside its content. */
const ROW_BYTES = 200;
const TILDE = 0x7e;
const { time: TIME, status: STATUS, durationMs: DURATION, idLength: ID, traceLength: TRACE, pathLength: PATH } = PLACES;
const NAMED: readonly Exclude<Kind, 'id' | 'traceId'>[] = ['project', 'consumer', 'clientAddress', 'route', 'method', 'release', 'reason'];

/** Makes the block of a batch, which has at least one call. */
export function packBlock(batch: CallBatch): Block {
  const seen = seenOf(batch);
  const names = packNames(batch.names);
  const sections = packSections(batch);
  const bytes = Object.values(sections).reduce((sum, one) => sum + one.length, seen.length + names.length + ROW_BYTES);
  return { ...boundsOf(batch), count: batch.count, seen, names, sections, bytes };
}

function boundsOf({ count, numbers: n }: CallBatch): Bounds {
  let [timeFrom, timeTo, durationFrom, durationTo, statusFrom, statusTo] = [Infinity, -Infinity, Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0, at = 0; i < count; i++, at += numbersOfCall(n, at)) {
    const time = Math.round(n[at + TIME]!);
    const duration = Math.round(n[at + DURATION]! * 1000);
    const status = n[at + STATUS]!;
    if (time < timeFrom) timeFrom = time;
    if (time > timeTo) timeTo = time;
    if (duration < durationFrom) durationFrom = duration;
    if (duration > durationTo) durationTo = duration;
    if (status < statusFrom) statusFrom = status;
    if (status > statusTo) statusTo = status;
  }
  return { timeFrom, timeTo, durationFrom, durationTo, statusFrom, statusTo };
}

/** Each name once for what it is; ids and trace ids of each call. */
function seenOf({ count, numbers: n, bytes, names }: CallBatch): Uint8Array {
  const seen = newSeen(count * 2 + names.length);
  const noted = NAMED.map(() => new Uint8Array(names.length));
  for (let i = 0, at = 0, from = 0; i < count; i++, at += numbersOfCall(n, at)) {
    const traceFrom = from + n[at + ID]!;
    const pathFrom = traceFrom + n[at + TRACE]!;
    seeId(seen, bytes, from, traceFrom);
    see(seen, 'traceId', bytes, traceFrom, pathFrom);
    for (let k = 0; k < NAMED.length; k++) {
      const name = n[at + PLACES[NAMED[k]!]]!;
      if (noted[k]![name] === 1) continue;
      noted[k]![name] = 1;
      const text = Buffer.from(names[name]!, 'latin1');
      see(seen, NAMED[k]!, text, 0, text.length);
    }
    from = pathFrom + n[at + PATH]!;
  }
  return seen;
}

/** A record of a request id that the caller chose is `<id>~<uuid>`, and found by either. */
function seeId(seen: Uint8Array, bytes: Uint8Array, from: number, to: number): void {
  see(seen, 'id', bytes, from, to);
  for (let at = from; at < to; at++) if (bytes[at] === TILDE) see(seen, 'id', bytes, from, at);
}
