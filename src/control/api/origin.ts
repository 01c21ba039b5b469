/**
 * Who may be asked for, and by which page: the guard against DNS rebinding and cross-site requests.
 * In: `Host`, `Origin` and `Sec-Fetch-Site`. Out: nothing, or the problem that refuses the request.
 * Source: RFC 9110 §7.2, RFC 6454, W3C Fetch Metadata.
 */
import type { Problem } from '../../base/problem.ts';
import problems from './problems.ts';

/** The names control answers to, without port, lower case. */
export interface AllowedHosts {
  allows(hostHeader: string | undefined): boolean;
}

const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Loopback names, the address listened on (unless it is "all"), and the configured ones. */
export function allowedHosts(listenHost: string, configured: readonly string[]): AllowedHosts {
  const wild = ['0.0.0.0', '::', '[::]'].includes(listenHost);
  const names = new Set([...LOOPBACK_NAMES, ...(wild ? [] : [bracketed(listenHost)]), ...configured.map(bracketed)]);
  return {
    allows(header) {
      const name = hostName(header);
      return name !== undefined && names.has(name);
    },
  };
}

function bracketed(host: string): string {
  const name = host.toLowerCase();
  return name.includes(':') && !name.startsWith('[') ? `[${name}]` : name;
}

/** Name part of a Host field; undefined when it is not well formed. */
function hostName(header: string | undefined): string | undefined {
  if (!header || header.length > 300) return undefined;
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::\d{1,5})?$/.exec(header.toLowerCase())?.[1];
}

/** What of a request says where it comes from. */
export interface RequestOrigin {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

/**
 * Refuses unknown names, and everything a foreign page sends: an `Origin` must name the very host and
 * port of `Host`; without one, a browser's `Sec-Fetch-Site` must not say that another site asks.
 * Following a link (GET, no Origin, cross-site navigation) stays possible.
 */
export function checkOrigin(hosts: AllowedHosts, request: RequestOrigin): Problem | undefined {
  if (!hosts.allows(request.host)) return problems.raise['wrong-host']();
  if (request.origin !== undefined && !isSameOrigin(request.origin, request.host!)) {
    return problems.raise['wrong-origin']({ values: { origin: request.origin.slice(0, 100) } });
  }
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const foreign = request.fetchSite === 'cross-site' || request.fetchSite === 'same-site';
  if (!reads && request.origin === undefined && foreign) {
    return problems.raise['wrong-origin']({ values: { origin: request.fetchSite } });
  }
  return undefined;
}

/** Host and port must be the same; the scheme may differ, since TLS may end in front of control. */
function isSameOrigin(origin: string, host: string): boolean {
  const match = /^(https?):\/\/([^/]+)$/.exec(origin.toLowerCase());
  if (!match) return false;
  const withPort = (name: string) => (/:\d+$/.test(name) ? name : `${name}:${match[1] === 'https' ? 443 : 80}`);
  return withPort(match[2]!) === withPort(host.toLowerCase());
}

const FORWARDING = new RegExp(
  '^(forwarded|via|x-forwarded(-.*)?|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-connecting-ip|' +
    'fastly-client-ip|x-envoy-.*|x-original-.*)$',
);

/** True when a proxy says it stands in between: then a loopback peer proves nothing. */
export function isForwarded(headers: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(headers).some((name) => FORWARDING.test(name.toLowerCase()));
}

/** True for an address of this machine's loopback interface. */
export function isLoopback(address: string | undefined): boolean {
  const plain = address?.replace(/^::ffff:/, '');
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain ?? '');
}
