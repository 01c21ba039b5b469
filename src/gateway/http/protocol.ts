/**
 * The one place where the protocol that was agreed on picks the class of a connection: by ALPN over TLS, by what a
 * listener speaks otherwise. A further protocol is one more name in the list and one more case below.
 */
import type { Socket } from 'node:net';
import { ClientConnection } from './client.ts';
import type { ClientHost, Entrance, OpenConnection } from './entrance.ts';
import type { EngineTools } from './tools.ts';

/** What we agree to in TLS handshakes, best first. */
export const ALPN_PROTOCOLS: readonly string[] = ['http/1.1'];

/** Starts to serve a connection. `agreed` is the result of ALPN: undefined without TLS, false when the client named none. */
export function openConnection(
  tools: EngineTools,
  host: ClientHost,
  socket: Socket,
  entrance: Entrance,
  _agreed: string | false | null | undefined,
): OpenConnection {
  return new ClientConnection(tools, host, socket, entrance);
}
