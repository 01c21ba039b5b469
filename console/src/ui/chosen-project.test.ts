/** Aim: a view is the same for whoever opens its address. Method: the address and the kept choice in, the project out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstProject } from './chosen-project.ts';

test('the address of a view is taken at its word, whatever this browser chose before', () => {
  assert.equal(firstProject('/runs', '?project=shop&status=failed', 'other'), 'shop');
  assert.equal(firstProject('/runs', '', 'other'), undefined);
  assert.equal(firstProject('/', '?project=', 'other'), undefined);
  assert.equal(firstProject('/', '?project=shop', 'other'), 'shop');
});

test('the bare address goes on with the project chosen last', () => {
  assert.equal(firstProject('/', '', 'other'), 'other');
  assert.equal(firstProject('/', '', null), undefined);
  assert.equal(firstProject('/', '', ''), undefined);
});
