/** Aim: every stream has one row that never moves, refused ones too, so that they can be mended. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PipelinePlan, PlannedStream } from '../../../../../generated/client.ts';
import { allFull, allIncremental, rowsOf } from './mode-rows.ts';

const keys = { primaryKey: ['id'], uniqueKeys: [['id'], ['code', 'site']], cursors: [] };
const planned = (stream: string): PlannedStream => ({
  stream,
  namespace: null,
  table: stream,
  mode: 'full',
  cursor: null,
  write: 'upsert',
  key: ['id'],
  rowsEstimate: null,
  targetExists: false,
  columns: [{ name: 'id', sourceType: 'int', nullable: false, targetType: null, fit: null }],
  notes: [],
  ...keys,
});
const refused = (stream: string, code: string): PipelinePlan['refused'][number] => ({
  stream,
  problem: { code, title: { en: '', zh: '' }, detail: { en: '', zh: '' } },
  ...keys,
  primaryKey: [],
});

test('refused streams stand among the planned ones; entries that name nothing do not', () => {
  const rows = rowsOf({
    streams: [planned('c'), planned('a')],
    refused: [refused('b', 'pipeline/core/no-key'), refused('x', 'pipeline/core/no-stream'), refused('p.*', 'pipeline/core/no-stream')],
  });
  assert.deepEqual(
    rows.map(({ stream, planned: plan }) => [stream, plan !== undefined]),
    [
      ['a', true],
      ['b', false],
      ['c', true],
    ],
  );
  assert.deepEqual(rows[0]!.keys, [['id'], ['code', 'site']]);
  assert.deepEqual(rows[1]!.keys, [['id'], ['code', 'site']]);
});

test('all at once: likely cursors are taken, chosen ones stay, streams without one stay full', () => {
  const why = { en: '', zh: '' };
  const rows = ['a', 'b', 'c'].map((stream) => ({
    stream,
    planned: undefined,
    cursors: stream === 'c' ? [] : [{ column: 'updated_at', why }],
    keys: [],
    columns: [],
  }));
  const made = allIncremental({ b: { cursor: 'changed', write: 'append' } }, rows);
  assert.deepEqual(made, {
    a: { mode: 'incremental', cursor: 'updated_at' },
    b: { mode: 'incremental', cursor: 'changed', write: 'append' },
  });
  assert.deepEqual(allFull(made)['b'], { mode: 'full', cursor: 'changed', write: 'append' });
});
