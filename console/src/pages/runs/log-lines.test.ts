/** Aim: kept log lines stay bounded and in order, none twice, and filters by level and stream hold. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addLines, type Level, linesFrom, type LogLine, NO_LINES } from './log-lines.ts';

const line = (sequence: number, level: Level = 'info', stream: string | null = null): LogLine => ({
  run: 'r',
  sequence,
  time: sequence,
  level,
  message: `line ${sequence}`,
  stream,
});

test('lines come once, in order, the oldest go first', () => {
  const first = addLines(NO_LINES, [line(1), line(2)], 3);
  const again = addLines(first, [line(2), line(3), line(4)], 3);
  assert.deepEqual([again.lines.map((l) => l.sequence), again.dropped, again.last], [[2, 3, 4], 1, 4]);
  assert.equal(addLines(again, [line(4)], 3), again);
});

test('a level shows itself and what is worse', () => {
  const lines = [line(1, 'debug'), line(2, 'info', 'a'), line(3, 'warn', 'b'), line(4, 'error', 'a')];
  const sequences = (level: Level, stream?: string) => linesFrom(lines, level, stream).map((l) => l.sequence);
  assert.deepEqual(
    [sequences('debug'), sequences('warn'), sequences('info', 'a')],
    [
      [1, 2, 3, 4],
      [3, 4],
      [2, 4],
    ],
  );
});
