// Aim: what waits in a paused stream is few pieces however small they came, and nothing is lost, changed or out of order.
// Method: seeded pushes of many sizes into a stream that is paused and resumed between them; counted pieces for one-byte ones.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { seededRandom } from '../../base/random.ts';
import { joinSmallPieces } from './join-small.ts';

function fixture() {
  const stream = new Readable({ read() {} });
  const giveOn = joinSmallPieces(stream);
  const got: Buffer[] = [];
  stream.on('data', (piece: Buffer) => void got.push(piece));
  const resume = () => (giveOn(), stream.resume());
  return { stream, got, resume };
}

test('65,000 pieces of one byte wait as a handful', async () => {
  const { stream, got, resume } = fixture();
  stream.pause();
  for (let i = 0; i < 65_000; i++) stream.push(Buffer.from([i & 0xff]));
  assert.equal(got.length, 0);
  resume();
  stream.push(null);
  await once(stream, 'end');
  assert.ok(got.length <= 8, `${got.length} pieces`);
  const all = Buffer.concat(got);
  assert.equal(all.length, 65_000);
  assert.ok(all.every((byte, i) => byte === (i & 0xff)));
});

test('whatever is pushed comes once and in order, paused or not', async () => {
  const random = seededRandom(8);
  for (let round = 0; round < 50; round++) {
    const { stream, got, resume } = fixture();
    const sent: Buffer[] = [];
    for (let i = 0; i < 100; i++) {
      const piece = Buffer.from(random.bytes([0, 1, 20, 1023, 1024, 40_000][random.integer(6)]!));
      sent.push(piece);
      if (piece.length > 0) stream.push(piece);
      if (random.integer(3) === 0) stream.pause();
      if (random.integer(4) === 0) resume();
      if (random.integer(5) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    resume();
    stream.push(null);
    await once(stream, 'end');
    assert.ok(Buffer.concat(got).equals(Buffer.concat(sent)), `round ${round}`);
  }
});
