// Aim: HTTP/2 to a target over TLS: agreed on in the handshake and verified, or the call ends with the reason. Method: servers of
// node:http2 and node:tls with certificates made for the test.
import assert from 'node:assert/strict';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { Server, Socket } from 'node:net';
import { test } from 'node:test';
import { createServer as createTls } from 'node:tls';
import { makeSigner } from '../../../test/upstream-certificates.ts';
import { startGateway, Talk } from '../http/fixture.ts';

const signer = makeSigner('ours');
const { certificate: cert, key } = signer.sign(['IP:127.0.0.1']);
const http2 = { connectionsMax: 1, streamsMax: 10, windowBytes: 65_536, pingMs: 30_000 };

async function ask(server: Server, ca: string): Promise<{ text: string; reason: string }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const tls = { serverName: undefined, ca, certificate: undefined, key: undefined, minVersion: 'TLSv1.2', verify: true } as const;
  const gateway = await startGateway({ ports: [port], upstream: { tls, http2 } });
  const talk = new Talk(gateway.port);
  talk.send('GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  const text = await talk.end();
  await gateway.stop();
  server.close();
  for (const socket of sockets) socket.destroy();
  return { text, reason: gateway.outcomes[0]!.outcome.reason };
}

test('a target that agrees to h2 and is who it should be is called over it', async () => {
  const server = createSecureServer({ cert, key });
  server.on('stream', (stream: ServerHttp2Stream, fields) => {
    stream.respond({ ':status': 200 });
    stream.end(`${fields[':scheme']} ${fields[':path']}`);
  });
  const { text } = await ask(server, signer.ca);
  assert.match(text, /^HTTP\/1\.1 200 [^]*https \/a/);
});

test('one that cannot be verified, or does not agree to h2, is a 502 whose record says why', async () => {
  const unknown = await ask(createSecureServer({ cert, key }), makeSigner('another').ca);
  assert.match(unknown.text, /^HTTP\/1\.1 502 /);
  assert.match(unknown.reason, /upstream-tls-unknown-issuer$/);
  const silent = await ask(createTls({ cert, key }), signer.ca);
  assert.match(silent.reason, /upstream-tls-no-http2$/);
  const other = await ask(createTls({ cert, key, ALPNProtocols: ['http/1.1'] }), signer.ca);
  assert.match(other.reason, /upstream-tls-no-http2$/);
});
