// Aim: a remembered text is always the text of the bytes it is asked for, whatever stood in its slot before.
// Method: many random texts of few letters, so that slots are shared, against the plain reading of the bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownText } from './known-texts.ts';

test('answers the text of the bytes, for any length, byte and order', () => {
  let seed = 1;
  const next = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const bytes = Buffer.from(Array.from({ length: 4096 }, () => [47, 97, 98, 255][next(4)]!));
  for (let i = 0; i < 200_000; i++) {
    const start = next(3900);
    const end = start + next(i % 3 === 0 ? 90 : 5);
    assert.equal(knownText(bytes, start, end), bytes.toString('latin1', start, end));
  }
});

test('one byte that differs is another text, and the same bytes elsewhere are the same', () => {
  const key = 'k-0123456789abcdefghijklmnopqrst';
  const bytes = Buffer.from(`${key} ${key}`);
  assert.equal(knownText(bytes, 0, key.length), key);
  assert.equal(knownText(bytes, key.length + 1, bytes.length), key);
  for (let i = 0; i < key.length; i++) {
    const other = Buffer.from(key);
    other[i]! ^= 1;
    assert.equal(knownText(other, 0, other.length), other.toString('latin1'));
  }
});
