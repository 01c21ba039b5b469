/** Batches of call records as records again: texts and stories are made here, away from the threads that serve. */
import type { ToldCall } from '../sdk/call-record.ts';
import { factText, MARK_LETTERS, storyText } from '../sdk/call-story.ts';
import { type CallBatch, NUMBERS, SAID_NOTHING, SAID_NUMBER } from './call-ring.ts';

const N = Object.fromEntries(NUMBERS.map((name, i) => [name, i])) as Readonly<Record<(typeof NUMBERS)[number], number>>;

/** The records of a batch, each with its story. */
export function readCallBatch(batch: CallBatch): ToldCall[] {
  const { count, numbers, bytes, names } = batch;
  const texts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: ToldCall[] = [];
  let at = 0;
  let from = 0;
  for (let i = 0; i < count; i++) {
    const first = at;
    const n = (name: keyof typeof N): number => numbers[first + N[name]]!;
    const name = (key: keyof typeof N): string => names[n(key)]!;
    const [traceFrom, pathFrom] = [from + n('idLength'), from + n('idLength') + n('traceLength')];
    const end = pathFrom + n('pathLength');
    const steps = { at: first + NUMBERS.length, marks: n('marks'), codes: n('codes'), said: n('said') };
    records.push({
      id: texts.toString('latin1', from, traceFrom),
      time: n('time'),
      project: name('project'),
      consumer: name('consumer'),
      clientAddress: name('clientAddress'),
      route: name('route'),
      method: name('method'),
      path: texts.toString('latin1', pathFrom, end),
      release: name('release'),
      status: n('status'),
      reason: name('reason'),
      durationMs: n('durationMs'),
      upstreamMs: n('upstreamMs'),
      requestBytes: n('requestBytes'),
      responseBytes: n('responseBytes'),
      traceId: texts.toString('latin1', traceFrom, pathFrom),
      story: storyOf(batch, first, steps),
    });
    from = end;
    at = steps.at + steps.marks + steps.codes + steps.said * 2;
  }
  return records;
}

interface StepsPlace {
  readonly at: number;
  readonly marks: number;
  readonly codes: number;
  readonly said: number;
}

function storyOf({ numbers, names }: CallBatch, first: number, steps: StepsPlace): string {
  const n = (name: keyof typeof N): number => numbers[first + N[name]]!;
  const trip = {
    headMs: n('headMs'),
    tries: n('tries'),
    targetIndex: n('targetIndex'),
    reused: n('reused'),
    waitMs: n('waitMs'),
    connectMs: n('connectMs'),
    upstreamMs: n('upstreamMs'),
    durationMs: n('durationMs'),
  };
  const codesAt = steps.at + steps.marks;
  const marks = marksText(numbers, names, steps.at, codesAt);
  return storyText(trip, names[n('target')]!, marks, saidText(numbers, names, codesAt + steps.codes, steps.said), names[n('chain')]!);
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
