/** The worker role: carries the runs of pipelines. */
import path from 'node:path';
import { registry } from '../../generated/registry.ts';
import type { Log } from '../base/log.ts';
import { limitsOf } from '../pipeline/config.ts';
import { DEFAULT_LIMITS } from '../pipeline/limits.ts';
import { startWorker } from '../pipeline/worker.ts';
import { openStore } from '../store/store.ts';
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

/** Starts the role. It claims nothing before control has sent the first revision. */
export async function startWorkerRole(role: RoleConfig, log: Log): Promise<RunningRole> {
  const { store: where, worker } = role.config;
  const store = await openStore({
    ...(where.url === undefined ? {} : { url: where.url }),
    file: path.join(role.dataFolder, 'store.db'),
    clock,
    newId,
  });
  const connections = openConnections(role, registry, log);
  const channel = resilientChannel(CHANNEL_SOCKET, clock, log);
  const metrics = createRegistry();
  const instance = newId();
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
