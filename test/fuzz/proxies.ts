/**
 * The whole gateway beside nginx: the same bytes to both, and what comes out on the other side of each compared.
 * Requests: the upstreams (node:http) note every whole request they are given; one list must be the beginning of the
 * other, so nothing is one request to one proxy and two to the other. Answers: the upstreams say the same bytes and hang
 * up; where both proxies pass the answer on, status and body are the same. Raises an assertion that names the input.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { seededRandom } from '../../src/base/random.ts';
import { startGateway } from '../../src/gateway/http/fixture.ts';
import { randomRequest, randomResponse } from './messages.ts';
import { startNginx } from './nginx.ts';

const NEXT_REQUEST = 'GET /next HTTP/1.1\r\nHost: n\r\n\r\n';
const LIMIT_MS = 10_000;

/** A request as an upstream saw it, and an answer as a client saw it. */
type Noted = string;

interface Proxies {
  /** Sends bytes and ends; resolves with all that came back when the connection has ended. */
  ask(proxy: 'gateway' | 'nginx', bytes: Buffer): Promise<string>;
  /** Requests the upstream of `proxy` was given since the last time. */
  take(proxy: 'gateway' | 'nginx'): Noted[];
}

/** Answers how many inputs both proxies passed on. */
export async function compareProxiedRequests(seed: number, count: number): Promise<number> {
  const random = seededRandom(seed);
  let both = 0;
  await withProxies(noteRequests, async ({ ask, take }) => {
    for (let i = 0; i < count; i++) {
      const text = randomRequest(random);
      const bytes = Buffer.from(text + NEXT_REQUEST, 'latin1');
      await Promise.all([ask('gateway', bytes), ask('nginx', bytes)]);
      const [ours, theirs] = [take('gateway'), take('nginx')];
      if (ours.length > 0 && theirs.length > 0) both++;
      const common = Math.min(ours.length, theirs.length);
      assert.deepEqual(ours.slice(0, common), theirs.slice(0, common), `input ${i} of seed ${seed}: ${JSON.stringify(text)}`);
    }
  });
  return both;
}

/** Answers how many answers both proxies passed on. */
export async function compareProxiedResponses(seed: number, count: number): Promise<number> {
  const random = seededRandom(seed);
  let both = 0;
  let answer = Buffer.alloc(0);
  const sayBytes = () => net.createServer((socket) => void socket.on('error', () => {}).once('data', () => socket.end(answer)));
  await withProxies(sayBytes, async ({ ask }) => {
    for (let i = 0; i < count; i++) {
      const text = randomResponse(random);
      answer = Buffer.from(text, 'latin1');
      const request = Buffer.from('GET /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
      const [ours, theirs] = (await Promise.all([ask('gateway', request), ask('nginx', request)])).map(readAnswer);
      if (!ours || !theirs) continue; // One of them gave up: nothing is read in two ways.
      both++;
      assert.deepEqual(ours, theirs, `input ${i} of seed ${seed}: ${JSON.stringify(text)}`);
    }
  });
  return both;
}

/** An upstream that answers everything and notes what it got whole. */
function noteRequests(noted: Noted[]): net.Server {
  return http.createServer((request, response) => {
    let size = 0;
    request.on('data', (chunk: Buffer) => void (size += chunk.length));
    request.on('error', () => {});
    response.on('error', () => {});
    request.on('end', () => {
      noted.push(`${request.method} ${request.url} ${size}`);
      response.end('ok');
    });
  });
}

async function withProxies(makeUpstream: (noted: Noted[]) => net.Server, use: (proxies: Proxies) => Promise<void>): Promise<void> {
  const notes = { gateway: [] as Noted[], nginx: [] as Noted[] };
  const upstreams = { gateway: makeUpstream(notes.gateway), nginx: makeUpstream(notes.nginx) };
  const portOf = async (server: net.Server) => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const gateway = await startGateway({ ports: [await portOf(upstreams.gateway)], limits: { connectionsMax: 1000 } });
  const nginx = await startNginx(await portOf(upstreams.nginx));
  const ports = { gateway: gateway.port, nginx: nginx.port };
  try {
    await use({ ask: (proxy, bytes) => ask(ports[proxy], bytes), take: (proxy) => notes[proxy].splice(0) });
  } finally {
    await gateway.stop();
    await nginx.stop();
    for (const server of Object.values(upstreams)) {
      server.close();
      (server as Partial<http.Server>).closeAllConnections?.();
    }
  }
}

function ask(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`port ${port} did not end within ${LIMIT_MS} ms: ${JSON.stringify(bytes.toString('latin1'))}`));
    }, LIMIT_MS);
    socket.on('data', (chunk: Buffer) => void (text += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(late);
      resolve(text);
    });
    socket.end(bytes);
  });
}

/** Status and body of a whole answer; undefined for one that the proxy made itself, or that was cut. */
function readAnswer(text: string): { status: string; body: string } | undefined {
  const end = text.indexOf('\r\n\r\n');
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  if (end < 0 || status === undefined || status === '502' || status === '504') return undefined;
  const [head, rest] = [text.slice(0, end), text.slice(end + 4)];
  const length = /\r\ncontent-length: ?(\d+)/i.exec(head)?.[1];
  if (/\r\ntransfer-encoding: ?chunked/i.test(head)) {
    const body = readChunks(rest);
    return body === undefined ? undefined : { status, body };
  }
  if (length !== undefined && rest.length < Number(length)) return undefined;
  return { status, body: rest };
}

function readChunks(text: string): string | undefined {
  let body = '';
  for (let at = 0; ; ) {
    const line = /^([0-9a-f]+)[^\r\n]*\r\n/i.exec(text.slice(at, at + 4096));
    if (!line) return undefined;
    const size = Number.parseInt(line[1]!, 16);
    at += line[0].length;
    if (size === 0) return /^(?:[^\r\n]+\r\n)*\r\n$/.test(text.slice(at)) ? body : undefined;
    if (text.length < at + size + 2) return undefined;
    body += text.slice(at, at + size);
    at += size + 2;
  }
}
