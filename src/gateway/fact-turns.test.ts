// Aim: facts about thousands of upstreams keep a thread from its requests no longer than a slice, and of each the newest counts.
// Method: the real turns with a clock by hand, on which learning takes a millisecond.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import type { UpstreamFacts } from '../sdk/upstream.ts';
import { createFactTurns } from './fact-turns.ts';

const facts = (key: string, discoveryFailure = ''): UpstreamFacts => ({ key, found: [], unhealthy: [], discoveryFailure });

test('facts are learned in slices, each upstream once with what is newest', () => {
  let now = 0;
  const timers: (() => void)[] = [];
  const learned: string[] = [];
  const after = (_ms: number, action: () => void) => (timers.push(action), () => {});
  const learn = (some: readonly UpstreamFacts[]): void => {
    now += some.length;
    learned.push(...some.map(({ key, discoveryFailure }) => key + discoveryFailure));
  };
  const take = createFactTurns({ learn }, { ...manualClock(), monotonic: () => now, after });
  take([facts('one')]);
  assert.deepEqual([learned, timers.length], [['one'], 0], 'few are learned at once');
  take(Array.from({ length: 100 }, (_, i) => facts(`u${i}`)));
  assert.equal(learned.length, 1 + 4);
  take([facts('u90', ' late'), facts('u0', ' again')]);
  for (let slices = 0; timers.length > 0; slices++) {
    const before = now;
    timers.shift()!();
    assert.ok(now - before <= 4 && timers.length <= 1, `slice ${slices}`);
  }
  assert.equal(learned.length, 1 + 100 + 1);
  assert.ok(learned.includes('u90 late') && !learned.includes('u90') && learned.at(-1) === 'u0 again');
});
