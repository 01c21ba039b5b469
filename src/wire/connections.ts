/** Connections as control uses them: tried for people, and lent to the checks of data APIs. */
import type { ConnectionProbe } from '../control/api/parts.ts';
import type { Audit } from '../control/access/audit.ts';
import type { CompileDraft } from '../control/compile/aside.ts';
import type { QueryLender } from '../control/publish/checks.ts';
import type { Publisher } from '../control/publish/publisher.ts';
import type { Connections } from '../connections/connections.ts';
import type { Connector } from '../sdk/connector.ts';
import { type CompiledConnection, entryKey } from '../sdk/revision.ts';
import connectionProblems from '../connections/problems.ts';
import { nearest } from '../base/suggest.ts';

/** A connection of the newest revision; raises `not-ready` when it is not there. */
export function compiledConnection(publisher: Publisher, project: string, name: string): CompiledConnection {
  const { put } = publisher.deltaFor('worker', 0, undefined);
  const entry = put.find((e) => e.key === entryKey('connection', project, name));
  if (!entry) throw connectionProblems.raise['not-ready']({ values: { name } });
  return entry.value as CompiledConnection;
}

interface ProbeParts {
  readonly publisher: Publisher;
  readonly connections: Connections;
  readonly compileDraft: CompileDraft;
  readonly audit: Audit;
}

/** Tries connections as the newest revision holds them, or as a draft says. */
export function createProbe({ publisher, connections, compileDraft, audit }: ProbeParts): ConnectionProbe {
  const steps = async (connection: CompiledConnection, signal: AbortSignal) => Array.fromAsync(connections.check(connection, signal));
  const within = async <V>(project: string, name: string, work: (connector: Connector) => Promise<V>): Promise<V> => {
    const connector = connections.open(compiledConnection(publisher, project, name));
    try {
      return await work(connector);
    } finally {
      await connector.close();
    }
  };
  return {
    check: async (project, name, signal) => steps(compiledConnection(publisher, project, name), signal),
    async checkDraft({ project, name, spec, actor }, signal) {
      const [entry] = await compileDraft({ project, kind: 'Connection', name }, spec);
      const connection = entry!.value as CompiledConnection;
      // Written first: a draft may carry a stored secret to another host, and that must never go unseen.
      await audit({ actor, action: 'connection.try', subject: `${project}/Connection/${name}`, detail: placeOf(connection) });
      return steps(connection, signal);
    },
    discover: (project, name, signal) => within(project, name, (connector) => connector.discover(signal)),
    preview: (project, name, stream, rows, signal) =>
      within(project, name, async (connector) => {
        const streams = await connector.discover(signal);
        const found = streams.find((s) => s.name === stream) ?? streams.find((s) => s.table === stream);
        if (found) return connector.preview(found, rows, signal);
        const near = nearest(
          stream,
          streams.map((s) => s.name),
        );
        throw connectionProblems.raise['no-such-stream']({ values: { stream, hint: near ?? '–' } });
      }),
  };
}

/** Where a draft leads, for the audit trail; no secret is in these fields. */
function placeOf({ type, config: { host, port, file, url } }: CompiledConnection): string {
  const place = [host, port, file, typeof url === 'string' ? URL.parse(url)?.host : undefined]
    .filter((part) => typeof part === 'string' || typeof part === 'number')
    .join(':');
  return place === '' ? type : `${type} ${place}`.slice(0, 300);
}

/** Lends the query side of a connection for one piece of work. */
export function queryLender(connections: Connections): QueryLender {
  return {
    async withEngine(connection, work, signal) {
      const connector = connections.open(connection);
      try {
        if (!connector.query) throw connectionProblems.raise['cannot-query']({ values: { type: connection.type } });
        return await work(connector.query, signal);
      } finally {
        await connector.close();
      }
    },
  };
}
