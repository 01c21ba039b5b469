/**
 * The header a load balancer puts before a connection's first byte to say who the client is: PROXY protocol,
 * version 1 (text) and 2 (binary). Pure: bytes in, an address or a fault out.
 * Source: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt §2.1, §2.2.
 */
import { isIPv4, isIPv6 } from 'node:net';

/** Longest version 1 line, with its CRLF. */
const LINE_MAX = 107;
/** Longest version 2 header with its TLVs: senders stay below this by far. */
const BINARY_MAX = 4096;
const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const TEXT = Buffer.from('PROXY ');
const FIXED = 16;

/**
 * `more`: not all is here yet. `done`: the header takes the first `length` bytes; `address` is the client's, or
 * undefined when the connection is the sender's own (health checks, unknown families).
 */
export type ProxyHeader =
  | { readonly kind: 'more' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'done'; readonly length: number; readonly address: string | undefined };

const MORE: ProxyHeader = { kind: 'more' };
const MALFORMED: ProxyHeader = { kind: 'malformed' };

/** Reads the header at the beginning of `bytes`. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (bytes.length === 0) return MORE;
  if (bytes[0] === SIGNATURE[0]) return readBinary(bytes);
  return readText(bytes);
}

function readText(bytes: Buffer): ProxyHeader {
  const known = Math.min(bytes.length, TEXT.length);
  if (bytes.compare(TEXT, 0, known, 0, known) !== 0) return MALFORMED;
  const end = bytes.indexOf(10);
  if (end < 0) return bytes.length >= LINE_MAX ? MALFORMED : MORE;
  if (end >= LINE_MAX || bytes[end - 1] !== 13) return MALFORMED;
  const length = end + 1;
  const line = bytes.toString('latin1', TEXT.length, end - 1);
  // What follows UNKNOWN is to be ignored up to the line's end.
  if (line === 'UNKNOWN' || line.startsWith('UNKNOWN ')) return { kind: 'done', length, address: undefined };
  const parts = line.split(' ');
  const [family, source, destination, sourcePort, destinationPort] = parts;
  if (parts.length !== 5 || !isPort(sourcePort!) || !isPort(destinationPort!)) return MALFORMED;
  const fits = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (!fits?.(source!) || !fits(destination!) || source!.includes('%')) return MALFORMED;
  return { kind: 'done', length, address: source };
}

function readBinary(bytes: Buffer): ProxyHeader {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (bytes.compare(SIGNATURE, 0, known, 0, known) !== 0) return MALFORMED;
  if (bytes.length < FIXED) return MORE;
  const version = bytes[12]! >> 4;
  const command = bytes[12]! & 15;
  const family = bytes[13]! >> 4;
  const transport = bytes[13]! & 15;
  const size = bytes.readUInt16BE(14);
  if (version !== 2 || command > 1 || family > 3 || transport > 2 || FIXED + size > BINARY_MAX) return MALFORMED;
  if (bytes.length < FIXED + size) return MORE;
  const length = FIXED + size;
  if (command === 0 || family === 0 || transport === 0) return { kind: 'done', length, address: undefined }; // LOCAL, UNSPEC.
  if (family === 3) return size < 216 ? MALFORMED : { kind: 'done', length, address: undefined }; // UNIX sockets.
  if (transport !== 1) return MALFORMED; // Datagrams cannot be a connection of ours.
  if (family === 1) return size < 12 ? MALFORMED : { kind: 'done', length, address: bytes.subarray(FIXED, FIXED + 4).join('.') };
  return size < 36 ? MALFORMED : { kind: 'done', length, address: ipv6Text(bytes.subarray(FIXED, FIXED + 16)) };
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** An address as people write it, through the one writer of addresses there is: the URL parser. */
function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16)).join(':');
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}
