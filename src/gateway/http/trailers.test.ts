/**
 * Aim: trailers pass where both sides agreed to them, and only fields that may stand there; else they are dropped, and the
 * message is whole. What the head's rules or a policy keep back does not come behind the body.
 * Method: a real engine between a client that speaks bytes and a scripted upstream.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { between, eventually, type GatewayOptions, ok, Talk } from './fixture.ts';

const H = 'Host: a\r\n';
const TE = 'TE: trailers\r\nConnection: TE\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const answer = (fields: string, end: string): string => `HTTP/1.1 200 OK\r\n${fields}${CHUNKED}\r\n3\r\nabc\r\n${end}`;
const say = (bytes: string) => (socket: Socket) => void socket.write(bytes, 'latin1');
const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);
const isWhole = (text: string): boolean => /\r\n0\r\n(?:[^\r\n]+\r\n)*\r\n$/.test(text);

/** Names that must never stand in trailers, whoever sends them. */
const FORBIDDEN = [
  ['Content-Length', 'Transfer-Encoding', 'Host', 'Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Upgrade'],
  ['HTTP2-Settings', 'Expect', 'Range', 'If-Match', 'Cache-Control', 'Max-Forwards', 'Authorization', 'Proxy-Authorization'],
  ['WWW-Authenticate', 'Proxy-Authenticate', 'Cookie', 'Set-Cookie', 'set_cookie', 'Content-Type', 'content_type'],
  ['Content-Encoding', 'Content-Range', 'Location', 'Vary', 'Accept-Encoding', 'Access-Control-Allow-Origin', 'Date', 'Via'],
  ['Forwarded', 'X-Forwarded-For', 'x_forwarded_for', 'X-Real-IP', 'Client-Cert', 'Client-Cert-Chain', 'X-Client-IP'],
  ['True-Client-IP', 'CF-Connecting-IP', 'X-Envoy-Peer', 'X-Amzn-Oidc-Identity', 'X-Original-Forwarded-For', 'X-Weir-Consumer'],
  ['x_weir_consumer', 'X-Request-Id', 'Traceparent', 'Tracestate', 'X-HTTP-Method-Override', 'X-Original-URL'],
].flat();

const asked = (fields: string): string => `GET / HTTP/1.1\r\n${H}${fields}\r\n`;

/** What a client gets for `request` when the upstream says `bytes`, and what the upstream was sent. */
async function exchanged(
  request: string,
  bytes: string,
  options: Omit<GatewayOptions, 'ports'> = {},
): Promise<[got: string, sent: string]> {
  let result: [string, string] = ['', ''];
  await between(say(bytes), options, async (gateway, upstream, talk) => {
    const got = await talk.send(request).until((text) => isWhole(text) || /\r\n\r\n[^]*\}$/.test(text));
    result = [got, upstream.received.join('')];
    await eventually(() => gateway.outcomes.length === 1, 'the exchange is over');
    assert.equal(gateway.engine.stats().upstream.idle, gateway.engine.stats().upstream.open, 'a connection is at rest or gone');
  });
  return result;
}

test('answers: trailers pass to who asks for them, and the upstream is asked exactly then', async () => {
  const bytes = answer(
    'Trailer: X-Sum, Set-Cookie\r\nTrailer: ETag\r\n',
    '0\r\nX-Sum:  7 \r\nSet-Cookie: a=b\r\nETag: "x"\r\nX-Sum: 8\r\n\r\n',
  );
  const [got, sent] = await exchanged(asked(TE), bytes);
  assert.equal(bodyOf(got), '3\r\nabc\r\n0\r\nX-Sum:  7 \r\nETag: "x"\r\nX-Sum: 8\r\n\r\n');
  assert.match(got, /\r\ntrailer: X-Sum, ETag\r\n/);
  assert.match(sent, /\r\nconnection: te\r\nte: trailers\r\n/);
  for (const also of ['connection: close, Te\r\nte: gzip;q=0.5 ,\tTrailers\r\n', 'Connection: te\r\nTE: deflate\r\nTE: trailers\r\n'])
    assert.match((await exchanged(asked(also), bytes))[0], /\r\nX-Sum:  7 \r\n/, also);
  for (const not of [
    ['', 'TE: trailers\r\n', 'Connection: TE\r\n', 'TE: gzip\r\nConnection: TE\r\n', 'TE: gzip;x="a,trailers"\r\nConnection: TE\r\n'],
    ['TE: trailers;q=0.5\r\nConnection: TE\r\n', 'TE: x-trailers\r\nConnection: TE\r\n'],
  ].flat()) {
    const [plain, head] = await exchanged(asked(not), bytes);
    assert.equal(bodyOf(plain), '3\r\nabc\r\n0\r\n\r\n', not);
    assert.doesNotMatch(plain, /\r\ntrailer:/i, not);
    assert.doesNotMatch(head, /\r\n(te|connection):/i, not);
  }
});

test('fields that belong into a head, that name somebody, or that Connection names never pass as trailers; both ways', async () => {
  const lines = FORBIDDEN.map((name) => `${name}: 1\r\n`).join('');
  const list = `Trailer: ${FORBIDDEN.join(',')}\r\n`;
  const end = `0\r\n${lines}X-Hop: 1\r\nX-Kept: 1\r\n\r\n`;
  const [got] = await exchanged(asked(TE), answer(`${list}Connection: x-hop\r\nTrailer: x-hop\r\n`, end));
  assert.equal(bodyOf(got), '3\r\nabc\r\n0\r\nX-Kept: 1\r\n\r\n');
  assert.doesNotMatch(got, /\r\ntrailer:/i);
  const request = `POST / HTTP/1.1\r\n${H}${CHUNKED}${list}Connection: close, X-Hop\r\n\r\n3\r\nabc\r\n${end}`;
  const [, sent] = await exchanged(request, ok('{}'), { upstream: { requestTrailers: true } });
  assert.equal(bodyOf(sent), '3\r\nabc\r\n0\r\nX-Kept: 1\r\n\r\n');
  assert.doesNotMatch(sent, /\r\ntrailer:/i);
});

test('requests: trailers are dropped unless the upstream takes them; policies decide about them by deciding about the head', async () => {
  const end = '0\r\nX-Api-Key: k\r\nX-Sum: 7\r\nx_secret: 1\r\nX-Tenant: 2\r\n\r\n';
  const request = `POST / HTTP/1.1\r\n${H}${CHUNKED}Trailer: x-sum, x-api-key\r\n\r\n3\r\nabc\r\n${end}`;
  const [, dropped] = await exchanged(request, ok('{}'));
  assert.equal(bodyOf(dropped), '3\r\nabc\r\n0\r\n\r\n');
  assert.doesNotMatch(dropped, /\r\ntrailer:/i);
  const upstream = { requestTrailers: true };
  const decide: GatewayOptions['decide'] = ({ request: fields }) => {
    assert.equal(fields.get('x-api-key'), undefined);
    fields.remove('x-secret');
    fields.set('x-tenant', 'own');
    return undefined;
  };
  const [, passed] = await exchanged(request, ok('{}'), { upstream, decide });
  assert.equal(bodyOf(passed), '3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n');
  assert.match(passed, /\r\nx-tenant: own\r\ntrailer: x-sum\r\n/);
});

test('answers: what a policy looks for, takes away or says in the head does not come in a trailer, also when it decides later', async () => {
  const bytes = answer('Trailer: x-internal, x-sum, x-own\r\n', '0\r\nX-Internal: 1\r\nX-Sum: 7\r\nX-Own: theirs\r\nX-Old: 1\r\n\r\n');
  for (const later of [false, true]) {
    const onResponse: GatewayOptions['onResponse'] = ({ response }) => {
      response.get('x-old');
      response.remove('x-internal');
      response.add('x-own', 'ours');
      return later ? Promise.resolve(undefined) : undefined;
    };
    const [got] = await exchanged(asked(TE), bytes, { onResponse });
    assert.equal(bodyOf(got), '3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n');
    assert.match(got, /\r\nx-own: ours\r\ntrailer: x-sum\r\n/);
  }
});

test('who cannot have trailers gets none: HTTP/1.0, HEAD, 204, 304, content of a known length, a refused switch', async () => {
  const end = '0\r\nX-Sum: 7\r\n\r\n';
  const script = (socket: Socket, text: string): void => {
    const path = /^\S+ (\S+) /.exec(text)?.[1];
    if (path === '/204') socket.write('HTTP/1.1 204 No Content\r\nTrailer: x-sum\r\n\r\n');
    else if (path === '/304') socket.write(`HTTP/1.1 304 Not Modified\r\nTrailer: x-sum\r\n${CHUNKED}\r\n`);
    else if (text.startsWith('HEAD')) socket.write(`HTTP/1.1 200 OK\r\nTrailer: x-sum\r\n${CHUNKED}\r\n`);
    else if (path === '/length') socket.write(ok('abc', 'Trailer: x-sum\r\n'));
    else socket.write(answer('Trailer: x-sum\r\n', end));
  };
  await between(script, {}, async (gateway, upstream, talk) => {
    const paths = ['GET /204', 'GET /304', 'HEAD /head', 'GET /length'];
    talk.send(paths.map((line) => `${line} HTTP/1.1\r\n${H}${TE}\r\n`).join(''));
    await talk.until((text) => text.endsWith('abc'));
    assert.doesNotMatch(talk.text, /x-sum/i);
    assert.doesNotMatch(upstream.received.find((text) => text.startsWith('HEAD'))!, /\r\nte:/i);
    talk.text = '';
    talk.send(`GET /switch HTTP/1.1\r\n${H}Connection: TE, upgrade\r\nTE: trailers\r\nUpgrade: websocket\r\n\r\n`);
    assert.equal(bodyOf(await talk.until(isWhole)), '3\r\nabc\r\n0\r\n\r\n');
    assert.match(upstream.received.at(-1)!, /\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
    const old = new Talk(gateway.port).send(`GET /old HTTP/1.0\r\n${H}${TE}\r\n`);
    assert.equal(bodyOf(await old.end()), 'abc');
    assert.doesNotMatch(old.text, /x-sum|transfer-encoding/i);
    assert.equal(upstream.sockets.length, 1, 'its connection served all');
  });
});

test('cut at every byte, in both directions at once, trailers stay what they are', async () => {
  const body = `1;a=b\r\nx\r\n2\r\nyz\r\n0\r\nX-A: 1\r\nCookie: c\r\nX-B:\r\n\r\n`;
  const passed = `1;a=b\r\nx\r\n2\r\nyz\r\n0\r\nX-A: 1\r\nX-B:\r\n\r\n`;
  let cut = 1;
  let got = '';
  const inTwo = async (socket: Socket, bytes: string): Promise<void> => {
    socket.setNoDelay(true);
    socket.write(bytes.slice(0, bytes.length - cut), 'latin1');
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(bytes.slice(bytes.length - cut), 'latin1');
  };
  const script = (socket: Socket, text: string): void => {
    got += text;
    if (isWhole(got)) void inTwo(socket, `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n${body}`);
  };
  await between(script, { upstream: { requestTrailers: true } }, async (_gateway, upstream, talk) => {
    for (; cut < body.length; cut++) {
      got = talk.text = '';
      await inTwo(talk.socket, `POST / HTTP/1.1\r\n${H}${TE}${CHUNKED}\r\n${body}`);
      assert.equal(bodyOf(await talk.until(isWhole)), passed, `answer, cut ${cut} from the end`);
      assert.equal(bodyOf(got), passed, `request, cut ${cut} from the end`);
    }
    assert.equal(upstream.sockets.length, 1);
  });
});

test('behind a body of megabytes, in one piece or in thousands of chunks, trailers pass both ways', async () => {
  const large = 'x'.repeat(3_000_000);
  const whole = `${large.length.toString(16)}\r\n${large}\r\n`;
  const small = 'a\r\n0123456789\r\n'.repeat(20_000);
  for (const chunks of [whole, small]) {
    const body = `${chunks}0\r\nX-Sum: 7\r\n\r\n`;
    let got = '';
    const script = (socket: Socket, text: string): void => {
      got += text;
      if (got.endsWith('X-Sum: 7\r\n\r\n')) socket.write(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n${body}`);
    };
    await between(script, { upstream: { requestTrailers: true } }, async (gateway, _upstream, talk) => {
      talk.send(`POST / HTTP/1.1\r\n${H}${TE}${CHUNKED}\r\n${body}`);
      await talk.until((text) => text.endsWith('X-Sum: 7\r\n\r\n'));
      assert.ok(bodyOf(got) === body && bodyOf(talk.text) === body);
      assert.equal(gateway.outcomes[0]!.outcome.responseBytes, talk.text.length);
    });
  }
});

test('a repeated request has its trailers again, and a request that goes on behind its answer has them too', async () => {
  const upstream = {
    requestTrailers: true,
    retries: {
      attempts: 3,
      conditions: [],
      statuses: [503],
      allMethods: true,
      perTryMs: undefined,
      deadlineMs: 5000,
      bodyBytesMax: 1000,
      backoffMs: 1,
      backoffMaxMs: 1,
      budget: { percent: 100, least: 100, windowMs: 10_000 },
    },
  };
  const head = `PUT / HTTP/1.1\r\n${H}${CHUNKED}Trailer: x-sum\r\n\r\n`;
  const body = '3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n';
  for (const pieces of [[head + body], [head, body], [`${head}3\r\nabc\r\n0\r\nX-`, 'Sum: 7\r\n\r\n']]) {
    const tries = [''];
    const script = (socket: Socket, text: string): void => {
      tries[tries.length - 1] += text;
      if (!isWhole(tries.at(-1)!)) return;
      socket.write(tries.length < 3 ? ok('no').replace('200', '503') : ok('yes'));
      tries.push('');
    };
    await between(script, { upstream }, async (_gateway, _upstream, talk) => {
      for (const piece of pieces) {
        talk.send(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await talk.until((text) => text.endsWith('yes'));
      assert.equal(tries.pop(), '');
      assert.equal(tries.length, 3);
      for (const got of tries) {
        assert.equal(bodyOf(got), body);
        assert.equal(got.match(/\r\ntrailer: x-sum\r\n/g)?.length, 1, 'announced once');
      }
    });
  }
  const early = (socket: Socket, text: string): void => void (text.startsWith('PUT') && socket.write(ok('early')));
  await between(early, { upstream: { requestTrailers: true } }, async (gateway, target, talk) => {
    await talk.send(head).until((text) => text.endsWith('early'));
    for (const piece of ['3\r\nabc\r\n0\r\nX-S', 'um: 7\r\n\r', '\n']) talk.send(piece);
    await eventually(() => gateway.outcomes.length === 1, 'the exchange is over');
    assert.equal(gateway.outcomes[0]!.outcome.reason, '');
    await eventually(() => bodyOf(target.received.join('')) === body, 'the rest came with its trailers');
  });
});

test('malformed and too many trailers are refused, whether they would pass or not', async () => {
  const many = Array.from({ length: 65 }, (_, i) => `X-${i}: 1\r\n`).join('');
  const long = `X-Long: ${'v'.repeat(8200)}\r\n`;
  const bad = [many, long, 'X: a\0b\r\n', 'X : 1\r\n', ': 1\r\n', ' X: 1\r\n', 'X\r\n', 'X: a\rb\r\n', 'X: a\n', 'X: 1\r\n folded\r\n'];
  for (const lines of bad) {
    for (const passes of [false, true]) {
      const request = `POST / HTTP/1.1\r\n${H}${CHUNKED}\r\n3\r\nabc\r\n0\r\n${lines}\r\n`;
      await between(
        () => {},
        { upstream: passes ? { requestTrailers: true } : {} },
        async (gateway, _upstream, talk) => {
          assert.match(await talk.send(request).end(), /^HTTP\/1\.1 400 [^]*core\/http\/chunk/, JSON.stringify(lines.slice(0, 40)));
          await eventually(() => gateway.engine.stats().upstream.open === 0, 'the half request is gone');
        },
      );
      await between(say(answer('', `0\r\n${lines}\r\n`)), {}, async (gateway, _upstream, talk) => {
        talk.send(asked(passes ? TE : ''));
        assert.match(
          await talk.until((text) => text.endsWith('}')),
          /^HTTP\/1\.1 502 [^]*upstream-malformed/,
          JSON.stringify(lines.slice(0, 40)),
        );
        assert.equal(gateway.engine.stats().upstream.open, 0);
      });
    }
  }
  const most = Array.from({ length: 64 }, (_, i) => `X-${i}: 1\r\n`).join('');
  assert.ok((await exchanged(asked(TE), answer('', `0\r\n${most}\r\n`)))[0].endsWith(`\r\n0\r\n${most}\r\n`));
});

test('answers that come together on a pipelined connection keep their own trailers', async () => {
  const script = (socket: Socket, text: string): void => {
    const numbers = [...text.matchAll(/GET \/(\d+) /g)].map(([, n]) => Number(n));
    socket.write(numbers.map((n) => answer('', n % 3 === 0 ? '0\r\n\r\n' : `0\r\nX-Sum: ${n}\r\n\r\n`)).join(''));
  };
  await between(script, { connectionsMax: 1, upstream: { pipelining: 8 } }, async (gateway, upstream) => {
    const talks = Array.from({ length: 30 }, (_, n) =>
      new Talk(gateway.port).send(`GET /${n} HTTP/1.1\r\n${H}${n % 5 === 0 ? '' : TE}\r\n`),
    );
    for (const [n, talk] of talks.entries()) {
      const sum = n % 3 === 0 || n % 5 === 0 ? '' : `X-Sum: ${n}\r\n`;
      assert.equal(bodyOf(await talk.until(isWhole)), `3\r\nabc\r\n0\r\n${sum}\r\n`);
      talk.close();
    }
    assert.ok(upstream.received.length < 30, 'some went together');
  });
});
