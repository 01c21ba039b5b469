/**
 * Call records as a gateway thread hands them over and as they travel to control: numbers and bytes, which nobody on the way
 * reads. They are records again, with their texts and stories, in control: no thread that serves pays for that.
 */
import { assert } from '../base/assert.ts';
import { CALL_PROTOCOLS, type ToldCall } from './call-record.ts';
import { factText, MARK_LETTERS, storyText } from './call-story.ts';

/** Records as they cross threads: `numbers` and `bytes` may be transferred. Read by `readCallBatch`. */
export interface CallBatch {
  readonly count: number;
  /** Per record: `NUMBERS`, then as many marks and said values as the record says it has. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Per record: id, trace id and path, whose lengths are among its numbers; latin1. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Texts that records name by their place here. */
  readonly names: readonly string[];
  /** Records dropped since the last batch. */
  readonly dropped: number;
}

/** A batch as a message between processes carries it: `bytes` holds its numbers, as this machine keeps them, and its bytes. */
export interface PackedCalls {
  readonly count: number;
  readonly names: readonly string[];
  readonly bytes: readonly Uint8Array[];
}

/** Numbers every record begins with. */
export const NUMBERS = [
  'time',
  'status',
  'durationMs',
  'upstreamMs',
  'requestBytes',
  'responseBytes',
  'headMs',
  'tries',
  'targetIndex',
  'reused',
  'waitMs',
  'connectMs',
  'project',
  'consumer',
  'clientAddress',
  'route',
  'method',
  'release',
  'reason',
  'target',
  'chain',
  'idLength',
  'traceLength',
  'pathLength',
  'marks',
  'codes',
  'said',
  'protocol',
] as const;
/** Kinds of a said value; the value follows. */
export const SAID_NOTHING = 0;
export const SAID_NUMBER = 1;
export const SAID_NAME = 2;

/** Place of each among a record's numbers. Read into constants where many records are read. */
export const PLACES = Object.freeze(Object.fromEntries(NUMBERS.map((name, place) => [name, place]))) as Readonly<
  Record<(typeof NUMBERS)[number], number>
>;
const { time: TIME, status: STATUS, durationMs: DURATION, upstreamMs: UPSTREAM } = PLACES;
const { requestBytes: REQUEST_BYTES, responseBytes: RESPONSE_BYTES, headMs: HEAD, tries: TRIES } = PLACES;
const { targetIndex: TARGET_INDEX, reused: REUSED, waitMs: WAIT, connectMs: CONNECT } = PLACES;
const { project: PROJECT, consumer: CONSUMER, clientAddress: CLIENT, route: ROUTE, method: METHOD, release: RELEASE } = PLACES;
const { reason: REASON, target: TARGET, chain: CHAIN, protocol: PROTOCOL } = PLACES;
const { idLength: ID_LENGTH, traceLength: TRACE_LENGTH, pathLength: PATH_LENGTH, marks: MARKS, codes: CODES, said: SAID } = PLACES;

/** The batch for a message; shares its memory. */
export function packCallBatch({ count, names, numbers, bytes }: CallBatch): PackedCalls {
  return { count, names, bytes: [new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), bytes] };
}

/** The records of a packed batch. Throws when it is not one. */
export function readPackedCalls(packed: PackedCalls): ToldCall[] {
  return packed.count === 0 ? [] : readCallBatch(unpackCalls(packed));
}

/** The batch of a message again; it shares the message's memory where that is possible. Throws when it is not one. */
export function unpackCalls({ count, names, bytes: [numbers, texts] }: PackedCalls): CallBatch {
  if (count === 0) return { count, names, numbers: new Float64Array(0), bytes: new Uint8Array(0), dropped: 0 };
  assert(numbers !== undefined && texts !== undefined, 'a batch has numbers and bytes');
  // Copied where numbers do not lie as the machine can read them.
  const { buffer, byteOffset, length } = numbers.byteOffset % 8 === 0 ? numbers : new Uint8Array(numbers);
  const own = new Float64Array(buffer as ArrayBuffer, byteOffset, length / 8);
  return { count, names, numbers: own, bytes: texts as Uint8Array<ArrayBuffer>, dropped: 0 };
}

/** The first `count` records of a batch, and the rest, which tells of no drop; both share its memory. */
export function splitCallBatch(batch: CallBatch, count: number): readonly [CallBatch, CallBatch] {
  const { numbers: n, bytes, names } = batch;
  let at = 0;
  let from = 0;
  for (let i = 0; i < count; i++) {
    from += n[at + ID_LENGTH]! + n[at + TRACE_LENGTH]! + n[at + PATH_LENGTH]!;
    at += numbersOfCall(n, at);
  }
  return [
    { ...batch, count, numbers: n.subarray(0, at), bytes: bytes.subarray(0, from) },
    { count: batch.count - count, numbers: n.subarray(at), bytes: bytes.subarray(from), names, dropped: 0 },
  ];
}

/** Numbers of the record that begins there. */
export function numbersOfCall(n: Float64Array, at: number): number {
  return NUMBERS.length + n[at + MARKS]! + n[at + CODES]! + n[at + SAID]! * 2;
}

/** The records of a batch, each with its story. */
export function readCallBatch(batch: CallBatch): ToldCall[] {
  const { count, numbers: n, bytes, names } = batch;
  // Read as one text, which the records' own texts are parts of without a copy.
  const texts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const records: ToldCall[] = [];
  let at = 0;
  let from = 0;
  for (let i = 0; i < count; i++) {
    const traceFrom = from + n[at + ID_LENGTH]!;
    const pathFrom = traceFrom + n[at + TRACE_LENGTH]!;
    const end = pathFrom + n[at + PATH_LENGTH]!;
    records.push({
      id: texts.slice(from, traceFrom),
      time: n[at + TIME]!,
      project: names[n[at + PROJECT]!]!,
      consumer: names[n[at + CONSUMER]!]!,
      clientAddress: names[n[at + CLIENT]!]!,
      route: names[n[at + ROUTE]!]!,
      method: names[n[at + METHOD]!]!,
      protocol: CALL_PROTOCOLS[n[at + PROTOCOL]!] ?? '',
      path: texts.slice(pathFrom, end),
      release: names[n[at + RELEASE]!]!,
      status: n[at + STATUS]!,
      reason: names[n[at + REASON]!]!,
      durationMs: n[at + DURATION]!,
      upstreamMs: n[at + UPSTREAM]!,
      requestBytes: n[at + REQUEST_BYTES]!,
      responseBytes: n[at + RESPONSE_BYTES]!,
      traceId: texts.slice(traceFrom, pathFrom),
      story: storyOf(batch, at),
    });
    from = end;
    at += numbersOfCall(n, at);
  }
  return records;
}

function storyOf({ numbers: n, names }: CallBatch, at: number): string {
  const trip = {
    headMs: n[at + HEAD]!,
    tries: n[at + TRIES]!,
    targetIndex: n[at + TARGET_INDEX]!,
    reused: n[at + REUSED]!,
    waitMs: n[at + WAIT]!,
    connectMs: n[at + CONNECT]!,
    upstreamMs: n[at + UPSTREAM]!,
    durationMs: n[at + DURATION]!,
  };
  const marksAt = at + NUMBERS.length;
  const codesAt = marksAt + n[at + MARKS]!;
  const marks = marksText(n, names, marksAt, codesAt);
  const said = saidText(n, names, codesAt + n[at + CODES]!, n[at + SAID]!);
  return storyText(trip, names[n[at + TARGET]!]!, marks, said, names[n[at + CHAIN]!]!);
}

/** Line 2 of the story. */
function marksText(numbers: Float64Array, names: readonly string[], from: number, codesAt: number): string {
  let text = '';
  let phaseBefore = 0;
  let code = codesAt;
  for (let i = from; i < codesAt; i++) {
    const us = Math.floor(numbers[i]! / 32);
    const rest = numbers[i]! - us * 32;
    const phase = rest >> 3;
    const letter = MARK_LETTERS[rest & 7]!;
    text += (phase === phaseBefore ? ' ' : phase === 1 ? ',' : phaseBefore === 0 ? ',;' : ';') + letter + us;
    if (letter === 'r') text += `=${names[numbers[code++]!]!}`;
    phaseBefore = phase;
  }
  return text;
}

/** Line 3 of the story; a step that said nothing keeps its place. */
function saidText(numbers: Float64Array, names: readonly string[], from: number, count: number): string {
  let text = '';
  for (let at = from; at < from + count * 2; at += 2) {
    const kind = numbers[at]!;
    const value = numbers[at + 1]!;
    text += `|${kind === SAID_NOTHING ? '' : factText(kind === SAID_NUMBER ? value : names[value]!)}`;
  }
  return text;
}
