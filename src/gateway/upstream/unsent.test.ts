// Aim: nothing that comes before a request left is taken for its answer, and such a request may be sent anywhere else again.
// Method: one connection to a real server, with an outbox that sends nothing before the test lets it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { createHeadPool } from '../http/head.ts';
import { createWheel } from '../http/wheel.ts';
import { UpstreamConnection } from './connection.ts';
import { Together } from './pipeline.ts';
import { Target } from './target.ts';
import type { ConnectionHost, RequestTerms, UpstreamFailure, UpstreamUser } from './terms.ts';

const REQUEST = Buffer.from('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n');
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const TERMS: RequestTerms = {
  connectMs: 9000,
  firstByteMs: 9000,
  idleMs: 9000,
  isHead: false,
  dechunk: false,
  trailers: false,
  sendsOn: true,
  pipelines: false,
  key: 0,
  avoid: undefined,
  upgrade: '',
  tunnelIdleMs: 9000,
};

/** A connection that served one request; the next one waits in the outbox when `act` is called with the server's side. */
async function afterOne(act: (server: Socket) => void): Promise<UpstreamFailure | number> {
  const server = createServer((socket) => void socket.once('data', () => socket.write(ANSWER)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as { port: number };
  const wheel = createWheel(systemClock);
  let isOpen = true;
  const host: ConnectionHost = {
    wheel,
    heads: createHeadPool('response', { headBytesMax: 4096, headersMax: 20, targetBytesMax: 100 }),
    sharedBuffer: Buffer.alloc(4096),
    together: new Together(),
    outbox: { add: (sender) => isOpen && sender.sendNow(), hurry: (sender) => sender.sendNow() },
    clock: systemClock,
    observes: false,
    onReusable: (connection) => connection.rest(9000),
    onClosed: () => {},
    onConnectFailed: () => {},
    onAnswered: () => {},
    onFailed: () => {},
  };
  const target = new Target({ host: '127.0.0.1', port, weight: 1 }, false);
  const connection = new UpstreamConnection(host, target, { address: '127.0.0.1', port, tls: undefined });
  const ask = async (then: () => void): Promise<UpstreamFailure | number> => {
    const { promise, resolve } = Promise.withResolvers<UpstreamFailure | number>();
    const user: UpstreamUser = {
      onConnection: () => {},
      onInterim: () => {},
      onBody: () => {},
      onDrain: () => {},
      giveWay: () => false,
      onResponse: (_, head) => resolve(head.status),
      onFailure: (_, failure) => resolve(failure),
    };
    connection.begin(user, TERMS);
    connection.writeWhole(REQUEST);
    connection.endRequest();
    then();
    return promise;
  };
  try {
    assert.equal(await ask(() => {}), 200);
    const [socket] = await accepted;
    isOpen = false;
    return await ask(() => act(socket));
  } finally {
    wheel.stop();
    server.close();
  }
}

test('an answer that comes before the request left is no answer, and the target did nothing', async () => {
  assert.deepEqual(await afterOne((socket) => socket.write(ANSWER)), { fault: 'upstream-closed', refused: true });
});

test('a connection that ends, or is reset, before the request left: the target did nothing', async () => {
  assert.deepEqual(await afterOne((socket) => socket.end()), { fault: 'upstream-closed', refused: true });
  assert.deepEqual(await afterOne((socket) => socket.resetAndDestroy()), { fault: 'upstream-closed', refused: true });
});
