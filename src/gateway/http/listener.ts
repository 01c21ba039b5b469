/** The listening side of a thread: accepts clients, bounds their number, and lets them end in order. */
import { createServer, type Server, type Socket } from 'node:net';
import { ClientConnection, type ClientHost } from './client.ts';
import { rejection } from './messages.ts';
import problems from './problems.ts';
import type { EngineTools } from './tools.ts';

export interface ListenerStats {
  /** Connections open now. */
  readonly connections: number;
  /** Connections accepted and requests begun since the start. */
  readonly accepted: number;
  readonly requests: number;
}

export interface HttpListener {
  /** Resolves with the port listened on; rejects with the system's error. */
  listen(where: { readonly host: string; readonly port: number; readonly reusePort: boolean }): Promise<number>;
  /** The port, or undefined before `listen` and after `close`. */
  port(): number | undefined;
  /**
   * Stops accepting. Idle connections close now, others after their present answer (which says
   * `connection: close`), the rest after `graceMs`. Resolves when none is left.
   */
  close(options: { readonly graceMs: number }): Promise<void>;
  stats(): ListenerStats;
}

const BACKLOG = 4096;

/** Makes a listener; one per thread and port. */
export function createHttpListener(tools: EngineTools): HttpListener {
  const connections = new Set<ClientConnection>();
  let draining = false;
  let accepted = 0;
  let requests = 0;
  let whenEmpty: (() => void) | undefined;
  const host: ClientHost = {
    get isDraining() {
      return draining;
    },
    onRequest: () => void requests++,
    onClosed(connection) {
      connections.delete(connection);
      if (connections.size === 0) whenEmpty?.();
    },
  };
  // Half-open sockets stay usable: a client may send its request, end its side and read the answer.
  const server = createServer({ noDelay: true, allowHalfOpen: true, highWaterMark: 64 * 1024 }, (socket) => {
    accepted++;
    if (connections.size >= tools.limits.connectionsMax || draining) return turnAway(tools, socket);
    connections.add(new ClientConnection(tools, host, socket));
  });
  return {
    listen: (where) => listen(server, where),
    port: () => portOf(server),
    async close({ graceMs }) {
      draining = true;
      if (server.listening) server.close();
      for (const connection of connections) connection.drain();
      if (connections.size === 0) return;
      const cancel = tools.clock.after(graceMs, () => {
        for (const connection of connections) connection.destroy();
      });
      await new Promise<void>((resolve) => {
        whenEmpty = resolve;
        if (connections.size === 0) resolve();
      });
      cancel();
    },
    stats: () => ({ connections: connections.size, accepted, requests }),
  };
}

function listen(server: Server, where: { host: string; port: number; reusePort: boolean }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog: BACKLOG }, () => {
      server.off('error', reject);
      // A failing accept (no descriptors left) is told by the connection count; it must not end the thread.
      server.on('error', () => {});
      resolve(portOf(server)!);
    });
  });
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : undefined;
}

/** Beyond the limit a client gets one short answer and no reading. */
function turnAway(tools: EngineTools, socket: Socket): void {
  const problem = problems.raise['too-many-connections']();
  tools.core.onRejected({ clientAddress: socket.remoteAddress ?? '', status: problem.status, reason: problem.code });
  socket.on('error', () => {});
  socket.write(rejection(problem, tools.ids.requestId(tools.wheel.now), tools.date()));
  socket.destroySoon();
}
