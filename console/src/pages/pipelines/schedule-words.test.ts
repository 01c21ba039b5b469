/** Aim: words never say another schedule than the cron does; what has no words stays cron. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordsOf } from './schedule-words.ts';

const english = (cron: string) => {
  const words = wordsOf(cron);
  return words && words.text.en.replace(/\{(\w+)\}/g, (_, name: string) => String(words.values[name]));
};

test('common schedules have words', () => {
  assert.equal(english('*/5 * * * *'), 'every 5 minutes');
  assert.equal(english('* * * * *'), 'every minute');
  assert.equal(english('0 * * * *'), 'every hour');
  assert.equal(english('7 * * * *'), 'every hour at :07');
  assert.equal(english('30 2 * * *'), 'every day at 02:30');
  assert.equal(english('0 9 * * 1'), 'every Monday at 09:00');
});

test('what would be said wrongly is not said', () => {
  // Every 7 minutes of an hour is not every 7 minutes; six fields begin with seconds.
  for (const cron of ['*/7 * * * *', '0 0 1 * *', '0 9 * * 1-5', '0 */2 * * *', '0 0 3 * * *', '0 3 * 6 *', ''])
    assert.equal(english(cron), undefined, cron);
});
