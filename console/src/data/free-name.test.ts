/** Aim: a suggested name is one that can be saved. Method: names taken one after the other, the longest too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeName, isMadeFrom } from './free-name.ts';

test('the first free name, numbered from 2', () => {
  const taken = new Set<string>();
  const made = [1, 2, 3].map(() => {
    const name = freeName('erp-to-warehouse', taken);
    taken.add(name);
    return name;
  });
  assert.deepEqual(made, ['erp-to-warehouse', 'erp-to-warehouse-2', 'erp-to-warehouse-3']);
  assert.equal(freeName('crm', new Set(['crm-2'])), 'crm');
});

test('a name stays within 63 signs and never ends in a hyphen before its number', () => {
  const long = 'a'.repeat(60) + '-bcd';
  const taken = new Set<string>();
  for (let i = 0; i < 12; i++) {
    const name = freeName(long, taken);
    assert.ok(name.length <= 63 && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) && !name.includes('--'), name);
    assert.ok(!taken.has(name));
    assert.ok(isMadeFrom(name, long), name);
    taken.add(name);
  }
});

test('a suggestion is told from a name somebody chose', () => {
  for (const name of ['a-to-b', 'a-to-b-2', 'a-to-b-17']) assert.equal(isMadeFrom(name, 'a-to-b'), true, name);
  for (const name of ['', 'a-to-c', 'a-to-b-x', 'a-to-b-2-3', 'my-a-to-b']) assert.equal(isMadeFrom(name, 'a-to-b'), false, name);
});
