/** Aim: every stream has one row that never moves, refused ones too, so that they can be mended. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PipelinePlan, PlannedStream } from '../../../../../generated/client.ts';
import { rowsOf } from './mode-rows.ts';

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
