// Aim: what steps tell is read in the reader's language, and names of a chain's own stay. Method: facts as the gateway writes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factName, factValue, placeName } from './fact-words.ts';

test('facts have words, own names stay', () => {
  assert.equal(factName('remaining').zh, '剩余');
  assert.equal(factName('x-own').zh, 'x-own');
  assert.equal(placeName('plan').zh, '套餐');
  assert.deepEqual(factValue('response', 'set 1, add 12'), { en: 'set 1, add 12', zh: '设置 1 个、添加 12 个' });
  assert.equal(factValue('name', 'plan').zh, '套餐');
  assert.equal(factValue('name', 'per-minute').zh, 'per-minute');
  assert.equal(factValue('key', 'set 1').zh, 'set 1');
  assert.equal(factValue('request', 'strange').zh, 'strange');
});
