/** The gateway role: threads and query thread under one process. */
import { availableParallelism } from 'node:os';
import type { Log } from '../base/log.ts';
import { engineLimits, threadCount } from '../gateway/config.ts';
import { startGateway } from '../gateway/role.ts';
import { resilientChannel } from '../supervisor/resilient-channel.ts';
import type { RunningRole } from '../supervisor/role-process.ts';
import { CHANNEL_SOCKET, clock, newId, random } from './common.ts';
import type { RoleConfig } from './config.ts';
import { entryUrl, shareThreadConfig } from './entry.ts';

/** Starts the role; resolves when every thread serves the first revision. */
export async function startGatewayRole(role: RoleConfig, log: Log): Promise<RunningRole> {
  const { gateway } = role.config;
  shareThreadConfig(role);
  const channel = resilientChannel(CHANNEL_SOCKET, clock, log);
  const running = startGateway({
    channel,
    clock,
    random,
    log,
    instance: newId(),
    pid: process.pid,
    threadEntry: entryUrl('gateway-thread'),
    queryThread: entryUrl('query-thread'),
    threads: threadCount(gateway, availableParallelism(), process.platform),
    host: gateway.host,
    port: gateway.port,
    limits: engineLimits(gateway),
    counters: gateway.counters,
    callsBuffered: gateway.callsBuffered,
  });
  await running.ready;
  return {
    async stop(graceMs) {
      await running.stop({ graceMs });
      channel.close();
    },
  };
}
