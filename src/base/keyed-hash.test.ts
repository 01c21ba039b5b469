// Aim: the keyed hash is HalfSipHash-2-4 with 64 bits out. Method: the authors' published test vectors
// (key 00…07, input 00 01 02 …) for the even lengths, which UTF-16 code units can spell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyedHash } from './keyed-hash.ts';

const KEY = { low: 0x03020100, high: 0x07060504 };
const hex = (pair: { low: number; high: number }): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(pair.low, 0);
  bytes.writeUInt32LE(pair.high, 4);
  return bytes.toString('hex');
};

test('gives the published vectors', () => {
  assert.equal(hex(keyedHash('', KEY)), '218d1f59b9b83cc8');
  assert.equal(hex(keyedHash('\u0100', KEY)), '064f39ef7c50eb57');
  assert.equal(hex(keyedHash('\u0100\u0302', KEY)), 'd5e78a175be52ea1');
  assert.equal(hex(keyedHash('\u0100\u0302\u0504', KEY)), 'ce3e91358aa2bc25');
});

test('another key gives another hash', () => {
  assert.notEqual(hex(keyedHash('consumer', KEY)), hex(keyedHash('consumer', { low: 1, high: 2 })));
});
