/**
 * One gateway thread: engine, core and revision, driven by the orders of the process's main thread.
 * The entry file of the thread (which imports the registry) calls `runGatewayThread` once.
 */
import type { MessagePort, Transferable } from 'node:worker_threads';
import { type Clock, machineClockOffsetMs } from '../base/clock.ts';
import type { NewId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { CreateRunner, PortRunner } from '../sdk/query-thread.ts';
import type { Registry } from '../sdk/registry.ts';
import type { RevisionDelta } from '../sdk/revision.ts';
import { openCounters } from '../sdk/shared-counters.ts';
import { type CallRing, createCallRing } from './call-ring.ts';
import type { Core, CreateEngine, Engine } from './contract.ts';
import { createCore } from './core.ts';
import { createFactTurns } from './fact-turns.ts';
import gatewayProblems from './problems.ts';
import { createRevisionState, type RevisionState } from './revision-state.ts';
import { createRevisionTurns, type RevisionTurns } from './revision-turns.ts';
import { createMetrics, type GatewayMetrics } from './route-stats.ts';
import type { Divergence, FromThread, GatewayThreadData, ToThread } from './thread-messages.ts';

export interface GatewayThreadDeps {
  /** `workerData` as the role gave it. */
  readonly data: GatewayThreadData;
  /** `parentPort` of the thread. */
  readonly parent: MessagePort;
  readonly registry: Registry;
  readonly createRunner: CreateRunner;
  readonly createEngine: CreateEngine;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly log: Log;
}

/** How often call records leave the thread. */
const CALLS_EVERY_MS = 100;
const TARGETS_EVERY_MS = 1000;

/** Runs the thread until it is told to stop. Messages: thread-messages.ts. */
export function runGatewayThread(deps: GatewayThreadDeps): void {
  const { parent, clock } = deps;
  const send = (message: FromThread, transfer: Transferable[] = []) => parent.postMessage(message, transfer);
  const thread = makeThread(
    deps,
    createListenerNews(clock, () => send({ type: 'listeners', listeners: thread.engine.listeners() })),
  );
  const turns = openTurns(thread, deps, send);
  const learn = createFactTurns(thread.engine, clock);
  const cancels = [
    clock.every(CALLS_EVERY_MS, () => sendCalls(thread.calls, send), { unref: true }),
    clock.every(TARGETS_EVERY_MS, () => sendTargets(thread.engine, send), { unref: true }),
  ];
  parent.on('message', (message: ToThread) => {
    switch (message.type) {
      case 'revision':
        return turns.take(message);
      case 'query-port':
        return thread.useQueryPort(message.port);
      case 'facts':
        return turns.behind(() => learn(message.facts));
      case 'collect':
        return send({
          type: 'metrics',
          id: message.id,
          metrics: { ...thread.metrics.snapshot(), listeners: thread.engine.listenerNumbers(), upstreams: thread.engine.upstreamCounts() },
        });
      case 'ticket-key':
        return thread.engine.useTicketKey(message.key);
      case 'listen':
        return void thread.engine.listen(message).then(
          (port) => send({ type: 'listening', port }),
          (error: unknown) => send({ type: 'listen-failed', reason: reasonOf(error) }),
        );
      case 'stop':
        return void thread.engine.drain(message.graceMs).finally(() => {
          for (const cancel of cancels) cancel();
          sendCalls(thread.calls, send);
          send({ type: 'stopped' });
        });
    }
  });
}

/** Tells of listeners once for all that changes in one turn. */
function createListenerNews(clock: Clock, tell: () => void): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    clock.after(0, () => {
      due = false;
      tell();
    });
  };
}

interface Thread {
  readonly engine: Engine;
  readonly state: RevisionState;
  readonly calls: CallRing;
  readonly metrics: GatewayMetrics;
  /** True while numbers of a route that left wait for its last exchange. */
  hasLeftovers: boolean;
  useQueryPort(port: MessagePort): void;
}

function makeThread(deps: GatewayThreadDeps, onListeners: () => void): Thread {
  const { data, clock, log, registry } = deps;
  const offset = machineClockOffsetMs() - data.countersSinceMs;
  const counters = openCounters(data.counters, () => clock.monotonic() + offset);
  const metrics = createMetrics();
  const calls = createCallRing(data.callsBuffered, data.callsMade);
  let runner: PortRunner | undefined;
  const state = createRevisionState({
    tools: { registry, clock, log, counters, routeStats: (project, name) => metrics.route(project, name) },
    onUpstreams(changed, removed) {
      for (const key of removed) engine.removeUpstream(key);
      for (const upstream of changed) engine.putUpstream(upstream);
    },
    *onListener(changed, removed) {
      if (removed !== undefined) engine.removeListener(removed);
      if (!changed) return;
      yield* engine.prepareListener(changed);
      engine.putListener(changed);
    },
  });
  const core: Core = createCore({
    revision: () => state.current,
    pool: (key) => engine.pool(key),
    dataApis: {
      run: (request) =>
        runner ? runner.run(request) : Promise.reject(gatewayProblems.raise['dataapi-unavailable']({ retryAfterMs: 1000 })),
    },
    metrics,
    calls,
    newId: deps.newId,
    clock,
    log,
  });
  const engine = deps.createEngine({
    core,
    limits: data.limits,
    clock,
    random: deps.random,
    newId: deps.newId,
    log,
    admission: { memory: data.admission, thread: data.thread },
    drainMs: data.drainMs,
    onListeners,
  });
  const useQueryPort = (port: MessagePort): void => {
    if (runner) runner.attach(port);
    else runner = deps.createRunner(port);
  };
  return { engine, state, calls, metrics, hasLeftovers: false, useQueryPort };
}

/** The way of deltas into the thread. */
function openTurns(thread: Thread, { data, clock }: GatewayThreadDeps, send: (message: FromThread) => void): RevisionTurns {
  const resync = (reason: Divergence) => {
    const { number: revision, hash } = thread.state.current;
    send({ type: 'resync', reason, revision, hash });
  };
  return createRevisionTurns({
    state: thread.state,
    clock,
    onApplied(applied, delta) {
      // After a whole revision there is nothing more to ask for: the hash told to control shows the difference.
      if (!applied.ok && delta.from !== 0) return resync(applied.reason === 'diverged' ? 'hash' : 'order');
      tellApplied(thread, delta, data.thread, send);
    },
    onOverflow: () => resync('overflow'),
  });
}

function tellApplied(thread: Thread, delta: RevisionDelta, index: number, send: (message: FromThread) => void): void {
  const { current } = thread.state;
  if (thread.hasLeftovers || delta.from === 0 || delta.remove.length > 0)
    thread.hasLeftovers = thread.metrics.prune((project, name) => current.routes.has(`${project}/${name}`));
  const failed = thread.state.failed();
  const listeners = thread.engine.listeners();
  send({ type: 'applied', state: { thread: index, revision: current.number, hash: current.hash, failed, listeners } });
}

function sendCalls(calls: CallRing, send: (message: FromThread, transfer: Transferable[]) => void): void {
  const batch = calls.drain();
  if (batch) send({ type: 'calls', batch }, [batch.numbers.buffer, batch.bytes.buffer]);
}

function sendTargets(engine: Engine, send: (message: FromThread) => void): void {
  const upstreams = engine.targetNews();
  if (upstreams.length > 0) send({ type: 'targets', upstreams });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
}
