import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { seededRandom } from '../../base/random.ts';
import { type SocketUser, useSocket } from './socket-user.ts';

const MARK_BYTES = 64 * 1024;

/** Two ends of a connection; the first one as a listener accepts it. */
async function pair(t: { after(end: () => void): void }): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true, highWaterMark: MARK_BYTES });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const other = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  t.after(() => {
    socket.destroy();
    other.destroy();
    server.close();
  });
  return [socket, other];
}

const nothing: SocketUser = { onData() {}, onEnd() {}, onDrain() {}, onFinish() {}, onClose() {} };

test('every byte comes once and in order, however its reading is paused', async (t) => {
  const [socket, other] = await pair(t);
  const random = seededRandom(4);
  const sent = Buffer.from(random.bytes(3 << 20));
  const came: Buffer[] = [];
  let queued = 0;
  const ended = new Promise<void>((resolve) => {
    useSocket(socket, {
      ...nothing,
      onEnd: resolve,
      onData(chunk) {
        came.push(Buffer.from(chunk));
        if (random.integer(3) > 0) return;
        socket.pause();
        void pausedFor(random.integer(4));
      },
    });
  });
  const pausedFor = async (turns: number): Promise<void> => {
    for (let i = 0; i < turns; i++) await turn();
    queued = Math.max(queued, socket.readableLength);
    socket.resume();
  };
  for (let at = 0; at < sent.length; ) {
    const size = 1 + random.integer(100_000);
    if (!other.write(sent.subarray(at, (at += size)))) await once(other, 'drain');
  }
  other.end();
  await ended;
  assert.ok(Buffer.concat(came).equals(sent));
  assert.ok(queued > 0, 'nothing came while it was paused: the test shows nothing');
});

test('who stays paused is read no further than its mark', async (t) => {
  const [socket, other] = await pair(t);
  let first = true;
  const paused = new Promise<void>((resolve) => {
    useSocket(socket, {
      ...nothing,
      onData() {
        if (!first) return;
        first = false;
        socket.pause();
        resolve();
      },
    });
  });
  other.write('x');
  await paused;
  other.on('error', () => {});
  other.write(Buffer.alloc(32 << 20));
  for (let turns = 0; turns < 100_000 && socket.readableLength < MARK_BYTES; turns++) await turn();
  for (let turns = 0; turns < 100; turns++) await turn(); // What more could come has come.
  assert.ok(socket.readableLength >= MARK_BYTES, `${socket.readableLength}`);
  assert.ok(socket.readableLength < MARK_BYTES + 65_536 + 1, `${socket.readableLength}`);
});

test('a chunk that is put back comes again, before those that came behind it', async (t) => {
  const [socket, other] = await pair(t);
  const came: string[] = [];
  let isBack = false;
  const done = new Promise<void>((resolve) => {
    useSocket(socket, {
      ...nothing,
      onData(chunk) {
        came.push(chunk.toString());
        if (came.join('').endsWith('three')) return resolve();
        if (isBack) return;
        isBack = true;
        socket.pause();
        socket.unshift(chunk); // As the PROXY header's reader and HTTP/2 do.
        other.write('three');
        setImmediate(() => socket.resume());
      },
    });
  });
  other.write('one two ');
  await done;
  assert.equal(came.join(''), 'one two one two three');
});
