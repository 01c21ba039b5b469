/** Aim: patterns name what the planner lets them name: a star anything, other signs themselves, bookkeeping never. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { streamsOfPatterns } from './patterns.ts';

const streams = ['public.orders', 'public.order_items', 'sales.orders', 'publicXorders', 'a+b', 'public._weir_position'].map((name) => ({
  name,
  table: name.split('.').at(-1)!,
}));

test('a star stands for anything, every other sign for itself', () => {
  assert.deepEqual(streamsOfPatterns(['public.*'], streams), ['public.orders', 'public.order_items']);
  assert.deepEqual(streamsOfPatterns(['*.orders', 'a+b'], streams), ['public.orders', 'sales.orders', 'a+b']);
  assert.equal(streamsOfPatterns(['**'], streams).length, 5);
  assert.deepEqual(streamsOfPatterns(['public._weir_position'], streams), ['public._weir_position']);
  assert.deepEqual(streamsOfPatterns([], streams), []);
});
