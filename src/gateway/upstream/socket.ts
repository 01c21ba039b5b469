/** Opens a socket to a target, plain or TLS, and says in a word why TLS failed. */
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { CompiledUpstreamTls } from '../../sdk/upstream.ts';
import type { Http2Sessions } from './http2-sessions.ts';

/** What all connections of an upstream share; made once per configuration. */
export interface UpstreamTls {
  readonly context: SecureContext;
  readonly serverName: string | undefined;
  readonly verify: boolean;
}

/** Where a socket leads, and what of TLS belongs to the target. */
export interface SocketTo {
  readonly address: string;
  readonly port: number;
  /** The target's name; empty when it has only an address. */
  readonly serverName: string;
  readonly session: Buffer | undefined;
  readonly tls: UpstreamTls | undefined;
  /** Connections of HTTP/2 to the target; undefined when it speaks HTTP/1.1. */
  readonly sessions?: Http2Sessions | undefined;
}

/** Memory that bytes of a plain socket are read into, and who gets them. */
export interface SocketReader {
  buffer(): Uint8Array;
  onBytes(b: Buffer, count: number): void;
  /** A new TLS session, for the next connection. */
  onSession(session: Buffer): void;
}

/** Makes what connections share. Throws what OpenSSL says of a certificate or key that cannot be used. */
export function openUpstreamTls({ ca, certificate, key, minVersion, serverName, verify }: CompiledUpstreamTls): UpstreamTls {
  return { context: createSecureContext({ ca, cert: certificate, key, minVersion }), serverName, verify };
}

/** Connects; `'connect'` of a plain and `'secureConnect'` of a TLS socket say that it stands. */
export function openSocket(to: SocketTo, reader: SocketReader): Socket {
  if (to.sessions) return to.sessions.open(to, reader) as unknown as Socket;
  if (to.tls) return openTlsSocket(to, to.tls, reader);
  return connect({
    host: to.address,
    port: to.port,
    noDelay: true,
    autoSelectFamily: false,
    onread: {
      buffer: () => reader.buffer(),
      callback: (count, b) => {
        reader.onBytes(b as Buffer, count);
        return true;
      },
    },
  });
}

function openTlsSocket(to: SocketTo, tls: UpstreamTls, reader: SocketReader): TLSSocket {
  const socket = connectSecure(to, tls, undefined);
  socket.on('session', (session: Buffer) => reader.onSession(session));
  socket.on('data', (chunk: Buffer) => reader.onBytes(chunk, chunk.length));
  return socket;
}

/** Connects for somebody who reads himself, with these protocols in the handshake. */
export function connectSocket(to: SocketTo, protocols: string[]): Socket {
  if (to.tls) return connectSecure(to, to.tls, protocols);
  return connect({ host: to.address, port: to.port, noDelay: true, autoSelectFamily: false });
}

function connectSecure(to: SocketTo, { context, serverName, verify }: UpstreamTls, protocols: string[] | undefined): TLSSocket {
  const name = serverName ?? to.serverName;
  const tcp: TcpNetConnectOpts = { host: to.address, port: to.port, noDelay: true, autoSelectFamily: false };
  return connectTls({
    ...tcp,
    secureContext: context,
    rejectUnauthorized: verify,
    ...(protocols ? { ALPNProtocols: protocols } : {}),
    ...(name === '' ? {} : { servername: name }),
    ...(to.session ? { session: to.session } : {}),
  });
}

const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not-yet-valid',
  CERT_REVOKED: 'revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'name-mismatch',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'unknown-issuer',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown-issuer',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown-issuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown-issuer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown-issuer',
  CERT_SIGNATURE_FAILURE: 'bad-signature',
  CERT_UNTRUSTED: 'unknown-issuer',
  ERR_WEIR_NO_HTTP2: 'no-http2',
  // What OpenSSL says when the other side refuses all protocols we name.
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'no-http2',
};

/** The target wants a certificate of ours, or another one. With TLS 1.3 it says so when the handshake is over for us. */
const OUR_CERTIFICATE = new Set([
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED',
  'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
  'ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE',
  'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
  'ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED',
  'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN',
]);

/** True when the target ended the connection over the certificate that we showed, or did not. */
export function isOurCertificateRefused(error: NodeJS.ErrnoException | undefined): boolean {
  return OUR_CERTIFICATE.has(error?.code ?? '');
}

/** Why a TLS connection failed before it stood, in a word; empty when that was nothing of TLS. */
export function tlsReason(error: NodeJS.ErrnoException | undefined): string {
  const code = error?.code ?? '';
  if (isOurCertificateRefused(error)) return 'client-certificate';
  return REASONS[code] ?? (code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') ? 'handshake' : '');
}
