/**
 * Aim: the small parts hold on their own: header views, ids and traces, deadlines, the writer's memory.
 * Method: called directly; the wheel against a naive list with seeded deadlines.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock, systemClock } from '../../base/clock.ts';
import { idGenerator, isUuid } from '../../base/id.ts';
import { seededRandom } from '../../base/random.ts';
import { Fields } from './fields.ts';
import { DONE, Head } from './head.ts';
import { createRequestIds, isSaneRequestId, readTraceparent } from './ids.ts';
import { createWheel, noDeadline, type Timed } from './wheel.ts';
import { Input } from './input.ts';
import { createWriter } from './writer.ts';

function headOf(fields: string): Head {
  const head = new Head('request', { headBytesMax: 8192, headersMax: 50, targetBytesMax: 8192 });
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`, 'latin1');
  head.begin(bytes, 0);
  assert.equal(head.parse(bytes.length), DONE);
  return head;
}

function written(fields: Fields): string {
  const out = createWriter();
  out.begin();
  fields.write(out);
  return out.finish().toString('latin1');
}

test('fields: read without case, joined when repeated, changed without touching the rest', () => {
  const fields = new Fields(headOf('X-A: 1\r\nx-b: 2\r\nX-a: 3\r\n'));
  assert.equal(fields.get('x-A'), '1, 3');
  assert.equal(fields.get('none'), undefined);
  fields.set('X-B', 'new');
  fields.add('x-b', 'more');
  assert.equal(fields.get('x-b'), 'new, more');
  fields.remove('x-a');
  assert.equal(fields.get('x-a'), undefined);
  assert.equal(written(fields), 'x-b: new\r\nx-b: more\r\n');
});

test('fields: cookies of several fields are one list, as upstreams read them', () => {
  const head = new Head('request', { headBytesMax: 8192, headersMax: 50, targetBytesMax: 8192 });
  const bytes = Buffer.from('GET / HTTP/1.1\r\nhost: a\r\ncookie: a=1\r\nx: 1\r\nCookie: beta=2\r\nx: 2\r\n\r\n', 'latin1');
  head.begin(bytes, 0);
  assert.equal(head.parse(bytes.length), DONE);
  const fields = new Fields(head);
  assert.deepEqual([fields.get('cookie'), fields.get('x')], ['a=1; beta=2', '1, 2']);
});

test('fields: what HTTP forbids, and what frames a message, cannot be written', () => {
  const fields = new Fields(undefined);
  for (const [name, value] of [
    ['a b', 'x'],
    ['', 'x'],
    ['x', 'a\r\nb: c'],
    ['x', 'a\0'],
    ['x', '中'],
    ['Content-Length', '5'],
    ['transfer-encoding', 'chunked'],
    ['Host', 'h'],
    ['connection', 'close'],
  ] as const) {
    assert.throws(() => fields.set(name, value), TypeError, `${name}: ${value}`);
    assert.throws(() => fields.add(name, value), TypeError, `${name}: ${value}`);
  }
  assert.throws(() => fields.remove('content-length'), TypeError);
  assert.equal(written(fields), '');
});

test('request ids are UUIDs that differ and sort; trace contexts are valid and differ', () => {
  const random = seededRandom(5);
  const ids = createRequestIds(idGenerator(systemClock, random), random);
  const made = Array.from({ length: 20_000 }, (_, i) => ids.requestId(i / 100));
  const batch = ids.idBatch(201);
  const [first, second] = [batch.take(), batch.take()];
  const out = createWriter();
  out.begin();
  batch.writeLast(out, first);
  batch.writeId(out, second);
  assert.equal(out.finish().toString('latin1'), `x-request-id: ${batch.text(first)}\r\n\r\n${batch.text(second)}`);
  made.push(batch.text(first), batch.text(second));
  assert.ok(made.every(isUuid));
  assert.equal(new Set(made).size, made.length);
  assert.deepEqual([...made].sort(), made);
  const traces = Array.from({ length: 10_000 }, () => {
    const batch = ids.traceBatch();
    const n = batch.take();
    const out = createWriter();
    out.begin();
    batch.writeField(out, n);
    batch.writeId(out, n);
    const text = batch.text(n);
    assert.equal(out.finish().toString('latin1'), `\r\ntraceparent: ${text}${text.slice(3, 35)}`, 'one trace, written and read');
    return text;
  });
  assert.ok(traces.every((trace) => readTraceparent(trace) === trace));
  assert.equal(new Set(traces.map((trace) => trace.slice(3, 35))).size, traces.length);
});

test('traceparent and request id of callers', () => {
  const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  assert.equal(readTraceparent(good), good);
  assert.equal(readTraceparent(`cc${good.slice(2)}-more`), good);
  for (const bad of [
    '',
    good.toUpperCase(),
    `${good}-x`,
    `ff${good.slice(2)}`,
    good.replace(/4bf\w+/, '0'.repeat(32)),
    good.replace('00f067aa0ba902b7', '0'.repeat(16)),
    ` ${good}`,
  ]) {
    assert.equal(readTraceparent(bad), undefined, bad);
  }
  assert.ok(isSaneRequestId('a.b-c_d1'));
  for (const bad of ['short', 'a'.repeat(65), 'with space x', 'new\nline1']) assert.ok(!isSaneRequestId(bad), bad);
});

test('deadlines: none early, none more than two ticks late, moved and cleared ones exactly, over long jumps too', () => {
  const clock = manualClock();
  const wheel = createWheel(clock, 10);
  const random = seededRandom(11);
  const due = new Map<Timed, number>();
  const items = Array.from({ length: 300 }, () => {
    const item: Timed = {
      deadline: noDeadline(),
      onDeadline() {
        const expected = due.get(item);
        assert.ok(expected !== undefined, 'fired without a deadline');
        const late = clock.monotonic() - expected;
        assert.ok(late >= 0 && late <= 20, `late by ${late}`);
        due.delete(item);
      },
    };
    return item;
  });
  for (let round = 0; round < 3000; round++) {
    const item = items[random.integer(items.length)]!;
    if (random.integer(5) === 0) {
      if (random.integer(2) === 0) wheel.clear(item);
      else wheel.drop(item);
      due.delete(item);
    } else {
      const ms = random.integer(random.integer(2) === 0 ? 200 : 20_000);
      wheel.set(item, ms);
      due.set(item, wheel.now + ms);
    }
    clock.advance(random.integer(30));
  }
  clock.advance(60_000);
  assert.equal(due.size, 0, 'every deadline fired');
  wheel.stop();
});

test('wheel: while the thread stands still nobody’s time runs', () => {
  let at = 1000;
  let tick = () => {};
  const clock = { ...manualClock(), monotonic: () => at, every: (_ms: number, action: () => void) => ((tick = action), () => {}) };
  const wheel = createWheel(clock, 50);
  let fired = 0;
  const item: Timed = { deadline: noDeadline(), onDeadline: () => void fired++ };
  wheel.set(item, 5000);
  at += 8000; // No tick came: the thread was busy, and looked at no socket.
  tick();
  assert.equal(fired, 0);
  assert.equal(wheel.now, at, 'the time told is the real one');
  const pass = (ticks: number) => {
    for (let i = 0; i < ticks; i++) {
      at += 50;
      tick();
    }
  };
  pass(94);
  assert.equal(fired, 0, 'the time that was left is left');
  pass(4);
  assert.equal(fired, 1);
});

test('wheel: a clock that jumps far over all slots loses no deadline', () => {
  let now = 0;
  let tick = () => {};
  const clock = { ...manualClock(), monotonic: () => now, every: (_ms: number, action: () => void) => ((tick = action), () => {}) };
  const wheel = createWheel(clock, 1000);
  let fired = 0;
  for (const ms of [5, 500_000, 700_000, 1_500_000]) wheel.set({ deadline: noDeadline(), onDeadline: () => fired++ }, ms);
  for (let i = 0; i < 1510; i++) {
    now += 1_000_000;
    tick();
  }
  assert.equal(fired, 4);
});

test('the writer: a message larger than its slab stays whole; released memory is used again, kept memory never', () => {
  const out = createWriter(256);
  out.begin();
  for (let i = 0; i < 100; i++) {
    out.text('0123456789');
    out.bytes(Buffer.from('abcdefghij'), 0, 10);
  }
  assert.equal(out.finish().toString(), '0123456789abcdefghij'.repeat(100));
  const small = createWriter(256);
  const kept: Buffer[] = [];
  for (let i = 0; i < 200; i++) {
    small.begin();
    small.text(`message ${i} `.repeat(1 + (i % 10)));
    const message = small.finish();
    if (i % 3 === 0) small.release(true);
    else kept.push(message);
  }
  let at = 0;
  for (let i = 0; i < 200; i++) if (i % 3 !== 0) assert.equal(kept[at++]!.toString(), `message ${i} `.repeat(1 + (i % 10)));
});

test('input: memory of a chunk is given back only when it is the chunk’s own and worth it', () => {
  const input = new Input(undefined as never, 100_000);
  const own = Buffer.from(new ArrayBuffer(65_536));
  input.add(own);
  input.at = own.length;
  input.free(own);
  assert.deepEqual([own.length, input.length, input.isEmpty], [0, 0, true]);
  const shared = new ArrayBuffer(65_536);
  const kept = [Buffer.from(shared, 0, 20_000), Buffer.from(shared, 20_000, 40_000), Buffer.from(new ArrayBuffer(100))];
  const sizes = kept.map((chunk) => chunk.length);
  for (const chunk of kept) input.free(chunk);
  assert.deepEqual(
    kept.map((chunk) => chunk.length),
    sizes,
  );
  const first = Buffer.from(new ArrayBuffer(9000));
  const second = Buffer.alloc(10, 'x');
  input.add(first);
  input.add(second);
  input.at = first.length;
  input.free(first);
  assert.equal(input.buffer, second, 'what came later is still to be read');
});
