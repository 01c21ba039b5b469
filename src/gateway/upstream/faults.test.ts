/**
 * Aim: whatever an upstream does wrong, the client is never deceived, the record names it, no broken connection is used
 * again, and no socket is left behind.
 * Method: a real engine between byte-speaking clients and upstreams that misbehave one way each; then 10,000 exchanges with
 * seeded faults of all ways, the process's open descriptors counted along the way.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Random, seededRandom } from '../../base/random.ts';
import { eventually, type Gateway, type GatewayOptions, ok, startGateway, startUpstream, Talk, type Upstream } from '../http/fixture.ts';

type Script = (socket: Socket, text: string, upstream: Upstream) => void;

async function against(
  script: Script,
  options: GatewayOptions,
  body: (gateway: Gateway, upstream: Upstream) => Promise<void>,
): Promise<void> {
  const upstream = await startUpstream(script);
  const gateway = await startGateway({ ...options, ports: [upstream.port] });
  try {
    await body(gateway, upstream);
  } finally {
    await gateway.stop();
    upstream.close();
  }
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const cutBody = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf';
const WAYS: readonly (readonly [name: string, script: Script, request: string, reason: string, client: RegExp | 'reset'])[] = [
  ['dies before its answer', (socket) => void socket.end(), GET, 'core/http/upstream-closed', /^HTTP\/1\.1 502 /],
  ['resets before its answer', (socket) => void socket.resetAndDestroy(), GET, 'core/http/upstream-closed', /^HTTP\/1\.1 502 /],
  ['dies amid the head', (socket) => void socket.end('HTTP/1.1 200 OK\r\nconte'), GET, 'core/http/upstream-closed', /^HTTP\/1\.1 502 /],
  ['dies amid the body', (socket) => void socket.end(cutBody), GET, 'core/http/upstream-closed', 'reset'],
  [
    'resets amid the body',
    (socket) => void socket.write(cutBody, () => socket.resetAndDestroy()),
    GET,
    'core/http/upstream-closed',
    'reset',
  ],
  [
    'sends garbage',
    (socket) => void socket.write('\0\x01garbage\r\n\r\n'),
    GET,
    'core/http/upstream-malformed-status-line',
    /^HTTP\/1\.1 502 /,
  ],
  [
    'sends a chunk that is none',
    (socket) => void socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n'),
    GET,
    'core/http/upstream-malformed-chunk',
    /^HTTP\/1\.1 200 |^$/,
  ],
  [
    'answers before the request is complete',
    (socket) => void socket.write(ok('early', 'connection: close\r\n')),
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart',
    'upstream-answered-early',
    /early$/,
  ],
  ['answers twice', (socket) => void socket.write(ok('one') + ok('two')), GET, 'upstream-answered-twice', /one$/],
];

for (const [name, script, request, reason, client] of WAYS) {
  test(`an upstream that ${name}: the record says ${reason}, and its connection is gone`, async () => {
    await against(script, {}, async (gateway, upstream) => {
      const talk = new Talk(gateway.port).send(request);
      await eventually(() => gateway.outcomes.length === 1, 'the exchange ended');
      assert.equal(gateway.outcomes[0]!.outcome.reason, reason);
      assert.equal(gateway.outcomes[0]!.outcome.trip!.tries, 1);
      if (client === 'reset') await talk.end().then(() => assert.ok(talk.reset, 'a broken answer ends in a reset'));
      else await eventually(() => client.test(talk.text), `the client got ${client}`);
      await eventually(() => gateway.engine.stats().upstream.open === 0, 'the connection is closed');
      talk.close();
      assert.equal(upstream.sockets.length, 1);
      assert.doesNotMatch(talk.text, /two/);
    });
  });
}

test('bytes on a connection that rests close it, and are no part of the next answer', async () => {
  let asked = 0;
  const script: Script = (socket) => void socket.write(ok(`answer ${++asked}`));
  await against(script, {}, async (gateway, upstream) => {
    const talk = new Talk(gateway.port).send(GET);
    await talk.until((text) => text.endsWith('answer 1'));
    upstream.sockets[0]!.write(ok('nobody asked'));
    await eventually(() => gateway.engine.stats().upstream.open === 0, 'it is closed');
    await talk.send(GET).until((text) => text.endsWith('answer 2'));
    assert.doesNotMatch(talk.text, /nobody/);
    talk.close();
  });
});

/** Each request is answered in a way drawn by chance, half of them well. */
function misbehave(random: Random): Script {
  const bad: Script[] = [
    ...WAYS.map(([, script]) => script),
    (socket) => void socket.end(ok('last').replace('\r\n', '\r\nconnection: close\r\n')),
    (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'),
    (socket) => void socket.write('HTTP/1.1 103 Early Hints\r\n\r\n', () => socket.destroy()),
  ];
  return (socket, text, upstream) => {
    const asked = text.split(' HTTP/1.1\r\n').length - 1; // None: the rest of a body.
    for (let i = 0; i < asked && socket.writable; i++) {
      if (random.float() < 0.5) {
        socket.write(ok('well'));
        continue;
      }
      bad[random.integer(bad.length)]!(socket, text, upstream);
      break;
    }
  };
}

/** One client: a connection per so many requests, now and then left in the middle of one. */
async function client(port: number, requests: number, random: Random): Promise<void> {
  let left = requests;
  while (left > 0) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    let got = '';
    let wake = () => {};
    socket.on('data', (chunk) => ((got += chunk.toString('latin1')), wake()));
    let isClosed = false;
    void closed.then(() => ((isClosed = true), wake()));
    while (left > 0 && !isClosed) {
      left--;
      got = '';
      const isPost = random.float() < 0.3;
      socket.write(isPost ? 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody' : GET);
      if (random.float() < 0.03) {
        socket.resetAndDestroy();
        break;
      }
      while (!isClosed && !isWhole(got)) await new Promise<void>((resolve) => (wake = resolve));
    }
    socket.destroy();
    await closed;
  }
}

function isWhole(text: string): boolean {
  const end = text.lastIndexOf('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(text);
  return end > 0 && length !== null && text.length >= text.indexOf('\r\n\r\n', length.index) + 4 + Number(length[1]);
}

const CLIENTS = 20;
const descriptors = (): number => readdirSync('/proc/self/fd').length;

for (const [pipelining, exchanges] of [
  [1, 10_000],
  [8, 3000],
] as const) {
  const name = `${exchanges} exchanges with faults of every way${pipelining > 1 ? ', sent together' : ''}, leave no socket behind`;
  test(name, { skip: process.platform !== 'linux', timeout: 120_000 }, () => noSocketIsLeft(pipelining, exchanges));
}

async function noSocketIsLeft(pipelining: number, exchanges: number): Promise<void> {
  const retries = {
    attempts: 3,
    conditions: ['connect', 'closed', 'malformed'] as const,
    statuses: [503],
    allMethods: false,
    perTryMs: undefined,
    deadlineMs: 10_000,
    bodyBytesMax: 1000,
    backoffMs: 1,
    backoffMaxMs: 1,
    budget: { percent: 10, least: 10, windowMs: 10_000 },
  };
  const options = { upstream: { retries, pipelining }, connectionsMax: 30, tickMs: 2, limits: { requestsPerConnectionMax: 1e6 } };
  await against(misbehave(seededRandom(7)), options, async (gateway, upstream) => {
    const round = async (seed: number, requests: number): Promise<number> => {
      await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(gateway.port, requests / CLIENTS, seededRandom(seed + n))));
      await eventually(() => gateway.engine.stats().listener.connections === 0, 'no client connection is left');
      const { open, idle, waiting } = gateway.engine.stats().upstream;
      assert.ok(open === idle && open <= 30 && waiting === 0, `open ${open}, idle ${idle}, waiting ${waiting}`);
      await eventually(() => upstream.sockets.filter((socket) => !socket.destroyed).length <= idle + 2, 'the upstream saw them close');
      return descriptors() - 2 * idle;
    };
    const before = await round(100, exchanges / 10);
    const after = await round(200, exchanges * 0.9);
    assert.ok(after <= before + 4, `${before} descriptors after a tenth of the exchanges, ${after} after all`);
    assert.ok(gateway.outcomes.length >= exchanges * 0.9, `${gateway.outcomes.length} exchanges`);
    const reasons = new Set(gateway.outcomes.map(({ outcome }) => outcome.reason));
    for (const [, , , reason] of WAYS) assert.ok(reasons.has(reason) || reason === 'upstream-answered-early', `${reason} happened`);
    const [target] = gateway.engine.targetNews()[0]!.targets;
    assert.equal(target!.open, target!.idle);
  });
}
