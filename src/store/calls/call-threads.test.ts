// Aim: a thread that dies or hangs ends no wait never: who waits is told, the next question has a fresh thread, no call is stored twice.
// Method: the real threads, one of which is killed behind its work, or stands still before it; time moved by hand.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { packedCalls } from '../../../test/calls.ts';
import { manualClock, systemClock } from '../../base/clock.ts';
import type { CallRecord } from '../../sdk/call-record.ts';
import { openCalls } from './call-threads.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-call-threads-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const callOf = (i: number): CallRecord => ({
  id: `id-${i}`,
  time: 1_000_000 + i,
  project: 'default',
  consumer: '',
  clientAddress: '192.0.2.1',
  route: 'r',
  method: 'GET',
  protocol: 'h2',
  path: '/',
  release: 'a',
  status: 200,
  reason: '',
  durationMs: 1,
  upstreamMs: 1,
  requestBytes: 0,
  responseBytes: 0,
  traceId: String(i).padStart(32, '0'),
});
const batchOf = (from: number, count: number) => packedCalls(Array.from({ length: count }, (_, i) => callOf(from + i)));
const threadOf = (name: string, file: string): Worker =>
  new Worker(new URL(`./${name}.ts`, import.meta.url), { workerData: { file }, name });

test('a writer that dies behind its commit, unheard: who stores again does not store twice', async () => {
  const file = path.join(folder, 'dies.db');
  let started = 0;
  const calls = openCalls(file, systemClock, (name) => {
    const thread = threadOf(name, file);
    if (name !== 'call-writer-thread' || ++started > 1) return thread;
    // What it says is heard by nobody: it ends first.
    const on = thread.on.bind(thread);
    on('message', () => void thread.terminate());
    thread.on = ((event: string, listener: () => void) => (event === 'message' ? thread : on(event, listener))) as Worker['on'];
    return thread;
  });
  const batches = [batchOf(0, 20), batchOf(20, 300)];
  await assert.rejects(calls.add(batches), { code: 'core/store/unavailable' });
  await calls.add([...batches, batchOf(320, 1)]);
  assert.equal(started, 2);
  const found = await calls.search({ limit: 1000 });
  assert.deepEqual(
    found.map(({ id }) => id),
    Array.from({ length: 321 }, (_, i) => `id-${320 - i}`),
  );
  await calls.add(batches);
  assert.equal((await calls.search({ limit: 1000 })).length, 641, 'whose outcome is known is stored as told');
  await calls.close();
});

test('a writer that hangs: who waits is told after a while, the next order has a fresh one, and closing ends', async () => {
  const file = path.join(folder, 'hangs.db');
  const clock = manualClock();
  let started = 0;
  const idle = () => new Worker('setInterval(() => {}, 1e6)', { eval: true });
  const calls = openCalls(file, clock, (name) => (name === 'call-writer-thread' && ++started !== 2 ? idle() : threadOf(name, file)));
  const first = calls.add([batchOf(0, 5)]);
  const told = assert.rejects(first, { code: 'core/store/unavailable' });
  await clock.advance(21_000);
  await told;
  assert.ok((await calls.add([batchOf(0, 5)])) > 0);
  assert.equal((await calls.search({ limit: 9 })).length, 5);
  await calls.close();

  started = 0;
  const hung = openCalls(file, clock, idle);
  const waits = assert.rejects(hung.add([batchOf(5, 5)]), { code: 'core/store/unavailable' });
  const closing = hung.close();
  await clock.advance(2_500);
  await closing;
  await waits;
});
