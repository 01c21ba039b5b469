/**
 * Heads as they leave: the request for the upstream, the upstream's answer for the client, answers of our own.
 * Each is assembled in the thread's writer, together with the first bytes of its body.
 */
import type { Problem } from '../../base/problem.ts';
import type { ForwardedForm } from '../../sdk/listener.ts';
import type { Forward } from '../contract.ts';
import type { RequestTerms } from '../upstream/terms.ts';
import type { EngineExchange } from './exchange.ts';
import { sameText } from './bytes.ts';
import { type Head, PLAIN } from './head.ts';
import type { Writer } from './writer.ts';

/** Reason phrases of what we answer ourselves. Source: RFC 9110 §15. */
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

/** Tells a client that waits with its body to send it. */
export const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

/** What a connection, or a trusted proxy behind it, says of where a request comes from. */
export interface Forwarding {
  /** The client first, then the trusted proxies it came through. */
  readonly hops: readonly string[];
  readonly scheme: string;
  /** Undefined = the request's own `host`. */
  readonly host: string | undefined;
  readonly form: ForwardedForm;
  /** The version of HTTP that clients speak here, `1.1` or `2.0`, where `via` is told; undefined where it is not. */
  readonly via: string | undefined;
  /** Value of `x-forwarded-client-cert`; undefined for none. */
  readonly certificate: string | undefined;
}

/** Lines a request gets on its way; `isWhole` when the value of `x-forwarded-host` is in them, else the request's `host` follows. */
export interface ForwardedLines {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
  readonly via: string | undefined;
}

/** Makes the lines: `forwarded`, `x-forwarded-*`, as the listener says. The last one is `x-forwarded-host`. */
export function forwardedLines({ hops, scheme, host, form, via, certificate }: Forwarding): ForwardedLines {
  const lines: string[] = [];
  if (form !== 'x-forwarded')
    lines.push(`forwarded: ${hops.map((hop, i) => `for=${nodeText(hop)}${i === 0 ? `;proto=${scheme}` : ''}`).join(', ')}\r\n`);
  if (form !== 'forwarded') lines.push(`x-forwarded-for: ${hops.join(', ')}\r\nx-forwarded-proto: ${scheme}\r\n`);
  if (certificate !== undefined) lines.push(`x-forwarded-client-cert: ${certificate}\r\n`);
  return { bytes: Buffer.from(`${lines.join('').slice(0, -2)}${HOST_LABEL}${host ?? ''}`, 'latin1'), isWhole: host !== undefined, via };
}

/** An address as `Forwarded` writes it. Source: RFC 7239 §6. */
function nodeText(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}

const HOST_LABEL = '\r\nx-forwarded-host: ';

/** What stands between the target and the fields of a request for `authority`. */
export function hostLines(authority: string): Buffer {
  return Buffer.from(` HTTP/1.1\r\nhost: ${authority}\r\n`, 'latin1');
}

/**
 * Writes the head of a request to the upstream: HTTP/1.1, the route's target and host, the fields that pass,
 * and `x-forwarded-*`, `x-request-id`, `traceparent`. `host` is `hostLines` of the target, `forwarded` `forwardedLines` of the client.
 */
export function writeRequestHead(
  out: Writer,
  exchange: EngineExchange,
  forward: Forward,
  host: Buffer,
  forwarded: ForwardedLines,
  terms: Pick<RequestTerms, 'upgrade' | 'trailers' | 'isHead'>,
): void {
  const { head } = exchange;
  const b = head.buffer;
  writeTarget(out, head, forward.target);
  if (forward.host !== undefined && forward.host !== '') {
    out.text(' HTTP/1.1\r\nhost: ');
    out.text(forward.host);
    out.text('\r\n');
  } else {
    out.bytes(host, 0, host.length);
  }
  exchange.request.write(out);
  const { bytes, isWhole, via } = forwarded;
  if (isWhole) {
    out.bytes(bytes, 0, bytes.length);
  } else if (head.hostIndex >= 0) {
    out.bytes(bytes, 0, bytes.length);
    const value = head.hostIndex * 4 + 2;
    out.bytes(b, head.spans[value]!, head.spans[value + 1]!);
  } else {
    out.bytes(bytes, 0, bytes.length - HOST_LABEL.length); // HTTP/1.0 may name no host.
  }
  if (via !== undefined) out.text(`\r\nvia: ${head.minor === 0 ? '1.0' : via} weir`);
  if (terms.upgrade !== '') {
    out.text('\r\nconnection: upgrade\r\nupgrade: ');
    out.text(terms.upgrade);
  } else if (terms.trailers && !terms.isHead && head.wantsTrailers) {
    out.text('\r\nconnection: te\r\nte: trailers');
  }
  exchange.writeIdentity(out);
}

function writeTarget(out: Writer, head: Head, target: string | undefined): void {
  const b = head.buffer;
  if (target === undefined && head.pathStart === head.targetStart) return out.bytes(b, head.start, head.targetEnd);
  out.bytes(b, head.start, head.methodEnd + 1);
  if (target !== undefined) return out.text(target);
  if (head.pathEnd === head.pathStart) out.text('/');
  out.bytes(b, head.pathStart, head.targetEnd);
}

/** Writes the head of an upstream's answer to the client. `date` is added when the upstream sent none. */
export function writeUpstreamHead(out: Writer, exchange: EngineExchange, head: Head, date: string, close: boolean): void {
  // "HTTP/1.x" is eight bytes; we always answer as HTTP/1.1 (RFC 9112 §2.3).
  if (head.minor !== 1) out.text('HTTP/1.1');
  exchange.response.write(out, head.minor === 1 ? head.start : head.start + 8);
  if (!head.hasDate) writeField(out, 'date: ', date);
  exchange.writeAnswerEnd(out, close);
}

/** Writes the head of a 101: from here on the connection speaks `upgrade`. */
export function writeSwitchHead(out: Writer, exchange: EngineExchange, head: Head, upgrade: string): void {
  exchange.response.write(out, head.start);
  writeField(out, 'connection: ', 'upgrade');
  writeField(out, 'upgrade: ', upgrade);
  exchange.writeAnswerEnd(out, false);
}

/**
 * Fields that mean something before the answer itself: hints (RFC 8297) and what resumable uploads tell in a 104
 * (draft-ietf-httpbis-resumable-upload). All others are for the final answer, and policies see only that one: a field they take
 * away there must not have come before it.
 */
const HINTS = ['link', 'content-security-policy'];
const UPLOADS = ['location', 'upload-offset', 'upload-limit', 'upload-draft-interop-version'];

/** Writes an informational answer (1xx but 101), with the fields that belong into one. */
export function writeInterimHead(out: Writer, head: Head): void {
  out.text('HTTP/1.1');
  out.bytes(head.buffer, head.start + 8, head.lineEnd);
  const passing = head.status === 104 ? UPLOADS : HINTS;
  for (let n = 0; n < head.count; n++) {
    const [from, to] = [head.spans[n * 4]!, head.spans[n * 4 + 1]!];
    if (head.kinds[n] !== PLAIN || !passing.some((name) => sameText(head.buffer, from, to, name))) continue;
    out.bytes(head.buffer, head.lineStart(n), head.lineStart(n + 1));
  }
  out.text('\r\n');
}

/** What an answer of our own says. `length` is undefined for statuses without a body. */
export interface LocalHead {
  readonly status: number;
  readonly length: number | undefined;
  readonly date: string;
  readonly close: boolean;
}

/** Writes the head of an answer of our own, with the fields of `exchange.response`. */
export function writeLocalHead(out: Writer, exchange: EngineExchange, local: LocalHead): void {
  out.text(`HTTP/1.1 ${local.status} ${REASONS[local.status] ?? 'Status'}\r\n`);
  exchange.response.write(out);
  if (local.length !== undefined) writeField(out, 'content-length: ', String(local.length));
  writeField(out, 'date: ', local.date);
  exchange.writeAnswerEnd(out, local.close);
}

/** A whole answer for a request that never became an exchange; the connection closes after it. */
export function rejection(problem: Problem, requestId: string, date: string): Buffer {
  const body = Buffer.from(JSON.stringify(problem.toBody('en', { requestId })));
  const { status } = problem;
  const { retryAfterMs } = problem.options;
  const retry = retryAfterMs === undefined ? '' : `retry-after: ${Math.max(1, Math.ceil(retryAfterMs / 1000))}\r\n`;
  const head =
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}\r\n` +
    `${retry}date: ${date}\r\nx-request-id: ${requestId}\r\nconnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** True for statuses that never have a body. Source: RFC 9110 §6.4.1. */
export function isBodiless(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

function writeField(out: Writer, name: string, value: string): void {
  out.text(name);
  out.text(value);
  out.text('\r\n');
}
