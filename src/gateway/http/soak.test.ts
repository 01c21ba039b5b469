/**
 * Aim: with shared read buffers, reused write memory and pooled connections, no byte ever reaches the wrong message.
 * Method: 40 clients at once through one engine to a node:http upstream; each request and answer has a seeded size
 * (0 to 300 kB), framing and content that only fits its number; some clients stall between reads, or until all queues
 * are full. Both sides compare every byte.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { seededRandom } from '../../base/random.ts';
import { eventually, startGateway } from './fixture.ts';

const CLIENTS = 40;
const REQUESTS = 40;

/** Bytes that say which message they belong to and where they stand in it. */
function content(id: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i++) bytes[i] = (id * 31 + i * 7 + (i >> 8)) & 0xff;
  return bytes;
}

function sizeOf(random: ReturnType<typeof seededRandom>): number {
  return [0, random.integer(200), random.integer(5000), random.integer(20_000), random.integer(300_000)][random.integer(5)]!;
}

async function readAll(stream: http.IncomingMessage, stall: boolean): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) {
    pieces.push(piece as Buffer);
    if (stall) for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  return Buffer.concat(pieces);
}

function startEcho(wrong: string[]): http.Server {
  return http.createServer(async (request, response) => {
    const query = new URL(request.url!, 'http://x').searchParams;
    const id = Number(query.get('id'));
    const got = await readAll(request, id % 7 === 0);
    if (!got.equals(content(id, Number(query.get('in'))))) wrong.push(`request ${request.url}: ${got.length} bytes`);
    const out = content(id + 1, Number(query.get('out')));
    if (id % 2 === 0) response.setHeader('content-length', out.length);
    response.setHeader('x-id', id);
    for (let at = 0; at < out.length; at += 50_000) response.write(out.subarray(at, at + 50_000));
    response.end();
  });
}

test('1,600 exchanges at once keep their bytes to themselves', async () => {
  const wrong: string[] = [];
  const upstream = startEcho(wrong).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const gateway = await startGateway({
    ports: [(upstream.address() as { port: number }).port],
    connectionsMax: 25,
    forward: { connectMs: 30_000 },
  });
  const client = async (n: number): Promise<void> => {
    const random = seededRandom(n + 1);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let r = 0; r < REQUESTS; r++) {
      const id = n * 1000 + r;
      const [sent, wanted] = [sizeOf(random), sizeOf(random)];
      const request = http.request({
        agent,
        port: gateway.port,
        host: '127.0.0.1',
        method: 'PUT',
        path: `/?id=${id}&in=${sent}&out=${wanted}`,
      });
      if (r % 3 === 0) request.setHeader('content-length', sent);
      request.end(content(id, sent));
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      const got = await readAll(response, n % 5 === 0);
      if (response.headers['x-id'] !== String(id) || !got.equals(content(id + 1, wanted)))
        wrong.push(`answer ${id}: ${got.length} of ${wanted} bytes`);
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(n)));
  assert.deepEqual(wrong, []);
  assert.equal(gateway.outcomes.length, CLIENTS * REQUESTS);
  assert.ok(gateway.outcomes.every(({ outcome }) => outcome.reason === '' && outcome.status === 200));
  await eventually(() => gateway.engine.stats().listener.connections === 0, 'no client connection is left');
  const { open, idle, waiting } = gateway.engine.stats().upstream;
  assert.ok(open === idle && open <= 25 && waiting === 0, `open ${open}, idle ${idle}, waiting ${waiting}`);
  await gateway.stop();
  upstream.close();
});

/** Answers of one raw connection, each `size` bytes long, compared as they come. */
async function readAnswers(socket: net.Socket, first: number, count: number, size: number): Promise<number> {
  let rest = Buffer.alloc(0);
  let pieces: Buffer[] = [];
  let length = 0;
  let done = 0;
  for await (const piece of socket) {
    pieces.push(piece as Buffer);
    length += (piece as Buffer).length;
    if (length + rest.length < size) continue;
    rest = Buffer.concat([rest, ...pieces]);
    pieces = [];
    length = 0;
    for (;;) {
      const headEnd = rest.indexOf('\r\n\r\n');
      if (headEnd < 0 || rest.length < headEnd + 4 + size) break;
      assert.ok(
        rest.subarray(headEnd + 4, headEnd + 4 + size).equals(content(first + 2 * done + 1, size)),
        `answer ${done} is not its own`,
      );
      rest = rest.subarray(headEnd + 4 + size);
      if (++done === count) return done;
    }
  }
  return done;
}

test('answers that wait for a stalled client stay whole while others are served', async () => {
  const upstream = startEcho([]).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const gateway = await startGateway({
    ports: [(upstream.address() as { port: number }).port],
    limits: { writeIdleMs: 60_000, requestsPerConnectionMax: 1e6 },
    forward: { idleMs: 60_000 },
  });
  const stalled = async (first: number, count: number, size: number) => {
    const socket = net.connect({ port: gateway.port, host: '127.0.0.1' }).pause();
    for (let r = 0; r < count; r++) socket.write(`GET /?id=${first + 2 * r}&in=0&out=${size} HTTP/1.1\r\nHost: a\r\n\r\n`);
    return socket;
  };
  const many = await stalled(10_000, 1500, 12_000);
  const large = await stalled(20_000, 1, 24_000_000);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const ask = async (id: number) => {
    const request = http.request({ agent, port: gateway.port, host: '127.0.0.1', path: `/?id=${id}&in=0&out=300` }).end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    assert.ok((await readAll(response, false)).equals(content(id + 1, 300)));
  };
  let before = -1;
  for (let id = 0; before !== gateway.outcomes.length - 20 || id < 400; id += 20) {
    before = gateway.outcomes.length; // Until a round adds only its own exchanges, the stalled ones still move.
    for (let k = 0; k < 20; k++) await ask(id + k);
  }
  assert.equal(await readAnswers(many, 10_000, 1500, 12_000), 1500);
  assert.equal(await readAnswers(large, 20_000, 1, 24_000_000), 1);
  many.destroy();
  large.destroy();
  agent.destroy();
  await gateway.stop();
  upstream.close();
  upstream.closeAllConnections();
});
