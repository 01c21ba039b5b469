/**
 * A worker in a process of its own, to be killed: its connectors are real, its stores live in the parent.
 * In: `init` with entries and limits. Out: one `call` message per store call, answered by `answer`.
 */
import type { PipelineLimits } from '../../src/pipeline/limits.ts';
import type { AnyEntry } from '../../src/sdk/revision.ts';
import type { RunStore } from '../../src/sdk/run.ts';
import postgres from '../../src/extensions/connectors/postgres/index.ts';
import { workerOn } from './pipeline-world.ts';

export type ToChild =
  | { readonly type: 'init'; readonly entries: AnyEntry[]; readonly limits: PipelineLimits; readonly instance: string }
  | { readonly type: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: string };
export interface FromChild {
  readonly type: 'call';
  readonly id: number;
  readonly method: keyof RunStore;
  readonly values: unknown[];
}

if (process.send) {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  const runStore = new Proxy({}, {
    get: (_target, method) => (...values: unknown[]) => new Promise((resolve, reject) => {
      const id = ++calls;
      waiting.set(id, { resolve, reject });
      process.send!({ type: 'call', id, method, values } as FromChild);
    }),
  }) as RunStore;
  process.on('disconnect', () => process.exit(1));
  process.on('message', (message: ToChild) => {
    if (message.type === 'init') {
      workerOn([postgres as never], runStore, message.limits, message.instance).revise(message.entries);
      return;
    }
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error === undefined) call?.resolve(message.value as never);
    else call?.reject(new Error(message.error));
  });
}
