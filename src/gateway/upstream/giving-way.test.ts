/**
 * Aim: slow senders cannot keep others from an upstream whose connections they hold, and nobody gives way needlessly.
 * Method: a real engine, two connections at most, an upstream that answers whole requests only; time by hand.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { manualClock, type ManualClock } from '../../base/clock.ts';
import type { EngineLimits } from '../contract.ts';
import { between, eventually, type Gateway, ok, Talk, type Upstream } from '../http/fixture.ts';
import { UPSTREAM_EVENTS } from './upstream-counts.ts';

const GET = 'GET /others HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (name: string) => `POST /${name} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n`;

interface Scene {
  readonly clock: ManualClock;
  readonly gateway: Gateway;
  readonly upstream: Upstream;
  /** Both send a body: the one next to nothing, the other 5,000 bytes. */
  readonly slow: Talk;
  readonly quick: Talk;
}

async function scene(limits: Partial<EngineLimits>, body: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = manualClock();
  const script = (socket: Socket, text: string) => void (text.startsWith('GET') && socket.write(ok('served')));
  await between(script, { clock, connectionsMax: 2, limits, forward: { connectMs: 4000 } }, async (gateway, upstream, talk) => {
    const slow = talk.send(`${post('slow')}ab`);
    const quick = new Talk(gateway.port).send(`${post('quick')}${'q'.repeat(5000)}`);
    await eventually(() => haveBegun(upstream), 'both bodies have begun');
    try {
      await body({ clock, gateway, upstream, slow, quick });
    } finally {
      quick.close();
    }
  });
}

const haveBegun = ({ received }: Upstream) => /\r\n\r\nab/.test(received.join('')) && received.join('').split('q').length > 5000;

const gaveWay = ({ engine }: Gateway) => engine.upstreamCounts()[0]?.events[UPSTREAM_EVENTS.indexOf('gave-way')] ?? 0;

test('whoever sends too slowly gives its place to one who waits; whoever does not keeps it', async () => {
  await scene({}, async ({ clock, gateway, slow, quick }) => {
    const other = new Talk(gateway.port).send(GET);
    await eventually(() => gateway.engine.stats().upstream.waiting === 1, 'someone waits');
    clock.advance(500);
    assert.equal(gateway.outcomes.length, 0, 'a body is not called slow in its first second');
    clock.advance(1000);
    assert.match(await slow.end(), /^HTTP\/1\.1 408 [^]*core\/http\/body-slow/);
    assert.match(await other.until((text) => text.includes('served')), /^HTTP\/1\.1 200 /);
    assert.deepEqual(
      gateway.outcomes.map(({ path, outcome }) => `${path} ${outcome.reason}`),
      ['/slow core/http/body-slow', '/others '],
    );
    assert.deepEqual([quick.ended, gaveWay(gateway)], [false, 1]);
    other.close();
  });
});

test('time spent waiting for the upstream is not held against a body', async () => {
  const clock = manualClock();
  const firsts: Socket[] = [];
  const script = (socket: Socket, text: string) => {
    if (text.includes('/first')) firsts.push(socket);
    else if (text.startsWith('GET')) socket.write(ok('served'));
  };
  await between(script, { clock, connectionsMax: 1, forward: { connectMs: 4000 } }, async (gateway, upstream, talk) => {
    talk.send(GET.replace('others', 'first'));
    await eventually(() => firsts.length === 1, 'the place is taken');
    const late = new Talk(gateway.port).send(post('late'));
    await eventually(() => gateway.engine.stats().upstream.waiting === 1, 'a body waits');
    clock.advance(3000);
    const other = new Talk(gateway.port).send(GET);
    await eventually(() => gateway.engine.stats().upstream.waiting === 2, 'someone waits behind it');
    firsts[0]!.write(ok('done'));
    await eventually(() => upstream.received.join('').includes('/late'), 'the body has the place');
    clock.advance(500);
    assert.deepEqual([gateway.outcomes.map(({ path }) => path), gaveWay(gateway)], [['/first'], 0]);
    clock.advance(1000);
    assert.match(await late.end(), /core\/http\/body-slow/);
    await other.until((text) => text.includes('served'));
    other.close();
  });
});

test('while nobody waits, the slowest keeps its place', async () => {
  await scene({}, async ({ clock, gateway }) => {
    clock.advance(4000);
    assert.equal(gateway.outcomes.length, 0);
  });
});

test('with a rate of 0 nobody gives way, and who waits is told that the upstream is busy', async () => {
  await scene({ bodyRateMin: 0 }, async ({ clock, gateway }) => {
    const other = new Talk(gateway.port).send(GET);
    await eventually(() => gateway.engine.stats().upstream.waiting === 1, 'someone waits');
    for (let i = 0; i < 20; i++) clock.advance(230);
    assert.match(await other.until((text) => text.includes('upstream-busy')), /^HTTP\/1\.1 503 /);
    assert.equal(gaveWay(gateway), 0);
    other.close();
  });
});
