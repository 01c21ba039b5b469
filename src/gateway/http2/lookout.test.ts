// Aim: whoever sends frames without end that carry nothing loses the connection, client or target, with the reason told; who
// sends content, however small its frames, keeps it. Method: the lookout with a wheel by hand, and frames against a real engine.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { eventually, type Gateway, startGateway, Talk } from '../http/fixture.ts';
import type { Timed } from '../http/wheel.ts';
import type { Pool } from '../upstream/pool.ts';
import { UPSTREAM_EVENTS } from '../upstream/upstream-counts.ts';
import { block, code, END_HEADERS, END_STREAM, FRAME, frame, FrameTalk } from './frames.ts';
import { Lookout } from './lookout.ts';

interface Second {
  readonly read: number;
  readonly content?: number;
  readonly givenUp?: number;
  readonly open?: number;
  readonly controls?: number;
}

/** One second after the other on a connection, over which `read` bytes came and `content` were content; true when it was ended. */
function secondsOf(seconds: readonly Second[], everyMs = 1000): boolean {
  let item: Timed | undefined;
  let [came, ended] = [0, false];
  const wheel = { now: 0, set: (timed: Timed) => void (item = timed), drop: () => {} };
  const host = { wheel, bytesRead: () => came, openStreams: 0, windowBytes: 65_536, onFlood: () => void (ended = true) };
  const lookout = new Lookout(host);
  for (const { read, content = 0, givenUp = 0, open = 0, controls = 0 } of seconds) {
    host.openStreams = open;
    wheel.now += everyMs;
    came += read;
    lookout.traffic.content += content;
    lookout.traffic.givenUp += givenUp;
    for (let i = 0; i < controls; i++) lookout.onControl();
    item!.onDeadline();
  }
  return ended;
}

test('frames of one byte, streams that are given up and long pauses are fair; more than that without content is not', () => {
  assert.ok(!secondsOf([{ read: 50_000_000, content: 5_000_000 }]), 'content of one byte a frame');
  assert.ok(!secondsOf([{ read: 6_500_000, givenUp: 100 }]), 'what was on its way to streams that are over');
  assert.ok(!secondsOf(Array.from({ length: 100 }, () => ({ read: 200_000 }))));
  assert.ok(!secondsOf([{ read: 2_000_000 }], 10_000), 'a look after ten seconds');
  const uploads = { read: 6_500_000, open: 100 };
  assert.ok(!secondsOf([uploads, { read: 0, open: 100 }, { read: 0, content: 6_500_000, open: 100 }, uploads]), 'what waits to be read');
  assert.ok(!secondsOf([uploads, { read: 0, givenUp: 100 }, { read: 0 }]), 'and is never read');
  assert.ok(secondsOf([uploads, uploads, uploads, uploads]));
  assert.ok(secondsOf([{ read: 300_000 }]));
  assert.ok(secondsOf([{ read: 10 }, { read: 50_000_000, content: 1_000_000 }, { read: 10 }]));
  assert.ok(secondsOf([{ read: 50_000_000, content: 5_000_000 }, { read: 300_000 }]), 'content does not pay for later');
});

test('pings that keep a connection or measure it are fair for as long as it stands; pings and nothing else are not', () => {
  assert.ok(
    !secondsOf(
      Array.from({ length: 2000 }, () => ({ read: 17, controls: 1, open: 1 })),
      10_000,
    ),
    'one each ten seconds',
  );
  const measured = { read: 4000 * 17, content: 4000 * 5, controls: 4000, open: 1 };
  assert.ok(!secondsOf(Array.from({ length: 100 }, () => measured)), 'one with each message of gRPC, even an empty one');
  assert.ok(secondsOf([{ read: 1100 * 17, controls: 1100, open: 1 }]));
  assert.ok(secondsOf([measured, { read: 1100 * 17, controls: 1100 }]), 'content does not pay for later');
});

test('messages of gRPC that wait in every stream are fair while nobody reads them', () => {
  const waiting = { read: Math.ceil(100 * 65_536 * (14 / 5)), open: 100 };
  assert.ok(!secondsOf([waiting, { read: 0, open: 100 }, { read: 0, content: 6_553_600, open: 100 }]));
});

/** Frames nobody answers, which node:http2 reads without end. */
const FLOODS = {
  'WINDOW_UPDATE of the connection': () => frame(FRAME.windowUpdate, 0, 0, code(1)),
  'resets of a stream that is over': () => frame(FRAME.reset, 0, 1, code(8)),
  'ALTSVC, which nobody asked for': () => frame(0xa, 0, 0, Buffer.from([0, 1, 97, 98])),
} as const;

/** Writes a kind of frame as long as the other side takes it. */
function flood(socket: Socket, kind: keyof typeof FLOODS): void {
  const bytes = Buffer.concat(Array.from({ length: 4000 }, FLOODS[kind]));
  // A window may not grow beyond 2^31 - 1, which takes minutes.
  const pump = () => {
    while (!socket.destroyed && socket.writable && socket.write(bytes));
  };
  socket.on('drain', pump);
  pump();
}

const floodsOf = (gateway: Gateway): number => (gateway.engine.pool('default/up') as Pool).counts.row[UPSTREAM_EVENTS.indexOf('floods')]!;

for (const kind of Object.keys(FLOODS) as (keyof typeof FLOODS)[]) {
  test(`a target that sends ${kind} loses its connection, and the call says why`, async () => {
    const sockets: Socket[] = [];
    const target = createServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      socket.write(frame(FRAME.settings, 0, 0));
      let got = 0;
      socket.on('data', (piece) => (got += piece.length) > 100 && sockets.length === 1 && got < 1e6 && ((got = 1e6), flood(socket, kind)));
    });
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
    const rules = { connectionsMax: 1, streamsMax: 10, windowBytes: 65_536, pingMs: 30_000 };
    const gateway = await startGateway({ ports: [(target.address() as AddressInfo).port], upstream: { http2: rules } });
    const talk = new Talk(gateway.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    try {
      assert.match(await talk.until((text) => text.includes('}')), /^HTTP\/1.1 502 /);
      await eventually(() => sockets[0]!.destroyed && floodsOf(gateway) > 0, 'the connection is ended and counted');
      const expected = kind.startsWith('resets') ? 'core/http/upstream-closed' : 'core/http/upstream-malformed-flood';
      assert.equal(gateway.outcomes[0]!.outcome.reason, expected, 'a reset ended its call before the flood was one');
    } finally {
      talk.close();
      await gateway.stop();
      target.close();
      for (const socket of sockets) socket.destroy();
    }
  });

  test(`a client that sends ${kind} loses its connection`, async () => {
    const gateway = await startGateway({ decide: () => new Promise(() => {}) });
    const talk = new FrameTalk(gateway.port);
    const head = block([
      [':method', 'GET'],
      [':scheme', 'http'],
      [':authority', 'a'],
      [':path', '/'],
    ]);
    talk.send(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, head));
    try {
      await eventually(() => gateway.exchanges.length === 1, 'the request is here');
      flood(talk.socket, kind);
      await talk.ended();
      const expected = kind.startsWith('WINDOW') ? 'http2-flood' : 'http2-malformed'; // node:http2 takes the others for wrong from clients.
      assert.deepEqual(gateway.engine.listenerNumbers()[0]!.ended, [[expected, 1]]);
    } finally {
      talk.close();
      await gateway.stop();
    }
  });
}
