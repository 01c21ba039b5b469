// Aim: upstreams that speak HTTP/2 serve clients of both protocols: requests and answers whole, trailers, few connections with
// many requests, no request lost when a connection says goodbye, and what breaks off is never taken for whole. Method: servers
// of node:http2 behind an engine on real sockets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createTcp, type Socket } from 'node:net';
import { test } from 'node:test';
import { FRAME, frame } from '../http2/frames.ts';
import { eventually, type Gateway, type GatewayOptions, startGateway, Talk } from '../http/fixture.ts';
import type { CompiledHttp2 } from '../../sdk/upstream.ts';
import type { Pool } from './pool.ts';

const RULES: CompiledHttp2 = { connectionsMax: 2, streamsMax: 100, windowBytes: 65_536, pingMs: 30_000 };

interface Target {
  readonly port: number;
  readonly sessions: ServerHttp2Session[];
  readonly heads: Record<string, unknown>[];
  close(): void;
}

type Serve = (stream: ServerHttp2Stream, fields: Record<string, unknown>, target: Target) => void;

async function startTarget(serve: Serve, settings: { maxConcurrentStreams?: number; initialWindowSize?: number } = {}): Promise<Target> {
  const server: Http2Server = createServer({ settings });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket.on('error', () => {})));
  server.on('session', (session) => void target.sessions.push(session.on('error', () => {})));
  server.on('stream', (stream: ServerHttp2Stream, fields) => {
    stream.on('error', () => {});
    target.heads.push(fields);
    serve(stream, fields, target);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target: Target = {
    port: (server.address() as { port: number }).port,
    sessions: [],
    heads: [],
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return target;
}

interface World {
  readonly gateway: Gateway;
  readonly target: Target;
  readonly session: ClientHttp2Session;
  talk(): Talk;
}

async function over(
  serve: Serve,
  options: Omit<GatewayOptions, 'ports'>,
  body: (world: World) => Promise<void>,
  settings = {},
): Promise<void> {
  const target = await startTarget(serve, settings);
  const gateway = await startGateway({ ...options, ports: [target.port], upstream: { http2: RULES, ...options.upstream } });
  const session = connect(`http://127.0.0.1:${gateway.port}`);
  session.on('error', () => {});
  const talks: Talk[] = [];
  const talk = () => {
    const one = new Talk(gateway.port);
    talks.push(one);
    return one;
  };
  try {
    await body({ gateway, target, session, talk });
  } finally {
    session.destroy();
    for (const one of talks) one.close();
    await gateway.stop();
    target.close();
  }
}

async function ask(session: ClientHttp2Session, fields: Record<string, string>, body?: string) {
  const stream = session.request(fields, { endStream: body === undefined });
  const got = { status: 0, body: '', trailers: {} as Record<string, unknown>, fields: {} as Record<string, unknown>, reset: 0 };
  stream.on('response', (head) => ((got.status = Number(head[':status'])), (got.fields = head)));
  stream.on('trailers', (trailers) => (got.trailers = trailers));
  stream.on('error', () => {});
  stream.setEncoding('latin1').on('data', (piece: string) => (got.body += piece));
  if (body !== undefined) stream.end(body);
  await eventually(() => stream.destroyed, 'the stream ended');
  got.reset = stream.rstCode ?? 0;
  return got;
}

const echo: Serve = (stream, fields) => {
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  stream.on('end', () => {
    const body = Buffer.concat(pieces);
    stream.respond({ ':status': 200, ...(fields[':path'] === '/length' ? { 'content-length': String(body.length) } : {}) });
    stream.end(body);
  });
};

test('an upstream that never opens its window for a body is a 504, and the place is given back', async () => {
  const ignore: Serve = () => {};
  const script = async ({ talk, gateway }: World) => {
    const client = talk().send(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 200000\r\n\r\n${'x'.repeat(200_000)}`);
    assert.match(await client.until((text) => text.includes('upstream-timeout')), /^HTTP\/1\.1 504 /);
    await eventually(() => (gateway.engine.pool('default/up') as Pool).stats().open === 0, 'the stream is gone');
  };
  await over(ignore, { forward: { idleMs: 300, firstByteMs: 300 } }, script, { initialWindowSize: 0 });
});

test('a client of HTTP/1.1 calls an upstream of HTTP/2: fields, chunks, lengths, and its connection stays', async () => {
  await over(echo, {}, async ({ target, talk, gateway }) => {
    const client = talk();
    client.send('GET /a?b=c HTTP/1.1\r\nhost: shop.test\r\nX-Asked: this\r\nconnection: keep-alive, x-gone\r\nx-gone: 1\r\n\r\n');
    assert.match(await client.until((text) => text.endsWith('0\r\n\r\n')), /^HTTP\/1\.1 200 \r\n/);
    const [head] = target.heads as [Record<string, unknown>];
    assert.equal(head[':path'], '/a?b=c');
    assert.equal(head[':authority'], `127.0.0.1:${target.port}`);
    assert.equal(head[':scheme'], 'http');
    assert.equal(head['x-asked'], 'this');
    assert.equal(head['x-gone'], undefined);
    assert.equal(head['te'], undefined, 'nobody asked for trailers');
    assert.equal(head['x-forwarded-host'], 'shop.test');
    client.text = '';
    client.send('POST /length HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
    assert.match(await client.until((text) => text.endsWith('abcde')), /\r\ncontent-length: 5\r\n/);
    client.text = '';
    client.send('POST /chunks HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nxyz');
    assert.match(await client.until((text) => text.endsWith('0\r\n\r\n')), /\r\ntransfer-encoding: chunked\r\n[^]*3\r\nxyz\r\n/);
    assert.equal(target.sessions.length, 1, 'one connection serves all');
    assert.deepEqual(
      gateway.outcomes.map(({ outcome }) => outcome.reason),
      ['', '', ''],
    );
    const old = talk();
    old.send('POST /chunks HTTP/1.0\r\ncontent-length: 3\r\n\r\nxyz');
    assert.match(await old.end(), /\r\n\r\nxyz$/);
  });
});

test('bodies of all sizes go through both ways, of a client of HTTP/2 as well', async () => {
  await over(echo, {}, async ({ session }) => {
    for (const size of [0, 1, 16_384, 65_537, 2_000_000]) {
      const body = 'abcdefg'.repeat(size / 7 + 1).slice(0, size);
      for (const path of ['/length', '/chunks']) {
        const got = await ask(session, { ':path': path, ':method': 'POST' }, body);
        assert.ok(got.status === 200 && got.body === body, `${path} ${size}: ${got.status} ${got.body.length}`);
      }
    }
  });
});

test('answers without content, answers to HEAD, informational answers and trailers', async () => {
  await over(
    (stream, fields) => {
      if (fields[':method'] === 'HEAD') return stream.respond({ ':status': 200, 'content-length': '7' }, { endStream: true });
      if (fields[':path'] === '/204') return stream.respond({ ':status': 204 }, { endStream: true });
      if (fields[':path'] === '/empty') return stream.respond({ ':status': 200 }, { endStream: true });
      if (fields[':path'] === '/only') {
        return stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' }, { endStream: true });
      }
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'content-length': '3' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'set-cookie': 'a=b', 'x-two': ['1', '2'] }));
      stream.end('abc');
    },
    {},
    async ({ session, talk, target }) => {
      const head = await ask(session, { ':path': '/', ':method': 'HEAD' });
      assert.deepEqual([head.status, head.fields['content-length'], head.body], [200, '7', '']);
      assert.equal((await ask(session, { ':path': '/204' })).status, 204);
      const all = await ask(session, { ':path': '/', ':method': 'POST' }, '');
      assert.equal(all.body, 'abc');
      assert.deepEqual(Object.entries(all.trailers), [
        ['grpc-status', '0'],
        ['x-two', '1, 2'],
      ]);
      const stream = session.request({ ':path': '/only' });
      const [fields, flags] = (await once(stream, 'response')) as unknown as [Record<string, unknown>, number];
      assert.equal(fields['grpc-status'], '5');
      assert.ok((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0, 'trailers alone stay trailers alone');
      const client = talk();
      client.send('GET /empty HTTP/1.1\r\nhost: a\r\n\r\n');
      assert.match(await client.until((text) => text.includes('\r\n\r\n')), /\r\ncontent-length: 0\r\n/);
      client.text = '';
      client.send('GET /trailers HTTP/1.1\r\nhost: a\r\n\r\n');
      const text = await client.until((got) => got.endsWith('0\r\n\r\n'));
      assert.match(text, /^HTTP\/1\.1 103 \r\nlink: <\/a>\r\n/);
      assert.doesNotMatch(text, /grpc-status/, 'clients of HTTP/1.1 get no trailers unless they ask');
      client.text = '';
      client.send('GET /trailers HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te\r\n\r\n');
      const end = '\r\n3\r\nabc\r\n0\r\ngrpc-status: 0\r\nx-two: 1\r\nx-two: 2\r\n\r\n';
      await client.until((got) => got.endsWith(end));
      assert.equal(target.heads.at(-1)!['te'], 'trailers');
    },
  );
});

test('trailers of requests pass to an upstream that takes them, of clients of both protocols; else they are dropped', async () => {
  const sum: Serve = (stream) => {
    let size = 0;
    let trailers: unknown;
    stream.on('data', (piece: Buffer) => void (size += piece.length));
    stream.on('trailers', (_fields: unknown, _flags: number, raw?: string[]) => (trailers = raw));
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.end(JSON.stringify([size, trailers]));
    });
  };
  const lines = 'X-Sum: 7\r\nX-Sum: 8\r\nAuthorization: x\r\nETag: 1\r\nETag: 2\r\n';
  const fields = { 'x-sum': ['7', '8'], authorization: 'x', etag: '1' };
  for (const passes of [true, false]) {
    await over(sum, { upstream: passes ? { requestTrailers: true } : {} }, async ({ session, talk, gateway }) => {
      const client = talk();
      for (const [chunks, size] of [
        ['3\r\nabc\r\n', 3],
        ['', 0],
        ['20000\r\n' + 'x'.repeat(0x20000) + '\r\n', 0x20000],
      ] as const) {
        client.text = '';
        client.send(`POST / HTTP/1.1\r\nhost: a\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`);
        await eventually(() => gateway.engine.stats().upstream.open > 0, 'it is on its way');
        client.send(`0\r\n${lines}\r\n`);
        const wanted = JSON.stringify(passes ? [size, ['x-sum', '7', 'x-sum', '8', 'etag', '1', 'etag', '2']] : [size, null]);
        await client.until((text) => text.includes(wanted) && text.endsWith('\r\n0\r\n\r\n'));
        const stream = session.request({ ':method': 'POST', ':path': '/' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers(fields));
        let body = '';
        stream.setEncoding('latin1').on('data', (piece: string) => (body += piece));
        stream.end('x'.repeat(size));
        await once(stream, 'close');
        assert.equal(body, JSON.stringify(passes ? [size, ['x-sum', '7', 'x-sum', '8', 'etag', '1']] : [size, null]));
      }
    });
  }
});

test('answers that break off, and bodies nobody ends, end in a reset on the other side', async () => {
  let resets = 0;
  await over(
    (stream, fields, target) => {
      stream.on('close', () => void (stream.rstCode !== 0 && resets++));
      if (fields[':path'] === '/wait') return;
      stream.respond({ ':status': 200 });
      stream.write('part', () => {
        if (fields[':path'] === '/reset') stream.destroy(new Error('broken')); // `close` would end it first.
        if (fields[':path'] === '/gone') target.sessions.at(-1)!.destroy();
      });
    },
    {},
    async ({ session, gateway, talk }) => {
      for (const path of ['/reset', '/gone']) {
        const got = await ask(session, { ':path': path });
        assert.equal(got.reset, constants.NGHTTP2_INTERNAL_ERROR, path);
        assert.match(gateway.outcomes.at(-1)!.outcome.reason, /upstream-closed$/, path);
        const client = talk();
        client.send(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
        assert.doesNotMatch(await client.end(), /0\r\n\r\n$/, path);
      }
      resets = 0;
      const stream = session.request({ ':path': '/wait', ':method': 'POST' }, { endStream: false });
      stream.on('error', () => {});
      stream.write('half');
      const before = gateway.exchanges.length;
      await eventually(() => gateway.exchanges.length > before, 'it came');
      stream.close(constants.NGHTTP2_CANCEL);
      await eventually(() => resets === 1, 'the target’s work is ended by a reset');
    },
  );
});

test('many requests share few connections; beyond what these hold they wait, and beyond that they are told to come back', async () => {
  const held: ServerHttp2Stream[] = [];
  await over(
    (stream) => void held.push(stream),
    { connectionsMax: 1000, upstream: { http2: { ...RULES, streamsMax: 5 }, pendingMax: 3 } },
    async ({ session, gateway, target }) => {
      const asked = Array.from({ length: 14 }, () => ask(session, { ':path': '/' }));
      await eventually(() => held.length === 10 && gateway.outcomes.length === 1, 'ten are served, three wait, one is refused');
      assert.equal(gateway.outcomes[0]!.outcome.status, 503);
      assert.equal(target.sessions.length, 2);
      const answer = () => held.splice(0).forEach((stream) => (stream.respond({ ':status': 200 }), stream.end('x')));
      answer();
      await eventually(() => held.length === 3, 'those that waited are served');
      answer();
      const got = await Promise.all(asked);
      assert.deepEqual(got.map(({ status }) => status).sort(), [...Array<number>(13).fill(200), 503]);
      assert.equal(got.find(({ status }) => status === 503)!.fields['retry-after'], '1');
      await eventually(() => gateway.engine.stats().upstream.open === 0, 'nothing is held');
    },
  );
});

test('what a target allows at once is kept to', async () => {
  const held: ServerHttp2Stream[] = [];
  await over(
    (stream) => void held.push(stream),
    { connectionsMax: 1000, upstream: { http2: { ...RULES, connectionsMax: 1 } } },
    async ({ session, gateway }) => {
      const first = ask(session, { ':path': '/' });
      await eventually(() => held.length === 1, 'the first one came, and the settings with it');
      const rest = Array.from({ length: 4 }, () => ask(session, { ':path': '/' }));
      await eventually(() => held.length === 2 && gateway.engine.stats().upstream.waiting === 3, 'two are served, three wait');
      for (let served = 0; served < 5; served++) {
        await eventually(() => held.length > 0, 'the next one came');
        const stream = held.shift()!;
        stream.respond({ ':status': 200 });
        stream.end();
      }
      assert.ok((await Promise.all([first, ...rest])).every(({ status }) => status === 200));
    },
    { maxConcurrentStreams: 2 },
  );
});

test('a target that says goodbye loses nothing: what it has is answered, what it refused is sent again', async () => {
  const held: ServerHttp2Stream[] = [];
  let refuse = true;
  await over(
    (stream, fields) => {
      if (fields[':path'] === '/held') return void held.push(stream);
      if (fields[':path'] === '/refused' && refuse) {
        refuse = false;
        return stream.close(constants.NGHTTP2_REFUSED_STREAM);
      }
      stream.respond({ ':status': 200 });
      stream.end('x');
    },
    {},
    async ({ session, target, gateway }) => {
      const waits = ask(session, { ':path': '/held' });
      await eventually(() => held.length === 1, 'it came');
      target.sessions[0]!.close();
      await eventually(() => target.sessions[0]!.closed, 'it said goodbye');
      assert.equal((await ask(session, { ':path': '/new' })).status, 200);
      assert.equal(target.sessions.length, 2, 'new requests go over a new connection');
      held[0]!.respond({ ':status': 200 });
      held[0]!.end('late');
      assert.equal((await waits).body, 'late');
      const refused = await ask(session, { ':path': '/refused', ':method': 'DELETE' });
      assert.equal(refused.status, 200);
      assert.equal(gateway.outcomes.at(-1)!.outcome.trip!.tries, 2);
    },
  );
});

test('an unused connection is closed', async () => {
  await over(echo, { upstream: { idleMs: 100 } }, async ({ session, target }) => {
    await ask(session, { ':path': '/' });
    await eventually(() => target.sessions[0]!.destroyed, 'it was closed when it had rested');
    assert.equal((await ask(session, { ':path': '/' })).status, 200);
  });
});

test('a connection that does not answer pings is given up, and its requests with it', async () => {
  const silent = createTcp((socket) => {
    socket.on('error', () => {}).on('data', () => {});
    socket.write(frame(FRAME.settings, 0, 0));
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const port = (silent.address() as { port: number }).port;
  const gateway = await startGateway({ ports: [port], upstream: { http2: { ...RULES, pingMs: 100 } } });
  const talk = new Talk(gateway.port);
  talk.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  assert.match(await talk.until((text) => text.includes('}')), /^HTTP\/1\.1 502 [^]*upstream-closed/);
  talk.close();
  await gateway.stop();
  silent.close();
});

test('a target that speaks something else is a 502', async () => {
  const garbage = createTcp((socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  garbage.listen(0, '127.0.0.1');
  await once(garbage, 'listening');
  const port = (garbage.address() as { port: number }).port;
  const gateway = await startGateway({ ports: [port], upstream: { http2: RULES } });
  const talk = new Talk(gateway.port);
  talk.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  assert.match(await talk.until((text) => text.includes('}')), /^HTTP\/1\.1 502 /);
  talk.close();
  await gateway.stop();
  garbage.close();
});
