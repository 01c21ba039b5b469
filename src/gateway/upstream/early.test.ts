/**
 * Aim: a target that answers before it has the whole request, and stays, gets the rest: both connections serve on. Whatever
 * happens to the rest, the answer given stands.
 * Method: a real engine, a target that answers as soon as it sees a head, byte-speaking clients; time by hand.
 */
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { manualClock } from '../../base/clock.ts';
import { between, eventually, type Gateway, ok, Talk, type Upstream } from '../http/fixture.ts';
import { UPSTREAM_EVENTS } from './upstream-counts.ts';

const POST = 'POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n';
const GET = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';
const REST = '#'.repeat(99_990);

/** Answers each head at once. */
function atOnce(socket: Socket, text: string): void {
  for (const [, path] of text.matchAll(/(?:POST|GET) (\S+) HTTP/g)) socket.write(ok(`to ${path}`));
}
const early = ({ engine }: Gateway): number => engine.upstreamCounts()[0]?.events[UPSTREAM_EVENTS.indexOf('answered-early')] ?? 0;
const bodyOf = ({ received }: Upstream): number => received.join('').split('#').length - 1;
const reasons = ({ outcomes }: Gateway): string[] => outcomes.map(({ path, outcome }) => `${path} ${outcome.reason}`);

async function answered(talk: Talk, fields = ''): Promise<string> {
  return await talk.send(`${POST.replace('\r\n\r\n', `${fields}\r\n\r\n`)}${'#'.repeat(10)}`).until((text) => text.endsWith('to /early'));
}

test('the rest of a request is sent behind its answer, and both connections serve the next', async () => {
  await between(atOnce, {}, async (gateway, upstream, talk) => {
    assert.doesNotMatch(await answered(talk), /connection: close/);
    assert.equal(gateway.outcomes.length, 0, 'the exchange goes on');
    await talk.send(REST + GET).until((text) => text.endsWith('to /next'));
    assert.equal(bodyOf(upstream), 100_000);
    assert.equal(upstream.sockets.length, 1);
    assert.deepEqual([reasons(gateway), early(gateway)], [['/early ', '/next '], 0]);
    assert.equal(gateway.outcomes[0]!.outcome.requestBytes, POST.length + 100_000);
  });
});

test('a chunked rest ends as its chunks say, cut where it may be', async () => {
  await between(atOnce, {}, async (gateway, upstream, talk) => {
    talk.send('POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n####\r\n');
    await talk.until((text) => text.endsWith('to /early'));
    for (const piece of ['4\r', '\n####\r', '\n0\r\n\r', `\n${GET}`]) talk.send(piece);
    await talk.until((text) => text.endsWith('to /next'));
    assert.deepEqual([bodyOf(upstream), upstream.sockets.length, reasons(gateway)], [8, 1, ['/early ', '/next ']]);
  });
});

test('a target that says it closes, or closes, gets no rest: the client has its answer whole, then its connection ends', async () => {
  const closing = (socket: Socket): void => void socket.write(ok('to /early', 'connection: close\r\n'));
  await between(closing, {}, async (gateway, _, talk) => {
    assert.match(await answered(talk), /connection: close/);
    await talk.end();
    assert.deepEqual([talk.reset, reasons(gateway), early(gateway)], [false, ['/early upstream-answered-early'], 1]);
  });
  await between(atOnce, {}, async (gateway, upstream, talk) => {
    await answered(talk);
    upstream.sockets[0]!.destroy();
    await talk.end();
    assert.deepEqual([talk.reset, reasons(gateway), early(gateway)], [false, ['/early upstream-answered-early'], 1]);
  });
});

test('bytes that come while the rest is sent are no answer to anybody', async () => {
  await between(atOnce, {}, async (gateway, upstream, talk) => {
    await answered(talk);
    upstream.sockets[0]!.write(ok('nobody asked'));
    assert.doesNotMatch(await talk.end(), /nobody/);
    await eventually(() => gateway.engine.stats().upstream.open === 0, 'the connection is closed');
    assert.equal(talk.reset, false);
  });
});

test('a rest that does not come ends the connections in time, not the answer', async () => {
  const clock = manualClock();
  await between(atOnce, { clock, limits: { bodyIdleMs: 2000 } }, async (gateway, _, talk) => {
    await answered(talk);
    clock.advance(2500);
    await talk.end();
    const [{ outcome }] = gateway.outcomes as [Gateway['outcomes'][0]];
    assert.deepEqual([outcome.status, outcome.reason, talk.reset], [200, 'core/http/body-timeout', false]);
    assert.equal(gateway.engine.stats().upstream.open, 0);
  });
});

test('a slow rest gives its place to one who waits', async () => {
  const clock = manualClock();
  await between(atOnce, { clock, connectionsMax: 1, forward: { connectMs: 4000 } }, async (gateway, _, talk) => {
    await answered(talk);
    const other = new Talk(gateway.port).send(GET);
    await eventually(() => gateway.engine.stats().upstream.waiting === 1, 'someone waits');
    clock.advance(1500);
    await other.until((text) => text.endsWith('to /next'));
    await talk.end();
    assert.deepEqual(reasons(gateway), ['/early core/http/body-slow', '/next ']);
    other.close();
  });
});

test('who waits for 100 Continue and gets its answer instead sends nothing: the connection ends', async () => {
  await between(atOnce, {}, async (gateway, upstream, talk) => {
    talk.send(POST.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'));
    assert.match(await talk.until((text) => text.endsWith('to /early')), /connection: close/);
    await talk.end();
    assert.deepEqual([bodyOf(upstream), reasons(gateway)], [0, ['/early upstream-answered-early']]);
  });
});

test('while an answer is being decided, its request goes on; both orders of their ends are right', async () => {
  for (const first of ['rest', 'answer'] as const) {
    let decide = (): void => {};
    const onResponse = (): Promise<undefined> => new Promise((resolve) => (decide = () => resolve(undefined)));
    await between(atOnce, { onResponse }, async (gateway, upstream, talk) => {
      talk.send(`${POST}${'#'.repeat(10)}`);
      await eventually(() => gateway.exchanges[0]?.status === 200, 'the answer is here');
      if (first === 'rest') {
        talk.send(REST);
        await eventually(() => bodyOf(upstream) === 100_000, 'the rest is through');
      }
      decide();
      await talk.until((text) => text.endsWith('to /early'));
      if (first === 'answer') talk.send(REST);
      await eventually(() => gateway.outcomes.length === 1, 'the exchange is over');
      talk.send(GET);
      await eventually(() => gateway.exchanges[1]?.status === 200, 'the next is answered');
      decide();
      await talk.until((text) => text.endsWith('to /next'));
      assert.deepEqual([reasons(gateway), upstream.sockets.length], [['/early ', '/next '], 1]);
    });
  }
});

/** What is written to `port` from `start` on waits until `release`, as when a target does not read; `bytes` of it. */
function holdBack(t: TestContext, port: number): { readonly bytes: () => number; start(): void; release(): void } {
  const held = new Set<Socket>();
  let isOn = false;
  const { write } = Socket.prototype;
  t.mock.method(Socket.prototype, 'write', function (this: Socket, ...args: Parameters<typeof write>) {
    if (isOn && this.remotePort === port && !held.has(this)) {
      this.cork();
      held.add(this);
    }
    return write.apply(this, args);
  });
  return {
    bytes: () => [...held].reduce((sum, { writableLength }) => sum + writableLength, 0),
    start: () => void (isOn = true),
    release() {
      isOn = false;
      for (const socket of held) socket.uncork();
    },
  };
}

/** Sends the rest, and `next` right behind it, so that the target takes its last part only when the exchange is over. */
async function endWaiting(t: TestContext, gateway: Gateway, upstream: Upstream, talk: Talk, next: string): Promise<void> {
  await answered(talk);
  talk.send(REST.slice(0, 20_000));
  await eventually(() => bodyOf(upstream) === 20_010, 'the first part is through');
  const line = holdBack(t, upstream.port);
  line.start();
  talk.send(REST.slice(20_000, 82_000));
  await eventually(() => line.bytes() === 62_000, 'the second part waits, just less than what a socket likes to keep');
  talk.send(REST.slice(82_000) + next);
  await eventually(() => gateway.outcomes.length > 0, 'the exchange is over');
  assert.equal(line.bytes(), 79_990);
  line.release();
}

test('a client is read on whose exchange ended before the target took the last of the body', async (t) => {
  await between(atOnce, {}, async (gateway, upstream, talk) => {
    await endWaiting(t, gateway, upstream, talk, '');
    await eventually(() => bodyOf(upstream) === 100_000, 'the target took it');
    await talk.send(GET).until((text) => text.endsWith('to /next'));
    assert.deepEqual(reasons(gateway), ['/early ', '/next ']);
  });
});

test('the last of a body that waits for its target stays whole when a request that came with it is over first', async (t) => {
  const answer = { status: 204 };
  const decide = ({ path }: { path: string }) => (path === '/local' ? ({ kind: 'answer', answer } as const) : undefined);
  await between(atOnce, { decide }, async (gateway, upstream, talk) => {
    await endWaiting(t, gateway, upstream, talk, 'POST /local HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
    await talk.send(GET).until((text) => text.endsWith('to /next'));
    assert.deepEqual([bodyOf(upstream), reasons(gateway)], [100_000, ['/early ', '/local ', '/next ']]);
  });
});
