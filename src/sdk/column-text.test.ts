/** Aim: what fits a type passes, what does not is told. Method: tables of edges, each on both sides. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { misfit } from './column-text.ts';
import type { Column } from './record.ts';

type Case = readonly [Pick<Column, 'type' | 'length' | 'precision' | 'scale'>, fits: readonly string[], not: readonly string[]];
const CASES: readonly Case[] = [
  [{ type: 'int16' }, ['-32768', '32767', '+1', '007'], ['32768', '-32769', '1.0', '1e3', '', ' 1', '0x10', 'abc']],
  [{ type: 'int64' }, ['9223372036854775807', '-9223372036854775808', '9007199254740993'], ['9223372036854775808', '-9223372036854775809']],
  [{ type: 'decimal', precision: 5, scale: 2 }, ['999.99', '-0.01', '1.100', '.5', '5.', 'NaN'], ['1000', '0.001', 'ten', '', '1,5']],
  [{ type: 'decimal' }, ['1e-30', '123456789012345678901234567890'], ['1e', '--1']],
  [{ type: 'float64' }, ['-Infinity', '5e-324', '1'], ['inf', 'one', '1d']],
  [{ type: 'boolean' }, ['t', 'F', 'true', '0'], ['yes', '2', '']],
  [{ type: 'text', length: 2 }, ['', 'ab', '堰😀'], ['abc', '堰堰堰']],
  [{ type: 'bytes' }, ['\\x', '\\x00ff'], ['00ff', '\\x0', '\\xzz']],
  [{ type: 'json' }, ['null', '{"a":1}'], ['{', '', "{'a':1}"]],
  [{ type: 'uuid' }, ['123e4567-e89b-12d3-a456-426614174000'], ['123e4567', 'x'.repeat(36)]],
  [{ type: 'date' }, ['2024-02-29', '0001-01-01', '-infinity'], ['2024-13-01', '2024-00-10', '0000-00-00', '29.02.2024', 'today']],
  [{ type: 'time' }, ['00:00', '23:59:59.999999'], ['25:00', '12:60', 'noon', 'infinity']],
  [
    { type: 'timestamp' },
    ['2025-01-01', '2025-01-01 10:00:00.1', '2025-01-01T10:00:00Z', 'infinity'],
    ['yesterday noon', '2025-01-01 25:00', '20250101'],
  ],
  [
    { type: 'timestamptz' },
    ['2025-01-01 10:00:00+08', '2025-01-01T10:00:00.123Z', '2025-01-01 10:00:00-03:30'],
    ['2025-01-01 10:00:00+x', 'now'],
  ],
];
for (const [column, fits, not] of CASES) {
  test(JSON.stringify(column), () => {
    for (const text of fits) assert.equal(misfit(column, text), undefined, text);
    for (const text of not) assert.ok(misfit(column, text), JSON.stringify(text));
  });
}
