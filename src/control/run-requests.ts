/** Runs somebody asks for or ends: the change and its line in the audit trail are one transaction. */
import type { Run, RunStore } from '../sdk/run.ts';
import type { Store } from '../store/types.ts';
import type { Audit } from './access/audit.ts';
import type { Actor } from './resources/types.ts';

/** What is wanted; who asks for it is the actor. */
export type RunWish = Omit<Parameters<RunStore['enqueue']>[0], 'attempt' | 'requestedBy'>;

/** The only way by which people, tokens and the sample touch runs; firings of a schedule are the worker's and no line. */
export interface RunRequests {
  /** Queues a first attempt; null, and no line, when one is already there and `overlap` forbids another. */
  start(wish: RunWish, actor: Actor): Promise<Run | null>;
  /** Asks a run to stop; false, and no line, when it was over. */
  cancel(run: Pick<Run, 'id' | 'project' | 'pipeline'>, actor: Actor): Promise<boolean>;
}

/** Opens the room over the store's transactions. */
export function createRunRequests(store: Pick<Store, 'transaction'>, audit: Audit): RunRequests {
  const line = (verb: 'start' | 'retry' | 'cancel', { id, project, pipeline }: Pick<Run, 'id' | 'project' | 'pipeline'>, actor: Actor) => ({
    actor,
    action: `run.${verb}`,
    subject: `${project}/Pipeline/${pipeline}`,
    detail: id,
  });
  return {
    start: (wish, actor) =>
      store.transaction(async (tables) => {
        const run = await tables.runs.enqueue({ ...wish, attempt: 1, requestedBy: actor.name });
        if (run) await audit(line(wish.trigger === 'retry' ? 'retry' : 'start', run, actor), tables.audit);
        return run;
      }),
    cancel: (run, actor) =>
      store.transaction(async (tables) => {
        const asked = await tables.runs.requestCancel(run.id);
        if (asked) await audit(line('cancel', run, actor), tables.audit);
        return asked;
      }),
  };
}
