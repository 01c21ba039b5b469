/**
 * Aim: whatever is mixed – pipelining, repeats, response phases that take their time, early answers, trailers, clients that
 * leave, targets that misbehave or go – everybody gets his own answer, whole, or is told; nothing hangs and nothing is left over.
 * Method: rounds by seeds, with a real engine, two unruly targets and clients of both protocols that compare every byte. A long
 * run of the same rounds, by hand, is 200,000 exchanges.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Mixture, mix } from './mixed-fixture.ts';

const ROUND = {
  connectionsMax: 3,
  retries: true,
  isPhaseAsync: true,
  changes: false,
  isStrained: false,
  protocol: 'http/1.1',
  clients: 15,
  each: 12,
} as const;
const ROUNDS: readonly Mixture[] = [
  { ...ROUND, seed: 1, pipelining: 16 },
  { ...ROUND, seed: 2, pipelining: 4, retries: false, changes: true },
  { ...ROUND, seed: 3, pipelining: 1, connectionsMax: 20, isPhaseAsync: false },
  { ...ROUND, seed: 4, pipelining: 16, protocol: 'h2' },
  { ...ROUND, seed: 5, pipelining: 1, isStrained: true },
  { ...ROUND, seed: 6, pipelining: 4, isStrained: true, protocol: 'h2' },
];

for (const round of ROUNDS) {
  const { pipelining, protocol, retries, changes, isStrained } = round;
  test(`mixed over ${protocol}, ${pipelining} together${retries ? ', repeated' : ''}${changes ? ', amid changes' : ''}${isStrained ? ', strained' : ''}`, async () => {
    const { wrong, exchanges, whole } = await mix(round);
    assert.deepEqual(wrong, []);
    assert.ok(whole > exchanges / 2 && exchanges > 100, `${whole} of ${exchanges}`);
  });
}
