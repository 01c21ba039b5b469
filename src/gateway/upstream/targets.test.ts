/**
 * Aim: what is configured of an upstream's targets holds for real requests: the way to choose, ejection, panic, health and
 * discovery that the process found out, bounds per target, and that changes hurt nobody.
 * Method: a real engine on real sockets with scripted upstreams, time by hand where it matters.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { manualClock } from '../../base/clock.ts';
import type { CompiledOutliers, CompiledUpstream, UpstreamFacts } from '../../sdk/upstream.ts';
import { eventually, type Gateway, type GatewayOptions, ok, startGateway, startUpstream, Talk, type Upstream } from '../http/fixture.ts';
import { UPSTREAM_EVENTS, type UpstreamEvent } from './upstream-counts.ts';

type Script = (socket: Socket, text: string) => void;
const answer =
  (name: string): Script =>
  (socket) =>
    void socket.write(ok(name));

async function over(
  scripts: readonly Script[],
  upstream: Partial<CompiledUpstream>,
  body: (gateway: Gateway, upstreams: Upstream[]) => Promise<void>,
  options: GatewayOptions = {},
): Promise<void> {
  const upstreams = await Promise.all(scripts.map((script) => startUpstream(script)));
  const gateway = await startGateway({ ...options, ports: upstreams.map(({ port }) => port), upstream });
  try {
    await body(gateway, upstreams);
  } finally {
    await gateway.stop();
    for (const one of upstreams) one.close();
  }
}

/** Bodies of answers to `times` requests, one after the other, each over a connection of its own client. */
async function ask(gateway: Gateway, times = 1, fields = ''): Promise<string> {
  const bodies: string[] = [];
  const talk = new Talk(gateway.port);
  for (let i = 0; i < times; i++) {
    talk.text = '';
    const text = await talk.send(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`).until((t) => {
      const end = t.indexOf('\r\n\r\n');
      return end > 0 && t.length - end - 4 === Number(/content-length: (\d+)/i.exec(t)?.[1]);
    });
    const found = text.slice(text.indexOf('\r\n\r\n') + 4);
    bodies.push(/"code":"core\/http\/([a-z-]+)"/.exec(found)?.[1] ?? found);
  }
  talk.close();
  return bodies.join(' ');
}

const count = (gateway: Gateway, event: UpstreamEvent): number =>
  gateway.engine.upstreamCounts()[0]?.events[UPSTREAM_EVENTS.indexOf(event)] ?? 0;
const states = (gateway: Gateway): string =>
  gateway.engine
    .targetNews()[0]!
    .targets.map(({ state, stateReason }) => (stateReason ? `${state}:${stateReason}` : state))
    .join(' ');
const OUTLIERS: CompiledOutliers = {
  errors: 3,
  gatewayErrors: 0,
  localErrors: 2,
  ejectMs: 10_000,
  ejectMaxMs: 60_000,
  ejectedPercentMax: 50,
};
const fails = (socket: Socket) => void socket.write(ok('x').replace('200 OK', '500 No'));
const facts = (more: Partial<UpstreamFacts>): UpstreamFacts[] => [
  { key: 'default/up', found: [], unhealthy: [], discoveryFailure: '', ...more },
];
const place = (upstream: Upstream) => `127.0.0.1:${upstream.port}`;

test('least requests: a target that holds its requests gets no more than another', async () => {
  const held: Socket[] = [];
  await over([(socket) => void held.push(socket), answer('b')], { balance: { type: 'least-requests' } }, async (gateway) => {
    const talks: Talk[] = [];
    while (held.length === 0) {
      const talk = new Talk(gateway.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      talks.push(talk);
      await eventually(() => held.length > 0 || talk.text.endsWith('b'), 'it went to one of both');
    }
    assert.equal(await ask(gateway, 6), 'b b b b b b');
    for (const talk of talks) talk.close();
  });
});

test('hash: equal keys go to one target; another takes them while it is out, and they come back', async () => {
  const balance = { type: 'hash', key: 'request.header.x-tenant', boundedLoad: 10 } as const;
  await over([answer('a'), answer('b'), answer('c')], { balance, panicPercent: 50 }, async (gateway, upstreams) => {
    const homes = new Map<string, string>();
    for (let i = 0; i < 30; i++) homes.set(`t${i}`, await ask(gateway, 1, `x-tenant: t${i}\r\n`));
    assert.deepEqual([...new Set(homes.values())].sort(), ['a', 'b', 'c']);
    for (const [tenant, home] of homes) assert.equal(await ask(gateway, 2, `x-tenant: ${tenant}\r\n`), `${home} ${home}`);
    const health = {
      path: '/',
      method: 'GET',
      host: undefined,
      statuses: [],
      everyMs: 1,
      timeoutMs: 1,
      healthyAfter: 1,
      unhealthyAfter: 1,
    };
    gateway.engine.putUpstream({ ...base(upstreams), balance, health, panicPercent: 50 });
    gateway.engine.learn(facts({ unhealthy: [{ address: place(upstreams[0]!), reason: 'status 500' }] }));
    for (const [tenant, home] of homes) {
      const now = await ask(gateway, 1, `x-tenant: ${tenant}\r\n`);
      assert.ok(home === 'a' ? now !== 'a' : now === home, `${tenant}: ${home} → ${now}`);
    }
    gateway.engine.learn(facts({}));
    for (const [tenant, home] of homes) assert.equal(await ask(gateway, 1, `x-tenant: ${tenant}\r\n`), home);
  });
});

const base = (upstreams: readonly Upstream[]): CompiledUpstream => ({
  project: 'default',
  name: 'up',
  connectionsMax: 10,
  idleMs: 5000,
  targets: upstreams.map(({ port }) => ({ host: '127.0.0.1', port, weight: 1 })),
});

test('outliers: after so many 500s in a row a target gets nothing for a while, then again, and slowly', async () => {
  const clock = manualClock();
  const rules = { outliers: OUTLIERS, panicPercent: 40, slowStartMs: 10_000 };
  await over(
    [fails, answer('b')],
    rules,
    async (gateway) => {
      await ask(gateway, 6);
      assert.equal(states(gateway), 'ejected:errors ok');
      assert.equal(await ask(gateway, 5), 'b b b b b');
      assert.equal(count(gateway, 'ejections'), 1);
      clock.advance(10_100);
      assert.equal(states(gateway), 'starting ok');
      const back = await ask(gateway, 11);
      assert.equal(back.replaceAll(/[b ]/g, ''), 'x', `one of eleven at a tenth of its weight: ${back}`);
      clock.advance(12_000);
      assert.equal(states(gateway), 'ok ok');
      await ask(gateway, 4);
      assert.equal(states(gateway), 'ejected:errors ok', 'its failures are still in a row');
    },
    { clock },
  );
});

test('outliers: calls without answer count as local errors; only half may be out', async () => {
  const cut: Script = (socket) => socket.destroy();
  await over([cut, cut, answer('c')], { outliers: OUTLIERS, panicPercent: 10 }, async (gateway) => {
    await ask(gateway, 12);
    assert.equal(
      states(gateway)
        .split(' ')
        .filter((state) => state === 'ejected:local-errors').length,
      1,
    );
    assert.ok(count(gateway, 'ejections-refused') > 0);
  });
});

test('panic: when too few are healthy all are used; switched off, the answer is 503 with Retry-After', async () => {
  const health = { path: '/', method: 'GET', host: undefined, statuses: [], everyMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1 };
  await over([answer('a'), answer('b')], { health, panicPercent: 50 }, async (gateway, upstreams) => {
    const out = (...these: Upstream[]) => facts({ unhealthy: these.map((one) => ({ address: place(one), reason: 'late' })) });
    gateway.engine.learn(out(upstreams[0]!));
    assert.equal(await ask(gateway, 3), 'b b b');
    assert.equal(states(gateway), 'unhealthy:late ok');
    gateway.engine.learn(out(...upstreams));
    assert.equal(await ask(gateway, 4), 'a b a b');
    assert.equal(count(gateway, 'panics'), 1);
    gateway.engine.putUpstream({ ...base(upstreams), health, panicPercent: 0 });
    assert.equal(await ask(gateway), 'upstream-unhealthy');
    const talk = new Talk(gateway.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await talk.until((text) => text.endsWith('}')), /^HTTP\/1\.1 503 [^]*\r\nretry-after: 1\r\n/);
    talk.close();
    gateway.engine.learn(out(upstreams[0]!));
    assert.equal(await ask(gateway, 2), 'b b', 'it is back at once');
  });
});

test('discovery: requests wait for the first answer; targets that come and go drop no exchange under way', async () => {
  const held: Socket[] = [];
  await over([(socket) => void held.push(socket), answer('b')], {}, async (gateway, [a, b]) => {
    const discovery = { type: 'static', config: {} };
    gateway.engine.removeUpstream('default/up');
    gateway.engine.putUpstream({ ...base([]), discovery });
    const talk = new Talk(gateway.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => gateway.engine.stats().upstream.waiting === 1, 'it waits');
    const found = (...these: Upstream[]) =>
      facts({ found: these.map(({ port }) => ({ host: '127.0.0.1', port, weight: 1, name: 'orders.test' })) });
    gateway.engine.learn(found(a!));
    await eventually(() => held.length === 1, 'it was sent');
    assert.match(a!.received[0]!, new RegExp(`host: orders.test:${a!.port}\r\n`));
    gateway.engine.learn(found(b!));
    assert.equal(await ask(gateway, 3), 'b b b');
    held[0]!.write(ok('late'));
    await talk.until((text) => text.endsWith('late'));
    await eventually(() => held[0]!.readableEnded || held[0]!.destroyed, 'the connection to the target that went is closed');
    gateway.engine.learn(facts({ discoveryFailure: 'no answer' }));
    assert.equal(await ask(gateway), 'upstream-unhealthy', 'nobody is left');
    assert.deepEqual(gateway.engine.targetNews(), [{ key: 'default/up', targets: [], discoveryFailure: 'no answer' }]);
    talk.close();
  });
});

test('bounds: connections per target, requests that wait, requests of one connection', async () => {
  const held: Socket[] = [];
  const hold: Script = (socket) => void held.push(socket);
  await over([hold, hold], { connectionsMax: 1, pendingMax: 1 }, async (gateway) => {
    const talks = [1, 2].map(() => new Talk(gateway.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    await eventually(() => held.length === 2, 'each target has one');
    const third = new Talk(gateway.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => gateway.engine.stats().upstream.waiting === 1, 'the third waits');
    assert.equal(await ask(gateway), 'upstream-busy');
    assert.deepEqual([count(gateway, 'connections-full'), count(gateway, 'pending-full')], [1, 1]);
    held[1]!.write(ok('x'));
    await eventually(() => held.length === 3, 'it went to the one that was free');
    for (const talk of [...talks, third]) talk.close();
  });
  await over([answer('a')], { requestsPerConnectionMax: 3 }, async (gateway, [upstream]) => {
    await ask(gateway, 7);
    assert.deepEqual([upstream!.sockets.length, count(gateway, 'recycled')], [3, 2]);
  });
});
