/** Batches of call records as records again: texts and stories are made here, away from the threads that serve. */
import { CALL_PROTOCOLS, type ToldCall } from '../sdk/call-record.ts';
import { factText, MARK_LETTERS, storyText } from '../sdk/call-story.ts';
import { type CallBatch, NUMBERS, SAID_NOTHING, SAID_NUMBER } from './call-ring.ts';

/** Places of a record's numbers, as constants: a look-up by name would cost more than the rest of the reading. */
const [TIME, STATUS, DURATION, UPSTREAM, REQUEST_BYTES, RESPONSE_BYTES] = places(
  'time',
  'status',
  'durationMs',
  'upstreamMs',
  'requestBytes',
  'responseBytes',
);
const [HEAD, TRIES, TARGET_INDEX, REUSED, WAIT, CONNECT] = places('headMs', 'tries', 'targetIndex', 'reused', 'waitMs', 'connectMs');
const [PROJECT, CONSUMER, CLIENT, ROUTE, METHOD, RELEASE] = places('project', 'consumer', 'clientAddress', 'route', 'method', 'release');
const [REASON, TARGET, CHAIN] = places('reason', 'target', 'chain');
const [ID_LENGTH, TRACE_LENGTH, PATH_LENGTH] = places('idLength', 'traceLength', 'pathLength');
const [MARKS, CODES, SAID, PROTOCOL] = places('marks', 'codes', 'said', 'protocol');

function places<const L extends readonly (typeof NUMBERS)[number][]>(...names: L): { readonly [K in keyof L]: number } {
  return names.map((name) => NUMBERS.indexOf(name)) as { readonly [K in keyof L]: number };
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
      protocol: CALL_PROTOCOLS[n[at + PROTOCOL]!]!,
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
    at += NUMBERS.length + n[at + MARKS]! + n[at + CODES]! + n[at + SAID]! * 2;
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
