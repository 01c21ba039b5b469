/**
 * Byte classes of HTTP/1.1 and comparisons without allocation. Nothing here knows messages.
 * Source: RFC 9110 §5.6.2 (token), §5.5 (field values); RFC 3986 §3.3 (path, query).
 */

/** 1 for a byte of a token: method and field names. */
export const TOKEN = table((c) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(String.fromCharCode(c)));
/** 1 for a byte of a field value or reason phrase: tab, visible ASCII, space and obs-text; no control byte. */
export const VALUE = table((c) => c === 9 || (c >= 32 && c !== 127));
/** 1 for a byte of a path in a request target: visible ASCII but `?` and `#`. */
export const PATH = table((c) => c > 32 && c < 127 && c !== 63 && c !== 35);
/** 1 for a byte of a query in a request target: visible ASCII but `#`. */
export const QUERY = table((c) => c > 32 && c < 127 && c !== 35);
/** 1 for a byte of `host[:port]`: letters, digits, `-._~%!$&'()*+=:[]`. Source: RFC 3986 §3.2.2. */
const AUTHORITY = table((c) => /^[-A-Za-z0-9._~%!$&'()*+=:[\]]$/.test(String.fromCharCode(c)));
/** Lower case, and `-` for `_`: how sloppy receivers (CGI, WSGI) see a field name. */
const FOLDED = Uint8Array.from({ length: 256 }, (_, c) => (c === 95 ? 45 : lower(c)));
const LOWER = Uint8Array.from({ length: 256 }, (_, c) => lower(c));

/** The bytes of an ASCII word, as the comparisons below want them. */
export function word(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** True when `b[start, end)` is `wanted` (lower case) without regard to case. */
export function sameWord(b: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  const length = wanted.length;
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) if (LOWER[b[start + i]!] !== wanted[i]) return false;
  return true;
}

/** True when `b[start, …)` begins with `wanted`, without case and with `_` taken as `-`. */
export function startsFolded(b: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (FOLDED[b[start + i]!] !== wanted[i]) return false;
  return true;
}

/** True when `b[start, end)` equals the lower-case text `wanted` without regard to case. */
export function sameText(b: Uint8Array, start: number, end: number, wanted: string): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (LOWER[b[start + i]!] !== wanted.charCodeAt(i)) return false;
  return true;
}

/** True when two ranges of one buffer are equal without regard to case. */
export function sameRange(b: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let i = 0; i < end - start; i++) if (LOWER[b[start + i]!] !== LOWER[b[otherStart + i]!]) return false;
  return true;
}

/** True when `b[start, end)` can be `host` or `host:port`: not empty, no user, one port of digits. */
export function isAuthority(b: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  let i = start;
  if (b[i] === 91) {
    while (i < end && b[i] !== 93) if (AUTHORITY[b[i++]!] !== 1) return false;
    if (i === end) return false;
    i++;
  } else {
    while (i < end && b[i] !== 58) {
      const c = b[i++]!;
      if (AUTHORITY[c] !== 1 || c === 91 || c === 93) return false;
    }
    if (i === start) return false;
  }
  if (i === end) return true;
  if (b[i++] !== 58) return false;
  while (i < end) {
    const digit = b[i++]! - 48;
    if (digit < 0 || digit > 9) return false;
  }
  return true;
}

/** The number of 1 to 15 decimal digits in `b[start, end)`, or -1 for anything else (signs, spaces, lists). */
export function decimal(b: Uint8Array, start: number, end: number): number {
  if (end <= start || end - start > 15) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = b[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Calls `visit` with each comma-separated token of a list value, spaces trimmed; false when one is no token. */
export function eachToken(b: Uint8Array, start: number, end: number, visit: (start: number, end: number) => void): boolean {
  let i = start;
  while (i < end) {
    while (i < end && (b[i] === 32 || b[i] === 9 || b[i] === 44)) i++;
    if (i === end) break;
    const from = i;
    while (i < end && TOKEN[b[i]!] === 1) i++;
    const to = i;
    while (i < end && (b[i] === 32 || b[i] === 9)) i++;
    if (to === from || (i < end && b[i] !== 44)) return false;
    visit(from, to);
  }
  return true;
}

function table(test: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0));
}

function lower(c: number): number {
  return c >= 65 && c <= 90 ? c + 32 : c;
}
