/** Call records for tests. */
import { assert } from '../src/base/assert.ts';
import { createCallRing } from '../src/gateway/call-ring.ts';
import { packCallBatch, type PackedCalls, readPackedCalls } from '../src/sdk/call-batch.ts';
import { CALL_PROTOCOLS, type CallRecord, type ToldCall } from '../src/sdk/call-record.ts';
import { chainText, MARK_LETTERS, storyText } from '../src/sdk/call-story.ts';
import type { ToControl } from '../src/sdk/channel.ts';
import type { CallTable } from '../src/store/types.ts';

const TRIP = { headMs: 0, tries: 2, targetIndex: 1, reused: 0, waitMs: 0, connectMs: 1.5 };
const TARGET = '192.0.2.9:8080';
const CALLS_AT_ONCE = 2000;
const CHAIN = chainText([
  { kind: 'policy', id: 'rate-limit', place: 'plan', hasRequest: true, hasResponse: true, tells: 'remaining', facts: { limit: 5 } },
]);

/** The story of a call through one policy, over a new connection. */
export const STORY = storyText({ ...TRIP, upstreamMs: 3.75, durationMs: 4.5 }, TARGET, ',p12;c1', '|4', CHAIN);

/** What a gateway tells control of these calls; the story of each is `STORY` with its own times. */
export function callsMessage(records: readonly CallRecord[], over: { dropped?: number } = {}): ToControl {
  const ring = createCallRing(8 * records.length + 1); // Room for long paths.
  const mark = (us: number, phase: number, letter: string): number => us * 32 + phase * 8 + MARK_LETTERS.indexOf(letter);
  const steps = { marks: [mark(12, 1, 'p'), mark(1, 2, 'c')], codes: [], said: [4], saidCount: 1, chain: CHAIN, marked: 2 };
  for (const { id, path, traceId, protocol, ...record } of records) {
    const texts = { path, writeId: (out: Sink) => out.text(id), writeTraceId: (out: Sink) => out.text(traceId) };
    ring.push({
      ...record,
      ...TRIP,
      texts,
      idMark: '',
      target: TARGET,
      protocol: (CALL_PROTOCOLS as readonly string[]).indexOf(protocol),
      steps,
    });
  }
  const batch = ring.drain() ?? { count: 0, names: [], numbers: new Float64Array(0), bytes: new Uint8Array(0), dropped: 0 };
  const { bytes, ...calls } = packCallBatch(batch);
  return { type: 'calls', calls, bytes, dropped: 0, killed: 0, waiting: 0, ...over };
}

/** A batch of these calls as it travels to control; the story of each is `STORY` with its own times. */
export function packedCalls(records: readonly CallRecord[]): PackedCalls {
  const message = callsMessage(records);
  assert(message.type === 'calls', 'calls');
  return { ...message.calls, bytes: message.bytes };
}

/** Stores so many calls, in batches as large as gateways make them under load. */
export async function storeCalls(calls: Pick<CallTable, 'add'>, count: number, make: (i: number) => CallRecord): Promise<void> {
  for (let from = 0; from < count; from += CALLS_AT_ONCE) {
    const size = Math.min(CALLS_AT_ONCE, count - from);
    await calls.add([packedCalls(Array.from({ length: size }, (_, i) => make(from + i)))]);
  }
}

/** The calls among what a gateway told control. */
export function toldCalls(messages: readonly ToControl[]): ToldCall[] {
  return messages.flatMap((message) => (message.type === 'calls' ? readPackedCalls({ ...message.calls, bytes: message.bytes }) : []));
}

interface Sink {
  text(text: string): void;
}

/** A record as lists answer it. */
export function withoutStory({ story: _story, ...record }: ToldCall): CallRecord {
  return record;
}
