// Aim: watchers see what matches, in order, from where they left, bounded, and only as long as they may.
// Method: the room alone with a clock by hand; then the real admin API with a client that reads the stream.
import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import type { CallRecord, ToldCall } from '../sdk/call-record.ts';
import type { ToControl } from '../sdk/channel.ts';
import { callsMessage, packedCalls, STORY } from '../../test/calls.ts';
import { startTestControl, type TestControl } from '../../test/control-role.ts';
import { createLiveCalls, WATCHERS_EACH_MAX, WATCHERS_MAX } from './live-calls.ts';

const record = (n: number, more: Partial<CallRecord> = {}): ToldCall => ({
  id: `c${n}`,
  time: 1000 + n,
  project: 'default',
  consumer: 'app',
  clientAddress: '192.0.2.1',
  route: 'orders',
  method: 'GET',
  protocol: 'http/1.1',
  path: `/orders/${n}`,
  release: 'abc',
  status: 200,
  reason: '',
  durationMs: n,
  upstreamMs: 0,
  requestBytes: 1,
  responseBytes: 1,
  traceId: 't',
  ...more,
  story: STORY,
});
const yes = async () => true;
const ids = (text: string) => [...text.matchAll(/^id: (.*)$/gm)].map((match) => match[1]);
const read = (stream: Readable | undefined) => (stream!.read() ?? '') as string;
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('shows what matches, in order, without the story', () => {
  const live = createLiveCalls(manualClock());
  const all = live.watch({ by: 'user eve', filter: {}, after: undefined, stillAllowed: yes });
  const some = live.watch({
    by: 'user eve',
    filter: { projects: ['default'], statusFrom: 400, path: '/orders' },
    after: undefined,
    stillAllowed: yes,
  });
  live.publish(packedCalls([record(1), record(2, { status: 503 }), record(3, { status: 404, project: 'other' })]));
  const text = read(all);
  assert.deepEqual(ids(text), ['c1', 'c2', 'c3']);
  assert.ok(!text.includes('story'));
  assert.deepEqual(ids(read(some)), ['c2']);
});

test('goes on behind the record seen last; says so when that one is forgotten', () => {
  const live = createLiveCalls(manualClock());
  live.publish(packedCalls([record(1), record(2), record(3)]));
  assert.deepEqual(ids(read(live.watch({ by: 'user eve', filter: {}, after: 'c2', stillAllowed: yes }))), ['c3']);
  assert.match(
    read(live.watch({ by: 'user eve', filter: {}, after: 'gone', stillAllowed: yes })),
    /event: dropped\ndata: \{"count":null\}/,
  );
});

test('one watcher does not take the places of all', () => {
  const live = createLiveCalls(manualClock());
  const watch = (by: string) => live.watch({ by, filter: {}, after: undefined, stillAllowed: yes });
  const own = Array.from({ length: WATCHERS_EACH_MAX }, () => watch('token scout'));
  assert.ok(own.every((stream) => stream !== undefined));
  assert.equal(watch('token scout'), undefined);
  assert.ok(watch('user scout'), 'a user of the same name is somebody else');
  live.close();
});

test('who does not keep up is told how many were dropped, and sees what comes after', () => {
  const live = createLiveCalls(manualClock());
  const slow = live.watch({ by: 'user eve', filter: {}, after: undefined, stillAllowed: yes })!;
  for (let n = 0; n < 6000; n++) live.publish(packedCalls([record(n)]));
  let text = '';
  for (let piece = read(slow); piece !== ''; piece = read(slow)) text += piece;
  live.publish(packedCalls([record(9999)]));
  text += read(slow);
  const count = Number(/event: dropped\ndata: \{"count":(\d+)\}/.exec(text)?.[1]);
  assert.ok(count > 0 && ids(text).length + count === 6001, `${ids(text).length} shown and ${count} dropped`);
  assert.equal(ids(text).at(-1), 'c9999');
  assert.ok(text.length < 2 * 1024 * 1024);
});

test('beats, and ends when the caller may no longer; the number of watchers is bounded', async () => {
  const clock = manualClock();
  const live = createLiveCalls(clock);
  let allowed = true;
  const stream = live.watch({ by: 'user eve', filter: {}, after: undefined, stillAllowed: async () => allowed })!;
  read(stream);
  clock.advance(15_000);
  await turn();
  assert.match(read(stream), /^: still here$/m);
  allowed = false;
  clock.advance(15_000);
  await turn();
  assert.equal(live.watchers, 0);
  const many = Array.from(
    { length: WATCHERS_MAX },
    (_, n) => live.watch({ by: `user ${n}`, filter: {}, after: undefined, stillAllowed: yes })!,
  );
  assert.equal(live.watch({ by: 'user eve', filter: {}, after: undefined, stillAllowed: yes }), undefined);
  many[0]!.destroy();
  await turn();
  assert.equal(live.watchers, WATCHERS_MAX - 1);
  live.close();
  assert.equal(live.watchers, 0);
});

const clock = manualClock(Date.now());
let control: TestControl;
before(async () => (control = await startTestControl({}, clock)));
after(() => control.stop());

test('over the admin API: filtered, by permission, and no longer than the token', { timeout: 30_000 }, async () => {
  let tell: (message: ToControl) => void = () => {};
  control.connect({ send: () => true, onMessage: (handler) => void (tell = handler), onClose: () => {}, close: () => {} });
  tell({ type: 'hello', role: 'gateway', instance: 'g1', pid: 1, revision: 0 });
  assert.equal((await control.request('GET', '/api/v1/calls/stream')).status, 401);
  const answer = await fetch(`${control.address}/api/v1/calls/stream?status=5xx`, {
    headers: { authorization: `Bearer ${control.viewer}` },
  });
  assert.match(answer.headers.get('content-type')!, /^text\/event-stream/);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('\n\n')) text += (await reader.read()).value ?? '';
  tell(callsMessage([record(1), record(2, { status: 503 })]));
  while (!text.includes('event: call')) text += (await reader.read()).value ?? '';
  assert.deepEqual(ids(text), ['c2']);
  clock.advance(3_600_001); // The viewer's token expires.
  for (let end = await reader.read(); !end.done; end = await reader.read()) text += end.value;
});
