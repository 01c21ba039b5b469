// Aim: records come out as they went in, in order, batch by batch; a full ring and a full outbox drop the newest and count.
// Method: the ring and the outbox alone, with more records than room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toldCalls } from '../../test/calls.ts';
import type { ToControl } from '../sdk/channel.ts';
import { CALL_PROTOCOLS } from '../sdk/call-record.ts';
import { storyText } from '../sdk/call-story.ts';
import { createCallOutbox } from './call-outbox.ts';
import { readCallBatch } from '../sdk/call-batch.ts';
import { createCallRing, type RingRecord } from './call-ring.ts';

const plain = (n: number) => ({
  time: 1_000_000 + n,
  project: 'p',
  consumer: 'c',
  clientAddress: '192.0.2.1',
  route: `r${n % 3}`,
  method: 'GET',
  release: 'rel',
  status: 200 + (n % 5),
  reason: '',
  durationMs: n / 8,
  upstreamMs: n / 16,
  requestBytes: n,
  responseBytes: 2 ** 40 + n,
});
const trip = (n: number) => ({
  headMs: 0.5,
  tries: 1 + (n % 2),
  targetIndex: (n % 3) - 1,
  reused: n % 2,
  waitMs: 1,
  connectMs: n / 64,
});
const protocol = (n: number) => n % CALL_PROTOCOLS.length;
const CHAIN = 'policy|rate-limit|route|q|remaining|limit=5';
/** Microseconds, phase and letter of marks; the letters are those of call-story.ts, in its order. */
const mark = (us: number, phase: number, letter: string) => us * 32 + phase * 8 + 'pcran'.indexOf(letter);

const record = (n: number, path = `/x/${n}`): RingRecord => ({
  ...plain(n),
  ...trip(n),
  protocol: protocol(n),
  texts: { path, writeId: (out) => out.text(`id-${n}`), writeTraceId: (out) => out.bytes(Buffer.from('-trace-'), 1, 6) },
  idMark: n % 4 ? '' : 'mark',
  target: `192.0.2.${n}:80`,
  steps: n % 2 ? steps(n) : undefined,
});
const steps = (n: number) => ({
  marks: [mark(3, 0, 'n'), mark(1500, 1, 'p'), mark(n, 1, 'r'), mark(2 ** 33, 2, 'c'), mark(7, 2, 'p')],
  marked: 4,
  codes: ['core/gateway/x'],
  said: [n, undefined, `it's|${n}`, 'not said'],
  saidCount: 3,
  chain: CHAIN,
});

/** What comes out of a record that went in. */
function told(n: number) {
  const { upstreamMs, durationMs } = plain(n);
  const numbers = { ...trip(n), upstreamMs, durationMs };
  const marks = n % 2 ? ` n3,p1500 r${n}=core/gateway/x;c${2 ** 33}` : '';
  const said = n % 2 ? `|${n}||'it's ${n}` : '';
  const story = storyText(numbers, `192.0.2.${n}:80`, marks, said, n % 2 ? CHAIN : '');
  const spoken = CALL_PROTOCOLS[protocol(n)]!;
  return { ...plain(n), protocol: spoken, id: n % 4 ? `id-${n}` : `id-${n}~mark`, path: `/x/${n}`, traceId: 'trace', story };
}

test('gives back what was put in, page after page', () => {
  const ring = createCallRing(7);
  let put = 0;
  let got = 0;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 5; i++) ring.push(record(put++));
    const batch = ring.drain()!;
    for (const r of readCallBatch(batch)) assert.deepEqual(r, told(got++));
  }
  assert.equal(got, 100);
  assert.equal(ring.drain(), undefined);
});

test('drops the newest when full, and tells of it once', () => {
  const ring = createCallRing(4);
  for (let i = 0; i < 10; i++) ring.push(record(i));
  assert.deepEqual([ring.size, ring.dropped], [4, 6]);
  const batch = ring.drain()!;
  assert.deepEqual(
    readCallBatch(batch).map((r) => r.id),
    ['id-0~mark', 'id-1', 'id-2', 'id-3'],
  );
  assert.equal(batch.dropped, 6);
  assert.equal(ring.drain(), undefined);
});

test('cuts an endless path, and endless steps', () => {
  const ring = createCallRing(1);
  const marks = Array.from({ length: 10_000 }, () => mark(1, 1, 'p'));
  ring.push({ ...record(0, `/${'x'.repeat(100_000)}`), steps: { ...steps(0), marks, marked: marks.length } });
  const [only] = readCallBatch(ring.drain()!);
  assert.equal(only!.path.length, 2048);
  assert.ok(only!.story.startsWith('500 1000 0 0 0 1 0 -1 192.0.2.0:80~,p1 p1 p1'));
});

test('a page full of long texts drops the newest, however few they are, and the next page is whole', () => {
  const ring = createCallRing(100);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 100; i++) ring.push(record(i, `/${'x'.repeat(3000)}`));
    const kept = ring.size;
    assert.ok(kept >= 14 && kept < 100, `${kept} kept`);
    const batch = ring.drain()!;
    assert.equal(batch.dropped, 100 - kept);
    assert.deepEqual(
      readCallBatch(batch).map((r) => [r.id, r.path.length]),
      Array.from({ length: kept }, (_, i) => [i % 4 ? `id-${i}` : `id-${i}~mark`, 2048]),
    );
  }
});

test('the outbox waits while control is away, bounded, and tells every drop', () => {
  const ring = createCallRing(5000);
  const outbox = createCallOutbox(3000);
  for (let i = 0; i < 2500; i++) ring.push(record(i * 4 + 1));
  const sent: (ToControl & { type: 'calls' })[] = [];
  let open = false;
  const channel = { send: (m: ToControl) => open && m.type === 'calls' && sent.push(m) > 0 };
  outbox.add(ring.drain()!);
  outbox.flush(channel, 0);
  for (let i = 2500; i < 5000; i++) ring.push(record(i * 4 + 1));
  outbox.add(ring.drain()!);
  assert.equal(outbox.dropped(), 2000);
  open = true;
  outbox.flush(channel, 0);
  assert.deepEqual(
    toldCalls(sent).map((r) => r.id),
    Array.from({ length: 3000 }, (_, i) => `id-${i * 4 + 1}`),
  );
  assert.deepEqual(
    sent.map((m) => m.dropped),
    [2000, 0],
  );
  outbox.flush(channel, 0);
  assert.equal(sent.length, 2);
});

test('the outbox sends many records in several messages, each whole wherever its numbers came to lie', () => {
  const ring = createCallRing(20_000);
  const outbox = createCallOutbox(20_000);
  for (let i = 0; i < 20_000; i++) ring.push(record(i));
  const sent: (ToControl & { type: 'calls' })[] = [];
  outbox.add(ring.drain()!);
  outbox.flush({ send: (m) => m.type === 'calls' && sent.push({ ...m, bytes: m.bytes.map(moved) }) > 0 }, 0);
  assert.deepEqual(
    sent.map((m) => [m.calls.count, m.waiting]),
    [
      [8192, 11_808],
      [8192, 3616],
      [3616, 0],
    ],
  );
  toldCalls(sent).forEach((r, i) => assert.deepEqual(r, told(i)));
});

/** The same bytes at an odd place, as a frame may hold them. */
function moved(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(bytes.length + 3);
  all.set(bytes, 3);
  return all.subarray(3);
}

test('the outbox tells what died with a thread, and what a kill would take now', () => {
  const ring = createCallRing(10);
  const outbox = createCallOutbox(100);
  const sent: (ToControl & { type: 'calls' })[] = [];
  const channel = { send: (m: ToControl) => m.type === 'calls' && sent.push(m) > 0 };
  for (let i = 0; i < 4; i++) ring.push(record(i));
  outbox.add(ring.drain()!);
  outbox.killed(7);
  outbox.flush(channel, 3);
  outbox.flush(channel, 3);
  outbox.flush(channel, 0);
  outbox.flush(channel, 0);
  assert.deepEqual(
    sent.map((m) => [m.calls.count, m.killed, m.waiting]),
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
