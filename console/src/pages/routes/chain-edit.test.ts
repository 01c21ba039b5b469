/** Aim: a chain's edits change what they name and nothing else. Method: each edit made on a document's value. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChange } from '../../forms/change.ts';
import { added, choicesOf, moved, placeAfter, removed, stepsOf } from './chain-edit.ts';

const step = (type: string) => ({ type });
const value = { spec: { auth: [step('api-key')], policies: ['a', 'b', 'c', 'd'].map(step), other: 1 } };
const order = (after: unknown) =>
  stepsOf(after, 'policies')
    .map(({ type }) => type)
    .join('');

test('a step moves within its list; out of it, nothing moves', () => {
  const policies = stepsOf(value, 'policies');
  assert.equal(order(applyChange(value, moved(policies, 'policies', 0, 2)!)), 'bcad');
  assert.equal(order(applyChange(value, moved(policies, 'policies', 3, 0)!)), 'dabc');
  for (const [from, to] of [
    [1, 1],
    [0, -1],
    [3, 4],
    [-1, 0],
    [4, 0],
  ] as const)
    assert.equal(moved(policies, 'policies', from, to), undefined, `${from} ${to}`);
});

test('what is open goes along with the step it belongs to', () => {
  for (const [from, to] of [
    [0, 2],
    [3, 1],
    [2, 2],
    [1, 3],
  ] as const) {
    const after = [0, 1, 2, 3];
    const [one] = after.splice(from, 1);
    after.splice(to, 0, one!);
    for (const at of [0, 1, 2, 3]) assert.equal(after[placeAfter(at, from, to)], at, `${at}: ${from} to ${to}`);
  }
});

test('a step is added at the end, and to a list that is not written yet', () => {
  const variant = {
    type: 'object',
    required: ['type'],
    properties: { type: { const: 'rate-limit' }, limit: { type: 'integer', default: 5 } },
  };
  const more = applyChange(value, added(stepsOf(value, 'policies'), 'policies', variant));
  assert.equal(order(more), 'abcdrate-limit');
  const first = applyChange({ spec: { upstream: 'crm' } }, added([], 'auth', variant));
  assert.deepEqual(
    stepsOf(first, 'auth').map(({ type }) => type),
    ['rate-limit'],
  );
  const schema = { properties: { policies: { items: { anyOf: [variant] } } } };
  assert.deepEqual([...choicesOf(schema, 'policies').keys()], ['rate-limit']);
  assert.deepEqual([...choicesOf(undefined, 'auth').keys()], []);
});

test('a step is taken out, and the list with its last one', () => {
  assert.equal(order(applyChange(value, removed(stepsOf(value, 'policies'), 'policies', 1))), 'acd');
  assert.deepEqual(applyChange({ spec: { auth: [step('api-key')] } }, removed([step('api-key')], 'auth', 0)), { spec: {} });
});

test('a value that is no document has no steps', () => {
  for (const bad of [undefined, null, 'x', {}, { spec: null }, { spec: { policies: 'x' } }, { spec: { policies: [1, null] } }])
    assert.deepEqual(stepsOf(bad, 'policies'), []);
});
