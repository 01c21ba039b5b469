/**
 * What comes over HTTP/2, written as HTTP/1.1 for the engine: heads of requests and answers, and content in chunks. The
 * engine's own parser then reads it, so fields, limits and refusals are those of HTTP/1.1. In: fields as node:http2 gives
 * them (name, value, name, value …). Source: RFC 9113 §8.2, §8.3.
 */
import { REFUSED, sane } from './sane.ts';

/** Fields that must not stand in a message of HTTP/2 at all. Source: RFC 9113 §8.2.2. */
const CONNECTION_FIELDS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

const COLON = 58;

/** A head for the engine, and how its content is framed. */
export interface InwardHead {
  readonly bytes: Buffer;
  readonly isChunked: boolean;
  /** Bytes of content that must come; -1 when it is not said. */
  readonly contentLength: number;
}

/** Pseudo-fields that came more than once are refused. */
interface Parts {
  method: string | undefined;
  path: string | undefined;
  authority: string | undefined;
  status: string | undefined;
  lines: string;
  host: string | undefined;
  contentLength: number;
  contentType: string;
  /** Asks for trailers. */
  hasTe: boolean;
}

/** Writes a request. `isWhole`: no content follows. The engine serves one request on it and then ends it. */
export function requestHead(raw: readonly string[], isWhole: boolean): InwardHead {
  const parts = readParts(raw);
  const { authority, host, contentLength } = parts;
  const method = sane('token', parts.method ?? '');
  const isChunked = !isWhole && contentLength < 0;
  const bytes = Buffer.from(
    `${method} ${targetOf(parts, method)} HTTP/1.1\r\nhost: ${sane('visible', host ?? authority ?? '')}\r\n` +
      `${parts.lines}${isChunked ? 'transfer-encoding: chunked\r\n' : ''}connection: close${parts.hasTe ? ', te' : ''}\r\n\r\n`,
    'latin1',
  );
  return { bytes, isChunked, contentLength: isWhole ? 0 : contentLength };
}

/** Where `:authority` and `host` differ, the target says the one and the field the other: the parser compares them. */
function targetOf({ authority, path = '', host }: Parts, method: string): string {
  if (method === 'CONNECT') return sane('visible', authority ?? '');
  if (!path.startsWith('/') && path !== '*') return REFUSED;
  const differs = host !== undefined && authority !== undefined && host.toLowerCase() !== authority.toLowerCase();
  if (!differs) return sane('visible', path);
  return path === '*' ? REFUSED : `http://${sane('visible', authority)}${sane('visible', path)}`; // Else `*` would end the name.
}

/** Writes an answer, informational ones too. `isBodiless`: no content can follow, whatever the fields say. */
export function responseHead(raw: readonly string[], isWhole: boolean, isBodiless: boolean): InwardHead {
  const parts = readParts(raw);
  const { status = '', contentLength, contentType } = parts;
  const isInterim = status.startsWith('1');
  // Trailers find no place behind content of a known length; gRPC cannot be without them.
  const isChunked = !isInterim && !isBodiless && !isWhole && (contentLength < 0 || isGrpc(contentType));
  const isEmpty = !isInterim && !isBodiless && isWhole && contentLength < 0;
  const lines = isChunked && contentLength >= 0 ? parts.lines.replace(/^content-length: .*\r\n/m, '') : parts.lines;
  const framing = isChunked ? 'transfer-encoding: chunked\r\n' : isEmpty ? 'content-length: 0\r\n' : '';
  const close = isInterim ? '' : 'connection: close\r\n';
  const bytes = Buffer.from(`HTTP/1.1 ${/^\d{3}$/.test(status) ? status : REFUSED} \r\n${lines}${framing}${close}\r\n`, 'latin1');
  return { bytes, isChunked, contentLength: isChunked ? -1 : contentLength };
}

/** True for the content types of gRPC. */
export function isGrpc(contentType: string): boolean {
  return contentType.startsWith('application/grpc');
}

/** One piece of content as a chunk. */
export function chunkOf(content: Buffer): Buffer {
  const size = `${content.length.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(size.length + content.length + 2);
  chunk.write(size, 0, 'latin1');
  content.copy(chunk, size.length);
  chunk[chunk.length - 2] = 13;
  chunk[chunk.length - 1] = 10;
  return chunk;
}

/** The end of a chunked body with its trailer section. */
export function lastChunk(trailers: string): Buffer {
  return Buffer.from(`0\r\n${trailers}\r\n`, 'latin1');
}

function readParts(raw: readonly string[]): Parts {
  const parts: Parts = {
    method: undefined,
    path: undefined,
    authority: undefined,
    status: undefined,
    lines: '',
    host: undefined,
    contentLength: -1,
    contentType: '',
    hasTe: false,
  };
  let cookie: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    if (name.charCodeAt(0) === COLON) {
      addPseudo(parts, name, value);
    } else if (name === 'cookie') {
      cookie = cookie === undefined ? value : `${cookie}; ${value}`; // One field again (RFC 9113 §8.2.3).
    } else if (name === 'host') {
      parts.host = parts.host === undefined ? value : REFUSED;
    } else {
      addField(parts, name, value);
    }
  }
  if (cookie !== undefined) parts.lines += `cookie: ${sane('value', cookie)}\r\n`;
  return parts;
}

function addPseudo(parts: Parts, name: string, value: string): void {
  if (name === ':method') parts.method = parts.method === undefined ? value : REFUSED;
  else if (name === ':path') parts.path = parts.path === undefined ? value : REFUSED;
  else if (name === ':authority') parts.authority = parts.authority === undefined ? value : REFUSED;
  else if (name === ':status') parts.status = parts.status === undefined ? value : REFUSED;
}

function addField(parts: Parts, name: string, value: string): void {
  if (CONNECTION_FIELDS.has(name) || (name === 'te' && value !== 'trailers')) {
    parts.lines += `${REFUSED}: \r\n`;
    return;
  }
  if (name === 'content-length' && /^\d{1,15}$/.test(value)) parts.contentLength = Number(value);
  if (name === 'content-type') parts.contentType = value;
  if (name === 'te') parts.hasTe = true;
  parts.lines += `${sane('name', name)}: ${sane('value', value)}\r\n`;
}
