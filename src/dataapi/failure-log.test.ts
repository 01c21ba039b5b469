/**
 * Aim: a database that fails every call writes one line a second, and never a caller's value.
 * Method: a manual clock and a log that keeps its lines.
 */
import { verbatim } from '../base/text.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { type LogFields, silentLog } from '../base/log.ts';
import { QueryFailure } from '../sdk/query.ts';
import { createFailureLog } from './failure-log.ts';

test('one line a second per connection and reason, counting the rest; values are not quoted', () => {
  const lines: LogFields[] = [];
  const clock = manualClock();
  const write = createFailureLog({ ...silentLog, warn: (_message, fields) => void lines.push(fields ?? {}) }, clock);
  for (let i = 0; i < 5; i++) write('default/w', new QueryFailure('unavailable', verbatim('refused')));
  write('default/w', new QueryFailure('value', verbatim('invalid input syntax for type date: "secret"')));
  clock.advance(1_000);
  write('default/w', new QueryFailure('unavailable', verbatim('refused')));
  assert.deepEqual(
    lines.map((l) => [l['reason'], l['suppressed'], l['error']]),
    [
      ['unavailable', 0, 'refused'],
      ['value', 0, undefined],
      ['unavailable', 4, 'refused'],
    ],
  );
});
