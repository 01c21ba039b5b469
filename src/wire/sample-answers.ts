/**
 * When the sample's first data API answers: known from what control holds, so that no call is made that nobody asked for.
 *
 *   its first run has filled the warehouse ─▶ the data API is in force ─▶ every gateway thread serves that revision
 */
import type { Clock } from '../base/clock.ts';
import type { FleetStatus } from '../control/api/parts.ts';
import type { Resources } from '../control/resources/types.ts';
import type { RunStore } from '../sdk/run.ts';

/** Name of the note by which control tells the supervisor. */
export const SAMPLE_ANSWERS = 'sample-answers';

export interface SampleAnswersNeeds {
  readonly resources: Pick<Resources, 'status'>;
  readonly runs: Pick<RunStore, 'list'>;
  readonly fleet: () => FleetStatus | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const PROJECT = 'default';
const DATA_API = 'order';
const PIPELINE = 'erp-to-warehouse';
const NOBODY = { revision: 0, nodes: [] };
const ASK_MS = 250;
const ASK_TIMES = 480;

/** Looks every 250 ms, for two minutes at most; true when it answers, false when that takes longer or the signal ends it. */
export async function untilSampleAnswers(needs: SampleAnswersNeeds): Promise<boolean> {
  for (let i = 0; i < ASK_TIMES && !needs.signal.aborted; i++) {
    // What cannot be told now, such as a resource that is just being replaced, is asked again.
    if (await answers(needs).catch(() => false)) return true;
    await needs.clock.sleep(ASK_MS, needs.signal).catch(() => undefined);
  }
  return false;
}

async function answers({ resources, runs, fleet }: SampleAnswersNeeds): Promise<boolean> {
  const [filled] = await runs.list({ project: PROJECT, pipeline: PIPELINE, result: 'succeeded', limit: 1 });
  if (!filled) return false;
  const { state } = await resources.status({ project: PROJECT, kind: 'DataApi', name: DATA_API });
  if (state !== 'ready') return false;
  const { revision, nodes } = fleet() ?? NOBODY;
  const threads = nodes.filter(({ role }) => role === 'gateway').flatMap((node) => node.threads);
  return threads.length > 0 && threads.every((thread) => thread.revision >= revision);
}
