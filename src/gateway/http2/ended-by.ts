/** Why streams and connections of HTTP/2 ended, as call records and counts say it. In: what node:http2 reports. */
import { constants } from 'node:http2';

/** Codes of nghttp2. Source: nghttp2.h, `nghttp2_error`. */
const BAD_PREFACE = -903;
const FLOODS: ReadonlySet<number> = new Set([-902, -904, -905]);

/** Codes that say no more than that somebody did not want to go on. */
const ORDINARY: ReadonlySet<number> = new Set([constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL]);
/** By number. Source: RFC 9113 §7. */
const RESETS: readonly string[] = [
  'no-error',
  'protocol-error',
  'internal-error',
  'flow-control-error',
  'settings-timeout',
  'stream-closed',
  'frame-size-error',
  'refused-stream',
  'cancel',
  'compression-error',
  'connect-error',
  'enhance-your-calm',
  'inadequate-security',
  'http-1-1-required',
];

/** Why a connection ended. */
export function endOfSession({ code, errno }: NodeJS.ErrnoException): string {
  if (errno === BAD_PREFACE) return 'http2-bad-preface';
  if (FLOODS.has(errno ?? 0) || code === 'ERR_HTTP2_TOO_MANY_INVALID_FRAMES') return 'http2-flood';
  if (code === 'ERR_HTTP2_SESSION_ERROR') return 'http2-client-error';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'client-closed';
  return 'http2-malformed';
}

/**
 * Why a stream ended early: its connection's reason when that took it along, else the code of its reset, whichever side sent
 * it (node:http2 does not tell); undefined when the client just left.
 */
export function endOfStream(error: NodeJS.ErrnoException | undefined, resetCode: number): string | undefined {
  if (error?.code === 'ERR_HTTP2_ERROR' || error?.code === 'ERR_HTTP2_SESSION_ERROR') return endOfSession(error);
  if (error === undefined || ORDINARY.has(resetCode)) return undefined;
  return `http2-${RESETS[resetCode] ?? 'unknown-error'}`;
}
