/**
 * The query thread of a gateway process: owns every connection data APIs use, so that no thread that
 * serves sockets opens, authenticates or waits for one (DESIGN D20).
 *
 *   gateway thread ─port─▶ query thread ─▶ engine of the connection (PostgreSQL: here)
 *                                       └▶ engine thread            (SQLite: its calls block)
 *
 * main.ts writes the entry file: it calls `runQueryThread` with its `parentPort`, and `runEngineThread`
 * (engine-thread.ts) when started as an engine thread.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type BoundValue, QueryFailure } from '../sdk/query.ts';
import type { CompiledConnection, Entry } from '../sdk/revision.ts';
import { createEngineThreads, type EngineThreads, type EngineWorker } from './engine-threads.ts';
import type { EnginePort } from './engine-thread.ts';
import { createEngines, type Engines, type OpenEngine } from './engines.ts';
import { createFailureLog } from './failure-log.ts';
import { createGate, type Gate } from './gate.ts';
import {
  connectionKey,
  type ConnectionUse,
  type ControlMessage,
  type FailureReason,
  type QueryReplyMessage,
  type QueryRequestMessage,
  type ShapeInfo,
  transferOf,
} from './protocol.ts';

export interface QueryThreadLimits {
  /** Calls that may wait for a connection, per connection. */
  readonly queueMax: number;
  /** Longest wait for a connection. */
  readonly waitMs: number;
  /** Threads for engines that block. */
  readonly engineThreads: number;
  /** Stopped engine threads that may still be inside the database. */
  readonly stoppedThreadsMax: number;
  /** Time past a query's limit before its thread is stopped or its connection dropped. */
  readonly graceMs: number;
}

export const QUERY_THREAD_LIMITS: QueryThreadLimits = Object.freeze({
  queueMax: 256,
  waitMs: 1_000,
  engineThreads: 2,
  stoppedThreadsMax: 2,
  graceMs: 250,
});

export interface QueryThreadOptions {
  /** The control port: takes `ControlMessage`s, ports of gateway threads among them. */
  readonly port: EnginePort;
  readonly open: OpenEngine;
  /** True when the connector's queries block their thread: `registry.connectors.get(type)?.blocking === true`. */
  readonly isBlocking: (connectorType: string) => boolean;
  readonly spawnEngineThread: () => EngineWorker;
  /** Ports of listeners have changed: all there are. Engine threads are not told, since engines that block open files alone. */
  readonly onListenerPorts?: (ports: readonly number[]) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<QueryThreadLimits>;
}

interface Hub {
  readonly limits: QueryThreadLimits;
  readonly clock: Clock;
  readonly logFailure: (connection: string, error: unknown) => void;
  readonly ports: Set<import('node:worker_threads').MessagePort>;
  readonly engines: Engines;
  readonly threads: EngineThreads;
  readonly gates: Map<string, Gate>;
  readonly blocking: Set<string>;
  /** Calls that wait for their connection to be announced: a gateway thread may know a new API first. */
  readonly arrivals: Set<() => void>;
}

/** Serves gateway threads until told to close. */
export function runQueryThread(options: QueryThreadOptions): void {
  const { port, open, clock, log, spawnEngineThread: spawn } = options;
  const limits = { ...QUERY_THREAD_LIMITS, ...options.limits };
  const hub: Hub = {
    limits,
    clock,
    logFailure: createFailureLog(log, clock),
    ports: new Set(),
    engines: createEngines(open, log, (connection) => connection.poolMax),
    threads: createEngineThreads({
      spawn,
      clock,
      log,
      limits: {
        threads: limits.engineThreads,
        stoppedMax: limits.stoppedThreadsMax,
        graceMs: limits.graceMs,
        queueMax: limits.queueMax,
        waitMs: limits.waitMs,
      },
    }),
    gates: new Map(),
    blocking: new Set(),
    arrivals: new Set(),
  };
  const entries = new Map<string, Entry<'connection' | 'dataapi'>>();
  port.on('message', (message: ControlMessage) => {
    if (message.type === 'port') return servePort(message.port, hub);
    if (message.type === 'listener-ports') return options.onListenerPorts?.(message.ports);
    if (message.type === 'close') return void closeAll(hub).finally(() => port.close?.());
    for (const key of message.remove) entries.delete(key);
    for (const entry of message.put) entries.set(entry.key, entry);
    applyConnections(usedConnections(entries), hub, options.isBlocking);
  });
}

/** Ends what is open; without ports and engines the thread ends by itself. */
async function closeAll(hub: Hub): Promise<void> {
  for (const served of hub.ports) served.close();
  await Promise.all([hub.engines.close(), hub.threads.close()]);
}

/** Only connections that a data API names are opened. */
function usedConnections(entries: ReadonlyMap<string, Entry<'connection' | 'dataapi'>>): ConnectionUse[] {
  const all = [...entries.values()];
  const named = new Set(
    all.filter((e) => e.type === 'dataapi').map((e) => connectionKey(e.value.project, (e as Entry<'dataapi'>).value.connection)),
  );
  return all
    .filter((e): e is Entry<'connection'> => e.type === 'connection')
    .map((e) => ({ key: connectionKey(e.value.project, e.value.name), hash: e.hash, value: e.value as CompiledConnection }))
    .filter((use) => named.has(use.key));
}

function applyConnections(all: readonly ConnectionUse[], hub: Hub, isBlocking: (type: string) => boolean): void {
  const { limits, clock } = hub;
  hub.blocking.clear();
  for (const use of all) {
    if (isBlocking(use.value.type)) hub.blocking.add(use.key);
    const gate = hub.gates.get(use.key);
    if (gate) gate.resize(use.value.poolMax);
    else hub.gates.set(use.key, createGate({ slots: use.value.poolMax, queueMax: limits.queueMax, waitMs: limits.waitMs }, clock));
  }
  for (const key of hub.gates.keys()) if (!all.some((use) => use.key === key)) hub.gates.delete(key);
  hub.engines.set(all.filter((use) => !hub.blocking.has(use.key)));
  hub.threads.set(all.filter((use) => hub.blocking.has(use.key)));
  for (const arrived of hub.arrivals) arrived();
}

/** The gate of a connection, waiting a bounded time for one that is not known yet. */
async function gateOf(hub: Hub, key: string, signal: AbortSignal): Promise<Gate | undefined> {
  if (!hub.gates.has(key) && hub.arrivals.size < hub.limits.queueMax) {
    await new Promise<void>((resolve) => {
      const done = () => {
        if (hub.gates.has(key)) end();
      };
      const end = () => {
        hub.arrivals.delete(done);
        stop();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const stop = hub.clock.after(hub.limits.waitMs, end);
      signal.addEventListener('abort', end, { once: true });
      hub.arrivals.add(done);
    });
  }
  return hub.gates.get(key);
}

/** One gateway thread: its shapes, and its calls in flight. */
function servePort(port: import('node:worker_threads').MessagePort, hub: Hub): void {
  const shapes = new Map<number, ShapeInfo>();
  const running = new Map<number, AbortController>();
  const answer = (reply: QueryReplyMessage) => {
    running.delete(reply.call);
    port.postMessage(reply, transferOf(reply));
  };
  const run = async ({ call, shape, values, pageRows }: QueryRequestMessage & { type: 'run' }) => {
    const info = shapes.get(shape);
    if (!info) return answer({ type: 'failure', call, reason: 'unavailable' });
    const abort = new AbortController();
    running.set(call, abort);
    answer(await runQuery(hub, call, info, values, pageRows, abort.signal));
  };
  port.on('message', (message: QueryRequestMessage) => {
    if (message.type === 'run') void run(message);
    else if (message.type === 'shape') shapes.set(message.id, message.info);
    else if (message.type === 'forget') shapes.delete(message.id);
    else running.get(message.call)?.abort(new QueryFailure('cancelled', { en: 'the caller went away', zh: '调用方已离开' }));
  });
  hub.ports.add(port);
  port.on('close', () => {
    hub.ports.delete(port);
    for (const abort of running.values())
      abort.abort(new QueryFailure('cancelled', { en: 'the gateway thread ended', zh: '网关线程已结束' }));
  });
}

/** Waits for a slot of the connection, runs, and turns every failure into a reply. Never rejects. */
async function runQuery(
  hub: Hub,
  call: number,
  info: ShapeInfo,
  values: readonly BoundValue[],
  pageRows: number,
  signal: AbortSignal,
): Promise<QueryReplyMessage> {
  const failure = (reason: FailureReason): QueryReplyMessage => ({ type: 'failure', call, reason });
  const gate = await gateOf(hub, info.connection, signal);
  if (!gate) return failure('unavailable');
  let leave: (() => void) | null = null;
  try {
    leave = await gate.enter(signal);
    if (!leave) return failure('busy');
    if (!hub.blocking.has(info.connection)) return { type: 'rows', call, ...(await runHere(hub, info, values, pageRows, signal)) };
    const reply = await hub.threads.run({ info, values, pageRows }, signal);
    return reply ? { ...reply, call } : failure('busy');
  } catch (error) {
    // An engine thread has told the database's words already.
    if (!signal.aborted && !hub.blocking.has(info.connection)) hub.logFailure(info.connection, error);
    return failure(error instanceof QueryFailure ? error.reason : 'failed');
  } finally {
    leave?.();
  }
}

/** On this thread, with a deadline of our own past the database's. */
async function runHere(hub: Hub, info: ShapeInfo, values: readonly BoundValue[], pageRows: number, caller: AbortSignal) {
  const { limits: own } = info;
  const limits = pageRows > 0 ? { ...own, pageRows } : own;
  const deadline = new AbortController();
  const stop = hub.clock.after(own.timeoutMs + hub.limits.graceMs, () =>
    deadline.abort(new QueryFailure('timeout', { en: 'the database did not stop in time', zh: '数据库没有及时停止' })),
  );
  const pass = () => deadline.abort(caller.reason);
  caller.addEventListener('abort', pass, { once: true });
  try {
    return await hub.engines.use(info.connection, info.dialect, (e) =>
      e.run(info.shape, values, limits, info.sortColumns, deadline.signal),
    );
  } finally {
    stop();
    caller.removeEventListener('abort', pass);
  }
}
