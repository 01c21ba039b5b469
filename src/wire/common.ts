/** What every role process begins with: clock, chance, ids, log, and the guards around other people's systems. */
import { systemClock } from '../base/clock.ts';
import { idGenerator } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { type Connections, createConnections } from '../connections/connections.ts';
import { fileGuard } from '../connections/files.ts';
import { hostGuard } from '../connections/hosts.ts';
import type { Registry } from '../sdk/registry.ts';
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

/** The opener of connections, with the guards of this installation. */
export function openConnections(role: RoleConfig, registry: Registry, log: Log): Connections {
  return createConnections({
    registry,
    clock,
    log,
    hosts: hostGuard({ clock, ownPorts: () => ownPorts(role) }),
    files: fileGuard({ roots: role.fileRoots, dataFolder: role.dataFolder }),
  });
}
