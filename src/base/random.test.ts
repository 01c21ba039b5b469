// Aim: strong random bytes out of a stock are never given twice, and are of the length asked for.
// Method: many takes of mixed lengths, across many refills; writing into what was given must not reach the stock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from './random.ts';

test('no bytes are given twice, whatever lengths were asked for between', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 5000; i++) {
    const length = [8, 13, 16, 64, 65, 300][i % 6]!;
    const bytes = systemRandom.bytes(length);
    assert.equal(bytes.length, length);
    for (let at = 0; at + 8 <= length; at += 8) seen.add(Buffer.from(bytes.subarray(at, at + 8)).toString('hex'));
    assert.equal(bytes.buffer.byteLength, length, 'nothing of the stock is reachable');
    bytes.fill(0);
  }
  const perRound = 1 + 1 + 2 + 8 + 8 + 37;
  const rounds = Math.floor(5000 / 6);
  assert.equal(seen.size, rounds * perRound + (1 + 1), 'eight bytes that came twice');
});

test('floats lie in [0, 1) and differ', () => {
  const floats = Array.from({ length: 2000 }, () => systemRandom.float());
  assert.ok(floats.every((f) => f >= 0 && f < 1));
  assert.ok(new Set(floats).size > 1990);
});
