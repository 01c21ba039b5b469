/** A running data API plane for tests: query thread, one runner, and APIs published through compiler and checker. */
import assert from 'node:assert/strict';
import { MessageChannel, Worker } from 'node:worker_threads';
import { systemClock } from '../../src/base/clock.ts';
import { createDataApiCompiler } from '../../src/dataapi/compiler.ts';
import type { ControlMessage } from '../../src/dataapi/protocol.ts';
import { createDataApiChecker } from '../../src/dataapi/publish.ts';
import type { QueryThreadLimits } from '../../src/dataapi/query-thread.ts';
import { createRunner, type RunnerLimits } from '../../src/dataapi/runner.ts';
import type { CompiledDataApi, DataApiAnswer } from '../../src/sdk/dataapi.ts';
import type { QueryEngine } from '../../src/sdk/query.ts';
import type { CompiledConnection } from '../../src/sdk/revision.ts';

export interface Call {
  readonly query?: string;
  readonly params?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly signal?: AbortSignal;
}

export interface House {
  /** Publishes a spec on a connection; raises with the errors when it may not be. */
  publish(spec: Record<string, unknown>, engine: QueryEngine): Promise<CompiledDataApi>;
  /** Brings connections (and the APIs published so far) to the query thread. */
  connect(...connections: CompiledConnection[]): void;
  call(api: CompiledDataApi, call?: Call): Promise<DataApiAnswer>;
  /** A second runner, as another gateway thread has it. */
  runner(limits?: Partial<RunnerLimits>): ReturnType<typeof createRunner>;
  readonly worker: Worker;
  close(): Promise<void>;
}

/** Starts a query thread. */
export function startHouse(limits: Partial<QueryThreadLimits> = {}): House {
  const worker = new Worker(new URL('./query-thread.ts', import.meta.url), { workerData: { role: 'query', limits } });
  const send = (message: ControlMessage, transfer: MessagePort[] = []) => worker.postMessage(message, transfer as never);
  const runners: ReturnType<typeof createRunner>[] = [];
  const runner = (own: Partial<RunnerLimits> = {}) => {
    const { port1, port2 } = new MessageChannel();
    send({ type: 'port', port: port2 }, [port2 as never]);
    const made = createRunner({ port: port1, clock: systemClock, limits: own });
    runners.push(made);
    return made;
  };
  const first = runner();
  const apis: CompiledDataApi[] = [];
  let versions = 0;
  return {
    worker,
    runner,
    async publish(spec, engine) {
      const name = `api-${apis.length}`;
      const compiled = createDataApiCompiler().compile({
        project: 'default',
        name,
        release: `r-${name}`,
        cursorKey: 'ab'.repeat(32),
        dialect: engine.dialect,
        spec: { path: '/x', ...spec },
      });
      assert.ok(compiled.ok, JSON.stringify(compiled));
      const checked = await createDataApiChecker().checkPublishable(compiled.api, engine, new AbortController().signal);
      assert.ok(checked.ok, JSON.stringify(checked));
      apis.push(checked.api);
      send({ type: 'entries', put: [{ type: 'dataapi', key: `dataapi/default/${name}`, hash: name, value: checked.api }], remove: [] });
      return checked.api;
    },
    connect(...connections) {
      const put = connections.map((value) => ({
        type: 'connection' as const,
        key: `connection/default/${value.name}`,
        hash: `h${++versions}`,
        value,
      }));
      send({ type: 'entries', put, remove: [] });
    },
    call: (api, call = {}) =>
      first.run({
        api,
        method: call.method ?? 'GET',
        params: call.params ?? {},
        query: call.query ?? '',
        header: (name) => call.headers?.[name],
        signal: call.signal ?? new AbortController().signal,
      }),
    async close() {
      for (const each of runners) each.close();
      await worker.terminate();
    },
  };
}
