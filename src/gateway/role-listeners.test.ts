// Aim: every thread opens every listener, sessions are resumed whichever thread is reached, limits count over threads,
// and a thread that died listens on all again. Method: the role with real threads; control played by the test.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { after, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { freePort, makeAuthority } from '../../test/certificates.ts';
import { entry, routeEntry } from '../../test/gateway/core-harness.ts';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { readValue } from '../base/schema-read.ts';
import type { FromControl, ThreadState, ToControl } from '../sdk/channel.ts';
import type { CompiledListener } from '../sdk/listener.ts';
import { type AnyEntry, revisionHash } from '../sdk/revision.ts';
import { defaultListener, engineLimits, gatewayConfig } from './config.ts';
import { tlsOf } from '../../test/gateway/tls-listener.ts';
import { startGateway } from './role.ts';

const authority = makeAuthority();
after(() => authority.end());
const THREADS = 3;

/** Starts the role; answers how to publish and how to wait for what its threads say. */
async function start(t: { after(end: () => Promise<void>): void }, limits: Readonly<Record<string, unknown>> = {}) {
  let threads: readonly ThreadState[] = [];
  let wake = (): void => {};
  let tell: (message: FromControl) => void = () => {};
  const target = http.createServer((_, response) => void response.end('here'));
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  const config = readValue(gatewayConfig, { host: '127.0.0.1', port: 0, limits }).value;
  const gateway = startGateway({
    channel: {
      send(message: ToControl) {
        if (message.type === 'applied') threads = message.threads;
        wake();
        return true;
      },
      onMessage: (handler) => void (tell = handler),
      onClose() {},
      close() {},
    },
    instance: 'g1',
    pid: 1,
    threadEntry: new URL('../../test/gateway/thread-entry.ts', import.meta.url),
    threads: THREADS,
    listener: defaultListener(config),
    limits: engineLimits(config),
    drainMs: 500,
    ticketKeyAgeMs: config.ticketKeyAge,
    counters: 1024,
    callsBuffered: 1000,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  t.after(async () => {
    await gateway.stop({ graceMs: 500 });
    target.closeAllConnections();
    target.close();
  });
  const targets = [{ host: '127.0.0.1', port: (target.address() as net.AddressInfo).port, weight: 1 }];
  const policies = [{ type: 'probe', config: {}, identity: 'probe' }];
  const held = new Map<string, AnyEntry>();
  let revision = 0;
  return {
    gateway,
    publish(put: AnyEntry[]) {
      for (const one of put) held.set(one.key, one);
      const to = ++revision;
      tell({ type: 'revision', delta: { from: to - 1, to, hash: revisionHash(held.values()), put, remove: [] } });
    },
    base: [routeEntry('a', { policies }), entry('upstream', 'u', { name: 'u', targets, connectionsMax: 100, idleMs: 1000 })],
    async until(what: string, met: (threads: readonly ThreadState[]) => boolean) {
      const signal = AbortSignal.timeout(20_000);
      while (!met(threads)) {
        if (signal.aborted) throw new Error(`never came true: ${what}; ${JSON.stringify(threads)}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
  };
}

function listenerEntry(over: Partial<CompiledListener>): AnyEntry {
  const proxies = { proxyProtocol: 'off', trustedProxies: [], forwarded: 'x-forwarded', via: false } as const;
  return entry('listener', 'edge', { name: 'edge', addresses: ['127.0.0.1'], port: 1, tls: undefined, limits: {}, ...proxies, ...over });
}

const isOpen = (threads: readonly ThreadState[]): boolean =>
  threads.length === THREADS &&
  threads.every(({ listeners = [] }) =>
    listeners.some(({ name, addresses }) => name === 'edge' && addresses.length > 0 && addresses.every((one) => one.state === 'open')),
  );

function ask(port: number, session?: Buffer, path = '/a/x'): Promise<{ thread: string; reused: boolean; session: Buffer | undefined }> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({
      port,
      host: '127.0.0.1',
      ca: authority.root,
      servername: 'shop.example.test',
      ...(session ? { session } : {}),
    });
    let [text, ticket, reused] = ['', session, false];
    socket.on('secureConnect', () => (reused = socket.isSessionReused()));
    socket.on('session', (one) => (ticket = one));
    socket.on('data', (chunk) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const thread = /x-thread: (\d+)/.exec(text)?.[1];
      if (thread === undefined) return reject(new Error(`no answer: ${text}`));
      resolve({ thread, reused, session: ticket });
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  });
}

test('sessions are resumed over threads, and a thread that comes back listens on all', { timeout: 90_000 }, async (t) => {
  const { gateway, publish, base, until } = await start(t);
  const port = await freePort();
  const pair = authority.leaf(['shop.example.test']);
  const tls = tlsOf([{ name: 'shop', ...pair, hosts: ['shop.example.test'] }]);
  publish([...base, listenerEntry({ port, tls })]);
  await gateway.ready;
  await until('every thread has opened it', isOpen);
  const { session } = await ask(port);
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(port, session)));
  assert.ok(new Set(answers.map((one) => one.thread)).size > 1, 'more than one thread answered');
  assert.equal(answers.filter((one) => one.reused).length, 40);
  await assert.rejects(ask(port, session, '/a/crash'));
  let again: typeof answers = [];
  for (let round = 0; round < 60 && new Set(again.map((one) => one.thread)).size < THREADS; round++) {
    again = await Promise.all(Array.from({ length: 40 }, () => ask(port, session)));
    await systemClock.sleep(50);
  }
  assert.equal(new Set(again.map((one) => one.thread)).size, THREADS, 'the thread that came back listens here too');
  assert.equal(again.filter((one) => one.reused).length, 40, 'the new thread has the key too');
});

/** Status of a request for `host` over TLS with `servername`. */
function statusOf(port: number, servername: string, host: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.root, servername, rejectUnauthorized: false });
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(text.slice(9, 12))));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
}

test('a route of one listener is never reached through another one, whatever names are said', { timeout: 60_000 }, async (t) => {
  const { gateway, publish, base, until } = await start(t);
  const [port, inner] = [await freePort(), await freePort()];
  const pair = authority.leaf(['shop.example.test', 'inner.example.test']);
  const tls = tlsOf([{ name: 'both', ...pair, hosts: ['shop.example.test', 'inner.example.test'] }]);
  const proxies = { proxyProtocol: 'off', trustedProxies: [], forwarded: 'x-forwarded', via: false } as const;
  const other = entry('listener', 'inner', { name: 'inner', addresses: ['127.0.0.1'], port: inner, tls, limits: {}, ...proxies });
  const bound = routeEntry('admin', { hosts: ['inner.example.test'], paths: ['/admin/**'], listeners: ['inner'] });
  publish([...base, listenerEntry({ port, tls }), other, bound]);
  await gateway.ready;
  await until(
    'every thread has opened both',
    (threads) =>
      threads.length === THREADS &&
      threads.every(
        ({ listeners = [] }) => listeners.length === 3 && listeners.every((one) => one.addresses.every(({ state }) => state === 'open')),
      ),
  );
  assert.equal(await statusOf(inner, 'inner.example.test', 'inner.example.test', '/admin/x'), 200);
  assert.equal(
    await statusOf(inner, 'shop.example.test', 'inner.example.test', '/admin/x'),
    200,
    'the listener decides, not the name of TLS',
  );
  for (const name of ['shop.example.test', 'inner.example.test']) {
    for (const host of ['inner.example.test', 'INNER.example.test:443', `inner.example.test:${inner}`]) {
      assert.equal(await statusOf(port, name, host, '/admin/x'), 404, `${name} ${host}`);
    }
  }
});

test('behind PROXY protocol the client that is told counts: for conditions and for connections of one address', {
  timeout: 60_000,
}, async (t) => {
  const { gateway, publish, base, until } = await start(t);
  const port = await freePort();
  const office = routeEntry('office', { paths: ['/office'], clientAddresses: ['192.0.2.0/24'] });
  const behind = { proxyProtocol: 'required', trustedProxies: ['127.0.0.1'], limits: { connectionsPerAddressMax: 3 } } as const;
  publish([...base, office, listenerEntry({ port, ...behind })]);
  await gateway.ready;
  await until('every thread has opened it', isOpen);
  const open: net.Socket[] = [];
  const say = (client: string, forwarded = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1');
      open.push(socket);
      socket.on('error', reject);
      socket.once('data', (chunk) => resolve(chunk.toString('latin1', 0, 12)));
      socket.write(`PROXY TCP4 ${client} 127.0.0.1 4000 ${port}\r\nGET /office HTTP/1.1\r\nHost: a\r\n${forwarded}\r\n`);
    });
  assert.equal(await say('192.0.2.9'), 'HTTP/1.1 200');
  assert.equal(await say('198.51.100.7'), 'HTTP/1.1 404');
  assert.equal(await say('198.51.100.7', 'X-Forwarded-For: 192.0.2.9\r\n'), 'HTTP/1.1 404', 'a client told so is no proxy');
  const more: string[] = [];
  for (let i = 0; i < 4; i++) more.push(await say('192.0.2.9'));
  assert.deepEqual(more, ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 429', 'HTTP/1.1 429'], 'three of one client, over all threads');
  assert.equal(await say('192.0.2.10'), 'HTTP/1.1 200', 'its neighbour is another one');
  for (const socket of open) socket.destroy();
});

test('connections of one client are counted over all threads', { timeout: 60_000 }, async (t) => {
  const { gateway, publish, base, until } = await start(t);
  const port = await freePort();
  publish([...base, listenerEntry({ port, limits: { connectionsPerAddressMax: 6 } })]);
  await gateway.ready;
  await until('every thread has opened it', isOpen);
  const sockets = Array.from({ length: 30 }, () => net.connect(port, '127.0.0.1'));
  const refused: string[] = [];
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.on('data', (chunk) => refused.push(chunk.toString('latin1', 0, 12)));
  }
  const signal = AbortSignal.timeout(20_000);
  while (refused.length < 22 && !signal.aborted) await new Promise((resolve) => setImmediate(resolve));
  // Threads that accept at the same moment may each let one more in.
  assert.ok(refused.length >= 22 && refused.length <= 24, `${refused.length} of 30`);
  assert.ok(refused.every((text) => text === 'HTTP/1.1 429'));
  for (const socket of sockets) socket.destroy();
});

/** A connection that stays: whether it was served, by which thread, and its end. */
interface Held {
  readonly status: number;
  readonly thread: string;
  end(): void;
}

/** Status 0 when a reset overtook the answer to who is refused. */
function holdHttp1(port: number): Promise<Held> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => resolve({ status: 0, thread: '', end: () => socket.destroy() }));
    socket.once('data', (chunk) => {
      const text = chunk.toString('latin1');
      const thread = /x-thread: (\d+)/.exec(text)?.[1] ?? '';
      resolve({ status: Number(text.slice(9, 12)), thread, end: () => socket.destroy() });
    });
    socket.write('GET /a/x HTTP/1.1\r\nHost: a\r\n\r\n');
  });
}

/** With three requests at once, which are one connection. Who is refused gets an answer of HTTP/1.1: status 0 here. */
async function holdHttp2(port: number): Promise<Held> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const end = () => session.destroy();
  session.on('error', () => {});
  const streams = [1, 2, 3].map(async () => {
    const stream = session.request({ ':path': '/a/x' });
    stream.on('error', () => {});
    stream.resume();
    return once(stream, 'response') as Promise<[http2.IncomingHttpHeaders]>;
  });
  try {
    const [[fields]] = (await Promise.all(streams)) as [[http2.IncomingHttpHeaders]];
    return { status: Number(fields[':status']), thread: String(fields['x-thread']), end };
  } catch {
    end();
    return { status: 0, thread: '', end };
  }
}

test('connections are counted in all: over threads, listeners, HTTP/1.1 and HTTP/2', { timeout: 60_000 }, async (t) => {
  const { gateway, publish, base, until } = await start(t, { connections: 12 });
  const edge = await freePort();
  publish([...base, listenerEntry({ port: edge })]);
  const port = await gateway.ready;
  await until('every thread has opened it', isOpen);
  const ways = [() => holdHttp1(port), () => holdHttp2(port), () => holdHttp1(edge), () => holdHttp2(edge)];
  const held: Held[] = [];
  t.after(() => held.forEach((one) => one.end()));
  // One after another: threads that accept at the same moment may each let one more in.
  for (let i = 0; i < 12; i++) held.push(await ways[i % 4]!());
  assert.deepEqual(
    held.map(({ status }) => status),
    Array<number>(12).fill(200),
  );
  assert.ok(new Set(held.map(({ thread }) => thread)).size > 1, 'more than one thread holds them');
  const refused: number[] = [];
  for (let i = 0; i < 8; i++) {
    const one = await ways[i % 4]!();
    one.end();
    refused.push(one.status);
  }
  assert.ok(!refused.includes(200) && refused.includes(503), `the thirteenth comes in by no way: ${refused.join(' ')}`);
  // What ends makes room for as many, whichever way they come; each refused one was counted out again.
  for (const one of held.splice(0, 4)) one.end();
  const signal = AbortSignal.timeout(20_000);
  while (held.length < 12 && !signal.aborted) {
    const one = await ways[held.length % 4]!();
    if (one.status === 200) held.push(one);
  }
  assert.equal(held.length, 12);
  assert.notEqual((await holdHttp1(edge)).status, 200);
});
