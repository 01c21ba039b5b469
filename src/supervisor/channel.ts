/**
 * The transport of sdk/channel.ts: JSON frames over a Unix socket (0600, inside the data folder).
 * A frame is four bytes of length (big endian) and that many bytes of JSON. TCP is refused until
 * mutual TLS exists. Paths are relative to the data folder, since a socket's path is at most 107 bytes.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Channel } from '../sdk/channel.ts';

const FRAME_BYTES_MAX = 256 * 2 ** 20;
/** Unsent bytes kept for a slow reader before `send` answers false. */
const UNSENT_BYTES_MAX = 512 * 2 ** 20;
const RECONNECT_MS = 100;

/** Serves `path`; each connection is one channel. A left-over socket file of a dead process is replaced. */
export function serveChannel<In, Out>(
  path: string,
  onConnection: (channel: Channel<In, Out>) => void,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onConnection(channelOf<In, Out>(socket, log));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const mask = process.umask(0o177); // The socket is 0600 from its first moment.
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve({
        close: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
    process.umask(mask);
  });
}

/** A channel over one connected socket. */
export function channelOf<In, Out>(socket: Socket, log: Log): Channel<In, Out> {
  let handler: ((message: In) => void) | undefined;
  const waiting: In[] = [];
  const closers: (() => void)[] = [];
  const deliver = (message: In) => (handler ? handler(message) : void waiting.push(message));
  const decode = frameDecoder((bytes) => deliver(JSON.parse(bytes.toString('utf8')) as In));
  socket.on('data', (chunk: Buffer) => {
    try {
      decode(chunk);
    } catch (error) {
      log.error('a channel message could not be handled; the line is closed', { error: (error as Error).stack });
      socket.destroy();
    }
  });
  socket.on('error', () => {}); // 'close' follows and is what counts.
  socket.once('close', () => closers.forEach((close) => close()));
  return {
    send(message) {
      if (socket.destroyed || socket.writableLength > UNSENT_BYTES_MAX) return false;
      const body = Buffer.from(JSON.stringify(message), 'utf8');
      const frame = Buffer.allocUnsafe(4 + body.length);
      frame.writeUInt32BE(body.length);
      body.copy(frame, 4);
      socket.write(frame);
      return true;
    },
    onMessage(next) {
      handler = next;
      for (const message of waiting.splice(0)) next(message);
    },
    onClose: (next) => void closers.push(next),
    close: () => void socket.destroy(),
  };
}

/** Cuts a byte stream into frames; throws on one that is too long. */
export function frameDecoder(onFrame: (bytes: Buffer) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let have = 0;
  let need = 4;
  return (chunk) => {
    parts.push(chunk);
    have += chunk.length;
    if (have < need) return; // Join only when something is whole, so a long frame costs one copy.
    let bytes = parts.length === 1 ? chunk : Buffer.concat(parts);
    for (;;) {
      need = bytes.length >= 4 ? 4 + bytes.readUInt32BE(0) : 4;
      if (need > FRAME_BYTES_MAX) throw new Error(`frame of ${need} bytes is too long`);
      if (bytes.length < need || bytes.length < 4) break;
      onFrame(bytes.subarray(4, need));
      bytes = bytes.subarray(need);
    }
    parts = bytes.length > 0 ? [bytes] : [];
    have = bytes.length;
  };
}

/** Calls `connected` with a channel whenever `path` can be reached, again after each loss, until cancelled. */
export function keepConnected<In, Out>(path: string, connected: (channel: Channel<In, Out>) => void, clock: Clock, log: Log): Cancel {
  let stopped = false;
  let current: Socket | undefined;
  let cancelRetry: Cancel = () => {};
  const dial = () => {
    if (stopped) return;
    const socket = createConnection(path);
    current = socket;
    socket.once('connect', () => connected(channelOf<In, Out>(socket, log)));
    socket.on('error', () => {});
    socket.once('close', () => {
      if (!stopped) cancelRetry = clock.after(RECONNECT_MS, dial);
    });
  };
  dial();
  return () => {
    stopped = true;
    cancelRetry();
    current?.destroy();
  };
}
