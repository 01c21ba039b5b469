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
    turn: (attempt) => attempt(),
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
    turn: (attempt) => attempt(),
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

test('what comes before a try begins shares it, and a turn that cannot be had is tried for again', async () => {
  const clock = manualClock();
  const done: (readonly string[])[] = [];
  const turns: (() => void)[] = [];
  let full = true;
  const owed = createOwed({
    clock,
    log: silentLog,
    async turn(attempt) {
      if (full) throw new Error('no place');
      await new Promise<void>((resolve) => turns.push(resolve));
      await attempt();
    },
    work: async (keys) => void done.push(keys),
  });
  await owed.add(['a']);
  full = false;
  const [one, two] = [owed.add(['b']), owed.add(['c'])];
  assert.equal(turns.length, 1);
  turns.shift()!();
  await Promise.all([one, two]);
  assert.deepEqual(done, [['a', 'b', 'c']]);
  clock.advance(1_000);
  turns.shift()!();
  await Promise.resolve();
  assert.equal(done.length, 1, 'nothing is left to publish');
});
