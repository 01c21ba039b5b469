/**
 * Trying connections for people: check, streams, first rows. Works on the connection as it serves now,
 * secrets resolved, which stay inside this process.
 */
import type { Connections } from '../connections/connections.ts';
import type { Connector } from '../sdk/connector.ts';
import { type AnyEntry, type CompiledConnection, entryKey } from '../sdk/revision.ts';
import type { ConnectionProbe } from './api/parts.ts';
import problems from './api/problems.ts';
import { nearOrAll } from './api/resource-views.ts';

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
    throw problems.raise['no-such-connection']({ values: { name, project, near: nearOrAll(name, names) } });
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
        if (!found)
          throw problems.raise['no-such-stream']({
            values: {
              name,
              stream,
              near: nearOrAll(
                stream,
                streams.map((one) => one.name),
              ),
            },
          });
        return connector.preview(found, rows, signal);
      }),
  };
}
