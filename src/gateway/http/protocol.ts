/**
 * The one place where the protocol that was agreed on picks the class of a connection: by ALPN over TLS, by what comes
 * first otherwise. A further protocol is one more name in the list and one more case below.
 */
import type { Socket } from 'node:net';
import { Http2Connection } from '../http2/session.ts';
import { ClientConnection } from './client.ts';
import type { ClientHost, Entrance, OpenConnection } from './entrance.ts';
import type { EngineTools } from './tools.ts';

/** What a listener agrees to in TLS handshakes, best first. */
export function protocolsOf(http2: boolean): readonly string[] {
  return http2 ? ['h2', 'http/1.1'] : ['http/1.1'];
}

/** Starts to serve a connection. `agreed` is the result of ALPN: undefined without TLS, false when the client named none. */
export function openConnection(
  tools: EngineTools,
  host: ClientHost,
  socket: Socket,
  entrance: Entrance,
  agreed: string | false | null | undefined,
): OpenConnection {
  if (agreed !== 'h2') return new ClientConnection(tools, host, socket, entrance);
  return new Http2Connection(tools, host, socket, { ...entrance, protocol: 'h2' });
}
