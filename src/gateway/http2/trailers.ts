/**
 * Trailer fields: which ones may pass, and both their forms. In: text that http/chunked.ts has checked byte by byte, or
 * fields of HTTP/2. What frames or routes a message, authenticates, or says how content is to be read belongs into the
 * head, and a receiver that merges trailers must not be told otherwise behind it. Source: RFC 9110 §6.5.1.
 */
import { sane } from './sane.ts';

const FORBIDDEN = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'http2-settings',
  'te',
  'trailer',
  'host',
  'forwarded',
  'x-real-ip',
  'client-cert',
  'client-cert-chain',
  'x-client-ip',
  'true-client-ip',
  'expect',
  'range',
  'authorization',
  'proxy-authorization',
  'proxy-authenticate',
  'www-authenticate',
  'cookie',
  'set-cookie',
  'cache-control',
  'content-encoding',
  'content-type',
  'content-range',
  'location',
]);
/** Trailer fields of one message. */
const TRAILERS_MAX = 64;

/** The fields of a trailer section that pass: name, value, name, value … */
export function readTrailers(text: string): readonly string[] {
  const fields: string[] = [];
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0 || fields.length >= 2 * TRAILERS_MAX) continue;
    const name = line.slice(0, colon).toLowerCase();
    if (!isForbidden(name)) fields.push(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/** The section of fields that came over HTTP/2, for the end of a chunked body; one that is malformed makes it malformed. */
export function trailerLines(raw: readonly string[]): string {
  let lines = '';
  for (let i = 0; i + 1 < raw.length && i < 2 * TRAILERS_MAX; i += 2) {
    const name = raw[i]!;
    if (!isForbidden(name)) lines += `${sane('name', name)}: ${sane('value', raw[i + 1]!)}\r\n`;
  }
  return lines;
}

/** As node:http2 takes them. */
export function trailerObject(fields: readonly string[]): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) {
    const before = object[fields[i]!];
    const value = fields[i + 1]!;
    object[fields[i]!] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return object;
}

function isForbidden(name: string): boolean {
  return FORBIDDEN.has(name) || name.startsWith('x-forwarded-') || name.startsWith('x-envoy-') || name.startsWith('x-weir-');
}
