// Aim: a connection switches protocols only where client, route and upstream agree; then bytes pass both ways, whole and in
// order, with back-pressure, until either side ends; nobody is left behind. Everything else stays an ordinary request.
// Method: raw sockets on both sides for what must be refused; the `ws` library on both sides for what must work.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { manualClock } from '../../base/clock.ts';
import { between, eventually, startGateway, Talk, turns } from './fixture.ts';

const H = 'Host: a\r\n';
const ASK = `GET /chat HTTP/1.1\r\n${H}Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`;
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: y\r\n\r\n';
const agree = (socket: { write(text: string): unknown }, text: string) => void (text.startsWith('GET') && socket.write(SWITCH));

test('both agree: the head passes, then bytes of both sides, sent early ones too, and the record says 101', async () => {
  const script = (socket: { write(text: string): unknown }, text: string) =>
    void socket.write(text.startsWith('GET') ? `${SWITCH}hello` : `<${text}>`);
  await between(script, {}, async (gateway, upstream, talk) => {
    talk.send(`${ASK}early`);
    await talk.until((text) => text.includes('hello') && text.includes('<early>'));
    talk.send('more');
    const text = await talk.until((t) => t.endsWith('<more>'));
    assert.match(text, /^HTTP\/1\.1 101 Switching Protocols\r\nSec-WebSocket-Accept: y\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
    assert.match(upstream.received[0]!, /\r\nSec-WebSocket-Key: x\r\n[^]*\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
    assert.equal(gateway.outcomes.length, 0, 'the exchange lasts as long as the connection');
    upstream.sockets[0]!.end('bye');
    assert.match(await talk.end(), /bye$/);
    await eventually(() => gateway.outcomes.length === 1, 'the exchange ended');
    const { outcome } = gateway.outcomes[0]!;
    assert.deepEqual([outcome.status, outcome.reason], [101, '']);
    assert.ok(outcome.requestBytes > 'earlymore'.length && outcome.responseBytes > 'hello<early><more>bye'.length);
    assert.equal(gateway.engine.stats().upstream.open, 0, 'a switched connection is never used again');
  });
});

test('a client that ends its side still hears the other one out', async () => {
  await between(agree, {}, async (gateway, upstream) => {
    const talk = new Talk(gateway.port, { allowHalfOpen: true }).send(ASK);
    await talk.until((text) => text.includes('101'));
    const [socket] = upstream.sockets;
    const ended = once(socket!, 'end');
    talk.socket.end('last');
    await ended;
    assert.equal(upstream.received.at(-1), 'last');
    assert.match(await talk.end(), /\r\n\r\n/);
    talk.close();
  });
});

test('a client that ended its side before the switch has its early bytes passed on, and then its end', async () => {
  let isEnded = false;
  const script = (socket: Socket): void => void socket.on('end', () => (isEnded = true));
  await between(script, { clock: manualClock() }, async (gateway, upstream) => {
    const talk = new Talk(gateway.port, { allowHalfOpen: true }).send(`${ASK}early`);
    talk.socket.end();
    await eventually(() => upstream.received.length === 1 && talk.socket.writableFinished, 'all is on its way');
    await turns(5);
    upstream.sockets[0]!.write(SWITCH);
    await eventually(() => isEnded, 'the upstream hears of the end');
    assert.equal(upstream.received.at(-1), 'early');
    talk.close();
  });
});

const REFUSED: readonly (readonly [name: string, answer: string])[] = [
  ['another protocol', SWITCH.replace('WebSocket\r\nSec', 'h2c\r\nSec')],
  ['no protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n'],
  ['two protocols', SWITCH.replace('Upgrade: WebSocket', 'Upgrade: WebSocket\r\nUpgrade: WebSocket')],
  ['not nominated', SWITCH.replace('Connection: Upgrade\r\n', '')],
  ['a length', SWITCH.replace('Connection', 'Content-Length: 3\r\nConnection')],
  ['HTTP/1.0', SWITCH.replace('HTTP/1.1', 'HTTP/1.0')],
];
test('a 101 that is not what was asked for is a 502, and its connection is closed', async () => {
  let answer = '';
  await between(
    (socket) => void socket.write(answer),
    {},
    async (gateway) => {
      for (const [name, bytes] of REFUSED) {
        answer = bytes;
        const talk = new Talk(gateway.port).send(ASK);
        assert.match(await talk.until((text) => text.includes('}')), /^HTTP\/1\.1 502 [^]*core\/http\/upstream-malformed/, name);
        talk.close();
      }
      assert.equal(gateway.engine.stats().upstream.open, 0);
    },
  );
});

const PLAIN: readonly (readonly [name: string, request: string])[] = [
  ['h2c', ASK.replace('websocket', 'h2c')],
  ['a list', ASK.replace('websocket', 'websocket, h2c')],
  ['twice', ASK.replace('Upgrade: websocket', 'Upgrade: websocket\r\nUpgrade: websocket')],
  ['not nominated', ASK.replace('keep-alive, Upgrade', 'keep-alive')],
  ['a POST', ASK.replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n')],
  ['a body', ASK.replace('\r\n\r\n', '\r\nContent-Length: 2\r\n\r\nxy')],
  ['HTTP/1.0', ASK.replace('HTTP/1.1', 'HTTP/1.0')],
];
test('what is not switched is an ordinary request without Upgrade, and what follows it is the next one', async () => {
  const body = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi';
  await between(
    (socket) => void socket.write(body),
    {},
    async (gateway, upstream) => {
      for (const [name, request] of PLAIN) {
        upstream.received.length = 0;
        const talk = new Talk(gateway.port).send(request);
        await talk.until((text) => text.endsWith('hi'));
        assert.doesNotMatch(upstream.received.join(''), /upgrade/i, name);
        if (name !== 'HTTP/1.0')
          assert.match(await talk.send(`GET /2 HTTP/1.1\r\n${H}\r\n`).until((t) => t.split('hi').length === 3), /hi$/);
        talk.close();
      }
    },
  );
});

test('an upstream that declines is heard, and bytes sent early are read as the next request', async () => {
  const script = (socket: { write(text: string): unknown }, text: string) =>
    void socket.write(
      text.startsWith('GET /chat')
        ? 'HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\n\r\n'
        : 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi',
    );
  await between(script, {}, async (gateway, _upstream, talk) => {
    talk.send(`${ASK}GET /next HTTP/1.1\r\n${H}\r\n`);
    assert.match(await talk.until((text) => text.endsWith('hi')), /^HTTP\/1\.1 426 [^]*HTTP\/1\.1 200 /);
    assert.deepEqual(
      gateway.exchanges.map((x) => x.path),
      ['/chat', '/next'],
      'every request is routed, none passes unseen',
    );
  });
});

test('a route may allow no switch', async () => {
  await between(
    (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'),
    { forward: { upgrades: [] } },
    async (_gateway, upstream, talk) => {
      talk.send(ASK);
      await talk.until((text) => text.endsWith('hi'));
      assert.doesNotMatch(upstream.received.join(''), /upgrade/i);
    },
  );
});

test('silence of both sides ends it; a word of either keeps it', async () => {
  const clock = manualClock();
  await between(agree, { clock, forward: { tunnelIdleMs: 1000 } }, async (gateway, upstream, talk) => {
    talk.send(ASK);
    await talk.until((text) => text.includes('101'));
    for (let i = 0; i < 4; i++) {
      clock.advance(700);
      talk.send(`<client ${i}>`);
      await eventually(() => upstream.received.join('').includes(`<client ${i}>`), 'the client was heard');
      clock.advance(700);
      upstream.sockets[0]!.write(`<upstream ${i}>`);
      await talk.until((text) => text.endsWith(`<upstream ${i}>`));
    }
    clock.advance(1500);
    await talk.end();
    await eventually(() => gateway.outcomes.length === 1, 'recorded');
    assert.equal(gateway.outcomes[0]!.outcome.reason, 'core/http/upstream-timeout');
  });
});

/** A WebSocket server behind a gateway. */
async function withSockets(
  use: (server: WebSocketServer, url: string, gateway: Awaited<ReturnType<typeof startGateway>>) => Promise<void>,
): Promise<void> {
  const http = createServer((_asked, answer) => answer.end('hi'));
  const server = new WebSocketServer({ server: http, maxPayload: 64 << 20 });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const gateway = await startGateway({ ports: [(http.address() as AddressInfo).port] });
  try {
    await use(server, `ws://127.0.0.1:${gateway.port}/chat`, gateway);
  } finally {
    for (const client of server.clients) client.terminate();
    await gateway.stop();
    http.closeAllConnections();
    http.close();
  }
}

test('ws: 200 messages of many sizes are echoed whole and in order, and the close code passes', async () => {
  await withSockets(async (server, url, gateway) => {
    server.on('connection', (peer) => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })));
    const client = new WebSocket(url);
    await once(client, 'open');
    const sent = Array.from({ length: 200 }, (_, i) => Buffer.alloc((i * 7919) % 70_000, i));
    const seen: Buffer[] = [];
    client.on('message', (data: Buffer) => void seen.push(data));
    for (const message of sent) client.send(message);
    await eventually(() => seen.length === sent.length, 'all messages came back');
    for (const [i, message] of sent.entries()) assert.ok(message.equals(seen[i]!), `message ${i}`);
    const closed = once(client, 'close');
    client.close(4001, 'enough');
    assert.equal((await closed)[0], 4001);
    await eventually(() => gateway.outcomes.length === 1, 'recorded');
    assert.equal(gateway.outcomes[0]!.outcome.reason, '');
  });
});

test('ws: a reader that stands still stops the sender, and gets everything later', async () => {
  const SIZE = 64 << 20;
  await withSockets(async (server, url) => {
    let peer: WebSocket | undefined;
    server.on('connection', (accepted) => void (peer = accepted));
    const client = new WebSocket(url, { maxPayload: SIZE * 2 });
    await once(client, 'open');
    client.pause();
    const message = Buffer.alloc(1 << 20, 7);
    for (let sent = 0; sent < SIZE; sent += message.length) peer!.send(message);
    let still = 0;
    let last = -1;
    await eventually(() => {
      const queued = peer!.bufferedAmount;
      still = queued === last ? still + 1 : 0;
      last = queued;
      return still > 200;
    }, 'the sender stopped');
    assert.ok(last > SIZE / 2, `the sender still holds most of it: ${last}`);
    let got = 0;
    client.on('message', (data: Buffer) => void (got += data.length));
    client.resume();
    await eventually(() => got === SIZE, 'all of it came');
    client.terminate();
  });
});
