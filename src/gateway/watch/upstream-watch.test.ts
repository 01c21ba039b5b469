/**
 * Aim: a process tells its threads which targets were found and which fail their checks, changes only, and keeps what was
 * found last while discovery fails; nothing goes on for what is gone.
 * Method: the watch against scripted targets and a DNS server of our own, on real sockets, with time by hand.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp2, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type DnsServer, startDnsServer } from '../../../test/dns-server.ts';
import { manualClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import dns from '../../extensions/discovery/dns.ts';
import fixed from '../../extensions/discovery/static.ts';
import type { AnyEntry, RevisionDelta } from '../../sdk/revision.ts';
import type { CompiledHealthCheck, CompiledUpstream, UpstreamFacts } from '../../sdk/upstream.ts';
import { eventually, ok, startGateway, startUpstream, Talk } from '../http/fixture.ts';
import { createNames } from '../upstream/names.ts';
import { createProbe } from './probe.ts';
import { createUpstreamWatch } from './upstream-watch.ts';

/** Longer than the time that passes by hand while real sockets work. */
const LONG_MS = 24 * 3_600_000;
const CHECK: CompiledHealthCheck = {
  path: '/health',
  method: 'GET',
  host: undefined,
  statuses: [[200, 299]],
  everyMs: 1000,
  timeoutMs: LONG_MS,
  healthyAfter: 2,
  unhealthyAfter: 3,
};
const base: CompiledUpstream = { project: 'default', name: 'up', targets: [], connectionsMax: 10, idleMs: 5000 };
const target = (port: number, host = '127.0.0.1') => ({ host, port, weight: 1 });

function delta(upstreams: readonly CompiledUpstream[], from = 0, remove: readonly string[] = []): RevisionDelta {
  const put = upstreams.map((value): AnyEntry => ({ type: 'upstream', key: `upstream/${value.project}/${value.name}`, hash: '', value }));
  return { from, to: from + 1, hash: '', put, remove };
}

function openWatch(t: TestContext) {
  const clock = manualClock();
  const told: UpstreamFacts[] = [];
  const names = createNames({ resolve: async () => ({ addresses: ['127.0.0.1'], ttlMs: 60_000 }), clock, log: silentLog });
  const probe = createProbe({ clock, names, isRefused: (address) => address === '127.0.0.66' });
  const discoveries = new Map<string, never>([
    ['dns', dns as never],
    ['static', fixed as never],
  ]);
  const watch = createUpstreamWatch({
    discoveries,
    probe,
    clock,
    random: seededRandom(3),
    log: silentLog,
    tell: (facts) => void told.push(...facts),
  });
  t.after(() => watch.close());
  return { clock, told, watch, last: () => told.at(-1) };
}

/** Moves time on in steps until the condition holds: each step lets sockets work in between. */
async function whileTimePasses(
  clock: ReturnType<typeof manualClock>,
  stepMs: number,
  condition: () => boolean,
  what: string,
): Promise<void> {
  await eventually(() => (condition() ? true : (clock.advance(stepMs), false)), what);
}

test('a target is unhealthy after so many bad answers and healthy again after so many good ones, and only changes are told', async (t) => {
  const { clock, told, watch, last } = openWatch(t);
  let status = '200 OK';
  const seen: string[] = [];
  const server = await startUpstream((socket: Socket, text) => (seen.push(text), void socket.end(ok('x').replace('200 OK', status))));
  t.after(() => server.close());
  watch.apply(delta([{ ...base, targets: [target(server.port)], health: CHECK }]));
  await whileTimePasses(clock, 10, () => seen.length >= 5, 'it is asked');
  assert.match(
    seen[0]!,
    new RegExp(`^GET /health HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nuser-agent: weir-health-check\r\nconnection: close\r\n\r\n$`),
  );
  assert.deepEqual(
    told.map(({ unhealthy }) => unhealthy.length),
    [0],
  );
  status = '503 Busy';
  const before = seen.length;
  await whileTimePasses(clock, 10, () => last()!.unhealthy.length === 1, 'it is unhealthy');
  assert.ok(seen.length - before >= 3, `after three: ${seen.length - before}`);
  assert.deepEqual(last()!.unhealthy, [{ address: `127.0.0.1:${server.port}`, reason: 'status 503' }]);
  assert.deepEqual(watch.all(), [last()]);
  status = '204 No Content';
  await whileTimePasses(clock, 10, () => last()!.unhealthy.length === 0, 'it is healthy');
  assert.equal(told.length, 3);
  watch.apply(delta([{ ...base, targets: [target(server.port)] }], 1));
  const asked = seen.length;
  for (let i = 0; i < 20; i++) {
    clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(seen.length <= asked + 1, 'nobody is asked any more');
  assert.deepEqual(watch.all(), []);
});

test('why a target is not well: each way has its word', async (t) => {
  const { clock, watch, last } = openWatch(t);
  const scripts: Record<string, (socket: Socket) => void> = {
    late: () => {},
    closed: (socket) => void socket.end(),
    malformed: (socket) => void socket.end('nonsense\r\n\r\n'),
    'status 404': (socket) => void socket.end(ok('x').replace('200 OK', '404 No')),
    'status 500': (socket) => void socket.end(`HTTP/1.1 103 Early Hints\r\n\r\n${ok('x').replace('200 OK', '500 No')}`),
  };
  const wanted = new Map<string, string>();
  const targets = [];
  for (const [word, script] of Object.entries(scripts)) {
    const server = await startUpstream(script);
    t.after(() => server.close());
    wanted.set(`127.0.0.1:${server.port}`, word);
    targets.push(target(server.port));
  }
  const gone = await startUpstream(() => {});
  gone.close();
  wanted.set(`127.0.0.1:${gone.port}`, 'unreachable').set('127.0.0.66:80', 'refused');
  targets.push(target(gone.port), target(80, '127.0.0.66'));
  watch.apply(delta([{ ...base, targets, health: { ...CHECK, unhealthyAfter: 1 } }]));
  await whileTimePasses(clock, 5, () => last()!.unhealthy.length === wanted.size - 1, 'all but the late one are unhealthy');
  clock.advance(LONG_MS);
  await eventually(() => last()!.unhealthy.length === wanted.size, 'the late one is too');
  assert.deepEqual(new Map(last()!.unhealthy.map(({ address, reason }) => [address, reason])), wanted);
});

test('targets that speak HTTP/2 are asked over it', async (t) => {
  const { clock, watch, last } = openWatch(t);
  const server = createHttp2();
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session) => void sessions.push(session));
  let status = 500;
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': status });
    stream.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const check = { ...CHECK, http2: true, unhealthyAfter: 1, healthyAfter: 1 };
  watch.apply(delta([{ ...base, targets: [target(port)], health: check }]));
  await whileTimePasses(clock, 500, () => last()?.unhealthy[0]?.reason === 'status 500', 'it is unhealthy');
  status = 200;
  await whileTimePasses(clock, 500, () => last()!.unhealthy.length === 0, 'it is healthy again');
  await eventually(() => sessions.every((session) => session.destroyed), 'no connection is kept');
});

/** What follows an answer is done. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function openDns(t: TestContext): Promise<DnsServer> {
  const server = await startDnsServer();
  t.after(() => server.close());
  return server;
}

test('discovery: asked again when the TTL is over; what was found last stays while it fails, and the reason is told', async (t) => {
  const { clock, told, watch, last } = openWatch(t);
  const server = await openDns(t);
  const a = (...addresses: string[]) =>
    server.records.set(
      'up.test',
      addresses.map((address) => ({ type: 'A', ttl: 30, address }) as const),
    );
  a('10.0.0.1', '10.0.0.2');
  const config = { name: 'up.test', record: 'a', servers: [server.address], port: 9000 };
  watch.apply(delta([{ ...base, discovery: { type: 'dns', config } }]));
  assert.deepEqual([told, watch.all()], [[], []], 'nothing is said before the first answer');
  const hosts = () =>
    last()
      ?.found.map(({ host }) => host)
      .sort()
      .join(' ');
  await eventually(() => hosts() === '10.0.0.1 10.0.0.2', 'both are found');
  await turn();
  a('10.0.0.2', '10.0.0.3');
  clock.advance(29_000);
  assert.equal(server.asked.length, 1, 'the answer still holds');
  clock.advance(2000);
  await eventually(() => hosts() === '10.0.0.2 10.0.0.3', 'the change is seen');
  await turn();
  server.mode = 'failing';
  clock.advance(31_000);
  await eventually(() => last()!.discoveryFailure !== '', 'the failure is told');
  await turn();
  assert.deepEqual([last()!.discoveryFailure, hosts()], ['discovery/dns/no-answer', '10.0.0.2 10.0.0.3']);
  server.mode = 'answers';
  clock.advance(6000);
  await eventually(() => last()!.discoveryFailure === '', 'it is over');
  assert.equal(hosts(), '10.0.0.2 10.0.0.3');
  watch.apply(delta([]));
  assert.deepEqual(last(), { key: 'default/up', found: [], unhealthy: [], discoveryFailure: '' });
});

test('discovered targets are checked, and a real gateway follows both', async (t) => {
  const { clock, told, watch } = openWatch(t);
  const server = await openDns(t);
  const healthy = await startUpstream((socket, text) => void socket.write(ok(text.startsWith('GET /health') ? 'well' : 'answer')));
  t.after(() => healthy.close());
  server.records.set('up.test', [
    { type: 'A', ttl: 5, address: '127.0.0.1' },
    { type: 'A', ttl: 5, address: '127.0.0.66' },
  ]);
  const config = { name: 'up.test', record: 'a', servers: [server.address], port: healthy.port };
  const upstream: CompiledUpstream = {
    ...base,
    discovery: { type: 'dns', config },
    health: { ...CHECK, unhealthyAfter: 1 },
    panicPercent: 10,
  };
  const gateway = await startGateway({ upstream });
  t.after(() => gateway.stop());
  watch.apply(delta([upstream]));
  await whileTimePasses(clock, 5, () => told.at(-1)?.unhealthy.length === 1, 'the refused one is unhealthy');
  gateway.engine.learn(watch.all());
  const talk = new Talk(gateway.port);
  t.after(() => talk.close());
  for (let i = 0; i < 4; i++) {
    talk.text = '';
    await talk.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').until((text) => text.endsWith('answer'));
  }
  const states = gateway.engine
    .targetNews()[0]!
    .targets.map(({ address, state, stateReason }) => `${address.split(':')[0]} ${state} ${stateReason}`.trim());
  assert.deepEqual(states.sort(), ['127.0.0.1 ok', '127.0.0.66 unhealthy refused']);
});

test('a fixed list is told once; a discovery that does not exist is a failure and no crash', async (t) => {
  const { told, watch } = openWatch(t);
  watch.apply(delta([{ ...base, discovery: { type: 'static', config: { targets: [{ host: 'a', port: 81 }] } } }]));
  await eventually(() => told.length === 1, 'it is told');
  assert.deepEqual(told[0]!.found, [{ host: 'a', port: 81, weight: 1 }]);
  watch.apply(delta([{ ...base, name: 'other', discovery: { type: 'none', config: {} } }], 1));
  assert.equal(told.at(-1)!.discoveryFailure, 'not-usable');
});

test('hundreds of targets that fail at once are told of together, and a check of a target that goes ends', async (t) => {
  const { clock, told, watch, last } = openWatch(t);
  const held: Socket[] = [];
  const silent = await startUpstream((socket) => void held.push(socket));
  t.after(() => silent.close());
  const gone = await startUpstream(() => {});
  gone.close();
  const targets = Array.from({ length: 200 }, (_, i) => target(gone.port, `127.0.1.${i}`));
  const upstream = { ...base, targets: [...targets, target(silent.port)], health: { ...CHECK, unhealthyAfter: 1 } };
  watch.apply(delta([upstream]));
  await whileTimePasses(clock, 1, () => last()!.unhealthy.length === 200, 'all but the silent one are unhealthy');
  assert.ok(told.length <= 2 + 1000 / 100, `${told.length} messages for 200 changes within a second`);
  await whileTimePasses(clock, 10, () => held.length === 1, 'the silent one is asked');
  watch.apply(delta([{ ...upstream, targets }], 1));
  await eventually(() => held[0]!.destroyed || held[0]!.readableEnded, 'nobody waits for it any more');
});

test('targets beyond the limit are left out, counted, and said once; a server that turns its answers around is no change', async (t) => {
  const { clock, told, watch, last } = openWatch(t);
  const server = await openDns(t);
  const records = Array.from({ length: 1200 }, (_, i) => ({ type: 'A', ttl: 5, address: `10.8.${i >> 8}.${i & 255}` }) as const);
  server.records.set('up.test', records);
  const config = { name: 'up.test', record: 'a', servers: [server.address] };
  watch.apply(delta([{ ...base, discovery: { type: 'dns', config } }]));
  await eventually(() => last()?.found.length === 1000, 'a thousand are used');
  await turn();
  assert.deepEqual(watch.leftOut(), [{ key: 'default/up', count: 200 }]);
  server.records.set('up.test', [...records.slice(600), ...records.slice(0, 600)]);
  const asked = server.asked.length;
  await whileTimePasses(clock, 10, () => server.asked.length >= asked + 2, 'it is asked again');
  await turn();
  assert.equal(told.length, 1);
  server.records.set('up.test', records.slice(0, 1));
  await whileTimePasses(clock, 10, () => last()!.found.length === 1, 'one is left');
  assert.deepEqual(watch.leftOut(), []);
});
