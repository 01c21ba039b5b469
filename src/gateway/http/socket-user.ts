/**
 * Events of a socket for the connection that has it. One set of functions serves all sockets of a thread: with functions
 * of its own each idle connection would cost half a kilobyte more.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** What a connection hears of its socket. */
export interface SocketUser {
  onData(chunk: Buffer): void;
  /** The other side sends no more. */
  onEnd(): void;
  onDrain(): void;
  /** Everything we wanted to send was handed to the system, and our side is ended. */
  onFinish(): void;
  onClose(): void;
}

/** What is no socket of the system and tells its user without events. */
interface Telling {
  tell(user: SocketUser): void;
}

const USER = Symbol('user');
type Used = Socket & { [USER]: SocketUser };

/** Lets `user` hear of `socket`; once for each socket. */
export function useSocket(socket: Socket, user: SocketUser): void {
  const { tell } = socket as Partial<Telling>;
  if (tell) return tell.call(socket, user);
  (socket as Used)[USER] = user;
  socket.push = push;
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('drain', onDrain);
  socket.on('finish', onFinish);
  socket.on('error', onError);
  socket.on('close', onClose);
}

/**
 * Bytes that came go straight to the user while they flow and none wait. A stream would plan a callback behind every chunk, to
 * look whether it should read on; a socket that flows reads on anyway. All else (a pause, bytes that wait, the end) is the
 * stream's. `node:net` gives what it read to the public `push` of its socket; if it ever does otherwise, the listener of
 * `data` hears the same bytes, and only the saving is lost.
 */
function push(this: Socket, chunk: Buffer | null): boolean {
  if (chunk === null || this.readableFlowing !== true || this.readableLength > 0) return Duplex.prototype.push.call(this, chunk);
  (this as Used)[USER].onData(chunk);
  return true;
}

function onData(this: Socket, chunk: Buffer): void {
  (this as Used)[USER].onData(chunk);
}

function onEnd(this: Socket): void {
  (this as Used)[USER].onEnd();
}

function onDrain(this: Socket): void {
  (this as Used)[USER].onDrain();
}

function onFinish(this: Socket): void {
  (this as Used)[USER].onFinish();
}

/** `close` follows, and says all there is to know. */
function onError(): void {}

function onClose(this: Socket): void {
  (this as Used)[USER].onClose();
}
