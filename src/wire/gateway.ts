/** The gateway role: threads and query thread under one process. */
import { availableParallelism } from 'node:os';
import { discovery } from '../../generated/discovery.ts';
import type { Log } from '../base/log.ts';
import { defaultListener, engineLimits, threadCount } from '../gateway/config.ts';
import { GATEWAY_MEMORY } from '../gateway/kept-thread.ts';
import { startGateway } from '../gateway/role.ts';
import { addressRefusal, localAddresses } from '../sdk/address.ts';
import { resilientChannel } from '../supervisor/resilient-channel.ts';
import type { RunningRole } from '../supervisor/role-process.ts';
import { createRegistry, metricsJson } from '../telemetry/metrics.ts';
import { openProcessMetrics } from '../telemetry/process-metrics.ts';
import { CHANNEL_SOCKET, clock, newId, ownPorts, random } from './common.ts';
import type { RoleConfig } from './config.ts';
import { entryUrl, shareThreadConfig } from './entry.ts';
import { version } from './version.ts';
import type { WarmThreads } from './warm-threads.ts';

/** In a spare: starts the threads of a gateway, which load what they need and wait. */
export function warmGatewayThreads({ config: { gateway } }: RoleConfig, warm: WarmThreads): void {
  warm.add(entryUrl('query-thread'), 'query');
  const threads = threadCount(gateway, availableParallelism(), process.platform);
  for (let index = 0; index < threads; index++) warm.add(entryUrl('gateway-thread'), `gateway-${index}`, GATEWAY_MEMORY);
}

/** Starts the role; resolves when every thread serves the first revision. */
export async function startGatewayRole(role: RoleConfig, log: Log, { newThread }: Pick<WarmThreads, 'newThread'>): Promise<RunningRole> {
  const { gateway } = role.config;
  shareThreadConfig(role);
  const channel = resilientChannel(CHANNEL_SOCKET, clock, log);
  const instance = newId();
  const metrics = createRegistry();
  const readProcess = openProcessMetrics(metrics, { role: 'gateway', instance, version, startedAt: clock.now() });
  const local = localAddresses();
  const running = startGateway({
    channel,
    clock,
    random,
    log,
    instance,
    processMetrics: () => (readProcess(), metricsJson(metrics)),
    pid: process.pid,
    threadEntry: entryUrl('gateway-thread'),
    queryThread: entryUrl('query-thread'),
    newThread,
    discoveries: discovery,
    isRefused: (address, port, listenerPorts) =>
      addressRefusal(address, port, { ports: new Set([...ownPorts(role), ...listenerPorts]), local }) !== undefined,
    threads: threadCount(gateway, availableParallelism(), process.platform),
    listener: defaultListener(gateway),
    limits: engineLimits(gateway),
    drainMs: gateway.drain,
    ticketKeyAgeMs: gateway.ticketKeyAge,
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
