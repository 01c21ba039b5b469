/**
 * What Node itself takes: a server of node:tls or node:http2 that forwards nothing and answers every request with the upstream's
 * 200 bytes from memory. No gateway on Node can be below it.
 * Run by run.ts: node bench/gateway/floor.ts <port> <certificate> <key>
 */
import { readFileSync } from 'node:fs';
import { performServerHandshake } from 'node:http2';
import { createServer, type TLSSocket } from 'node:tls';
import { CIPHERS } from '../../src/gateway/http/tls.ts';

const [port, chain, key] = process.argv.slice(2);
const BODY = `{"a":"${'x'.repeat(192)}"}`;
const HEAD = `HTTP/1.1 200 OK\r\nserver: bench\r\ndate: Sat, 21 Nov 2026 12:00:00 GMT\r\ncontent-type: application/json\r\n`;
const KEEP = Buffer.from(`${HEAD}content-length: ${BODY.length}\r\n\r\n${BODY}`);
const CLOSE = Buffer.from(`${HEAD}content-length: ${BODY.length}\r\nconnection: close\r\n\r\n${BODY}`);
const FIELDS = Object.entries({
  ':status': '200',
  server: 'bench',
  date: 'Sat, 21 Nov 2026 12:00:00 GMT',
  'content-type': 'application/json',
  'content-length': String(BODY.length),
}).flat();
const CONTENT = Buffer.from(BODY);

const material = { cert: readFileSync(chain!), key: readFileSync(key!), ciphers: CIPHERS, honorCipherOrder: true };
process.once('SIGTERM', () => process.exit(0));
createServer({ ...material, ALPNProtocols: ['h2', 'http/1.1'], noDelay: true }, serve).listen(Number(port), '127.0.0.1');

function serve(socket: TLSSocket): void {
  socket.on('error', () => {});
  if (socket.alpnProtocol === 'h2') return serveHttp2(socket);
  socket.on('data', (piece: Buffer) => {
    if (piece.includes('connection: close')) socket.end(CLOSE);
    else socket.write(KEEP);
  });
}

function serveHttp2(socket: TLSSocket): void {
  const session = performServerHandshake(socket);
  session.on('error', () => {});
  session.on('stream', (stream) => {
    stream.respond(FIELDS);
    stream.end(CONTENT);
  });
}
