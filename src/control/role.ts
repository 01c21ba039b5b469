/**
 * The control role: the HTTP server for people and programs, and the lines to the other roles.
 * main.ts hands over the rooms; this file starts them, joins them, and stops them in order.
 */
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import type { MetricsJson } from '../sdk/channel.ts';
import type { Store } from '../store/types.ts';
import { type Metrics, createRegistry, mergedMetrics, metricsJson, openMetrics } from '../telemetry/metrics.ts';
import { openProcessMetrics } from '../telemetry/process-metrics.ts';
import { createDenials } from './access/denials.ts';
import type { Audit } from './access/audit.ts';
import type { Callers } from './api/caller.ts';
import metricSpecs from './api/metrics.ts';
import type { Operation } from './api/operation.ts';
import type { FleetStatus, Parts, TryCalls } from './api/parts.ts';
import { createServer } from './api/server.ts';
import { type CallWriter, createCallWriter } from './call-writer.ts';
import type { ControlConfig } from './config.ts';
import { watchDivergence } from './divergence-incidents.ts';
import { createFleet, type Fleet, type Revisions, type RoleChannel } from './fleet.ts';
import { createLiveCalls, type LiveCalls } from './live-calls.ts';
import { watchUpstreamIncidents } from './upstream-incidents.ts';
import { within } from './within.ts';

/** Serves the local socket; `src/supervisor/channel.ts` bound to its path. */
export type Serve = (onConnection: (channel: RoleChannel) => void) => Promise<{ close(): Promise<void> }>;

export interface ControlNeeds {
  readonly config: ControlConfig;
  readonly store: Pick<Store, 'calls' | 'ping' | 'incidents'>;
  readonly callers: Callers;
  readonly audit: Audit;
  readonly revisions: Revisions;
  readonly operations: readonly Operation[];
  /** Everything operations use but what this role makes itself. */
  readonly parts: Omit<
    Parts,
    'fleet' | 'operationWords' | 'upstreamHealth' | 'tryCalls' | 'runsWaiting' | 'secureCookie' | 'clock' | 'log' | 'liveCalls'
  >;
  readonly serve: Serve;
  /** Opens the room that calls our own gateway; it needs to know which one is connected. */
  readonly openTryCalls: (fleet: () => FleetStatus) => TryCalls;
  /** Told how to ask where the connected processes stand. */
  readonly onFleet?: (status: () => FleetStatus) => void;
  /** Name of this process in metrics. */
  readonly instance: string;
  /** Folder of the built console, when there is one. */
  readonly consoleFolder?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: NewId;
}

export interface RunningControl {
  /** Where it listens: `http://127.0.0.1:8081`. */
  readonly address: string;
  /** Answers 503 on `/readyz` from now on, and everything else as before: Weir is being stopped. */
  leaving(): void;
  /** The same, then lets requests end for at most `graceMs`, stores what waits, closes. */
  stop(graceMs: number): Promise<void>;
}

const READY_MS = 2000;

/** Starts control; resolves when it answers. Raises what the socket raises (port taken, no right). */
export async function startControl(needs: ControlNeeds): Promise<RunningControl> {
  const { config, store, clock, log, revisions } = needs;
  const registry = createRegistry();
  const metrics = openMetrics(registry, metricSpecs);
  const about = { role: 'control', instance: needs.instance, version: needs.parts.version, startedAt: clock.now() };
  const readProcess = openProcessMetrics(registry, about);
  const calls = createCallWriter({ calls: store.calls, clock, log, config: config.calls, metrics });
  const liveCalls = createLiveCalls(clock);
  const fleet = openFleet(needs, shownTo(liveCalls, calls), metrics);
  needs.onFleet?.(fleet.status);
  let open = false;
  const denials = createDenials({ audit: needs.audit, clock, log });
  const app = createServer({
    config,
    metrics,
    parts: {
      ...needs.parts,
      operationWords: wordsOf(needs.operations),
      fleet: fleet.status,
      upstreamHealth: fleet.upstreamHealth,
      runsWaiting: fleet.runsWaiting,
      liveCalls,
      tryCalls: needs.openTryCalls(fleet.status),
      secureCookie: config.secureCookie,
      clock,
      log,
    },
    operations: needs.operations,
    callers: needs.callers,
    denials,
    newId: needs.newId,
    ...(needs.consoleFolder === undefined ? {} : { consoleFolder: needs.consoleFolder }),
    isReady: async () => open && (await within(clock, READY_MS, answers(store), false)),
    collectMetrics: async () => {
      readProcess();
      metrics.revision.set(revisions.number);
      const others: MetricsJson[] = await fleet.collect();
      return mergedMetrics([await metricsJson(registry), ...others]);
    },
  });
  const socket = await needs.serve(fleet.accept);
  const address = await listen(app, config).catch(async (error: unknown) => {
    await socket.close();
    throw error;
  });
  open = true;
  log.info('control listens', { address });
  return {
    address,
    leaving() {
      open = false;
    },
    async stop(graceMs) {
      open = false;
      liveCalls.close();
      await within(clock, graceMs, app.close(), undefined);
      app.server.closeAllConnections();
      await within(clock, graceMs, denials.close(), undefined);
      fleet.close();
      await socket.close();
      await calls.stop(graceMs);
    },
  };
}

/** The fleet, and the incidents that what it says of upstreams gives rise to. */
function openFleet({ revisions, store, clock, newId, log }: ControlNeeds, calls: CallWriter, metrics: Metrics<typeof metricSpecs>): Fleet {
  const fleet = createFleet({
    revisions,
    calls,
    clock,
    log,
    changed: (nodes) => showNodes(metrics, nodes),
    targetsChanged: (keys) => incidents.touched(keys),
    divergence: watchDivergence({ incidents: store.incidents, clock, newId, log }),
  });
  const incidents = watchUpstreamIncidents({ incidents: store.incidents, threadsOf: fleet.threadsOf, clock, newId, log });
  return {
    ...fleet,
    close() {
      incidents.close();
      fleet.close();
    },
  };
}

/** A writer whose records are shown to watchers as they come. */
function shownTo(live: LiveCalls, calls: CallWriter): CallWriter {
  return {
    ...calls,
    add(batch, dropped) {
      live.publish(batch);
      calls.add(batch, dropped);
    },
  };
}

async function listen(app: FastifyInstance, config: ControlConfig): Promise<string> {
  await app.listen({ host: config.host, port: config.port });
  const bound = app.server.address() as { address: string; port: number };
  return `http://${bound.address.includes(':') ? `[${bound.address}]` : bound.address}:${bound.port}`;
}

function showNodes(metrics: Metrics<typeof metricSpecs>, nodes: readonly { role: string }[]): void {
  for (const role of ['gateway', 'worker']) metrics.nodes.set(nodes.filter((node) => node.role === role).length, { role });
}

function answers(store: Pick<Store, 'ping'>): Promise<boolean> {
  return store.ping().then(
    () => true,
    () => false,
  );
}

function wordsOf(operations: readonly Operation[]): Parts['operationWords'] {
  const summaries = new Map(operations.map(({ id, summary }) => [id, summary]));
  return (id) => summaries.get(id);
}
