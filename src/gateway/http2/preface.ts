/**
 * HTTP/2 without TLS, by prior knowledge: the connection begins with the client preface, which HTTP/1.1 reads as a request
 * of the method PRI, reserved for nothing else. So only a connection whose first head was refused is looked at, and requests
 * of HTTP/1.1 pay nothing. `Upgrade: h2c` is never honoured: it was taken out of HTTP/2 (RFC 9113 §3.1), and proxies in
 * front of us that pass it on would no longer see what goes through them.
 */
import type { Socket } from 'node:net';
import type { Entrance, ListenerProfile } from '../http/entrance.ts';
import type { Input } from '../http/input.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** What the parser needs to have seen before it refuses the target. */
const LEAST_BYTES = 6;

/** The first bytes of a plain connection, all that came so far, when they begin the preface and HTTP/2 is on. */
export function prefaceOf(input: Input, { scheme, protocol }: Entrance, { http2 }: ListenerProfile): Buffer | undefined {
  if (!http2 || scheme !== 'http' || protocol === 'h2') return undefined;
  const { buffer, at, end } = input;
  const count = Math.min(end - at, PREFACE.length);
  if (count < LEAST_BYTES || PREFACE.compare(buffer, at, at + count, 0, count) !== 0) return undefined;
  return input.rest();
}

/** Gives bytes back to a socket, whose reading stops. */
export function putBack(socket: Socket, bytes: Buffer): void {
  socket.pause();
  socket.unshift(bytes);
}
