/** Aim: what a run shows as rows, rate, rest and share is true for running, mixed and finished streams. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunStream } from '../../../generated/client.ts';
import { sumsOf } from './run-sums.ts';

const stream = (parts: Partial<RunStream>): RunStream => ({
  stream: 's',
  state: 'running',
  result: null,
  rowsRead: 0,
  rowsWritten: 0,
  bytes: 0,
  rowsExpected: null,
  nullCursors: 0,
  problem: null,
  ...parts,
});

test('sums rows, bytes and rates; the slowest stream says how long it takes', () => {
  const streams = [
    stream({ rowsRead: 50, rowsWritten: 40, bytes: 100, rowsExpected: 100, rowsPerSecond: 10, remainingMs: 5000 }),
    stream({ rowsRead: 10, rowsWritten: 10, bytes: 20, rowsExpected: 100, rowsPerSecond: 5, remainingMs: 18_000 }),
  ];
  const sums = sumsOf({ state: 'running', streams });
  assert.deepEqual(sums, { rowsRead: 60, rowsWritten: 50, bytes: 120, rowsPerSecond: 15, remainingMs: 18_000, share: 0.3, streamsDone: 0 });
  const over = sumsOf({ state: 'done', streams });
  assert.deepEqual([over.rowsPerSecond, over.remainingMs], [0, undefined]);
});

test('a share needs every estimate, and a low estimate never makes more than a whole', () => {
  assert.equal(sumsOf({ state: 'running', streams: [stream({ rowsRead: 5 })] }).share, undefined);
  assert.equal(sumsOf({ state: 'running', streams: [stream({ rowsRead: 500, rowsExpected: 100 })] }).share, 1);
  const mixed = [stream({ state: 'done', rowsRead: 70, rowsExpected: 10 }), stream({ rowsRead: 0, rowsExpected: 30 })];
  assert.equal(sumsOf({ state: 'running', streams: mixed }).share, 0.7);
  assert.equal(sumsOf({ state: 'queued', streams: [] }).share, undefined);
});
