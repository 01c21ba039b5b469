/** Entry of the query thread, and of its engine threads for databases whose calls block. */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { connectors } from '../../generated/connectors.ts';
import { fileGuard } from '../connections/files.ts';
import { hostGuard } from '../connections/hosts.ts';
import { runEngineThread, type EnginePort } from '../dataapi/engine-thread.ts';
import { engineOpener } from '../dataapi/engines.ts';
import { runQueryThread } from '../dataapi/query-thread.ts';
import type { EngineWorker } from '../dataapi/engine-threads.ts';
import { assert } from '../base/assert.ts';
import { writeCompiledCode } from '../supervisor/compiled-code.ts';
import { clock, openLog } from './common.ts';
import { type ThreadConfig, whenNeeded } from './entry.ts';

assert(!isMainThread && parentPort, 'the query thread is a thread');
const port = parentPort as unknown as EnginePort;
writeCompiledCode();
whenNeeded(run);

function run(data: unknown, config: ThreadConfig): void {
  const { kind, role = 'gateway' } = (data ?? {}) as { kind?: string; role?: string };
  const log = openLog(role, config.logLevel).with({ thread: 'query' });
  let listenerPorts: readonly number[] = [];
  const hosts = hostGuard({ clock, ownPorts: () => [...config.ownPorts, ...listenerPorts] });
  const files = fileGuard({ roots: config.fileRoots, dataFolder: config.dataFolder });
  const open = engineOpener(connectors, (component, connection) => ({
    problems: component.catalogue.raise,
    clock,
    log: log.with({ connection: connection.name }),
    resolveHost: (host, port, signal) => hosts.resolve(host, port, signal),
    resolveFile: (file, mode) => files.resolve(file, mode),
    recheckFile: (descriptor, realPath) => files.recheck(descriptor, realPath),
  }));
  if (kind === 'weir-engine-thread') return runEngineThread({ port, open, clock, log });
  runQueryThread({
    port,
    open,
    clock,
    log,
    onListenerPorts: (ports) => (listenerPorts = ports),
    isBlocking: (type) => connectors.get(type)?.blocking === true,
    spawnEngineThread: () =>
      new Worker(new URL(import.meta.url), { workerData: { kind: 'weir-engine-thread' }, name: 'engine' }) as unknown as EngineWorker,
  });
}
