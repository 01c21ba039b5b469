/**
 * Which of a listener's certificates a name gets, and which names a connection may then be asked for. In: the certificates and
 * the name of a handshake (SNI). Out: the certificate, and for connections that clients share among names (HTTP/2) whether a
 * request's authority goes with it. Source: RFC 9110 §7.4, §15.5.20; RFC 9113 §9.1.1.
 */
import type { CompiledCertificate } from '../../sdk/listener.ts';

/** Finds what a name gets: exact, then `*.suffix`; undefined for a name nobody has. */
export type ByName<T> = (name: string) => T | undefined;

/** By the names of each certificate; of two certificates with one name the first one serves. */
export function byName<T>(certificates: readonly CompiledCertificate[], make: (certificate: CompiledCertificate) => T): ByName<T> {
  const found = new Map<string, T>();
  for (const certificate of certificates) {
    const made = make(certificate);
    for (const host of certificate.hosts) if (!found.has(host)) found.set(host, made);
  }
  return (asked) => {
    const name = asked.toLowerCase().replace(/\.$/, '');
    return found.get(name) ?? found.get(wildcardOf(name));
  };
}

/** What one connection may be asked for. */
export class Coverage {
  /** Names of the certificate that the client saw. */
  private readonly shown: ReadonlySet<string>;
  private readonly find: ByName<ReadonlySet<string>>;
  /** The authority asked for last: connections ask for the same one over and over. */
  private last = '';
  private wasCovered = true;

  constructor(shown: ReadonlySet<string>, find: ByName<ReadonlySet<string>>) {
    this.shown = shown;
    this.find = find;
  }

  /**
   * False when `authority` (`name` or `name:port`) is a name of another certificate of the listener and not of the one the
   * client saw. A name that no certificate has goes with each: nothing better could be shown for it.
   */
  covers(authority: string): boolean {
    if (authority === this.last) return this.wasCovered;
    this.last = authority;
    const name = authority.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
    this.wasCovered = this.shown.has(name) || this.shown.has(wildcardOf(name)) || this.find(name) === undefined;
    return this.wasCovered;
  }
}

/**
 * Answers what a connection may be asked for whose handshake named `asked`; undefined = anything: there is no other certificate,
 * or the client said no name (node:tls tells none of a resumed session of TLS 1.2), or one that nobody has, and so saw the first
 * certificate whatever it wants.
 */
export function createCoverage(
  certificates: readonly CompiledCertificate[],
): (asked: string | false | null | undefined) => Coverage | undefined {
  if (certificates.length < 2) return () => undefined;
  const find = byName<ReadonlySet<string>>(certificates, ({ hosts }) => new Set(hosts));
  return (asked) => {
    const shown = asked ? find(asked) : undefined;
    return shown && new Coverage(shown, find);
  };
}

/** `*.example.test` for `shop.example.test`; what no certificate is for when there is none. */
function wildcardOf(name: string): string {
  const dot = name.indexOf('.');
  return dot > 0 ? `*${name.slice(dot)}` : '';
}
