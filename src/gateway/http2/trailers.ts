/**
 * Both forms of trailer fields: lines as in HTTP/1.1, and fields of HTTP/2. Which ones may pass is decided in between
 * (http/trailers.ts).
 */
import { trimSpace } from '../../base/trim-space.ts';
import { sane } from './sane.ts';

/** Trailer lines that the engine wrote, as name, value, name, value … Names in lower case. */
export function readTrailers(lines: Buffer | undefined): readonly string[] {
  const fields: string[] = [];
  for (const line of lines?.toString('latin1').split('\r\n') ?? []) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.push(line.slice(0, colon).toLowerCase(), trimSpace(line.slice(colon + 1)));
  }
  return fields;
}

/** Fields that came over HTTP/2, for the end of a chunked body; one that is malformed makes it malformed. */
export function trailerLines(raw: readonly string[]): string {
  let lines = '';
  for (let i = 0; i + 1 < raw.length; i += 2) lines += `${sane('name', raw[i]!)}: ${sane('value', raw[i + 1]!)}\r\n`;
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
