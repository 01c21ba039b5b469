/**
 * The path of a request as routes see it. One reading for router, rewrite and explanations, so that
 * nobody can be shown one path and given another.
 *
 * Matching is done on percent-decoded segments; what goes upstream keeps the caller's own bytes. For
 * both to mean the same everywhere, a path that servers read in different ways is refused (400) instead
 * of repaired: an encoded slash or backslash, a raw backslash, an encoded control character, broken
 * percent-encoding or UTF-8, bytes that must be encoded, a dot segment in any spelling (`..`, `%2e%2e`,
 * `..;x`), and an empty segment (`//`). One slash at the end is not part of the match. `;parameters` of segments are
 * read as they are by some servers and cut off by others: `bare` is the path of the latter, and a path that would be
 * another route's then is refused by whoever matches it (`path-parameter`), and so is one for which more expressions would have to
 * be tried than is good (`too-costly`).
 * Source: RFC 3986 §2.1, §3.3, §6.2.2.
 */

/** Why a path is refused. */
export type PathFault =
  | 'not-absolute'
  | 'too-long'
  | 'bad-encoding'
  | 'encoded-separator'
  | 'backslash'
  | 'control-character'
  | 'dot-segment'
  | 'empty-segment'
  | 'path-parameter'
  | 'too-costly'
  | 'not-encoded';

export interface RequestPath {
  /** Segments as the caller wrote them. */
  readonly raw: readonly string[];
  /** The same segments percent-decoded; as many as `raw`. */
  readonly decoded: readonly string[];
  /** True when the path ended in a slash (the root alone does not). */
  readonly slashAtEnd: boolean;
  /** `decoded` without `;parameters` and without segments that are nothing else; undefined when there are none. */
  readonly bare: readonly string[] | undefined;
}

/** Most segments and characters of a path that can match a route. */
export const PATH_SEGMENTS_MAX = 128;
export const PATH_LENGTH_MAX = 8192;

const PERCENT = 0x25;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;

/** Splits and checks a path (without query). Answers the fault as a text when it is refused. */
export function readRequestPath(path: string): RequestPath | PathFault {
  if (path.charCodeAt(0) !== SLASH) return 'not-absolute';
  if (path.length > PATH_LENGTH_MAX) return 'too-long';
  let encoded = false;
  let hasParameters = false;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === PERCENT) encoded = true;
    else if (code === SEMICOLON) hasParameters = true;
    else if (code === 0x5c) return 'backslash';
    else if (code <= 0x20 || code === 0x7f) return 'control-character';
    else if (code > 0x7f || code === 0x3f || code === 0x23) return 'not-encoded';
  }
  const raw = path.split('/');
  raw.shift();
  const slashAtEnd = raw.length > 1 && raw[raw.length - 1] === '';
  if (slashAtEnd || path.length === 1) raw.pop();
  if (raw.length > PATH_SEGMENTS_MAX) return 'too-long';
  const decoded = encoded ? ([] as string[]) : raw;
  for (const segment of raw) {
    const text = encoded ? decodeSegment(segment) : segment;
    if (typeof text !== 'string') return text.fault;
    if (text === '') return 'empty-segment';
    if (isDotSegment(text)) return 'dot-segment';
    if (encoded) (decoded as string[]).push(text);
    if (encoded && text.includes(';')) hasParameters = true;
  }
  return { raw, decoded, slashAtEnd, bare: hasParameters ? withoutParameters(decoded) : undefined };
}

function withoutParameters(segments: readonly string[]): readonly string[] {
  return segments.map((segment) => segment.split(';', 1)[0]!).filter((segment) => segment !== '');
}

function decodeSegment(segment: string): string | { fault: PathFault } {
  if (!segment.includes('%')) return segment;
  if (/%(2f|5c)/i.test(segment)) return { fault: 'encoded-separator' };
  if (/%([01][0-9a-f]|7f)/i.test(segment)) return { fault: 'control-character' };
  try {
    return decodeURIComponent(segment);
  } catch {
    return { fault: 'bad-encoding' };
  }
}

/** `.` and `..`, also with the `;parameter` that some servers cut off before they resolve dots. */
function isDotSegment(segment: string): boolean {
  if (segment.charCodeAt(0) !== 0x2e) return false;
  const end = segment.indexOf(';');
  const name = end < 0 ? segment : segment.slice(0, end);
  return name === '.' || name === '..';
}

/** A host as routes compare it: lower case, without port and without the root's dot. */
export function normaliseHost(host: string): string {
  let text = host.toLowerCase();
  const bracket = text.lastIndexOf(']');
  const colon = text.lastIndexOf(':');
  if (colon > bracket) text = text.slice(0, colon);
  return text.endsWith('.') ? text.slice(0, -1) : text;
}
