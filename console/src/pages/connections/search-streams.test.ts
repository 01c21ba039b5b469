/** Aim: streams are found by name first, then by column, each once. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stream } from '../../../../generated/client.ts';
import { searchStreams } from './search-streams.ts';

const stream = (name: string, ...columns: string[]): Stream => ({
  name,
  namespace: null,
  table: name,
  columns: columns.map((column) => ({ name: column, type: 'text', nullable: true, sourceType: 'text' })),
  primaryKey: [],
  uniqueKeys: [],
  rowsEstimate: null,
});

test('names before columns, case aside', () => {
  const streams = [stream('items', 'order_id'), stream('Orders', 'order_id'), stream('sites', 'id')];
  const found = (words: string) => searchStreams(streams, words).map(({ name }) => name);
  assert.deepEqual(found('ORDER'), ['Orders', 'items']);
  assert.deepEqual(found(' '), ['items', 'Orders', 'sites']);
  assert.deepEqual(found('nothing'), []);
});
