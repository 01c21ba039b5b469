/**
 * Tries of data APIs that are not published. A database whose queries block runs them on an engine thread of its own,
 * so that no draft can hold the process that serves people; tries at once are few.
 */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import { contentHash, type Json } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import type { Connections } from '../connections/connections.ts';
import connectionProblems from '../connections/problems.ts';
import type { Drafts } from '../control/api/parts.ts';
import type { Publisher } from '../control/publish/publisher.ts';
import { createDataApiDrafts } from '../dataapi/draft.ts';
import { createEngineThreads, type EngineThreads, type EngineWorker } from '../dataapi/engine-threads.ts';
import { createGate } from '../dataapi/gate.ts';
import { connectionKey } from '../dataapi/protocol.ts';
import type { Connector } from '../sdk/connector.ts';
import type { DraftDatabase, DraftReport } from '../sdk/dataapi-draft.ts';
import { QueryFailure } from '../sdk/query.ts';
import type { Registry } from '../sdk/registry.ts';
import type { CompiledConnection } from '../sdk/revision.ts';
import { compiledConnection } from './connections.ts';
import { entryUrl } from './entry.ts';

interface DraftsNeeds {
  readonly publisher: Publisher;
  readonly connections: Connections;
  readonly registry: Pick<Registry, 'connectors'>;
  readonly clock: Clock;
  readonly log: Log;
}

const AT_ONCE = { slots: 2, queueMax: 8, waitMs: 5_000 };
const QUERY_MS = 15_000;
const THREADS = { threads: 1, stoppedMax: 1, graceMs: 250, queueMax: 8, waitMs: 5_000 };
const IDLE_MS = 60_000;

/** Makes it; `shareThreadConfig` must have been called in this process. */
export function createDrafts(needs: DraftsNeeds): Drafts & { close(): Promise<void> } {
  const { publisher, connections, clock } = needs;
  const tool = createDataApiDrafts(clock);
  const gate = createGate(AT_ONCE, clock);
  const threads = blockingThreads(needs);
  const attempt = async (
    { project, name, spec, values, rows }: Parameters<Drafts['try']>[0],
    signal: AbortSignal,
  ): Promise<DraftReport> => {
    const compiled = compiledConnection(publisher, project, typeof spec['connection'] === 'string' ? spec['connection'] : '');
    const connector = connections.open(compiled);
    try {
      const database = databaseOf(connector, compiled, needs, threads);
      const input = { project, name, release: '', spec, dialect: database.engine.dialect, cursorKey: '00' };
      return await tool.try({ input, values, rows, timeoutMs: QUERY_MS }, database, signal);
    } catch (cause) {
      if (!(cause instanceof QueryFailure)) throw cause;
      throw connectionProblems.raise['no-query-now']({ values: { name: compiled.name, reason: cause.detail }, cause });
    } finally {
      await connector.close();
    }
  };
  return {
    async try(draft, signal) {
      const leave = await gate.enter(signal);
      if (!leave) throw connectionProblems.raise['tries-busy']({ values: { limit: AT_ONCE.slots }, retryAfterMs: 1_000 });
      try {
        return await attempt(draft, signal);
      } finally {
        leave();
      }
    },
    close: () => threads.close(),
  };
}

function databaseOf(
  connector: Connector,
  compiled: CompiledConnection,
  { registry }: DraftsNeeds,
  threads: BlockingThreads,
): DraftDatabase {
  const engine = connector.query;
  if (!engine) throw connectionProblems.raise['cannot-query']({ values: { type: compiled.type } });
  if (!registry.connectors.get(compiled.type)?.blocking)
    return { engine, run: (shape, values, limits, signal) => engine.run(shape, values, limits, [], signal) };
  return {
    engine,
    async run(shape, values, limits, signal) {
      const { project, name } = compiled;
      const key = connectionKey(project, name);
      const hash = contentHash({ type: compiled.type, config: compiled.config as Json });
      const info = { connection: key, dialect: engine.dialect, shape, sortColumns: [], limits };
      const rows = await threads.run({ key, hash, value: compiled }, { info, values, pageRows: 0 }, signal);
      if (!rows) throw new QueryFailure('unavailable', { en: 'no thread came free in time', zh: '没有及时空出的线程' });
      return rows;
    },
  };
}

type Use = Parameters<EngineThreads['set']>[0][number];
type Call = Parameters<EngineThreads['run']>[0];

interface BlockingThreads {
  run(use: Use, call: Call, signal: AbortSignal): ReturnType<EngineThreads['run']>;
  close(): Promise<void>;
}

/** One pool, started at its first use and closed when nobody has tried anything for a while. */
function blockingThreads({ clock, log }: DraftsNeeds): BlockingThreads {
  let pool: EngineThreads | undefined;
  let cancelIdle = () => {};
  const uses = new Map<string, Use>();
  const spawn = () =>
    new Worker(entryUrl('query-thread'), {
      workerData: { kind: 'weir-engine-thread', role: 'control' },
      name: 'draft',
    }) as unknown as EngineWorker;
  const close = async () => {
    cancelIdle();
    const open = pool;
    pool = undefined;
    uses.clear();
    await open?.close();
  };
  return {
    async run(use, call, signal) {
      cancelIdle();
      pool ??= createEngineThreads({ spawn, clock, log, limits: THREADS });
      if (uses.get(use.key)?.hash !== use.hash) {
        uses.set(use.key, use);
        if (uses.size > CONNECTIONS_MAX) uses.delete(uses.keys().next().value!);
        pool.set([...uses.values()]);
      }
      try {
        return await pool.run(call, signal);
      } finally {
        cancelIdle();
        cancelIdle = clock.after(IDLE_MS, () => void close(), { unref: true });
      }
    },
    close,
  };
}

/** Connections a draft thread keeps open. */
const CONNECTIONS_MAX = 10;
