/**
 * Aim: a change that was stored is published in the end, once, whatever fails in between.
 * Method: work that fails on demand, time by hand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { createOwed } from './owed.ts';

test('what failed is tried again with what came since', async () => {
  const clock = manualClock();
  const done: (readonly string[])[] = [];
  let failing = true;
  const owed = createOwed({
    clock,
    log: silentLog,
    async work(keys) {
      if (failing) throw new Error('the disk is full');
      done.push(keys);
    },
  });
  await owed.add(['a']);
  await owed.add(['b', 'a']);
  assert.deepEqual(done, []);
  failing = false;
  clock.advance(1_000);
  await Promise.resolve();
  assert.deepEqual(done, [['a', 'b']]);
  await owed.add(['c']);
  clock.advance(10_000);
  assert.deepEqual(done, [['a', 'b'], ['c']]);
});

test('nothing is tried after close', async () => {
  const clock = manualClock();
  let tries = 0;
  const owed = createOwed({
    clock,
    log: silentLog,
    work: async () => {
      tries++;
      throw new Error('no');
    },
  });
  await owed.add(['a']);
  owed.close();
  clock.advance(60_000);
  assert.equal(tries, 1);
});
