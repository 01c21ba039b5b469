/**
 * Which trailer fields pass, of requests and answers alike. In: the lines at the end of a chunked body, checked byte by byte
 * (chunked.ts). Out: those that pass, for the same place. Who merges trailers into the head must not be told there what the
 * head's rules, or a policy, would have kept from him: whatever the engine drops from any head (field-rules.ts), what frames,
 * routes or modifies a message, authenticates, or says how content is to be read, what `Connection` names, and names that a
 * policy dealt with (fields.ts). Source: RFC 9110 §6.5.1, §7.6.1.
 */
import { eachToken, sameText } from './bytes.ts';
import { isNominated, readRequestField, readResponseField } from './field-rules.ts';
import type { Fields } from './fields.ts';
import { DROPPED, Head, PLAIN } from './head.ts';

/** Names that pass in heads and not here. */
const NEVER = new Set(
  [
    // Framing, routing and what the engine says itself.
    ['content-length', 'transfer-encoding', 'host', 'date', 'via', 'traceparent', 'tracestate', 'x-request-id'],
    ['x-original-url', 'x-rewrite-url', 'x-http-method', 'x-http-method-override', 'x-method-override', 'origin', 'referer'],
    // Requests: what modifies them.
    ['cache-control', 'pragma', 'range', 'max-forwards', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'],
    ['if-range', 'prefer'],
    // Who somebody is, and what he may.
    ['authorization', 'www-authenticate', 'authentication-info', 'proxy-authentication-info', 'proxy-status', 'cookie', 'cookie2'],
    ['set-cookie', 'set-cookie2', 'strict-transport-security', 'clear-site-data', 'content-security-policy', 'x-frame-options'],
    // Answers: what a cache or a browser does with them.
    ['age', 'expires', 'vary', 'location', 'refresh', 'retry-after', 'warning', 'allow', 'alt-svc'],
    // How content is to be read.
    ['content-type', 'content-encoding', 'content-range', 'content-language', 'content-location', 'content-disposition'],
  ].flat(),
);
const NEVER_STARTS = ['accept', 'access-control-', 'sec-', 'proxy-'];

const FIELD_MAX = { headBytesMax: 1, headersMax: 1, targetBytesMax: 1 };
/** Where the rules of heads look at one field at a time; nothing stays in it. */
const ofRequest = new Head('request', FIELD_MAX);
const ofResponse = new Head('response', FIELD_MAX);
/** A name as it was written; most messages use the same few. */
interface Name {
  readonly name: string;
  /** As sloppy receivers read it: `-` for `_`. */
  readonly folded: string;
  /** True when it may stand in trailers, as far as it is not for the message to say. */
  readonly mayStand: boolean;
}
const known = new Map<string, Name>();
const KNOWN_MAX = 512;
const KNOWN_BYTES_MAX = 64;
const EMPTY = Buffer.alloc(0);
const CRLF = Buffer.from('\r\n');

/**
 * What ends a chunked body behind its last chunk: the fields of `lines` that pass, each with its CRLF, and the last CRLF.
 * `head` and `fields` are those of the same message, `fields` watched if there are any lines. In memory of its own.
 */
export function passTrailers(lines: Buffer, head: Head, fields: Fields): Buffer {
  if (lines.length === 0) return CRLF;
  const end = Buffer.allocUnsafe(lines.length + CRLF.length);
  let length = 0;
  for (let at = 0; at < lines.length; ) {
    const next = lines.indexOf(10, at) + 1;
    if (mayPass(lines, at, lines.indexOf(58, at), head, fields)) length += lines.copy(end, length, at, next);
    at = next;
  }
  return end.subarray(0, length + CRLF.copy(end, length));
}

/** Gives `fields` a `trailer` with the names in that of `head` which pass; none when there are none. Source: RFC 9110 §6.6.2. */
export function announceTrailers(head: Head, fields: Fields): void {
  const { buffer: b, spans, kinds } = head;
  const names: string[] = [];
  for (let n = 0; n < head.count; n++) {
    if (kinds[n] !== DROPPED || !sameText(b, spans[n * 4]!, spans[n * 4 + 1]!, 'trailer') || isNominated(head, 'trailer')) continue;
    eachToken(b, spans[n * 4 + 2]!, spans[n * 4 + 3]!, (start, end) => {
      if (mayPass(b, start, end, head, fields)) names.push(b.toString('latin1', start, end));
    });
  }
  if (names.length > 0) fields.put('trailer', names.join(', '));
}

/** True when a field whose name is `b[start, end)` passes. */
function mayPass(b: Buffer, start: number, end: number, head: Head, fields: Fields): boolean {
  const text = b.toString('latin1', start, end);
  const { name, folded, mayStand } = known.get(text) ?? nameOf(text, b, start, end);
  return mayStand && !fields.wasTouched(name) && !fields.wasTouched(folded) && !isNominated(head, name);
}

function nameOf(text: string, b: Buffer, start: number, end: number): Name {
  const name = text.toLowerCase();
  const folded = name.replaceAll('_', '-');
  const isHeads = NEVER.has(folded) || NEVER_STARTS.some((beginning) => folded.startsWith(beginning));
  const mayStand = !isHeads && passesInHeads(ofRequest, b, start, end) && passesInHeads(ofResponse, b, start, end);
  const made = { name, folded, mayStand };
  if (known.size < KNOWN_MAX && text.length <= KNOWN_BYTES_MAX) known.set(text, made);
  return made;
}

function passesInHeads(head: Head, b: Buffer, start: number, end: number): boolean {
  head.begin(b, start);
  head.spans[0] = start;
  head.spans[1] = head.spans[2] = head.spans[3] = end;
  head.kinds[0] = PLAIN;
  const fault = head.isRequest ? readRequestField(head, 0) : readResponseField(head, 0);
  head.buffer = EMPTY;
  return fault === undefined && head.kinds[0] === PLAIN;
}
