/**
 * Which of a listener's certificates a name gets, and which names a connection may then be asked for. In: the certificates and
 * the name of a handshake (SNI). Out: the certificate, and for connections that clients share among names (HTTP/2) whether a
 * request's authority goes with it. Source: RFC 9110 §7.4, §15.5.20; RFC 9113 §9.1.1.
 */
import type { CompiledCertificate } from '../../sdk/listener.ts';

/** Which of its certificates a listener shows for which name. */
export class CertificateNames {
  readonly certificates: readonly CompiledCertificate[];
  /** Names as certificates write them, to the place of the first certificate that has them. */
  private readonly places = new Map<string, number>();
  /** Names of certificates that were asked about; few of many are. */
  private readonly hosts = new Map<number, ReadonlySet<string>>();

  constructor(certificates: readonly CompiledCertificate[]) {
    this.certificates = certificates;
  }

  /** Takes in the names of one more certificate. Of two certificates with one name the first one serves. */
  add(place: number): void {
    for (const host of this.certificates[place]!.hosts) if (!this.places.has(host)) this.places.set(host, place);
  }

  /** The place of the certificate a name gets: exact, then `*.suffix`; undefined for a name nobody has. */
  find(asked: string): number | undefined {
    const name = asked.toLowerCase().replace(/\.$/, '');
    return this.places.get(name) ?? this.places.get(wildcardOf(name));
  }

  /** All names of a certificate. */
  of(place: number): ReadonlySet<string> {
    let known = this.hosts.get(place);
    if (!known) this.hosts.set(place, (known = new Set(this.certificates[place]!.hosts)));
    return known;
  }
}

/** What one connection may be asked for. */
export class Coverage {
  /** Names of the certificate that the client saw. */
  private readonly shown: ReadonlySet<string>;
  private readonly names: CertificateNames;
  /** The authority asked for last: connections ask for the same one over and over. */
  private last = '';
  private wasCovered = true;

  constructor(shown: ReadonlySet<string>, names: CertificateNames) {
    this.shown = shown;
    this.names = names;
  }

  /**
   * False when `authority` (`name` or `name:port`) is a name of another certificate of the listener and not of the one the
   * client saw. A name that no certificate has goes with each: nothing better could be shown for it.
   */
  covers(authority: string): boolean {
    if (authority === this.last) return this.wasCovered;
    this.last = authority;
    const name = authority.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
    this.wasCovered = this.shown.has(name) || this.shown.has(wildcardOf(name)) || this.names.find(name) === undefined;
    return this.wasCovered;
  }
}

/**
 * What a connection may be asked for whose handshake named `asked`; undefined = anything: there is no other certificate,
 * or the client said no name (node:tls tells none of a resumed session of TLS 1.2), or one that nobody has, and so saw the first
 * certificate whatever it wants.
 */
export function coverageOf(names: CertificateNames, asked: string | false | null | undefined): Coverage | undefined {
  const place = asked && names.certificates.length > 1 ? names.find(asked) : undefined;
  return place === undefined ? undefined : new Coverage(names.of(place), names);
}

/** `*.example.test` for `shop.example.test`; what no certificate is for when there is none. */
function wildcardOf(name: string): string {
  const dot = name.indexOf('.');
  return dot > 0 ? `*${name.slice(dot)}` : '';
}
