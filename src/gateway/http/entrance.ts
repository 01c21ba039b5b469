/**
 * How a connection came in: by which listener and its settings, from which address, over which scheme. In: what the
 * listener found out before the first request. Out: what each request says to its upstream about the client.
 */
import type { Socket } from 'node:net';
import type { ClientCertificate, ClientLimits, ForwardedForm } from '../../sdk/listener.ts';
import type { Trust } from '../../sdk/networks.ts';
import type { Admitted } from './admission.ts';
import type { Coverage } from './coverage.ts';
import { passClaims } from './field-rules.ts';
import type { Head, HeadPool } from './head.ts';
import { type ForwardedLines, forwardedLines } from './messages.ts';
import { readOrigin } from './proxies.ts';

/** A listener's settings as its connections use them; replaced as a whole when the configuration changes. */
export interface ListenerProfile {
  readonly name: string;
  readonly limits: ClientLimits;
  readonly requestHeads: HeadPool;
  /** Undefined when no proxy is trusted. */
  readonly trust: Trust | undefined;
  readonly forwarded: ForwardedForm;
  readonly via: boolean;
  /** Requests carry the client's certificate. */
  readonly tellCertificate: boolean;
  /** HTTP/2 is spoken with clients that want it. */
  readonly http2: boolean;
}

/** One connection's way in. */
export interface Entrance {
  /** The socket under the connection: the same one, or the one below TLS. Streams of HTTP/2 share it. */
  readonly raw: Socket;
  /** Of the client's socket, or what the PROXY protocol said. */
  readonly address: string;
  /** True when the address is a trusted proxy's. */
  readonly isProxy: boolean;
  readonly scheme: 'http' | 'https';
  readonly protocol: 'http/1.1' | 'h2';
  readonly certificate: ClientCertificate | undefined;
  /** Which names go with the certificate that the client saw; undefined = all. */
  readonly coverage: Coverage | undefined;
  /** How it was counted; undefined for trusted proxies, which stand for many clients. */
  readonly admitted: Admitted | undefined;
}

/** A client's connection as its listener keeps it. */
export interface OpenConnection {
  readonly entrance: Entrance;
  /** Ends now if idle, else after the present answers. */
  drain(): void;
  /** Ends at once. */
  destroy(): void;
}

/** The listener as its connections see it. */
export interface ClientHost {
  /** The newest settings; each request is read with those it began with. */
  readonly profile: ListenerProfile;
  readonly isDraining: boolean;
  /** `ownLines` of a connection that speaks for itself; those that share an entrance share them. */
  linesOf(entrance: Entrance, profile: ListenerProfile): ForwardedLines;
  onRequest(): void;
  /** The connection is ended by us for a reason that is no request's: a code. */
  onEnded(reason: string): void;
  onClosed(connection: OpenConnection): void;
  /** What came first on a plain connection is the preface of HTTP/2: `first` and what follows is that protocol's. */
  onPreface(connection: OpenConnection, socket: Socket, first: Buffer): void;
}

/** True when this request is the last one a connection may make; that is counted. */
export function isUsedUp(host: ClientHost, { limits }: ListenerProfile, requests: number): boolean {
  if (requests < limits.requestsPerConnectionMax) return false;
  host.onEnded('requests-per-connection');
  return true;
}

/** Lines for requests of a client that speaks for itself. */
export function ownLines(entrance: Entrance, profile: ListenerProfile): ForwardedLines {
  const { address, scheme } = entrance;
  return forwardedLines({
    hops: [address],
    scheme,
    host: undefined,
    form: profile.forwarded,
    via: viaOf(entrance, profile),
    certificate: certificateOf(entrance, profile),
  });
}

/** The client of a request that a trusted proxy passed on, and the lines for it. */
export function proxiedLines(head: Head, entrance: Entrance, profile: ListenerProfile): { client: string; lines: ForwardedLines } {
  const { trust, forwarded: form } = profile;
  const { address, scheme } = entrance;
  if (!trust) return { client: address, lines: ownLines(entrance, profile) };
  passClaims(head);
  const origin = readOrigin(head, address, scheme, trust, form);
  const { hops, scheme: seen, host, client } = origin;
  const certificate = certificateOf(entrance, profile);
  return { client, lines: forwardedLines({ hops, scheme: seen, host, form, via: viaOf(entrance, profile), certificate }) };
}

/** How clients speak here. Source: RFC 9110 §7.6.3. */
function viaOf({ protocol }: Entrance, { via }: ListenerProfile): string | undefined {
  if (!via) return undefined;
  return protocol === 'h2' ? '2.0' : '1.1';
}

/** As Envoy writes it: `Hash=…;Subject="…"`. */
function certificateOf({ certificate }: Entrance, { tellCertificate }: ListenerProfile): string | undefined {
  if (!certificate || !tellCertificate) return undefined;
  const subject = encodeURI(certificate.subject).replaceAll('%20', ' ').replace(/["\\]/g, '\\$&');
  return `Hash=${certificate.fingerprint};Subject="${subject}"`;
}
