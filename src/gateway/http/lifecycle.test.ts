/**
 * Aim: what HTTP/1.1 promises about connections and bodies: order, reuse, ends, repeats, and what passes through.
 * Method: a real engine between a client that speaks bytes and a scripted upstream.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { manualClock } from '../../base/clock.ts';
import { defineProblems } from '../../base/problem.ts';
import { between, eventually, ok, Talk, turns, type Upstream } from './fixture.ts';

const H = 'Host: a\r\n';
const { raise } = defineProblems('core/test', { no: { status: 429, title: { en: 'No', zh: '否' } } });

const count = (text: string, part: string) => text.split(part).length - 1;
const pathOf = (text: string) => /^\S+ (\S+) /.exec(text)?.[1] ?? '';
const echoPath = (socket: Socket, text: string) => void socket.write(ok(`[${pathOf(text)}]`));

test('keep-alive: one client connection and one upstream connection serve request after request', async () => {
  await between(echoPath, {}, async (gateway, upstream, talk) => {
    for (const path of ['/1', '/2', '/3']) {
      talk.send(`GET ${path} HTTP/1.1\r\n${H}\r\n`);
      await talk.until((text) => text.endsWith(`[${path}]`));
    }
    assert.equal(upstream.sockets.length, 1);
    assert.deepEqual(
      gateway.outcomes.map(({ path, outcome }) => [path, outcome.status, outcome.reason]),
      [
        ['/1', 200, ''],
        ['/2', 200, ''],
        ['/3', 200, ''],
      ],
    );
  });
});

test('pipelined requests are answered in order, also when the first one is slow and bodies lie between', async () => {
  let first: Socket | undefined;
  await between(
    (socket, text) => {
      if (pathOf(text) === '/1') first = socket;
      else echoPath(socket, text);
    },
    {},
    async (gateway, upstream, talk) => {
      talk.send(`GET /1 HTTP/1.1\r\n${H}\r\nPOST /2 HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\n${H}\r\n`);
      await eventually(() => first !== undefined, 'the first request arrived');
      assert.equal(upstream.received.length, 1, 'the second waits for the first');
      first!.write(ok('[/1]'));
      const text = await talk.until((t) => t.endsWith('[/3]'));
      assert.deepEqual(text.match(/\[\/\d\]/g), ['[/1]', '[/2]', '[/3]']);
      assert.ok(upstream.received[1]!.endsWith('abc'));
      assert.equal(gateway.outcomes.length, 3);
    },
  );
});

test('requests sent ahead are kept up to the bound, then the client is no longer read', async () => {
  let first: Socket | undefined;
  const request = `GET /x HTTP/1.1\r\n${H}X: ${'v'.repeat(900)}\r\n\r\n`;
  await between(
    (socket, text) => {
      if (!first) first = socket;
      else for (let n = count(text, 'GET /x'); n > 0; n--) socket.write(ok('.'));
    },
    {},
    async (gateway, _upstream, talk) => {
      let written = 0;
      talk.send(request);
      await eventually(() => first !== undefined, 'the first request arrived');
      while (talk.socket.write(request.repeat(16)) || written < 8_000_000) {
        written += request.length * 16;
        await new Promise((resolve) => setImmediate(resolve));
        if (talk.socket.writableLength > 1_000_000) break;
      }
      assert.ok(talk.socket.writableLength > 0, 'the gateway went on reading without bound');
      assert.equal(gateway.outcomes.length, 0);
      first!.write(ok('.'));
      await eventually(() => gateway.outcomes.length > 100, 'the rest is served once the first is answered');
    },
  );
});

test('request and response bodies pass both ways, by length and chunked, whatever their size', async () => {
  const big = 'x'.repeat(300_000);
  const chunked = `${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`;
  let got = '';
  await between(
    (socket, text, upstream) => {
      got = upstream.received.join('');
      if (got.endsWith('0\r\n\r\n')) socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`);
      else if (/content-length: 300000/i.test(got) && got.endsWith(big)) socket.write(ok(big));
      void text;
    },
    {},
    async (gateway, upstream, talk) => {
      talk.send(`POST /c HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${chunked}`);
      const text = await talk.until((t) => t.endsWith('\r\n0\r\n\r\n'));
      assert.ok(text.endsWith(chunked));
      assert.ok(got.endsWith(chunked));
      upstream.received.length = 0;
      talk.text = '';
      talk.send(`POST /l HTTP/1.1\r\n${H}Content-Length: 300000\r\n\r\n${big}`);
      const second = await talk.until((t) => t.endsWith(big) && t.includes('\r\n\r\n'));
      assert.equal(second.length - second.indexOf('\r\n\r\n') - 4, 300_000);
      assert.equal(upstream.sockets.length, 1, 'both went over one upstream connection');
      assert.equal(gateway.outcomes[1]!.outcome.responseBytes, second.length);
    },
  );
});

test('trailers are checked and dropped, both ways; the message stays whole', async () => {
  const body = '3\r\nabc\r\n0\r\nX-Weir-Consumer: evil\r\n\r\n';
  await between(
    (socket) => void socket.write(`HTTP/1.1 200 OK\r\nTrailer: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}`),
    {},
    async (_gateway, upstream, talk) => {
      talk.send(`POST / HTTP/1.1\r\n${H}Trailer: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
      const text = await talk.until((t) => t.endsWith('0\r\n\r\n'));
      assert.ok(text.endsWith('3\r\nabc\r\n0\r\n\r\n'));
      assert.ok(upstream.received.join('').endsWith('3\r\nabc\r\n0\r\n\r\n'));
      talk.send(`GET / HTTP/1.1\r\n${H}\r\n`);
      await talk.until((t) => count(t, '0\r\n\r\n') === 2);
    },
  );
});

test('no body after HEAD, 204 and 304, even when the upstream announces one; the connection goes on', async () => {
  await between(
    (socket, text) => {
      if (text.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
      else if (pathOf(text) === '/204') socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n');
      else if (pathOf(text) === '/304') socket.write('HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n');
      else echoPath(socket, text);
    },
    {},
    async (_gateway, upstream, talk) => {
      talk.send(`HEAD /h HTTP/1.1\r\n${H}\r\nGET /204 HTTP/1.1\r\n${H}\r\nGET /304 HTTP/1.1\r\n${H}\r\nGET /end HTTP/1.1\r\n${H}\r\n`);
      const text = await talk.until((t) => t.endsWith('[/end]'));
      const heads = text.split('HTTP/1.1 ').slice(1);
      assert.match(heads[0]!, /^200 [^]*Content-Length: 5\r\n[^]*\r\n\r\n$/);
      assert.match(heads[1]!, /^204 [^]*\r\n\r\n$/);
      assert.doesNotMatch(heads[1]!, /content-length/i);
      assert.match(heads[2]!, /^304 [^]*\r\n\r\n$/);
      assert.doesNotMatch(heads[2]!, /transfer-encoding/i);
      assert.equal(upstream.sockets.length, 1);
    },
  );
});

test('informational answers pass, 100 does not', async () => {
  const hints =
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLocation: /x\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\n\r\n';
  const upload = 'HTTP/1.1 104 Upload Resumption Supported\r\nLocation: /x\r\nUpload-Offset: 7\r\nServer: s\r\n\r\n';
  await between(
    (socket) => void socket.write(hints + upload + ok('hi')),
    {},
    async (_gateway, _upstream, talk) => {
      const text = await talk.send(`GET / HTTP/1.1\r\n${H}\r\n`).until((t) => t.endsWith('hi'));
      assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 103', 'HTTP/1.1 104', 'HTTP/1.1 200']);
      assert.match(text, /103 Early Hints\r\nLink: <\/a>\r\n\r\n/, 'nothing that is for the final answer, where policies see it');
      assert.match(text, /104 Upload Resumption Supported\r\nLocation: \/x\r\nUpload-Offset: 7\r\n\r\n/);
    },
  );
});

test('Expect: 100-continue is answered by the gateway, and never goes upstream', async () => {
  await between(
    (socket, _text, upstream) => upstream.received.join('').endsWith('hello') && void socket.write(ok('thanks')),
    {},
    async (_gateway, upstream, talk) => {
      talk.send(`POST / HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
      await talk.until((t) => t === 'HTTP/1.1 100 Continue\r\n\r\n');
      await talk.send('hello').until((t) => t.endsWith('thanks'));
      assert.doesNotMatch(upstream.received.join(''), /expect/i);
    },
  );
});

test('a request refused by the core gets no 100, only its answer, and the connection closes', async () => {
  await between(
    () => {},
    { decide: () => ({ kind: 'problem', problem: raise.no() }) },
    async (_gateway, _upstream, talk) => {
      const text = await talk.send(`POST / HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`).end();
      assert.match(text, /^HTTP\/1\.1 429 [^]*connection: close/);
    },
  );
});

test('HTTP/1.0: one answer and the end; chunked answers lose their chunks', async () => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n';
  await between(
    (socket) => void socket.write(chunked),
    {},
    async (gateway, upstream, talk) => {
      const text = await talk.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n').end();
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n\r\nabcdefg$/);
      assert.doesNotMatch(text, /transfer-encoding/i);
      assert.match(upstream.received[0]!, /^GET \/ HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
      assert.equal(gateway.outcomes[0]!.outcome.reason, '');
    },
  );
});

test('HTTP/1.0: an answer that breaks off ends in a reset, never like a whole one', async () => {
  const half = [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\nde',
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabcde',
  ];
  for (const text of half) {
    await between(
      (socket) => {
        socket.write(text);
        setImmediate(() => socket.destroy());
      },
      {},
      async (gateway, _upstream, talk) => {
        talk.send('GET / HTTP/1.0\r\n\r\n');
        await eventually(() => talk.reset, 'the client sees a reset');
        assert.equal(gateway.outcomes[0]!.outcome.reason, 'core/http/upstream-closed');
      },
    );
  }
});

test('a body that ends with the upstream connection ends the client connection too', async () => {
  await between(
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nabc');
      setImmediate(() => socket.end('def'));
    },
    {},
    async (gateway, _upstream, talk) => {
      const text = await talk.send(`GET / HTTP/1.1\r\n${H}\r\n`).end();
      assert.match(text, /connection: close\r\n\r\nabcdef$/);
      assert.equal(gateway.outcomes[0]!.outcome.reason, '');
      assert.equal(gateway.engine.stats().upstream.open, 0);
    },
  );
});

test('an early answer of a target that will not stay reaches the client, and neither connection is used again', async () => {
  await between(
    (socket) => void socket.write(ok('too much', 'connection: close\r\n')),
    {},
    async (gateway, upstream, talk) => {
      talk.send(`POST / HTTP/1.1\r\n${H}Content-Length: 1000000\r\n\r\nabc`);
      const text = await talk.end();
      assert.match(text, /connection: close\r\n\r\ntoo much$/);
      assert.equal(gateway.engine.stats().upstream.open, 0);
      await eventually(() => upstream.sockets[0]!.destroyed, 'the upstream connection is closed');
    },
  );
});

test('bytes behind an answer close the upstream connection', async () => {
  await between(
    (socket) => void socket.write(`${ok('one')}${ok('smuggled')}`),
    {},
    async (gateway, _upstream, talk) => {
      const text = await talk.send(`GET / HTTP/1.1\r\n${H}\r\n`).until((t) => t.endsWith('one'));
      assert.doesNotMatch(text, /smuggled/);
      assert.equal(gateway.engine.stats().upstream.open, 0);
    },
  );
});

test('an upstream that dies: before a byte 502, amid the body the client is cut', async () => {
  await between(
    (socket, text) => {
      if (pathOf(text) === '/mid') socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', () => socket.destroy());
      else socket.destroy();
    },
    {},
    async (gateway, _upstream, talk) => {
      await talk.send(`GET /dead HTTP/1.1\r\n${H}\r\n`).until((t) => /502 [^]*upstream-closed[^]*}/.test(t));
      talk.text = '';
      const text = await talk.send(`GET /mid HTTP/1.1\r\n${H}\r\n`).end();
      assert.match(text, /^HTTP\/1\.1 200 [^]*abc$/);
      assert.equal(gateway.outcomes[1]!.outcome.reason, 'core/http/upstream-closed');
    },
  );
});

test('repeats: an idempotent, bodiless request whose reused connection gave no byte; no other', async () => {
  const dieOnSecond = (socket: Socket, text: string, upstream: Upstream) => {
    const turn = upstream.received.length;
    if (turn % 2 === 0 && upstream.sockets.indexOf(socket) === 0) socket.destroy();
    else echoPath(socket, text);
  };
  for (const [second, repeated] of [
    ['GET /2', true],
    ['DELETE /2', true],
    ['POST /2', false],
  ] as const) {
    await between(dieOnSecond, {}, async (_gateway, upstream, talk) => {
      await talk.send(`GET /1 HTTP/1.1\r\n${H}\r\n`).until((t) => t.endsWith('[/1]'));
      await talk.send(`${second} HTTP/1.1\r\n${H}\r\n`).until((t) => (repeated ? t.endsWith('[/2]') : /502 [^]*}$/.test(t)));
      assert.equal(upstream.received.length, repeated ? 3 : 2, second);
    });
  }
  await between(dieOnSecond, {}, async (_gateway, upstream, talk) => {
    await talk.send(`GET /1 HTTP/1.1\r\n${H}\r\n`).until((t) => t.endsWith('[/1]'));
    await talk.send(`PUT /2 HTTP/1.1\r\n${H}Content-Length: 1\r\n\r\nx`).until((t) => /502 [^]*}$/.test(t));
    assert.equal(upstream.received.length, 2, 'a request with a body is not repeated');
  });
});

test('fields: hop-by-hop and nominated ones are stripped, ours added, spoofed ones replaced', async () => {
  let seen = '';
  await between(
    (socket, text) => {
      seen = text;
      socket.write(ok('hi', 'Connection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nX-Ok: 1\r\n'));
    },
    {
      decide: (exchange) => {
        exchange.request.set('x-weir-consumer', 'default/me');
        exchange.request.remove('X-Api-Key');
        return undefined;
      },
    },
    async (_gateway, _upstream, talk) => {
      const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const text = await talk
        .send(
          `GET /p?q=1 HTTP/1.1\r\n${H}Connection: keep-alive, X-Drop\r\nX-Drop: 1\r\nX_Weir_Consumer: evil\r\n` +
            `X-Weir-Consumer: evil\r\nx-api-key: k\r\nTE: trailers\r\n` +
            `X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX_Forwarded-Prefix: /evil\r\nForwarded: for=6.6.6.6\r\n` +
            `X-Keep: 1\r\ntraceparent: ${trace}\r\ntracestate: a=b\r\nX-Request-Id: my-request-1\r\n\r\n`,
        )
        .until((t) => t.endsWith('hi'));
      assert.match(seen, /^GET \/p\?q=1 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
      for (const gone of ['X-Drop', 'evil', 'x-api-key', 'TE:', '6.6.6.6', 'Connection'])
        assert.ok(!seen.includes(gone), `${gone} in ${seen}`);
      for (const kept of [
        'X-Keep: 1',
        'x-weir-consumer: default/me',
        'x-forwarded-for: 127.0.0.1',
        'x-forwarded-proto: http',
        'x-forwarded-host: a',
        trace,
        'tracestate: a=b',
        'X-Request-Id: my-request-1',
      ]) {
        assert.equal(count(seen, kept), 1, `${kept} in ${seen}`);
      }
      assert.match(text, /X-Ok: 1\r\n/);
      assert.doesNotMatch(text, /X-Secret|Keep-Alive/);
      assert.match(text, /x-request-id: my-request-1\r\n/);
    },
  );
});

test('an invalid traceparent is replaced and its tracestate dropped; an insane request id too', async () => {
  let seen = '';
  await between(
    (socket, text) => ((seen = text), void socket.write(ok('hi'))),
    {},
    async (gateway, _upstream, talk) => {
      await talk
        .send(`GET / HTTP/1.1\r\n${H}traceparent: 00-zz-1-01\r\ntracestate: a=b\r\nx-request-id: <script>\r\n\r\n`)
        .until((t) => t.endsWith('hi'));
      assert.match(seen, /traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00\r\n/);
      assert.doesNotMatch(seen, /tracestate|script/);
      assert.match(gateway.exchanges[0]!.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
      assert.ok(seen.includes(`x-request-id: ${gateway.exchanges[0]!.id}`));
      assert.ok(seen.includes(gateway.exchanges[0]!.traceId));
    },
  );
});

test('a client that leaves: the upstream is let go, the signal fires, the record says so', async () => {
  await between(
    () => {},
    {},
    async (gateway, upstream, talk) => {
      talk.send(`GET / HTTP/1.1\r\n${H}\r\n`);
      await eventually(() => upstream.received.length === 1, 'the request arrived');
      const { signal } = gateway.exchanges[0]!;
      talk.socket.resetAndDestroy();
      await eventually(() => gateway.outcomes.length === 1, 'the exchange ended');
      assert.equal(gateway.outcomes[0]!.outcome.reason, 'client-closed');
      assert.ok(signal.aborted);
      assert.equal(gateway.engine.stats().upstream.open, 0);
    },
  );
});

test('a client that ends its side after the request still gets its answer', async () => {
  await between(echoPath, {}, async (gateway) => {
    const half = new Talk(gateway.port, { allowHalfOpen: true });
    half.socket.end(`GET /1 HTTP/1.1\r\n${H}\r\nGET /2 HTTP/1.1\r\n${H}\r\n`);
    const text = await half.until((t) => t.endsWith('[/2]'));
    assert.equal(count(text, 'HTTP/1.1 200'), 2);
    await eventually(() => half.ended, 'the gateway closes after the last answer');
    half.close();
  });
});

test('a client that ends its side after a whole body gets its answer too when it had to wait for the upstream', async () => {
  const slow: Socket[] = [];
  const script = (socket: Socket, text: string) => void (pathOf(text) === '/slow' ? slow.push(socket) : echoPath(socket, text));
  await between(script, { connectionsMax: 1 }, async (gateway, _, talk) => {
    talk.send(`GET /slow HTTP/1.1\r\n${H}\r\n`);
    await eventually(() => slow.length === 1, 'the upstream is busy');
    const [whole, part] = ['/whole', '/part'].map((path) => {
      const other = new Talk(gateway.port, { allowHalfOpen: true });
      return other.send(`POST ${path} HTTP/1.1\r\n${H}Content-Length: 5\r\n\r\n`);
    }) as [Talk, Talk];
    await eventually(() => gateway.engine.stats().upstream.waiting === 2, 'both wait');
    whole.send('hello').socket.end();
    part.send('hell').socket.end();
    await eventually(() => whole.socket.writableFinished && part.socket.writableFinished, 'both ends are on their way');
    await turns(5);
    slow[0]!.write(ok('[/slow]'));
    await whole.until((text) => text.endsWith('[/whole]'));
    assert.equal(await part.end(), '');
    whole.close();
  });
});

test('a connection closes after its number of requests, when idle too long, and when asked to', async () => {
  const clock = manualClock();
  await between(echoPath, { clock, limits: { requestsPerConnectionMax: 2, keepAliveMs: 1000 } }, async (gateway, _upstream, talk) => {
    const text = await talk.send(`GET /1 HTTP/1.1\r\n${H}\r\nGET /2 HTTP/1.1\r\n${H}\r\nGET /3 HTTP/1.1\r\n${H}\r\n`).end();
    assert.match(text, /\[\/1\]HTTP[^]*connection: close\r\n\r\n\[\/2\]$/);
    const idle = new Talk(gateway.port).send(`GET /1 HTTP/1.1\r\n${H}\r\n`);
    await idle.until((t) => t.endsWith('[/1]'));
    clock.advance(1500);
    await idle.end();
    const asked = await new Talk(gateway.port).send(`GET /1 HTTP/1.1\r\n${H}Connection: close\r\n\r\n`).end();
    assert.match(asked, /connection: close\r\n/);
  });
});

test('drain: idle connections close, a request in flight is answered with close, what remains is cut after the grace', async () => {
  const clock = manualClock();
  let held: Socket | undefined;
  await between(
    (socket, text) => {
      if (pathOf(text) === '/held') held = socket;
      else if (pathOf(text) !== '/never') echoPath(socket, text);
    },
    { clock },
    async (gateway, upstream, talk) => {
      const idle = new Talk(gateway.port).send(`GET /1 HTTP/1.1\r\n${H}\r\n`);
      await idle.until((t) => t.endsWith('[/1]'));
      talk.send(`GET /held HTTP/1.1\r\n${H}\r\n`);
      const never = new Talk(gateway.port).send(`GET /never HTTP/1.1\r\n${H}\r\n`);
      await eventually(() => upstream.received.length === 3, 'all requests arrived');
      const drained = gateway.engine.drain(1000);
      await idle.end();
      held!.write(ok('late'));
      assert.match(await talk.end(), /connection: close\r\n\r\nlate$/);
      clock.advance(1500);
      await drained;
      await never.end();
      assert.deepEqual(
        gateway.outcomes.map(({ path, outcome }) => [path, outcome.reason]),
        [
          ['/1', ''],
          ['/held', ''],
          ['/never', 'gateway-stopped'],
        ],
      );
      const late = new Talk(gateway.port);
      await late.end();
      assert.equal(late.text, '');
    },
  );
});

// Who had sent a request ahead, and ended amid the next one, held a connection to the target until the body was late.
test('a client that ended while its request before was answered is not waited for', async () => {
  for (const part of [`POST /2 HTTP/1.1\r\n${H}Content-Length: 9\r\n\r\nabc`, 'POST /2 HT']) {
    let first: Socket | undefined;
    const script = (socket: Socket, text: string): void => void (pathOf(text) === '/1' && (first = socket));
    await between(script, { clock: manualClock() }, async (gateway) => {
      const half = new Talk(gateway.port, { allowHalfOpen: true });
      half.send(`GET /1 HTTP/1.1\r\n${H}\r\n${part}`).socket.end();
      await eventually(() => first !== undefined, 'the first is under way');
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      first!.write(ok('[/1]'));
      await half.until((text) => text.endsWith('[/1]'));
      await eventually(() => gateway.engine.stats().listener.connections === 1, 'only the other client is left');
      half.close();
    });
  }
});
