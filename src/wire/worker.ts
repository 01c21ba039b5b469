/** The worker role: carries the runs of pipelines. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { registry } from '../../generated/registry.ts';
import type { Log } from '../base/log.ts';
import { limitsOf } from '../pipeline/config.ts';
import { DEFAULT_LIMITS } from '../pipeline/limits.ts';
import { startWorker } from '../pipeline/worker.ts';
import { replacePrivateFile } from '../control/access/private-file.ts';
import { openStore } from '../store/store.ts';
import type { Store } from '../store/types.ts';
import { resilientChannel } from '../supervisor/resilient-channel.ts';
import type { RunningRole } from '../supervisor/role-process.ts';
import { createRegistry } from '../telemetry/metrics.ts';
import { openProcessMetrics } from '../telemetry/process-metrics.ts';
import { CHANNEL_SOCKET, clock, newId, random } from './common.ts';
import type { RoleConfig } from './config.ts';
import { openConnections } from './open-connections.ts';
import { version } from './version.ts';

/** How often the process's own figures are refreshed. */
const READ_MS = 5_000;

/** Names the worker that ran last on this data folder. */
const LAST_WORKER = 'run/worker';

/** Starts the role. It claims nothing before control has sent the first revision. */
export async function startWorkerRole(role: RoleConfig, log: Log): Promise<RunningRole> {
  const { store: where, worker } = role.config;
  const store = await openStore({
    ...(where.url === undefined ? {} : { url: where.url }),
    file: path.join(role.dataFolder, 'store.db'),
    clock,
    newId,
  });
  let listenerPorts: readonly number[] = [];
  const connections = openConnections(role, registry, log, () => listenerPorts);
  const channel = resilientChannel(CHANNEL_SOCKET, clock, log);
  const metrics = createRegistry();
  const instance = newId();
  await inherit(store, path.join(role.dataFolder, LAST_WORKER), instance, log);
  const readProcess = openProcessMetrics(metrics, { role: 'worker', instance, version, startedAt: clock.now() });
  const cancelRead = clock.every(READ_MS, readProcess, { unref: true });
  const running = startWorker({
    channel,
    clock,
    random,
    log,
    instance,
    pid: process.pid,
    runStore: store.runs,
    scheduleStore: store.schedules,
    open: (connection) => connections.open(connection),
    onListenerPorts: (ports) => (listenerPorts = ports),
    limits: limitsOf(worker, DEFAULT_LIMITS),
    registry: metrics,
  });
  return {
    async stop(graceMs) {
      await running.stop({ graceMs });
      cancelRead();
      channel.close();
      await connections.close();
      await store.close();
    },
  };
}

/**
 * One worker runs on a data folder, so the one before is gone: the runs it left need not wait for their leases. Should
 * it still be ending (its supervisor was killed a moment ago), it keeps its lease by a sign of life or is fenced off.
 */
async function inherit({ runs }: Pick<Store, 'runs'>, file: string, instance: string, log: Log): Promise<void> {
  const before = readLast(file);
  const left = before === undefined ? 0 : await runs.release(before);
  if (left > 0) log.warn('the worker before this one left runs, which are taken over', { runs: left, worker: before });
  replacePrivateFile(file, instance);
}

function readLast(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined; // The first worker here, or a file that says nothing: leases run out by themselves.
  }
}
