/** Ten thousand changes among 5,000 routes under load: no request fails, memory stays flat, the data folder bounded. */
import assert from 'node:assert/strict';
import { changeStorm } from '../storm/storm.ts';
import type { SoakStep } from './step.ts';

const CHANGES = 10_000;
const PER_SECOND = 50;
/** What memory of a role may grow by between a fifth of the changes and the last one. */
const GROWTH_MAX = 0.25;
const SLOW_MS = 100;
/** History keeps 100 versions of each route, and 5,000 routes are changed about twice each. */
const DATA_MIB_MAX = 200;

export default {
  name: 'change storm',
  async run({ share }) {
    const seconds = Math.max(10, Math.ceil((CHANGES * share) / PER_SECOND));
    const result = await changeStorm({ routes: 5000, changesPerSecond: PER_SECOND, seconds, requestsPerSecond: 300, quietSeconds: 10 });
    const [, early, late] = result.memory;
    assert.deepEqual([result.quiet.failed, result.storm.failed, [...result.refused.keys()]], [[], [], []]);
    assert.equal(result.live.length, result.watched, 'every watched change came alive');
    for (const [role, before] of Object.entries(early!))
      assert.ok(late![role]! < before * (1 + GROWTH_MAX) + 40, `${role} grew from ${before} to ${late![role]} MiB`);
    assert.ok(result.dataMiB < DATA_MIB_MAX, `the data folder holds ${result.dataMiB} MiB`);
    const live = result.live.map(({ ms }) => ms);
    const at = (values: Iterable<number>, share: number) =>
      Math.round([...values].sort((a, b) => a - b)[Math.floor([...values].length * share)]! * 10) / 10;
    return {
      changes: result.applied.length,
      requests: result.storm.requests,
      quietP99Ms: at(result.quiet.latencies, 0.99),
      stormP99Ms: at(result.storm.latencies, 0.99),
      liveP50Ms: at(live, 0.5),
      liveP99Ms: at(live, 0.99),
      liveMaxMs: Math.max(...live),
      // What took longer than a tenth of a second, and what of the machine itself stood still meanwhile, how long.
      liveSlow: result.live
        .filter(({ ms }) => ms > SLOW_MS)
        .map(({ ms, machine }) => `${ms} (${machine?.what ?? 'nothing'} ${machine?.ms ?? ''})`)
        .join(' '),
      gatewayMiB: `${early!['gateway']} → ${late!['gateway']}`,
      controlMiB: `${early!['control']} → ${late!['control']}`,
      dataMiB: result.dataMiB,
    };
  },
} satisfies SoakStep;
