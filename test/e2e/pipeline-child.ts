/**
 * A worker in a process of its own, to be killed: real connectors, and the real store on a file it shares
 * with the parent. In: one message with what to carry.
 */
import { systemClock } from '../../src/base/clock.ts';
import { idGenerator } from '../../src/base/id.ts';
import { systemRandom } from '../../src/base/random.ts';
import postgres from '../../src/extensions/connectors/postgres/index.ts';
import type { PipelineLimits } from '../../src/pipeline/limits.ts';
import type { AnyEntry } from '../../src/sdk/revision.ts';
import { openStore } from '../../src/store/store.ts';
import { workerOn } from './pipeline-world.ts';

export interface ToChild {
  readonly file: string;
  readonly entries: AnyEntry[];
  readonly limits: PipelineLimits;
  readonly instance: string;
}

process.on('disconnect', () => process.exit(1));
process.on('message', async ({ file, entries, limits, instance }: ToChild) => {
  const store = await openStore({ file, clock: systemClock, newId: idGenerator(systemClock, systemRandom) });
  workerOn([postgres as never], store.runs, limits, instance).revise(entries);
});
