/**
 * The transport of sdk/channel.ts: frames (frames.ts) over a Unix socket (0600, inside the data folder).
 * TCP is refused until mutual TLS exists. Paths are relative to the data folder, since a socket's path is at most 107 bytes.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Channel } from '../sdk/channel.ts';
import { decodeMessage, encodeFrame, frameDecoder } from './frames.ts';

/** Unsent bytes kept for a slow reader before `send` answers false. */
const UNSENT_BYTES_MAX = 512 * 2 ** 20;
const RECONNECT_MS = 100;

/** Serves `path`; each connection is one channel. A left-over socket file of a dead process is replaced. */
export function serveChannel<In, Out extends object>(
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
export function channelOf<In, Out extends object>(socket: Socket, log: Log): Channel<In, Out> {
  let handler: ((message: In) => void) | undefined;
  const waiting: In[] = [];
  const closers: (() => void)[] = [];
  const deliver = (message: In) => (handler ? handler(message) : void waiting.push(message));
  const decode = frameDecoder((content) => deliver(decodeMessage(content) as In));
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
      socket.cork();
      for (const part of encodeFrame(message)) socket.write(part);
      socket.uncork();
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

/** Calls `connected` with a channel whenever `path` can be reached, again after each loss, until cancelled. */
export function keepConnected<In, Out extends object>(
  path: string,
  connected: (channel: Channel<In, Out>) => void,
  clock: Clock,
  log: Log,
): Cancel {
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
