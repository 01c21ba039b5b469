/** What every process and thread begins with: clock, chance, ids, log. Threads wait for what this file imports. */
import { systemClock } from '../base/clock.ts';
import { idGenerator } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { createLog } from '../telemetry/log.ts';
import type { RoleConfig } from './config.ts';

export const clock = systemClock;
export const random = systemRandom;
export const newId = idGenerator(clock, random);

/** Socket of the local channel, relative to the data folder, which every role has as its working folder. */
export const CHANNEL_SOCKET = 'run/control.sock';

/** The log of a process. */
export function openLog(role: string, level: RoleConfig['config']['logLevel']): Log {
  return createLog({ level, clock, fields: { role } });
}

/** Ports Weir itself listens on: upstreams and connectors never go there. */
export function ownPorts({ config }: RoleConfig): number[] {
  return [config.gateway.port, config.control.port].filter((port) => port > 0);
}
