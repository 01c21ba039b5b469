/**
 * Texts of HTTP/2 on their way into an HTTP/1.1 head. HTTP/2 can carry any byte in any text; one that HTTP/1.1 would read
 * as something else (CR, LF, a space in a target, a colon in a name) becomes one NUL, which http/head.ts refuses. So a
 * text can never begin a line of its own, and the same parser with the same reasons refuses what HTTP/1.1 clients may not
 * send either. Most such texts never come here: node:http2 leaves a field out whose name or value holds a byte that is not
 * allowed (nghttp2 ignores it, RFC 9113 §8.2.1 would have the message refused) and has no option and no event for that, so
 * the request goes on without the field. What comes here is checked all the same.
 */

const ALLOWED = {
  /** Methods. */
  token: /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/,
  /** Field names: lower case only (RFC 9113 §8.2.1). */
  name: /^[!#$%&'*+\-.^_`|~0-9a-z]+$/,
  /** Neither begins nor ends with white space (RFC 9113 §8.2.1). */
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a tab is allowed in a value.
  value: /^(?![\t ])[\t\x20-\x7e\x80-\xff]*(?<![\t ])$/,
  /** Targets and authorities: visible ASCII. */
  visible: /^[\x21-\x7e]+$/,
} as const;

/** What no head may hold. */
export const REFUSED = '\0';

/** The text, or what makes the head refused. */
export function sane(kind: keyof typeof ALLOWED, text: string): string {
  return ALLOWED[kind].test(text) ? text : REFUSED;
}
