/**
 * Whom to believe about the caller's address. A proxy before us is trusted by its address; what it says is read from
 * the right, and the first address that is not trusted is the client. What stands further left is anybody's word
 * and goes nowhere. Source: RFC 7239; the X-Forwarded-* fields as nginx and Envoy read them.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { trimSpace } from '../../base/trim-space.ts';
import type { ForwardedForm } from '../../sdk/listener.ts';
import type { Trust } from '../../sdk/networks.ts';
import { sameWord, word } from './bytes.ts';
import type { Head } from './head.ts';

/** Addresses read from one request; more are the sign of a loop. */
const HOPS_MAX = 32;

const FORWARDED = word('forwarded');
const FOR = word('x-forwarded-for');
const PROTO = word('x-forwarded-proto');
const HOST = word('x-forwarded-host');

/**
 * An address as everybody here calls it, however it was written: of IPv6 in its one short form (RFC 5952), and what came in through
 * an IPv6 socket as the IPv4 address it is. Counts, limits and records of one client would be those of several otherwise.
 */
export function plainAddress(address: string): string {
  if (!address.includes(':') || !isIPv6(address) || address.includes('%')) return address;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const inside = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (!inside) return short;
  return inside
    .slice(1)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
    .join('.');
}

/** Where a request really comes from. */
export interface Origin {
  readonly client: string;
  /** The client and the trusted proxies between it and our peer, the peer last. */
  readonly hops: readonly string[];
  readonly scheme: string;
  /** What the proxy was asked for; undefined = the `host` field says it. */
  readonly host: string | undefined;
}

/** Reads the fields of a request that came from the trusted `peer`; `scheme` is that of our own listener. */
export function readOrigin(head: Head, peer: string, scheme: string, trust: Trust, form: ForwardedForm): Origin {
  const said = form === 'forwarded' ? readForwarded(head) : readXForwarded(head);
  const hops = [peer];
  for (let i = said.addresses.length - 1; i >= 0 && hops.length < HOPS_MAX && trust(hops[0]!); i--) {
    const address = said.addresses[i];
    if (address === undefined) break; // Unreadable: who said so is the last one we know.
    hops.unshift(address);
  }
  const proto = said.scheme?.toLowerCase();
  return { client: hops[0]!, hops, scheme: proto === 'http' || proto === 'https' ? proto : scheme, host: said.host };
}

interface Said {
  readonly addresses: readonly (string | undefined)[];
  readonly scheme: string | undefined;
  readonly host: string | undefined;
}

function readXForwarded(head: Head): Said {
  const last = (name: Uint8Array): string | undefined => {
    const text = valuesOf(head, name).at(-1)?.split(',').at(-1);
    return text === undefined ? undefined : trimSpace(text);
  };
  const addresses = valuesOf(head, FOR)
    .flatMap((value) => value.split(','))
    .slice(-HOPS_MAX)
    .map((text) => nodeAddress(trimSpace(text)));
  return { addresses, scheme: last(PROTO), host: hostOrNothing(last(HOST)) };
}

/** `for=192.0.2.60;proto=http;by=…, for="[2001:db8::1]:47011"`. A value that does not parse says nothing at all. */
function readForwarded(head: Head): Said {
  const elements: Map<string, string>[] = [];
  for (const value of valuesOf(head, FORWARDED)) {
    const read = readElements(value);
    if (!read) return { addresses: [undefined], scheme: undefined, host: undefined };
    elements.push(...read);
  }
  const last = elements.at(-1);
  const addresses = elements.slice(-HOPS_MAX).map((element) => nodeAddress(element.get('for') ?? ''));
  return { addresses, scheme: last?.get('proto'), host: hostOrNothing(last?.get('host')) };
}

const PAIR = /\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\]|\\.)*)")\s*/y;

function readElements(text: string): Map<string, string>[] | undefined {
  const elements: Map<string, string>[] = [new Map()];
  let at = 0;
  while (at < text.length) {
    PAIR.lastIndex = at;
    const found = PAIR.exec(text);
    if (!found) return undefined;
    const name = found[1]!.toLowerCase();
    const element = elements.at(-1)!;
    if (element.has(name)) return undefined; // Each parameter once (RFC 7239 §4).
    element.set(name, found[2] ?? found[3]!.replace(/\\(.)/g, '$1'));
    at = PAIR.lastIndex;
    const mark = text[at++];
    if (mark === ',') elements.push(new Map());
    else if (mark !== ';' && mark !== undefined) return undefined;
  }
  return elements;
}

/** Values of the fields of this name, the dropped ones too: the engine drops them because nobody else may read them. */
function valuesOf(head: Head, name: Uint8Array): string[] {
  const values: string[] = [];
  for (let n = 0; n < head.count; n++) {
    if (sameWord(head.buffer, head.spans[n * 4]!, head.spans[n * 4 + 1]!, name)) values.push(head.value(n));
  }
  return values;
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; undefined for anything else. */
function nodeAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (isIPv6(text)) return text.includes('%') ? undefined : plainAddress(text);
  const found = /^\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?$/.exec(text) ?? /^([\d.]+):\d{1,5}$/.exec(text);
  return found && found[1] !== text ? nodeAddress(found[1]!) : undefined;
}

function hostOrNothing(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z0-9._~-]{1,253}(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/.test(text) ? text : undefined;
}
