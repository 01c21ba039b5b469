/** Batches of calls made into one, or cut: what small batches and calls past their age need. */
import { type CallBatch, numbersOfCall, NUMBERS, PLACES, SAID_NAME } from '../../sdk/call-batch.ts';

/** Numbers of a call that name a text. */
const NAMED = (['project', 'consumer', 'clientAddress', 'route', 'method', 'release', 'reason', 'target', 'chain'] as const).map(
  (name) => PLACES[name],
);
const { idLength: ID, traceLength: TRACE, pathLength: PATH, marks: MARKS, codes: CODES, said: SAID, time: TIME } = PLACES;

/** One batch of all calls of these, in order. */
export function joinBatches(batches: readonly CallBatch[]): CallBatch {
  const numbers = new Float64Array(batches.reduce((sum, batch) => sum + batch.numbers.length, 0));
  const bytes = new Uint8Array(batches.reduce((sum, batch) => sum + batch.bytes.length, 0));
  const names = new Map<string, number>();
  let at = 0;
  let to = 0;
  for (const batch of batches) {
    const place = batch.names.map((name) => {
      const known = names.get(name) ?? names.size;
      names.set(name, known);
      return known;
    });
    numbers.set(batch.numbers, at);
    bytes.set(batch.bytes, to);
    for (let i = 0; i < batch.count; i++) {
      rename(numbers, at, place);
      at += numbersOfCall(numbers, at);
    }
    to += batch.bytes.length;
  }
  return { count: batches.reduce((sum, batch) => sum + batch.count, 0), numbers, bytes, names: [...names.keys()], dropped: 0 };
}

/** The calls of a batch that are not older than `before`; undefined when none is. */
export function youngerOf(batch: CallBatch, before: number): CallBatch | undefined {
  const { count, numbers: n, bytes } = batch;
  const kept: { readonly numbers: Float64Array; readonly bytes: Uint8Array }[] = [];
  for (let i = 0, at = 0, from = 0; i < count; i++) {
    const next = at + numbersOfCall(n, at);
    const end = from + n[at + ID]! + n[at + TRACE]! + n[at + PATH]!;
    if (Math.round(n[at + TIME]!) >= before) kept.push({ numbers: n.subarray(at, next), bytes: bytes.subarray(from, end) });
    at = next;
    from = end;
  }
  if (kept.length === 0) return undefined;
  const whole = {
    numbers: new Float64Array(kept.reduce((sum, one) => sum + one.numbers.length, 0)),
    bytes: new Uint8Array(kept.reduce((sum, one) => sum + one.bytes.length, 0)),
  };
  let [at, from] = [0, 0];
  for (const one of kept) {
    whole.numbers.set(one.numbers, at);
    whole.bytes.set(one.bytes, from);
    at += one.numbers.length;
    from += one.bytes.length;
  }
  return { ...batch, ...whole, count: kept.length, dropped: 0 };
}

/** Gives the texts of the call that begins there their places among all names. */
function rename(n: Float64Array, at: number, place: readonly number[]): void {
  for (const column of NAMED) n[at + column] = place[n[at + column]!]!;
  const codesAt = at + NUMBERS.length + n[at + MARKS]!;
  const saidAt = codesAt + n[at + CODES]!;
  for (let k = codesAt; k < saidAt; k++) n[k] = place[n[k]!]!;
  for (let k = saidAt; k < saidAt + n[at + SAID]! * 2; k += 2) if (n[k] === SAID_NAME) n[k + 1] = place[n[k + 1]!]!;
}
