/**
 * Where the gateway takes requests, as control compiles it and gateway threads open it. A listener is all about
 * the way in: addresses, TLS, limits towards clients, whom to believe about the caller's address.
 */
import type { Text } from '../base/text.ts';

/** Limits towards clients. Times in milliseconds, sizes in bytes. */
export interface ClientLimits {
  readonly headBytesMax: number;
  readonly headersMax: number;
  /** Bytes of a request's target (path and query). */
  readonly targetBytesMax: number;
  readonly headMs: number;
  /** From the first byte of a request to the last of its body. */
  readonly requestMs: number;
  readonly bodyIdleMs: number;
  /** Bytes a second: whose body comes more slowly gives way at a full upstream. 0 = nobody does. */
  readonly bodyRateMin: number;
  /** Largest body whatever the route allows. */
  readonly bodyBytesMax: number;
  readonly keepAliveMs: number;
  readonly writeIdleMs: number;
  /** Open connections of all threads and listeners. */
  readonly connectionsMax: number;
  /** Of these from one client: an IPv4 address or a /64 of IPv6. */
  readonly connectionsPerAddressMax: number;
  readonly requestsPerConnectionMax: number;
  /** Bytes of a client's pipelined requests kept while one is answered. */
  readonly pipelineBytesMax: number;
  /** For a TLS handshake, and how many may be under way on one thread and listener. */
  readonly handshakeMs: number;
  readonly handshakesMax: number;
  /** Of a connection of HTTP/2: requests at once; resets by the client at once (a thirtieth of them each second after that). */
  readonly streamsMax: number;
  readonly streamResetsMax: number;
  /** Bytes of a request's body that may come before they are read; memory of a whole connection. */
  readonly streamWindowBytes: number;
  readonly sessionBytesMax: number;
}

/** Which fields tell an upstream who called, and which ones are believed from a trusted proxy. */
export type ForwardedForm = 'x-forwarded' | 'forwarded' | 'both';

/** A certificate with its key, both PEM. */
export interface CompiledCertificate {
  readonly name: string;
  readonly chain: string;
  readonly key: string;
  /** Host names it is for, lower case: `shop.example.test`, `*.example.test`. */
  readonly hosts: readonly string[];
}

export interface CompiledTls {
  /** The first one is the default. */
  readonly certificates: readonly CompiledCertificate[];
  /** What a name that no certificate has gets. */
  readonly unknownName: 'default' | 'refuse';
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** In OpenSSL's form; undefined = the secure default. */
  readonly ciphers: string | undefined;
  readonly clientCertificates: 'off' | 'optional' | 'required';
  /** PEM of the authorities that sign client certificates. */
  readonly clientAuthorities: string | undefined;
  /** Adds `x-forwarded-client-cert` to requests. */
  readonly tellClientCertificate: boolean;
}

export interface CompiledListener {
  readonly project: string;
  readonly name: string;
  /** IP addresses to listen on; all with the same port. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** Undefined = plain HTTP. */
  readonly tls: CompiledTls | undefined;
  /** What differs from the process configuration. */
  readonly limits: Partial<ClientLimits>;
  readonly proxyProtocol: 'off' | 'required';
  /** CIDRs whose word about the client is believed. */
  readonly trustedProxies: readonly string[];
  readonly forwarded: ForwardedForm;
  /** Adds `via` to requests. */
  readonly via: boolean;
  /** Speaks HTTP/2 with clients that want it; true when left out. */
  readonly http2?: boolean;
}

/** Name of the listener of the process configuration; no Listener resource can be called so. */
export const DEFAULT_LISTENER = 'default';

/** One address of a listener on one thread. */
export interface AddressState {
  readonly address: string;
  readonly port: number;
  /** `replaced`: no longer wanted, but serving on until the new ones are open. */
  readonly state: 'opening' | 'open' | 'failed' | 'replaced';
  /** Why it is not open. */
  readonly reason: Text | undefined;
}

/** A listener on one thread. */
export interface ListenerState {
  readonly name: string;
  readonly protocol: 'http' | 'https';
  /** Why its newest settings do not serve; undefined when they do. */
  readonly reason: Text | undefined;
  readonly addresses: readonly AddressState[];
}

/** The client certificate of a connection; its chain was verified against the listener's authorities. */
export interface ClientCertificate {
  /** Distinguished name, most significant part last: `CN=partner,O=Example`. */
  readonly subject: string;
  /** SHA-256 of the certificate, 64 hex digits. */
  readonly fingerprint: string;
}
