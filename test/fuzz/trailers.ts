/**
 * Trailers through the whole gateway, bytes on one side and node:http on the other: messages with random trailers, cut at
 * random, a third of them damaged. What is passed on is read behind the gateway as node:http reads the same bytes without it,
 * but for the fields that must not pass; no trailer becomes a head's field, and no message two. Raises an assertion that
 * names the input.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { eventually, type Gateway, startGateway, Talk } from '../../src/gateway/http/fixture.ts';
import { llhttpRequests, llhttpResponse, makeServer } from './llhttp.ts';

const pick = <V>(random: Random, list: readonly V[]): V => list[random.integer(list.length)]!;
const NEXT = 'GET /next HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n';
const PASSING = ['X-Sum', 'x-sum', 'ETag', 'Server-Timing', 'under_score', 'Grpc-Status', 'X-Weird', '!#$', 'Content-Digest'];
const DROPPED = [
  ['Content-Length', 'transfer-encoding', 'Host', 'Cookie', 'set_cookie', 'Authorization', 'X-Forwarded-For', 'x_weir_consumer'],
  ['TE', 'Trailer', 'Connection', 'Content-Type', 'X-Hop'],
].flat();
/** What must not pass, said again without the engine's own table. */
const FORBIDDEN =
  /^(content-(length|type)|transfer-encoding|host|(set-)?cookie|authorization|x-forwarded-.*|x-weir-.*|te|trailer|connection|x-hop)$/;
const BYTES = ['\r', '\n', '\r\n', ' ', '\t', '\0', ':', '0', 'x', '\x80', '\r\n\r\n', '\n\n', '\r\n0\r\n\r\n', 'GET / HTTP/1.1\r\n'];

interface Damaged {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

/** Answers how many of the requests reached the upstream with trailers. */
export async function compareTrailersOfRequests(seed: number, count: number): Promise<number> {
  const random = seededRandom(seed);
  const reference = makeServer();
  const noted: http.IncomingMessage[] = [];
  const upstream = http.createServer((request, response) => {
    request.on('error', () => {}).on('end', () => (noted.push(request), response.end('ok')));
    request.resume();
  });
  let passed = 0;
  await behind(upstream, async (gateway) => {
    for (let i = 0; i < count; i++) {
      const { bytes, isWhole } = damaged(random, message(random, 'POST /first HTTP/1.1\r\nHost: h\r\n'), NEXT);
      const shown = `input ${i} of seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}`;
      const [direct] = (await llhttpRequests(reference, bytes)).requests;
      const talk = new Talk(gateway.port);
      await inPieces(random, talk.socket, bytes);
      talk.socket.end();
      await talk.end();
      await eventually(() => gateway.outcomes.length === gateway.exchanges.length, `every exchange ends, ${shown}`);
      const [first, second, ...more] = noted.splice(0);
      assert.equal(more.length, 0, shown);
      if (!first) continue;
      if (isWhole) assert.equal(second?.url, '/next', shown);
      assert.deepEqual([first.url, first.complete], ['/first', true], shown);
      if (!direct?.complete) assert.match(bytes.toString('latin1'), /0\r\n(?:[^\r]*\r\n)*(?:content-length|transfer-encoding):/i, shown);
      else if (compare(first, direct.trailers, shown) > 0) passed++;
    }
  });
  reference.close();
  return passed;
}

/** Answers how many of the answers reached the client with trailers. */
export async function compareTrailersOfAnswers(seed: number, count: number): Promise<number> {
  const random = seededRandom(seed);
  let answer: Buffer = Buffer.alloc(0);
  const upstream = net.createServer((socket) => void socket.on('error', () => {}).on('data', () => void inPieces(random, socket, answer)));
  let passed = 0;
  await behind(upstream, async (gateway) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < count; i++) {
      const { bytes } = damaged(random, message(random, 'HTTP/1.1 200 OK\r\n'), '');
      answer = bytes;
      const shown = `input ${i} of seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}`;
      const direct = await llhttpResponse(bytes);
      const got = await load(gateway.port, agent);
      if (!got?.complete || got.statusCode !== 200) continue;
      if (!direct?.complete) assert.match(bytes.toString('latin1'), /0\r\n(?:[^\r]*\r\n)*(?:content-length|transfer-encoding):/i, shown);
      else if (compare(got, direct.trailers, shown) > 0) passed++;
    }
    agent.destroy();
  });
  return passed;
}

/** A whole message of the start line given, with a chunked body and trailers. */
function message(random: Random, start: string): string {
  const lines = Array.from({ length: random.integer(5) }, () => {
    const name = pick(random, random.integer(2) === 0 ? PASSING : DROPPED);
    return `${name}:${pick(random, ['', ' ', '\t '])}${pick(random, ['', 'v', '1', 'a b', 'é, "x"'])}${pick(random, ['', ' '])}\r\n`;
  });
  const chunks = Array.from({ length: random.integer(4) }, () => {
    const size = 1 + random.integer(20);
    return `${size.toString(16)}${pick(random, ['', ';a', ';a=b'])}\r\n${'x'.repeat(size)}\r\n`;
  });
  const announced = pick(random, ['', 'Trailer: X-Sum, Host\r\n', 'trailer: Cookie, under_score\r\nTrailer: ETag\r\n']);
  const connection = start.startsWith('POST') ? 'Connection: X-Hop\r\n' : 'Connection: x-hop, keep-alive\r\n';
  return `${start}${connection}${announced}Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n${lines.join('')}\r\n`;
}

/** The message, or one time in three something near it; with `next` behind it. */
function damaged(random: Random, text: string, next: string): Damaged {
  if (random.integer(3) > 0) return { bytes: Buffer.from(text + next, 'latin1'), isWhole: true };
  const from = text.indexOf('\r\n\r\n') + 4;
  const at = from + random.integer(text.length - from + 1);
  const put = random.integer(3) === 0 ? '' : pick(random, BYTES);
  return { bytes: Buffer.from(text.slice(0, at) + put + text.slice(at + random.integer(3)) + next, 'latin1'), isWhole: false };
}

/** Two turns of the loop between the pieces, so that most of them arrive apart. */
async function inPieces(random: Random, socket: Socket, bytes: Buffer): Promise<void> {
  socket.setNoDelay(true);
  let at = 0;
  for (let cuts = random.integer(4); cuts > 0; cuts--) {
    const next = at + random.integer(bytes.length - at + 1);
    if (next > at) socket.write(bytes.subarray(at, next));
    at = next;
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }
  if (!socket.destroyed) socket.write(bytes.subarray(at));
}

/** Compares what came through with what node:http reads directly (`Reading.trailers`); answers how many trailers passed. */
function compare(message: http.IncomingMessage, direct: string, shown: string): number {
  const all = direct === '' ? [] : direct.split('\n');
  const wanted = all.filter((_, i) => !FORBIDDEN.test(all[i - (i % 2)]!.replaceAll('_', '-')));
  const got = message.rawTrailers.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
  assert.deepEqual(got, wanted, shown);
  for (const name of ['x-sum', 'etag', 'cookie', 'authorization', 'x-weir-consumer', 'content-length', 'x-hop', 'content-type'])
    assert.equal(message.headers[name], undefined, shown);
  assert.doesNotMatch(message.headers.trailer ?? '', /host|cookie/i, shown);
  return got.length;
}

/** The answer to one request, read to its end; undefined when there is none. */
function load(port: number, agent: http.Agent): Promise<http.IncomingMessage | undefined> {
  return new Promise((resolve) => {
    const request = http.get({ port, host: '127.0.0.1', agent, headers: { te: 'trailers', connection: 'te, keep-alive' } }, (answer) => {
      answer.on('error', () => {}).on('close', () => resolve(answer));
      answer.resume();
    });
    request.on('error', () => resolve(undefined));
  });
}

async function behind(upstream: net.Server, use: (gateway: Gateway) => Promise<void>): Promise<void> {
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const sockets = new Set<Socket>();
  upstream.on('connection', (socket: Socket) => void sockets.add(socket));
  const gateway = await startGateway({
    ports: [(upstream.address() as AddressInfo).port],
    limits: { connectionsMax: 1000, requestsPerConnectionMax: 1_000_000 },
    forward: { firstByteMs: 1000, idleMs: 300 },
    upstream: { requestTrailers: true },
  });
  try {
    await use(gateway);
  } finally {
    await gateway.stop();
    upstream.close();
    for (const socket of sockets) socket.destroy();
  }
}
