/** Everything a gateway can be asked at once, over many seeds: everybody gets his own answer, whole, or is told. */
import assert from 'node:assert/strict';
import { seededRandom } from '../../src/base/random.ts';
import { mix } from '../../src/gateway/upstream/mixed-fixture.ts';
import type { SoakStep } from './step.ts';

const EXCHANGES = 200_000;

export default {
  name: 'mixed exchanges',
  async run({ share, seed }) {
    const random = seededRandom(seed);
    const of = <T>(...choices: readonly T[]): T => choices[random.integer(choices.length)]!;
    const all = { rounds: 0, exchanges: 0, whole: 0, problems: 0, cut: 0, left: 0, pipelined: 0 };
    while (all.exchanges < EXCHANGES * share) {
      const round = {
        seed: seed + all.rounds++,
        pipelining: of(1, 4, 16),
        connectionsMax: of(1, 3, 20),
        retries: of(true, false),
        isPhaseAsync: of(true, false),
        changes: of(true, false),
        isStrained: of(false, false, true),
        protocol: of('http/1.1', 'http/1.1', 'h2'),
        clients: 20,
        each: 20,
      } as const;
      const { wrong, ...counts } = await mix(round);
      assert.deepEqual(wrong, [], JSON.stringify(round));
      for (const [name, count] of Object.entries(counts)) all[name as keyof typeof counts] += count;
    }
    return all;
  },
} satisfies SoakStep;
