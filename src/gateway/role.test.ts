// Aim: the role brings revisions to every thread, counts exactly over them, brings back a dead one with all it needs,
// hands on records and metrics, and stops in order. Method: real threads over real sockets, control played by the test.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { Problem } from '../base/problem.ts';
import { readValue } from '../base/schema-read.ts';
import { systemRandom } from '../base/random.ts';
import { toldCalls } from '../../test/calls.ts';
import type { FromControl, ToControl } from '../sdk/channel.ts';
import { type AnyEntry, revisionHash } from '../sdk/revision.ts';
import { freePort } from '../../test/certificates.ts';
import { consumerEntries, entry, routeEntry } from '../../test/gateway/core-harness.ts';
import fixed from '../extensions/discovery/static.ts';
import type { DiscoveryComponent } from '../sdk/discovery.ts';
import { defaultListener, engineLimits, gatewayConfig, threadCount } from './config.ts';
import { type NewThread, newThread } from './kept-thread.ts';
import { type Gateway, type GatewayOptions, startGateway } from './role.ts';
import type { ToThread } from './thread-messages.ts';

const KEY = 'k-0123456789abcdefghijklmnopqrst';
const started: Gateway[] = [];
afterEach(async () => {
  for (const gateway of started.splice(0)) await gateway.stop({ graceMs: 500 });
});

/** Control's end of the line: keeps what came, and waits for what shall come. */
function control() {
  const got: ToControl[] = [];
  let handler: (message: FromControl) => void = () => {};
  const waiters = new Set<() => void>();
  let open = true;
  let held = new Map<string, AnyEntry>();
  let revision = 0;
  return {
    got,
    set open(value: boolean) {
      open = value;
    },
    channel: {
      send(message: ToControl) {
        if (!open) return false;
        got.push(message);
        for (const wake of waiters) wake();
        return true;
      },
      onMessage: (next: typeof handler) => void (handler = next),
      onClose() {},
      close() {},
    },
    say: (message: FromControl) => handler(message),
    publish(put: AnyEntry[], remove: string[] = [], from = revision) {
      if (from === 0) held = new Map();
      for (const key of remove) held.delete(key);
      for (const e of put) held.set(e.key, e);
      handler({ type: 'revision', delta: { from, to: ++revision, hash: revisionHash(held.values()), put, remove } });
      return { revision, hash: revisionHash(held.values()) };
    },
    /** The first message that `pick` takes, already here or yet to come, within 10 s. */
    async until<V>(pick: (message: ToControl) => V | undefined): Promise<V> {
      const signal = AbortSignal.timeout(10_000);
      for (;;) {
        for (const message of got) {
          const picked = pick(message);
          if (picked !== undefined) return picked;
        }
        await new Promise<void>((resolve, reject) => {
          const wake = () => (waiters.delete(wake), resolve());
          waiters.add(wake);
          signal.addEventListener('abort', () => reject(new Error(`not seen within 10 s; got ${JSON.stringify(got).slice(0, 2000)}`)), {
            once: true,
          });
        });
      }
    },
  };
}

function start(threads: number, more: { port?: number; newThread?: NewThread; isRefused?: GatewayOptions['isRefused'] } = {}) {
  const line = control();
  const config = readValue(gatewayConfig, { host: '127.0.0.1', port: more.port ?? 0 }).value;
  const gateway = startGateway({
    channel: line.channel,
    instance: 'g1',
    pid: 1,
    threadEntry: new URL('../../test/gateway/thread-entry.ts', import.meta.url),
    threads,
    ...(more.newThread ? { newThread: more.newThread } : {}),
    ...(more.isRefused ? { isRefused: more.isRefused } : {}),
    listener: defaultListener(config),
    limits: engineLimits(config),
    drainMs: config.drain,
    ticketKeyAgeMs: config.ticketKeyAge,
    counters: 1024,
    callsBuffered: 1000,
    discoveries: new Map([['static', fixed as unknown as DiscoveryComponent]]),
    processMetrics: async () => [{ name: 'weir_build_info', values: [] }],
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  started.push(gateway);
  const applied = (revision: number) =>
    line.until((m) =>
      m.type === 'applied' && m.threads.length === threads && m.threads.every((t) => t.revision === revision) ? m.threads : undefined,
    );
  return { line, gateway, applied };
}

const target = http.createServer((_, response) => void response.end('here'));
let upstream: AnyEntry;
before(async () => {
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  const targets = [{ host: '127.0.0.1', port: (target.address() as net.AddressInfo).port, weight: 1 }];
  upstream = entry('upstream', 'u', { name: 'u', targets, connectionsMax: 100, idleMs: 1000 });
});
after(() => {
  target.closeAllConnections();
  target.close();
});
const probe = { type: 'probe', config: {}, identity: 'probe' };

/** One request on a connection of its own, so that the kernel spreads them over the threads. */
async function call(port: number, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { connection: 'close', ...headers },
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  return { status: response.status, thread: response.headers.get('x-thread') };
}

test('every thread serves the revision, and each delta reaches all', { timeout: 60_000 }, async () => {
  const { line, gateway, applied } = start(3);
  assert.deepEqual(await line.until((m) => (m.type === 'hello' ? m : undefined)), {
    type: 'hello',
    role: 'gateway',
    instance: 'g1',
    pid: 1,
    revision: 0,
  });
  const first = line.publish([routeEntry('a', { policies: [probe] }), upstream]);
  const threads = await applied(1);
  assert.deepEqual(
    threads.map((t) => [t.thread, t.hash, t.failed]),
    [0, 1, 2].map((n) => [n, first.hash, []]),
  );
  const port = await gateway.ready;
  const answers = await Promise.all(Array.from({ length: 60 }, () => call(port, '/a/x')));
  assert.ok(answers.every((a) => a.status === 200));
  assert.ok(new Set(answers.map((a) => a.thread)).size > 1, 'more than one thread took connections');
  line.publish([routeEntry('b')], ['route/p/a']);
  await applied(2);
  for (const answer of await Promise.all(Array.from({ length: 30 }, () => call(port, '/a/x')))) assert.equal(answer.status, 404);
});

test('a limit is exact over all threads', { timeout: 60_000 }, async () => {
  const { line, gateway, applied } = start(3);
  const limited = routeEntry('a', {
    auth: [{ type: 'api-key', config: {} }],
    policies: [{ type: 'rate-limit', config: { limit: 20, window: '31d' }, identity: 'p/route/a/0' }],
  });
  line.publish([limited, upstream, ...consumerEntries('shop', hash('sha256', KEY))]);
  await applied(1);
  const port = await gateway.ready;
  const answers = await Promise.all(Array.from({ length: 80 }, () => call(port, '/a', { 'x-api-key': KEY })));
  assert.equal(answers.filter((a) => a.status === 200).length, 20);
  assert.equal(answers.filter((a) => a.status === 429).length, 60);
});

test('a thread that dies comes back with the whole revision, on the same port', { timeout: 60_000 }, async () => {
  const { line, gateway, applied } = start(2);
  line.publish([routeEntry('a', { policies: [probe] }), upstream]);
  await applied(1);
  const port = await gateway.ready;
  line.publish([routeEntry('b')]);
  await applied(2);
  const requests = async (id: number) => {
    line.say({ type: 'collect', id });
    const { metrics } = await line.until((m) => (m.type === 'metrics' && m.id === id ? m : undefined));
    const samples = metrics.find((m) => m['name'] === 'weir_gateway_requests_total')!['values'] as {
      value: number;
      labels: Record<string, string>;
    }[];
    return samples.filter((v) => v.labels['code'] === '2xx').reduce((sum, v) => sum + v.value, 0);
  };
  for (let i = 0; i < 20; i++) await call(port, '/a/x');
  assert.equal(await requests(1), 20);
  const seen = line.got.length;
  const held = await Promise.all(Array.from({ length: 12 }, () => holdConnection(port)));
  await assert.rejects(call(port, '/a/crash'));
  await line.until(() =>
    line.got.slice(seen).some((m) => m.type === 'applied' && m.threads.length === 2 && m.threads.every((t) => t.revision === 2))
      ? true
      : undefined,
  );
  const bodies = await Promise.all(Array.from({ length: 30 }, () => call(port, '/b')));
  assert.ok(bodies.every((b) => b.status === 200));
  assert.equal(await requests(2), 50, 'what the dead thread had served still counts');
  line.say({ type: 'collect', id: 5 });
  const { metrics } = await line.until((m) => (m.type === 'metrics' && m.id === 5 ? m : undefined));
  const value = (name: string) => (metrics.find((m) => m['name'] === name)!['values'] as { value: number }[])[0]!.value;
  assert.equal(value('weir_gateway_thread_restarts_total'), 1);
  const closed = held.filter((socket) => socket.closed).length;
  assert.ok(closed < held.length, 'those of the other thread stay');
  assert.ok(value('weir_gateway_connections_lost_total') > closed, 'all that ended with it are counted, the one that asked for it too');
  for (const socket of held) socket.destroy();
});

/** A connection that is open and was answered. */
async function holdConnection(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /none HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

test('a delta that does not fit makes it ask for everything, while it goes on serving', { timeout: 60_000 }, async () => {
  const { line, gateway, applied } = start(1);
  line.publish([routeEntry('a'), upstream]);
  await applied(1);
  const port = await gateway.ready;
  line.publish([routeEntry('b')], [], 77);
  const hellos = () => line.got.flatMap((m) => (m.type === 'hello' ? [m.revision] : []));
  assert.deepEqual(hellos(), [0, 0]);
  assert.equal((await call(port, '/a')).status, 200);
  line.publish([routeEntry('c'), upstream], [], 0);
  await applied(3);
  assert.deepEqual([(await call(port, '/c')).status, (await call(port, '/a')).status], [200, 404]);
});

test('a thread that misses an entry is told of with the hash it has, and is given everything', { timeout: 60_000 }, async () => {
  let isLosing = false;
  const losing: NewThread = (entry, options) => {
    const worker = newThread(entry, options);
    if (options.name !== 'gateway-1') return worker;
    const post = worker.postMessage.bind(worker) as (message: ToThread, transfer?: readonly never[]) => void;
    worker.postMessage = (message: ToThread, transfer?: unknown) => {
      const isDelta = message.type === 'revision' && message.delta.from > 0;
      if (isLosing && isDelta) post({ ...message, delta: { ...message.delta, put: message.delta.put.slice(1) } });
      else post(message, transfer as never[]);
    };
    return worker;
  };
  const { line, gateway, applied } = start(2, { newThread: losing });
  line.publish([routeEntry('a'), upstream]);
  await applied(1);
  const port = await gateway.ready;
  isLosing = true;
  const { hash: wanted } = line.publish([routeEntry('b'), routeEntry('c')]);
  const wrong = await line.until((m) =>
    m.type === 'applied' ? m.threads.find((t) => t.thread === 1 && t.revision === 2 && t.hash !== wanted) : undefined,
  );
  assert.notEqual(wrong.hash, wanted);
  await line.until((m) => (m.type === 'applied' && m.threads.length === 2 && m.threads.every((t) => t.hash === wanted) ? m : undefined));
  for (const { status } of await Promise.all(Array.from({ length: 30 }, () => call(port, '/b')))) assert.equal(status, 200);
  line.say({ type: 'collect', id: 9 });
  const { metrics } = await line.until((m) => (m.type === 'metrics' && m.id === 9 ? m : undefined));
  const divergences = metrics.find((m) => m['name'] === 'weir_gateway_divergences_total')!['values'];
  assert.deepEqual(divergences, [{ labels: { reason: 'hash' }, value: 1 }]);
});

test('no health check asks a port of a Listener', { timeout: 60_000 }, async () => {
  const { line } = start(1, { isRefused: (_address, port, listenerPorts) => listenerPorts.has(port) });
  const port = await freePort();
  const own = { project: 'p', name: 'own', addresses: ['127.0.0.1'], port, tls: undefined, limits: {}, proxyProtocol: 'off' } as const;
  const health = { path: '/', method: 'GET', host: undefined, statuses: [[200, 299]], everyMs: 50, timeoutMs: 5000 } as const;
  const targets = [{ host: '127.0.0.1', port, weight: 1 }];
  line.publish([
    entry('listener', 'own', { ...own, trustedProxies: [], forwarded: 'x-forwarded', via: false }),
    entry('upstream', 'loop', {
      name: 'loop',
      targets,
      connectionsMax: 1,
      idleMs: 1,
      health: { ...health, healthyAfter: 1, unhealthyAfter: 1 },
    }),
  ]);
  await line.until((m) => {
    if (m.type !== 'targets') return undefined;
    return m.upstreams.some((one) => one.targets[0]?.state === 'unhealthy' && one.targets[0].stateReason === 'refused') || undefined;
  });
});

test('a process whose revision is not what control says asks for everything, and its threads serve on', { timeout: 60_000 }, async () => {
  const { line, gateway, applied } = start(1);
  line.publish([routeEntry('a'), upstream]);
  await applied(1);
  const port = await gateway.ready;
  line.say({ type: 'revision', delta: { from: 1, to: 2, hash: 'f'.repeat(64), put: [routeEntry('b')], remove: [] } });
  assert.equal(line.got.filter((m) => m.type === 'hello').length, 2);
  assert.deepEqual([(await call(port, '/a')).status, (await call(port, '/b')).status], [200, 404], 'nothing of it serves');
  const { revision } = line.publish([routeEntry('c'), upstream], [], 0);
  await applied(revision);
  assert.deepEqual([(await call(port, '/c')).status, (await call(port, '/a')).status], [200, 404]);
});

test('call records and metrics arrive, those of a time without control included', { timeout: 60_000 }, async () => {
  const { line, gateway, applied } = start(2);
  line.publish([routeEntry('a'), upstream]);
  await applied(1);
  const port = await gateway.ready;
  line.open = false;
  for (let i = 0; i < 10; i++) await call(port, `/a/${i}`);
  line.open = true;
  for (let i = 10; i < 15; i++) await call(port, `/a/${i}`);
  const records = await line.until(() => {
    const all = toldCalls(line.got);
    return all.length === 15 ? all : undefined;
  });
  assert.ok(records.every((r) => r.protocol === 'http/1.1'));
  assert.deepEqual(new Set(records.map((r) => r.path)), new Set(Array.from({ length: 15 }, (_, i) => `/a/${i}`)));
  line.say({ type: 'collect', id: 1 });
  const { metrics } = await line.until((m) => (m.type === 'metrics' ? m : undefined));
  const total = metrics.find((m) => m['name'] === 'weir_gateway_requests_total')!['values'] as { value: number; labels: object }[];
  assert.ok(
    metrics.some((m) => m['name'] === 'weir_build_info'),
    'the process tells of itself too',
  );
  assert.deepEqual(total, [{ value: 15, labels: { route: 'a', project: 'p', method: 'GET', code: '2xx', protocol: 'http/1.1' } }]);
});

test('calls that die with a thread are told as killed', { timeout: 60_000 }, async () => {
  const { line, gateway, applied } = start(1);
  line.publish([routeEntry('a', { policies: [{ type: 'probe', config: {}, identity: 'route/p/a/probe/0' }] }), upstream]);
  await applied(1);
  const port = await gateway.ready;
  const crash = new net.Socket().connect(port, '127.0.0.1');
  crash.on('error', () => {});
  // Both in one piece: the first is answered and recorded in the turn of the loop in which the second ends the thread.
  crash.write('GET /none HTTP/1.1\r\nhost: a\r\n\r\nGET /a/crash HTTP/1.1\r\nhost: a\r\n\r\n');
  await line.until(() => (line.got.some((m) => m.type === 'calls' && m.killed === 1) ? true : undefined));
  await line.until(() => (line.got.findLast((m) => m.type === 'calls')?.waiting === 0 ? true : undefined));
  crash.destroy();
});

test('stopping sends the last records and ends every thread; twice is once', { timeout: 60_000 }, async () => {
  const { line, gateway, applied } = start(2);
  line.publish([routeEntry('a'), upstream]);
  await applied(1);
  const port = await gateway.ready;
  await call(port, '/a/last');
  await Promise.all([gateway.stop({ graceMs: 1000 }), gateway.stop({ graceMs: 1000 })]);
  assert.equal(toldCalls(line.got).length, 1);
  await assert.rejects(call(port, '/a'));
});

test('a taken port is a problem that says what to do', { timeout: 60_000 }, async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as net.AddressInfo;
  const { line, gateway } = start(1, { port });
  line.publish([upstream]);
  await assert.rejects(
    gateway.ready,
    (error) =>
      error instanceof Problem && error.code === 'core/gateway/listen-failed' && error.message.includes(`127.0.0.1:${port} (EADDRINUSE)`),
  );
  taken.close();
});

test('threads follow the configuration, the cores, and what the platform can', () => {
  assert.deepEqual(
    [
      threadCount({}, 2, 'linux'),
      threadCount({}, 64, 'linux'),
      threadCount({ threads: 3 }, 2, 'linux'),
      threadCount({ threads: 3 }, 8, 'darwin'),
    ],
    [2, 8, 3, 1],
  );
});

test('targets that the process finds and checks reach every thread, and metrics tell of them', { timeout: 60_000 }, async () => {
  const { line, gateway } = start(2);
  const { port } = target.address() as net.AddressInfo;
  const found = {
    targets: [
      { host: '127.0.0.1', port },
      { host: '127.0.0.1', port: 1 },
    ],
  };
  const health = {
    path: '/',
    method: 'GET',
    host: undefined,
    statuses: [[200, 299]],
    everyMs: 50,
    timeoutMs: 5000,
    healthyAfter: 1,
    unhealthyAfter: 1,
  } as const;
  const more = { targets: [], connectionsMax: 100, idleMs: 1000, health, discovery: { type: 'static', config: found } };
  line.publish([routeEntry('f', { target: { kind: 'upstream', name: 'found' } }), entry('upstream', 'found', { name: 'found', ...more })]);
  const own = await gateway.ready;
  const answers = await Promise.all(Array.from({ length: 20 }, () => call(own, '/f/x')));
  assert.ok(
    answers.every(({ status }) => status === 200),
    'a target that takes no connection is passed over',
  );
  for (const thread of [0, 1]) {
    await line.until((m) => {
      if (m.type !== 'targets' || m.thread !== thread) return undefined;
      return m.upstreams.some(({ targets }) => targets[1]?.state === 'unhealthy' && targets[1].stateReason === 'unreachable') || undefined;
    });
  }
  line.say({ type: 'collect', id: 7 });
  const metrics = await line.until((m) => (m.type === 'metrics' && m.id === 7 ? JSON.stringify(m.metrics) : undefined));
  assert.match(metrics, /"upstream":"found","project":"p","event":"connects"/);
  assert.match(metrics, /"upstream":"found","project":"p","state":"unhealthy"\},"value":1/);
});
