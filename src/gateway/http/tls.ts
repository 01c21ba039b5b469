/**
 * TLS of one listener on one thread: which certificate a client sees, whether it must show one, how sessions are
 * resumed. Connections are handed in by the listener; none is accepted here, so a change of anything makes a new
 * server that takes the next handshake, and nothing that stands is touched.
 */
import { constants, hash } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, createServer, type SecureContext, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import type { ClientCertificate, CompiledCertificate, CompiledTls } from '../../sdk/listener.ts';
import type { Steps } from '../steps.ts';
import { CertificateNames, type Coverage, coverageOf } from './coverage.ts';

export interface TlsDoor {
  /** Handshakes under way. */
  pending(): number;
  /** Begins a handshake on a connection of which no byte was read (or only bytes that were put back). */
  accept(raw: Socket, secured: Secured): void;
  /** Makes session tickets under this key from now on. */
  useTicketKey(key: Buffer): void;
}

/** Takes a connection whose handshake is done: who the client is, and what it may ask for (undefined = anything). */
export type Secured = (secure: TLSSocket, certificate: ClientCertificate | undefined, coverage: Coverage | undefined) => void;

export interface TlsDoorOptions {
  readonly tls: CompiledTls;
  /** Name of the listener: sessions of one are of no use on another. */
  readonly name: string;
  /** What we agree to speak, best first. */
  readonly protocols: readonly string[];
  readonly handshakeMs: number;
  readonly ticketKey: Buffer | undefined;
  /** A handshake failed: a code. */
  onFailed(reason: string): void;
}

/** Forward secrecy and authenticated encryption only; those of TLS 1.3 come first. */
export const CIPHERS =
  'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:' +
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:' +
  'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305';

const REFUSED_NAME = 'ERR_WEIR_UNKNOWN_NAME';

interface Pending {
  readonly raw: Socket;
  readonly secured: Secured;
}

/** Makes the door, one certificate a step. Throws when OpenSSL refuses a certificate, key or cipher list. */
export function* makeTlsDoor(options: TlsDoorOptions): Steps<TlsDoor> {
  const names = new CertificateNames(options.tls.certificates);
  const contexts: SecureContext[] = [];
  const rules = rulesOf(options.tls);
  for (const [place, certificate] of names.certificates.entries()) {
    contexts.push(sharedContext(certificate, rules));
    names.add(place);
    yield;
  }
  return openDoor(options, createTlsServer(options, rules, names, contexts), names);
}

function openDoor({ tls, onFailed }: TlsDoorOptions, server: Server, names: CertificateNames): TlsDoor {
  const pending = new Map<string, Pending>();
  server.on('secureConnection', (secure) => {
    const key = endsOf(secure);
    const found = key === undefined ? undefined : pending.get(key);
    if (!found) return void secure.destroy();
    pending.delete(key!);
    const presented = tls.clientCertificates !== 'off' && secure.getPeerX509Certificate() !== undefined;
    // An optional certificate that does not verify is no certificate, and whoever shows one means to be known by it.
    if (presented && !secure.authorized) {
      onFailed('client-certificate-refused');
      return void secure.destroy();
    }
    found.secured(secure, presented ? readCertificate(secure) : undefined, coverageOf(names, secure.servername));
  });
  server.on('tlsClientError', (error, secure) => {
    // One that shows a certificate which does not verify is simply closed by node:tls.
    onFailed(secure.authorizationError ? 'client-certificate-refused' : failureOf(error as NodeJS.ErrnoException));
    secure.destroy();
  });
  return {
    pending: () => pending.size,
    accept(raw, secured) {
      const key = endsOf(raw);
      if (key === undefined) return void raw.destroy();
      pending.set(key, { raw, secured });
      raw.once('close', () => pending.get(key)?.raw === raw && pending.delete(key));
      server.emit('connection', raw);
    },
    useTicketKey: (key) => server.setTicketKeys(key),
  };
}

function createTlsServer(
  { tls, name, protocols, handshakeMs, ticketKey }: TlsDoorOptions,
  rules: Rules,
  names: CertificateNames,
  contexts: readonly SecureContext[],
): Server {
  const unknown = tls.unknownName;
  const { chain: cert, key } = names.certificates[0]!;
  return createServer({
    ...rules,
    cert,
    key,
    ...(ticketKey ? { ticketKeys: ticketKey } : {}),
    sessionIdContext: sessionsOf(name, tls),
    handshakeTimeout: handshakeMs,
    ALPNProtocols: [...protocols],
    requestCert: tls.clientCertificates !== 'off',
    rejectUnauthorized: tls.clientCertificates === 'required',
    SNICallback(asked, done) {
      const place = names.find(asked);
      if (place !== undefined || unknown === 'default') return done(null, place === undefined ? undefined : contexts[place]);
      done(Object.assign(new Error('no certificate has this name'), { code: REFUSED_NAME }));
    },
  });
}

/**
 * What a session must have been begun under to be resumed, 32 letters. A resumed handshake verifies no certificate: sessions of
 * other rules about client certificates, of authorities that are not trusted any more above all, must not get in by that.
 */
function sessionsOf(name: string, { clientCertificates, clientAuthorities }: CompiledTls): string {
  return hash('sha256', JSON.stringify([name, clientCertificates, clientAuthorities ?? ''])).slice(0, 32);
}

/** What a listener asks of all its certificates' handshakes; the same object for all of them, since it may be large. */
type Rules = Omit<SecureContextOptions, 'cert' | 'key'>;

function rulesOf(tls: CompiledTls): Rules {
  return {
    ...(tls.clientAuthorities === undefined ? {} : { ca: tls.clientAuthorities }),
    ciphers: tls.ciphers ?? CIPHERS,
    minVersion: tls.minVersion,
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
  };
}

/** Contexts in use on this thread, by what they are made of: one takes a quarter of a millisecond, and many listeners may show it. */
const made = new Map<string, WeakRef<SecureContext>>();
/** Rules by what they say: authorities may be hundreds of KB, and must not be looked at once for each certificate. */
const hashes = new WeakMap<Rules, string>();
let pruneAt = 256;

/** The context of a certificate under a listener's rules: the same one as long as somebody uses it. Throws what OpenSSL says. */
export function sharedContext({ chain, key }: Pick<CompiledCertificate, 'chain' | 'key'>, rules: Rules): SecureContext {
  let hashed = hashes.get(rules);
  if (hashed === undefined) hashes.set(rules, (hashed = hash('sha256', JSON.stringify(rules))));
  const id = `${hashed} ${hash('sha256', key)} ${hash('sha256', chain)}`;
  const known = made.get(id)?.deref();
  if (known) return known;
  const context = createSecureContext({ ...rules, cert: chain, key });
  made.set(id, new WeakRef(context));
  if (made.size >= pruneAt) {
    for (const [other, reference] of made) if (!reference.deref()) made.delete(other);
    pruneAt = Math.max(256, made.size * 2);
  }
  return context;
}

/** Both ends of a connection: unique among those that are open, and the same above and below TLS. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function readCertificate(secure: TLSSocket): ClientCertificate | undefined {
  const found = secure.getPeerX509Certificate();
  if (!found) return undefined;
  return Object.freeze({
    subject: found.subject.split('\n').reverse().join(','),
    fingerprint: found.fingerprint256.replaceAll(':', '').toLowerCase(),
  });
}

/** Codes for metrics; OpenSSL has hundreds of reasons. */
function failureOf({ code }: NodeJS.ErrnoException): string {
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'tls-handshake-timeout';
  if (code === REFUSED_NAME) return 'tls-unknown-name';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'tls-client-left';
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return 'client-certificate-missing';
  if (code?.startsWith('ERR_SSL_CERTIFICATE_VERIFY') || code?.startsWith('ERR_SSL_CERT')) return 'client-certificate-refused';
  return 'tls-handshake-failed';
}
