// Aim: work in slices lets the event loop turn when a slice is over, never before. Method: time by hand; turns are counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSlices, mapSliced, UNBROKEN } from './slices.ts';

/** Maps `count` items, each of which takes `stepMs`; answers what came out and how often the loop turned meanwhile. */
async function turnsOf(count: number, stepMs: number, sliceMs: number, unbroken = false): Promise<{ made: number[]; turns: number }> {
  let now = 0;
  let turns = 0;
  let over = false;
  const count1 = (): void => void (over || (turns++, setImmediate(count1)));
  setImmediate(count1);
  const slices = unbroken ? UNBROKEN : createSlices({ monotonic: () => now }, sliceMs);
  const made = await mapSliced(
    Array.from({ length: count }, (_, index) => index),
    slices,
    (item) => ((now += stepMs), item * 2),
  );
  over = true;
  return { made, turns };
}

test('the loop turns once per slice, and what is made keeps its order', async () => {
  const { made, turns } = await turnsOf(100, 1, 4);
  assert.deepEqual(
    made,
    Array.from({ length: 100 }, (_, index) => index * 2),
  );
  assert.ok(turns >= 25 && turns <= 26, `${turns} turns`);
});

test('short work, and work that answers nobody, is done at once', async () => {
  assert.equal((await turnsOf(3, 1, 4)).turns, 0);
  assert.equal((await turnsOf(1000, 1, 4, true)).turns, 0);
});
