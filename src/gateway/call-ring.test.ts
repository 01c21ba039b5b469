// Aim: records come out as they went in, in order, batch by batch; a full ring and a full outbox drop the newest and count.
// Method: the ring and the outbox alone, with more records than room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ToControl } from '../sdk/channel.ts';
import { storyText } from '../sdk/call-story.ts';
import { createCallOutbox } from './call-outbox.ts';
import { createCallRing, type RingRecord, readCallBatch } from './call-ring.ts';

const record = (n: number): RingRecord => ({
  id: `id-${n}`,
  time: 1_000_000 + n,
  project: 'p',
  consumer: 'c',
  clientAddress: '192.0.2.1',
  route: `r${n % 3}`,
  method: 'GET',
  path: `/x/${n}`,
  release: 'rel',
  status: 200 + (n % 5),
  reason: '',
  durationMs: n / 8,
  upstreamMs: n / 16,
  requestBytes: n,
  responseBytes: 2 ** 40 + n,
  traceId: 't',
  headMs: 0.5,
  tries: 1 + (n % 2),
  targetIndex: (n % 3) - 1,
  target: `192.0.2.${n}:80`,
  reused: n % 2,
  waitMs: 1,
  connectMs: n / 64,
  marks: n % 2 ? ',p1500' : '',
  said: n % 2 ? `|${n}` : '',
  chain: n % 2 ? CHAIN : '',
});
const CHAIN = 'policy|rate-limit|route|q|remaining|limit=5';

/** What comes out of a record that went in. */
function told(n: number) {
  const { headMs, tries, targetIndex, target, reused, waitMs, connectMs, marks, said, chain, ...plain } = record(n);
  const { upstreamMs, durationMs } = plain;
  const trip = { headMs, tries, targetIndex, reused, waitMs, connectMs, upstreamMs, durationMs };
  return { ...plain, story: storyText(trip, target, marks, said, chain) };
}

test('gives back what was put in, also around the end of the ring', () => {
  const ring = createCallRing(7);
  let put = 0;
  let got = 0;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 5; i++) ring.push(record(put++));
    const batch = ring.drain(5)!;
    for (const r of readCallBatch(batch)) assert.deepEqual(r, told(got++));
  }
  assert.equal(got, 100);
  assert.equal(ring.drain(5), undefined);
});

test('drops the newest when full, and tells of it once', () => {
  const ring = createCallRing(4);
  for (let i = 0; i < 10; i++) ring.push(record(i));
  assert.deepEqual([ring.size, ring.dropped], [4, 6]);
  const batch = ring.drain(100)!;
  assert.deepEqual(
    readCallBatch(batch).map((r) => r.id),
    ['id-0', 'id-1', 'id-2', 'id-3'],
  );
  assert.equal(batch.dropped, 6);
  assert.equal(ring.drain(100), undefined);
});

test('cuts an endless path', () => {
  const ring = createCallRing(1);
  ring.push({ ...record(0), path: `/${'x'.repeat(100_000)}` });
  assert.equal(readCallBatch(ring.drain(1)!)[0]!.path.length, 2048);
});

test('the outbox waits while control is away, bounded, and tells every drop', () => {
  const ring = createCallRing(5000);
  const outbox = createCallOutbox(3000);
  for (let i = 0; i < 5000; i++) ring.push(record(i));
  const sent: (ToControl & { type: 'calls' })[] = [];
  let open = false;
  const channel = { send: (m: ToControl) => open && m.type === 'calls' && sent.push(m) > 0 };
  outbox.add(ring.drain(2500)!);
  outbox.flush(channel, 0);
  outbox.add(ring.drain(2500)!);
  assert.equal(outbox.dropped, 2000);
  open = true;
  outbox.flush(channel, 0);
  assert.deepEqual(
    sent.flatMap((m) => m.records.map((r) => r.id)),
    Array.from({ length: 3000 }, (_, i) => `id-${i}`),
  );
  assert.deepEqual(
    sent.map((m) => m.dropped),
    [2000, 0],
  );
  outbox.flush(channel, 0);
  assert.equal(sent.length, 2);
});

test('the outbox tells what died with a thread, and what a kill would take now', () => {
  const ring = createCallRing(10);
  const outbox = createCallOutbox(100);
  const sent: (ToControl & { type: 'calls' })[] = [];
  const channel = { send: (m: ToControl) => m.type === 'calls' && sent.push(m) > 0 };
  for (let i = 0; i < 4; i++) ring.push(record(i));
  outbox.add(ring.drain(100)!);
  outbox.killed(7);
  outbox.flush(channel, 3);
  outbox.flush(channel, 3);
  outbox.flush(channel, 0);
  outbox.flush(channel, 0);
  assert.deepEqual(
    sent.map((m) => [m.records.length, m.killed, m.waiting]),
    [
      [4, 7, 3],
      [0, 0, 0],
    ],
  );
});

test('every record offered is counted in the memory that outlives the ring', () => {
  const made = new Int32Array(new SharedArrayBuffer(4));
  made[0] = 2 ** 31 - 2;
  const ring = createCallRing(2, made);
  for (let i = 0; i < 5; i++) ring.push(record(i));
  assert.equal((made[0]! - (2 ** 31 - 2)) | 0, 5, 'also past the end of 31 bits');
});
