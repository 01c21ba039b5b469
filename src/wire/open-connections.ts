/** Other people's systems, opened behind the guards of this installation. */
import type { Log } from '../base/log.ts';
import { type Connections, createConnections } from '../connections/connections.ts';
import { fileGuard } from '../connections/files.ts';
import { hostGuard } from '../connections/hosts.ts';
import type { Registry } from '../sdk/registry.ts';
import { clock, ownPorts } from './common.ts';
import type { RoleConfig } from './config.ts';

/** The opener of connections, with the guards of this installation. `listenerPorts` are asked at each call: listeners come and go. */
export function openConnections(role: RoleConfig, registry: Registry, log: Log, listenerPorts: () => readonly number[]): Connections {
  return createConnections({
    registry,
    clock,
    log,
    hosts: hostGuard({ clock, ownPorts: () => [...ownPorts(role), ...listenerPorts()] }),
    files: fileGuard({ roots: role.fileRoots, dataFolder: role.dataFolder }),
  });
}
