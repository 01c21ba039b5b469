// Aim: whatever a client of HTTP/2 sends ends in an answer or a reset, is never read as two requests, never writes a line of
// its own to the upstream, and holds nothing for ever. Method: frames made by hand against an engine on real sockets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants, createServer, type ServerHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import { CALL_PROTOCOLS } from '../../sdk/call-record.ts';
import { eventually, type Gateway, type GatewayOptions, ok, startGateway, startUpstream, Talk, type Upstream } from '../http/fixture.ts';
import { block, code, END_HEADERS, END_STREAM, FRAME, frame, FrameTalk, PREFACE } from './frames.ts';

type Field = readonly [string, string];
const GET: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/a'],
  [':authority', 'shop.test'],
];
const WHOLE = END_HEADERS | END_STREAM;

async function withGateway(
  options: Omit<GatewayOptions, 'ports'>,
  body: (gateway: Gateway, upstream: Upstream, talk: () => FrameTalk) => Promise<void>,
): Promise<void> {
  const upstream = await startUpstream((socket, text) => void (text.includes('/silent') || socket.write(ok('x'))));
  const gateway = await startGateway({ ...options, ports: [upstream.port] });
  const talks: FrameTalk[] = [];
  const open = () => {
    const talk = new FrameTalk(gateway.port);
    talks.push(talk);
    return talk;
  };
  try {
    await body(gateway, upstream, open);
  } finally {
    for (const talk of talks) talk.close();
    await gateway.stop();
    upstream.close();
  }
}

const get = (stream: number, fields: readonly Field[] = GET) => frame(FRAME.headers, WHOLE, stream, block(fields));
const replaced = (name: string, value: string): readonly Field[] => GET.map((field) => (field[0] === name ? [name, value] : field));
const counted = (gateway: Gateway, reason: string) =>
  gateway.engine.listenerNumbers().some(({ ended }) => ended.some(([name, count]) => name === reason && count > 0));

const unseen = (gateway: Gateway) => gateway.rejections.filter(({ reason, request }) => reason === 'http2-refused' && request).length;

const RESET: readonly (readonly [why: string, fields: readonly Field[]])[] = [
  ['a name in upper case', [...GET, ['X-A', 'a']]],
  ['connection', [...GET, ['connection', 'close']]],
  ['transfer-encoding', [...GET, ['transfer-encoding', 'chunked']]],
  ['upgrade', [...GET, ['upgrade', 'h2c']]],
  ['te that is not trailers', [...GET, ['te', 'gzip']]],
  ['no path', GET.filter(([name]) => name !== ':path')],
  ['no method', GET.filter(([name]) => name !== ':method')],
  ['two paths', [...GET, [':path', '/b']]],
  ['a pseudo-field behind a field', [...GET.slice(0, 2), ['x', 'y'], ...GET.slice(2)]],
  ['an unknown pseudo-field', [...GET, [':protocol', 'websocket']]],
  ['a path without a slash', replaced(':path', 'a')],
  ['* with GET', replaced(':path', '*')],
  ['a URL for a path', replaced(':path', 'http://other.test/')],
  ['a space in the path', replaced(':path', '/a b')],
  ['a line break in the path', replaced(':path', '/a HTTP/1.1\r\nx: y')],
  ['a line break in the method', replaced(':method', 'GET / HTTP/1.1\r\nx:')],
  ['a line break in the authority', replaced(':authority', 'a\r\nx: y')],
  ['an authority with a user', replaced(':authority', 'me@shop.test')],
  ['two hosts', [...GET, ['host', 'shop.test'], ['host', 'other.test']]],
  ['two lengths', [...GET, ['content-length', '0'], ['content-length', '0']]],
  ['a length that is none', [...GET, ['content-length', '+1']]],
];

test('requests that no reader can agree on are reset, and the connection goes on', async () => {
  await withGateway({}, async (gateway, upstream, open) => {
    const talk = open();
    let stream = 1;
    for (const [why, fields] of RESET) {
      talk.send(get(stream, fields));
      const reset = await talk.next(FRAME.reset, stream).catch((error: Error) => assert.fail(`${why}: ${error.message}`));
      assert.equal(reset.payload.readUInt32BE(), constants.NGHTTP2_PROTOCOL_ERROR, why);
      stream += 2;
    }
    assert.deepEqual(upstream.received, []);
    await talk.send(get(stream)).next(FRAME.data, stream);
    assert.equal(gateway.outcomes.length, 1);
    assert.deepEqual(unseen(gateway), RESET.length, 'each is told of');
  });
});

const REFUSED: readonly (readonly [why: string, reason: string, fields: readonly Field[]])[] = [
  [
    'CONNECT',
    'tunnel',
    [
      [':method', 'CONNECT'],
      [':authority', 'other.test:443'],
    ],
  ],
  ['host and authority differ', 'host-mismatch', [...GET, ['host', 'other.test']]],
  [
    'host and authority differ by the * of the path',
    'target',
    [
      [':method', 'OPTIONS'],
      [':scheme', 'http'],
      [':path', '*'],
      [':authority', 'shop.test'],
      ['host', 'shop.test*'],
    ],
  ],
  ['too many fields', 'too-many-fields', [...GET, ...Array.from({ length: 60 }, (_, i): Field => [`x-${i}`, 'v'])]],
  ['too much of fields', 'head-too-large', [...GET, ['x-a', 'v'.repeat(6000)], ['x-b', 'v'.repeat(2100)]]],
  ['too long a path', 'target-too-long', replaced(':path', `/${'a'.repeat(5000)}`)],
  ['an expectation', 'expectation', [...GET, ['expect', 'wonders']]],
];

test('refused requests are told of when the connection ends, and their number is bounded', async () => {
  await withGateway({}, async (gateway, _upstream, open) => {
    const talk = open();
    for (const stream of [1, 3]) await talk.send(get(stream, [...GET, ['connection', 'close']])).next(FRAME.reset, stream);
    assert.equal(unseen(gateway), 0, 'nothing says so yet');
    talk.socket.end();
    await eventually(() => unseen(gateway) === 2, 'both are told of');
    const [first] = gateway.rejections;
    assert.deepEqual([first!.status, first!.request!.method, first!.request!.path], [0, '', '']);
    assert.equal(CALL_PROTOCOLS[first!.request!.protocol], 'h2');
    await open().send(get(2_000_001)).next(FRAME.data, 2_000_001);
    assert.equal(unseen(gateway), 2 + 200, 'numbers left out are no load');
  });
});

test('a value that begins or ends with white space is refused, one with a control byte is left out', async () => {
  await withGateway({}, async (gateway, upstream, open) => {
    const talk = open();
    for (const [at, value] of [' a', 'a ', '\ta', ' '].entries()) {
      talk.send(get(2 * at + 1, [...GET, ['x-a', value]]));
      await eventually(() => gateway.rejections.length > at, JSON.stringify(value));
      assert.equal(gateway.rejections[at]!.reason, 'core/http/field');
      assert.equal(gateway.rejections[at]!.request!.path, '/a');
    }
    assert.deepEqual(upstream.received, []);
    await talk.send(get(9, [...GET, ['x-a', 'a\x01b'], ['x-b', 'b'], ['x-c', ''], ['x-d', 'd d']])).next(FRAME.data, 9);
    assert.match(upstream.received.join(''), /\r\nx-b: b\r\nx-c: \r\nx-d: d d\r\n/, 'node:http2 has no way to tell: see sane.ts');
    assert.doesNotMatch(upstream.received.join(''), /x-a/);
  });
});

test('what the parser refuses of HTTP/1.1 it refuses of HTTP/2, with the same reason', async () => {
  await withGateway({ limits: { headersMax: 50, headBytesMax: 8000, targetBytesMax: 4000 } }, async (gateway, upstream, open) => {
    const talk = open();
    for (const [at, [why, reason, fields]] of REFUSED.entries()) {
      const stream = 2 * at + 1;
      talk.send(get(stream, fields));
      await talk.next(FRAME.headers, stream).catch((error: Error) => assert.fail(`${why}: ${error.message}`));
      await eventually(() => gateway.rejections.length > at, why);
      assert.match(gateway.rejections[at]!.reason, new RegExp(`${reason}$`), why);
    }
    assert.deepEqual(upstream.received, []);
  });
});

test('values with line breaks or NUL never reach the upstream', async () => {
  await withGateway({}, async (_gateway, upstream, open) => {
    const talk = open();
    const evil = ['a\r\nx-evil: 1', 'a\nx-evil: 1', 'a\rx-evil: 1', 'a\0x-evil'];
    for (const [at, value] of evil.entries()) {
      talk.send(get(2 * at + 1, [...GET, ['x-a', value]]));
      await eventually(() => talk.frames.some(({ stream, flags }) => stream === 2 * at + 1 && (flags & END_STREAM) !== 0), value);
    }
    assert.doesNotMatch(upstream.received.join(''), /evil/);
  });
});

test('a body shorter or longer than its length is reset, and nothing of it becomes a request', async () => {
  await withGateway({}, async (gateway, upstream, open) => {
    const post = [...replaced(':method', 'POST'), ['content-length', '5']] as const;
    for (const body of ['abc', 'abcdeGET /evil HTTP/1.1\r\nhost: a\r\n\r\n']) {
      const talk = open();
      const before = gateway.outcomes.length;
      talk.send(frame(FRAME.headers, END_HEADERS, 1, block(post)));
      await eventually(() => gateway.exchanges.length > before, 'the request came');
      talk.send(frame(FRAME.data, END_STREAM, 1, body));
      await eventually(() => gateway.outcomes.length > before || talk.isEnded, 'it ended');
      await eventually(() => gateway.outcomes.length > before, 'it is recorded');
      const { reason } = gateway.outcomes[before]!.outcome;
      assert.equal(reason, body === 'abc' ? 'http2-protocol-error' : 'http2-malformed');
    }
    assert.doesNotMatch(upstream.received.join(''), /evil/);
  });
});

test('the preface may come in any pieces; one that is spoilt closes the connection', async () => {
  await withGateway({}, async (gateway) => {
    const talk = new FrameTalk(gateway.port, '');
    const all = Buffer.concat([Buffer.from(PREFACE, 'latin1'), frame(FRAME.settings, 0, 0), get(1)]);
    for (let i = 0; i < all.length; i++) {
      talk.socket.write(all.subarray(i, i + 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await talk.next(FRAME.data, 1);
    talk.close();
    const spoilt = new FrameTalk(gateway.port, '');
    spoilt.socket.write('PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await spoilt.ended();
    await eventually(() => gateway.engine.stats().listener.connections === 0, 'nothing is left');
    assert.equal(gateway.outcomes.length, 1);
  });
});

test('where HTTP/2 is off its preface is a malformed request; Upgrade: h2c never leads to it', async () => {
  await withGateway({ listener: { http2: false } }, async (gateway) => {
    const talk = new Talk(gateway.port);
    talk.send(PREFACE);
    assert.match(await talk.end(), /^HTTP\/1\.1 400 /);
  });
  await withGateway({}, async (gateway) => {
    const talk = new Talk(gateway.port);
    talk.send(
      'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n',
    );
    assert.match(await talk.until((text) => text.includes('\r\n\r\n')), /^HTTP\/1\.1 (?!101)/);
    talk.close();
  });
});

/** Frames of which many cost the server more than the client. */
const FLOODS: readonly (readonly [why: string, frames: (at: number) => readonly Buffer[]])[] = [
  ['requests taken back', (at) => [get(2 * at + 1, replaced(':path', '/silent')), frame(FRAME.reset, 0, 2 * at + 1, code(8))]],
  ['settings', () => [frame(FRAME.settings, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100]))]],
  ['pings', () => [frame(FRAME.ping, 0, 0, Buffer.alloc(8))]],
  ['malformed requests', (at) => [get(2 * at + 1, [...GET, ['X-A', 'a']])]],
  [
    'header blocks that never end',
    (at) => [at === 0 ? frame(FRAME.headers, 0, 1, block(GET)) : frame(FRAME.continuation, 0, 1, block([['x-a', 'b'.repeat(500)]]))],
  ],
  [
    'empty frames of data',
    (at) => [at === 0 ? frame(FRAME.headers, END_HEADERS, 1, block(replaced(':path', '/silent'))) : frame(FRAME.data, 0, 1)],
  ],
];

test('floods end the connection, and leave nothing behind', async () => {
  for (const [why, frames] of FLOODS) {
    await withGateway({ limits: { streamResetsMax: 100 } }, async (gateway, _upstream, open) => {
      const talk = open();
      for (let at = 0; at < 20_000 && !talk.isEnded && !talk.socket.destroyed; at++) {
        talk.send(...frames(at));
        if (at % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await talk.ended().catch((error: Error) => assert.fail(`${why}: ${error.message}`));
      await eventually(() => gateway.engine.stats().listener.connections === 0, `${why}: nothing is left`);
      assert.ok(gateway.exchanges.length < 5000, `${why}: ${gateway.exchanges.length} requests were begun`);
      assert.ok(counted(gateway, 'http2-flood') || counted(gateway, 'http2-malformed'), why);
    });
  }
});

test('a client that opens more requests than it may is told so', async () => {
  await withGateway({ limits: { streamsMax: 3 } }, async (gateway, _upstream, open) => {
    const talk = open();
    await talk.next(FRAME.settings, 0);
    for (let at = 0; at < 3; at++) talk.send(get(2 * at + 1, replaced(':path', '/silent')));
    await eventually(() => gateway.exchanges.length === 3, 'three are served');
    talk.send(get(7));
    const reset = await talk.next(FRAME.reset, 7);
    assert.equal(reset.payload.readUInt32BE(), constants.NGHTTP2_REFUSED_STREAM);
    talk.send(frame(FRAME.reset, 0, 1, code(8)), frame(FRAME.reset, 0, 3, code(11)));
    await eventually(() => gateway.outcomes.length === 2, 'two left');
    assert.deepEqual(
      gateway.outcomes.map(({ outcome }) => outcome.reason),
      ['client-closed', 'http2-enhance-your-calm'],
    );
    talk.send(get(9));
    await talk.next(FRAME.data, 9);
    assert.equal(unseen(gateway), 1, 'the one too many is told of');
  });
});

test('an informational answer for a stream that its client closed, with content still unread, ends nobody', async () => {
  const posts: ServerHttp2Stream[] = [];
  const upstream = createServer({ settings: { initialWindowSize: 0 } });
  upstream.on('stream', (stream: ServerHttp2Stream, fields) => {
    stream.on('error', () => {});
    if (fields[':method'] === 'POST') posts.push(stream);
    else stream.end('x');
  });
  upstream.on('sessionError', () => {});
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  const gateway = await startGateway({
    ports: [(upstream.address() as { port: number }).port],
    upstream: { http2: { connectionsMax: 1, streamsMax: 100, windowBytes: 65_536, pingMs: 30_000 } },
    limits: { streamWindowBytes: 1 << 20 },
  });
  const talk = new FrameTalk(gateway.port);
  const isThrough = async (mark: number) => {
    talk.send(frame(FRAME.ping, 0, 0, Buffer.alloc(8, mark)));
    await eventually(() => talk.frames.some(({ type, payload }) => type === FRAME.ping && payload[0] === mark), 'all was read');
  };
  try {
    await talk.next(FRAME.windowUpdate, 0);
    talk.send(frame(FRAME.settings, 1, 0)); // Taken note of: from now on the large window counts.
    talk.send(frame(FRAME.headers, END_HEADERS, 1, block(replaced(':method', 'POST'))));
    for (let i = 0; i < 60; i++) talk.send(frame(FRAME.data, 0, 1, Buffer.alloc(15_000)));
    await eventually(() => posts.length === 1, 'the upstream has it, and takes nothing of its content');
    await isThrough(1);
    talk.send(frame(FRAME.reset, 0, 1, code(constants.NGHTTP2_NO_ERROR)));
    await isThrough(2);
    posts[0]!.additionalHeaders({ ':status': 103, link: 'x' });
    posts[0]!.respond({ ':status': 200 }, { endStream: true });
    await eventually(() => gateway.outcomes.length === 1, 'the exchange ended');
    talk.send(get(3));
    await talk.next(FRAME.data, 3);
  } finally {
    talk.close();
    await gateway.stop();
    for (const { session } of posts) session?.destroy();
    upstream.close();
  }
});
