/**
 * Trying connections for people: check, streams, first rows. Works on the connection as it serves now,
 * secrets resolved, which stay inside this process.
 */
import type { Connections } from '../connections/connections.ts';
import type { Connector } from '../sdk/connector.ts';
import { type AnyEntry, type CompiledConnection, entryKey } from '../sdk/revision.ts';
import { nearest } from '../base/suggest.ts';
import type { ConnectionProbe } from './api/parts.ts';
import problems from './api/problems.ts';

/** Makes the probe; `entries` answers the entries that serve now. */
export function createProbe(connections: Connections, entries: () => Iterable<AnyEntry>): ConnectionProbe {
  const find = (project: string, name: string): CompiledConnection => {
    const key = entryKey('connection', project, name);
    const names: string[] = [];
    for (const entry of entries()) {
      if (entry.type !== 'connection') continue;
      if (entry.key === key) return entry.value;
      if (entry.value.project === project) names.push(entry.value.name);
    }
    const near = nearest(name, names);
    const hint = near ? ` Did you mean "${near}"?` : ' Look at its status: it may be switched off or not valid.';
    throw problems.raise['not-found']({ detail: `No connection "${name}" serves in project "${project}".${hint}` });
  };
  const use = async <V>(project: string, name: string, work: (connector: Connector) => Promise<V>): Promise<V> => {
    const connector = connections.open(find(project, name));
    try {
      return await work(connector);
    } finally {
      await connector.close();
    }
  };
  return {
    async check(project, name, signal) {
      return Array.fromAsync(connections.check(find(project, name), signal));
    },
    discover: (project, name, signal) => use(project, name, (connector) => connector.discover(signal)),
    preview: (project, name, stream, rows, signal) =>
      use(project, name, async (connector) => {
        const streams = await connector.discover(signal);
        const found = streams.find((one) => one.name === stream);
        if (!found) {
          const near = nearest(stream, streams.map((one) => one.name));
          throw problems.raise['not-found']({ detail: `Connection "${name}" has no stream "${stream}"${near ? `; did you mean "${near}"?` : '.'}` });
        }
        return connector.preview(found, rows, signal);
      }),
  };
}
