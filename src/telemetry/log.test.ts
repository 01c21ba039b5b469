/** Aim: log lines are JSON with the promised members and never hold a secret. Method: the real log into a list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { createLog } from './log.ts';

function collect(level: 'debug' | 'info' = 'info') {
  const lines: string[] = [];
  const log = createLog({ level, clock: manualClock(), fields: { role: 'control' }, write: (line) => lines.push(line) });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line)) };
}

test('a line has time, level, message and fields', () => {
  const { log, parsed } = collect();
  log.with({ requestId: 'r1' }).warn('slow answer', { durationMs: 7 });
  assert.deepEqual(parsed(), [
    { level: 'warn', time: '2026-01-01T00:00:00.000Z', role: 'control', requestId: 'r1', durationMs: 7, msg: 'slow answer' },
  ]);
});

test('lines below the level are dropped', () => {
  const { log, lines } = collect();
  log.debug('nobody reads this');
  assert.equal(lines.length, 0);
});

test('secrets are hidden by name, in addresses, in errors and however deep', () => {
  const { log, lines } = collect();
  log.error('failed', {
    password: 'canary-1',
    headers: { Authorization: 'Bearer canary-2', cookie: 'canary-3' },
    list: [{ apiKey: 'canary-4' }],
    url: 'postgres://weir:canary-5@db/x',
    error: new Error('connect postgres://weir:canary-6@db', { cause: { sessionToken: 'canary-7' } }),
  });
  assert.doesNotMatch(lines.join(''), /canary/);
  assert.match(lines.join(''), /postgres:\/\/\[hidden\]@db/);
});

test('a circular or huge value cannot break or flood the log', () => {
  const { log, lines } = collect();
  const circular: Record<string, unknown> = { big: 'x'.repeat(100_000), many: Array.from({ length: 10_000 }, (_, i) => i), n: 9n };
  circular['self'] = circular;
  log.info('odd', circular);
  assert.equal(lines.length, 1);
  assert.ok(lines[0]!.length < 30_000, `line of ${lines[0]!.length} characters`);
});
