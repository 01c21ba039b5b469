/**
 * Aim: https towards targets is verified, the reason of a failure is for the operator alone, a client certificate is shown,
 * sessions are resumed, and bodies pass both ways as in plain HTTP.
 * Method: a real engine against real TLS servers; certificates made by openssl.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { type Leaf, makeSigner, type Signer } from '../../../test/upstream-certificates.ts';
import type { CompiledUpstreamTls } from '../../sdk/upstream.ts';
import { type Gateway, ok, startGateway, Talk } from '../http/fixture.ts';

const NAME = 'orders.test';
let signer: Signer;
let stranger: Signer;
let good: Leaf;
before(() => {
  signer = makeSigner('Ours');
  stranger = makeSigner('Somebody else');
  good = signer.sign([`DNS:${NAME}`, 'IP:127.0.0.1']);
});

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

interface Seen {
  readonly port: number;
  readonly sockets: TLSSocket[];
}

async function serve(options: TlsOptions, answer: (text: string, socket: TLSSocket) => string = () => ok('x')): Promise<Seen> {
  const sockets: TLSSocket[] = [];
  const server = createServer(options, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => void socket.write(answer(chunk.toString('latin1'), socket)));
  });
  server.on('tlsClientError', () => {});
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as { port: number }).port, sockets };
}

const TLS: CompiledUpstreamTls = {
  serverName: undefined,
  ca: undefined,
  certificate: undefined,
  key: undefined,
  minVersion: 'TLSv1.2',
  verify: true,
};
const resolve = async () => ({ addresses: ['127.0.0.1'], ttlMs: 60_000 });

async function against(
  { port, host = NAME, tls = {} }: { port: number; host?: string; tls?: Partial<CompiledUpstreamTls> },
  body: (gateway: Gateway, talk: Talk) => Promise<void>,
): Promise<void> {
  const gateway = await startGateway({ ports: [port], hosts: [host], resolve, upstream: { tls: { ...TLS, ca: signer.ca, ...tls } } });
  const talk = new Talk(gateway.port);
  try {
    await body(gateway, talk);
  } finally {
    talk.close();
    await gateway.stop();
  }
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('a verified target answers; SNI and host are its name; the connection is used again', async () => {
  const seen: string[] = [];
  const upstream = await serve(
    { cert: good.certificate, key: good.key },
    (text, socket) => (seen.push(text), ok(String(socket.servername))),
  );
  await against({ port: upstream.port }, async (gateway, talk) => {
    await talk.send(GET).until((text) => text.endsWith(NAME));
    talk.text = '';
    await talk.send(GET).until((text) => text.endsWith(NAME));
    assert.match(seen[0]!, new RegExp(`\r\nhost: ${NAME}:${upstream.port}\r\n`));
    assert.equal(upstream.sockets.length, 1);
    assert.equal(upstream.sockets[0]!.alpnProtocol, false);
    assert.equal(gateway.outcomes[1]!.outcome.reason, '');
  });
});

test('an address is verified as an address; a server name of its own counts instead of the host', async () => {
  const upstream = await serve({ cert: good.certificate, key: good.key }, (_, socket) => ok(`<${socket.servername || 'no name'}>`));
  await against({ port: upstream.port, host: '127.0.0.1' }, async (_gateway, talk) => {
    await talk.send(GET).until((text) => text.endsWith('<no name>'));
  });
  await against({ port: upstream.port, host: 'elsewhere.test', tls: { serverName: NAME } }, async (_gateway, talk) => {
    await talk.send(GET).until((text) => text.endsWith(`<${NAME}>`));
  });
});

test('what cannot be verified: the same 502 to every caller, the reason in record and target health', async () => {
  const expired = signer.sign([`DNS:${NAME}`], -1);
  const other = signer.sign(['DNS:other.test']);
  const unknown = stranger.sign([`DNS:${NAME}`]);
  const cases: [string, Leaf, Partial<CompiledUpstreamTls>][] = [
    ['expired', expired, {}],
    ['name-mismatch', other, {}],
    ['unknown-issuer', unknown, {}],
    ['unknown-issuer', good, { ca: undefined }],
  ];
  for (const [reason, leaf, tls] of cases) {
    const upstream = await serve({ cert: leaf.certificate, key: leaf.key });
    await against({ port: upstream.port, tls }, async (gateway, talk) => {
      const text = await talk.send(GET).until((t) => t.endsWith('}'));
      assert.match(text, /^HTTP\/1\.1 502 [^]*"code":"core\/http\/upstream-tls"/);
      assert.doesNotMatch(text.slice(text.indexOf('{')), /expired|issuer|mismatch|certificate|127\.0\.0\.1|orders/);
      assert.equal(gateway.outcomes[0]!.outcome.reason, `core/http/upstream-tls-${reason}`);
      assert.equal(gateway.engine.targetNews()[0]!.targets[0]!.lastFailure, `upstream-tls-${reason}`);
    });
    await against({ port: upstream.port, tls: { ...tls, verify: false } }, async (_gateway, talk) => {
      await talk.send(GET).until((t) => t.endsWith('x')); // Only because somebody said so.
    });
  }
});

test('no common version, and a target that speaks no TLS: a handshake that failed', async () => {
  const old = await serve({ cert: good.certificate, key: good.key, maxVersion: 'TLSv1.2' });
  await against({ port: old.port }, async (_gateway, talk) => void (await talk.send(GET).until((t) => t.endsWith('x'))));
  await against({ port: old.port, tls: { minVersion: 'TLSv1.3' } }, async (gateway, talk) => {
    await talk.send(GET).until((t) => t.includes('upstream-tls'));
    assert.equal(gateway.outcomes[0]!.outcome.reason, 'core/http/upstream-tls-handshake');
  });
});

test('a client certificate is shown to a target that asks for one', async () => {
  const own = signer.sign(['DNS:gateway.test']);
  const options = { cert: good.certificate, key: good.key, ca: signer.ca, requestCert: true, rejectUnauthorized: true };
  const upstream = await serve(options, (_, socket) => ok(String(socket.getPeerCertificate().subjectaltname)));
  await against({ port: upstream.port, tls: { certificate: own.certificate, key: own.key } }, async (_gateway, talk) => {
    await talk.send(GET).until((text) => text.endsWith('DNS:gateway.test'));
  });
  // TLS 1.3 tells it behind the handshake, TLS 1.2 amid it.
  for (const [maxVersion, reason] of [
    ['TLSv1.3', 'upstream-closed-client-certificate'],
    ['TLSv1.2', 'upstream-tls-handshake'],
  ] as const) {
    const strict = await serve({ ...options, maxVersion });
    await against({ port: strict.port }, async (gateway, talk) => {
      assert.match(await talk.send(GET).until((text) => text.includes('}')), /^HTTP\/1\.1 502 /);
      assert.equal(gateway.outcomes[0]!.outcome.reason, `core/http/${reason}`);
    });
  }
  await against({ port: upstream.port, tls: { certificate: own.certificate, key: 'no key' } }, async (gateway, talk) => {
    await talk.send(GET).until((text) => text.includes('upstream-tls'));
    assert.equal(gateway.outcomes[0]!.outcome.reason, 'core/http/upstream-tls-own-certificate');
  });
});

test('a second connection resumes the session of the first', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const answer = (_: string, socket: TLSSocket) => `${ok(String(socket.isSessionReused())).replace('\r\n', '\r\nconnection: close\r\n')}`;
    const upstream = await serve({ cert: good.certificate, key: good.key, maxVersion }, answer);
    await against({ port: upstream.port }, async (_gateway, talk) => {
      await talk.send(GET).until((text) => text.endsWith('false'));
      await talk.send(GET).until((text) => text.endsWith('true'));
      assert.equal(upstream.sockets.length, 2);
    });
  }
});

test('large bodies pass both ways, whole', async () => {
  const body = 'abcdefghij'.repeat(50_000);
  let received = '';
  const upstream = await serve({ cert: good.certificate, key: good.key }, (text) => {
    received += text;
    return received.endsWith(body.slice(-1000)) && received.length > body.length ? ok(body) : '';
  });
  await against({ port: upstream.port }, async (_gateway, talk) => {
    talk.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await talk.until((text) => text.endsWith(`\r\n\r\n${body}`));
    assert.ok(received.endsWith(body));
  });
});
