/**
 * A million exchanges through a whole Weir, with answers of many sizes and framings, and upstreams that reset, close early,
 * say garbage or answer before the request ended: memory stays flat, no socket is left, every exchange ends.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { seededRandom, type Random } from '../../src/base/random.ts';
import { api, newFolder, roleProcesses, untilReady, weirIn } from '../e2e/tools.ts';
import { until, type Weir } from '../e2e/weir.ts';
import type { SoakStep } from './step.ts';

const EXCHANGES = 1_000_000;
const CLIENTS = 48;
/** Memory is read after each. */
const PARTS = 10;
/**
 * What memory may grow by in the second half. In the first one pools and caches fill, and the pieces read between two
 * collections of garbage raise the process's memory step by step to a level that it keeps.
 */
const GROWTH_MAX = 0.15;

export default {
  name: 'a million exchanges',
  async run({ share, seed }) {
    const count = Math.ceil(EXCHANGES * share);
    const upstream = startUpstream(seededRandom(seed));
    await once(upstream, 'listening');
    const folder = newFolder('memory');
    const weir = await weirIn(folder, { env: { WEIR_SPARE: 'off', WEIR_GATEWAY_THREADS: '1' } });
    try {
      await serve(weir, (upstream.address() as AddressInfo).port);
      let answered = 0;
      const memory: number[] = [];
      for (let part = 0; part < PARTS; part++) {
        answered += await load(weir, seed + 1 + part, Math.ceil(count / PARTS));
        memory.push(residentMiB(weir));
      }
      await until('no socket is left', () => socketsOf(weir) <= 12, 90);
      const level = Math.max(...memory.slice(0, PARTS / 2));
      assert.ok(memory.at(-1)! < level * (1 + GROWTH_MAX), `memory went on growing: ${memory.join(' ')} MiB`);
      return { exchanges: count, answered, memoryMiB: memory.join(' '), sockets: socketsOf(weir) };
    } finally {
      await weir.stop();
      upstream.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
} satisfies SoakStep;

async function serve(weir: Weir, port: number): Promise<void> {
  const text = `apiVersion: weir/v1
kind: Upstream
metadata: { name: up }
spec: { targets: [{ host: 127.0.0.1, port: ${port} }], connectionsMax: 200 }
---
apiVersion: weir/v1
kind: Route
metadata: { name: all }
spec: { match: { paths: ["/**"] }, upstream: up, timeouts: { firstByte: 5s, idle: 5s } }
`;
  const body = JSON.stringify({ sources: [{ file: 'memory.yaml', text }] });
  const { status, text: said } = await api(weir, '/api/v1/apply', { method: 'POST', body });
  assert.equal(status, 200, said);
  await untilReady(weir, 'Route', 'all');
}

/** Bytes of any framing; one in fifty is no good answer. */
function startUpstream(random: Random): net.Server {
  const server = net.createServer((socket) => {
    let rest = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.toString('latin1');
      for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(rest.slice(0, end))?.[1] ?? 0);
        if (rest.length < end + 4 + length) return;
        rest = rest.slice(end + 4 + length);
        if (!answer(socket, random)) return;
      }
    });
  });
  return server.listen(0, '127.0.0.1');
}

/** False when the connection is done with. */
function answer(socket: net.Socket, random: Random): boolean {
  const size = [20, 200, 3000, 30_000][random.integer(4)]!;
  const body = 'x'.repeat(size);
  switch (random.integer(200)) {
    case 0:
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\nxx`);
      socket.resetAndDestroy();
      return false;
    case 1:
      socket.end('HTTP/1.1 garbage\r\n\r\n');
      return false;
    case 2:
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n${body}${body}`);
      return false;
    case 3:
      socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`);
      return false;
    default:
      if (random.integer(3) === 0)
        socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
      else socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n${body}`);
      return true;
  }
}

/** Makes `count` exchanges; answers how many were answered at all (the others were cut). */
async function load(weir: Weir, seed: number, count: number): Promise<number> {
  const random = seededRandom(seed);
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  let left = count;
  let answered = 0;
  const client = async () => {
    while (left-- > 0) {
      const body = random.integer(4) === 0 ? Buffer.alloc(random.integer(20_000), 'b') : undefined;
      if (await ask(weir.gateway, agent, body)) answered++;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  agent.destroy();
  return answered;
}

function ask(url: string, agent: http.Agent, body: Buffer | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-length': body.length } : {};
    const request = http.request(`${url}/soak`, { agent, method: body ? 'POST' : 'GET', headers, timeout: 30_000 }, (response) => {
      response.on('error', () => {});
      response.on('close', () => resolve(response.complete));
      response.resume();
    });
    request.on('timeout', () => reject(new Error('an exchange hangs')));
    request.on('error', () => resolve(false));
    request.end(body);
  });
}

function residentMiB(weir: Weir): number {
  const status = readFileSync(`/proc/${roleProcesses(weir).get('gateway')}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
}

function socketsOf(weir: Weir): number {
  const folder = `/proc/${roleProcesses(weir).get('gateway')}/net/tcp`;
  const inodes = new Set(
    readFileSync(folder, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[9]),
  );
  return openInodes(roleProcesses(weir).get('gateway')!).filter((inode) => inodes.has(inode)).length;
}

function openInodes(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return []; // Closed while we looked.
    }
  });
}
