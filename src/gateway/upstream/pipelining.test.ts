/**
 * Aim: requests that share a write get their own answers, whatever is cut where, whoever leaves, and however the connection
 * ends; nobody is lost, nobody waits for somebody else's client, and nobody ever gets another's answer.
 * Method: one connection whose bytes are handed to it, cut at every place; then a real engine with 20 clients, an upstream that
 * ends connections amid its answers by seeded chance, and clients that leave.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { manualClock, systemClock } from '../../base/clock.ts';
import { seededRandom } from '../../base/random.ts';
import { between, eventually, ok, Talk } from '../http/fixture.ts';
import { createHeadPool } from '../http/head.ts';
import { createWheel } from '../http/wheel.ts';
import { UpstreamConnection } from './connection.ts';
import { Together } from './pipeline.ts';
import { Target } from './target.ts';
import type { ConnectionHost, RequestTerms, UpstreamUser } from './terms.ts';
import { UPSTREAM_EVENTS } from './upstream-counts.ts';

const TERMS: RequestTerms = {
  connectMs: 9000,
  firstByteMs: 1000,
  idleMs: 9000,
  isHead: false,
  dechunk: false,
  trailers: false,
  sendsOn: true,
  pipelines: true,
  key: 0,
  avoid: undefined,
  upgrade: '',
  tunnelIdleMs: 9000,
};

/** Someone who asked; what it got. */
class Asker implements UpstreamUser {
  got = '';
  ended = '';
  onConnection(): void {}
  onInterim(): void {}
  onDrain(): void {}
  giveWay(): boolean {
    return false;
  }
  onResponse(...[, head, b, start, end, done]: Parameters<UpstreamUser['onResponse']>): void {
    this.got += `${head.status} `;
    this.onBody(undefined as never, b, start, end, done);
  }
  onBody(...[, b, start, end, done]: Parameters<UpstreamUser['onBody']>): void {
    this.got += b.toString('latin1', start, end);
    if (done) this.ended = 'whole';
  }
  onFailure(...[connection, { fault, refused = false }]: Parameters<UpstreamUser['onFailure']>): void {
    this.ended = `${fault}${refused ? ' refused' : ''}${connection!.reused && !connection!.gotByte ? ' unanswered' : ''}`;
  }
}

interface Scene {
  readonly connection: UpstreamConnection;
  readonly askers: Asker[];
  /** Pieces the target received. */
  readonly received: string[];
  /** Lets what waits to be written go. */
  send(): Promise<void>;
  /** Bytes of the target. */
  give(text: string): void;
  readonly events: string[];
  advance(ms: number): void;
}

/** A connection with `count` requests that wait to be written together. */
async function withRequests(count: number, body: (scene: Scene) => Promise<void> | void, terms: Partial<RequestTerms> = {}): Promise<void> {
  const received: string[] = [];
  const events: string[] = [];
  const server = createServer((socket) => void socket.on('data', (piece) => received.push(piece.toString())).on('error', () => {}));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const clock = manualClock();
  const wheel = createWheel(clock);
  const waiting: { sendNow(): boolean }[] = [];
  const host: ConnectionHost = {
    wheel,
    heads: createHeadPool('response', { headBytesMax: 4096, headersMax: 20, targetBytesMax: 100 }),
    sharedBuffer: Buffer.alloc(4096),
    together: new Together(),
    outbox: { add: (sender) => void waiting.push(sender), hurry: (sender) => void waiting.push(sender) },
    clock,
    observes: false,
    onReusable: (connection) => {
      events.push('reusable');
      connection.rest(9000);
    },
    onClosed: () => void events.push('closed'),
    onConnectFailed: () => {},
    onAnswered: () => {},
    onFailed: () => {},
  };
  const target = new Target({ host: '127.0.0.1', port, weight: 1 }, false);
  const connection = new UpstreamConnection(host, target, { address: '127.0.0.1', port, tls: undefined });
  const askers = Array.from({ length: count }, () => new Asker());
  askers.forEach((asker, i) => {
    if (i > 0) assert.ok(connection.takes(count), 'there is room');
    connection.begin(asker, { ...TERMS, ...terms });
    connection.writeWhole(Buffer.from(`GET /${i} HTTP/1.1\r\nhost: a\r\n\r\n`));
    connection.endRequest();
  });
  assert.equal(connection.takes(count), false);
  await eventually(() => connection['phase'] === 'head', 'it is connected');
  const send = async (): Promise<void> => {
    for (const sender of waiting.splice(0)) sender.sendNow();
    await eventually(() => received.join('').includes(`GET /${count - 1} `), 'the target has them');
  };
  const give = (text: string): void => {
    const b = host.sharedBuffer;
    if (connection.isOpen) connection.onBytes(b, b.write(text, 'latin1'));
    b.fill(0);
  };
  try {
    await body({ connection, askers, received, send, give, events, advance: (ms) => clock.advance(ms) });
  } finally {
    wheel.stop();
    for (const asker of askers) connection.abandon(asker);
    connection.retire();
    server.close();
  }
}

const ended = (askers: readonly Asker[]): string[] => askers.map(({ got, ended }) => `${got}| ${ended}`);
const microtasks = (): Promise<void> => Promise.resolve().then(() => {});

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n';
const ANSWERS = `${CHUNKED}HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok('two')}HTTP/1.1 204 No Content\r\n\r\n${ok('')}`;

test('requests share one write, and answers cut at every place reach those who asked', async () => {
  for (let cut = 1; cut < ANSWERS.length; cut++) {
    await withRequests(4, async ({ askers, received, send, give, events }) => {
      await send();
      assert.equal(received.length, 1);
      give(ANSWERS.slice(0, cut));
      give(ANSWERS.slice(cut));
      assert.deepEqual(
        askers.map(({ got, ended }) => [got.replace(/\r\n|\b[03]\r\n/g, ''), ended]),
        [
          ['200 one', 'whole'],
          ['200 two', 'whole'],
          ['204 ', 'whole'],
          ['200 ', 'whole'],
        ],
      );
      assert.deepEqual(events, ['reusable']);
    });
  }
});

test('who was not answered when the connection ends is told so, as of a connection that was used before', async () => {
  const lasts = [
    ok('one', 'connection: close\r\n'),
    `${ok('one')}HTTP/1.1 garbage`,
    `${ok('one')}HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut`,
  ];
  const seconds = ['upstream-closed unanswered', 'upstream-malformed', 'upstream-closed'];
  for (const [i, last] of lasts.entries()) {
    await withRequests(3, async ({ connection, askers, send, give }) => {
      await send();
      give(last);
      connection['socket'].destroy();
      await eventually(() => askers.every(({ ended }) => ended !== ''), 'everybody was told');
      assert.match(askers[0]!.got, /^200 one$/);
      assert.match(askers[1]!.ended, new RegExp(seconds[i]!));
      assert.equal(askers[2]!.ended, 'upstream-closed unanswered');
    });
  }
});

test('bytes before the requests left fail them all as refused: the target did nothing', async () => {
  await withRequests(3, async ({ askers, give }) => {
    give(ok('early'));
    await microtasks();
    assert.deepEqual(
      askers.map(({ got, ended }) => [got, ended.replace(' unanswered', '')]),
      [0, 1, 2].map(() => ['', 'upstream-closed refused']),
    );
  });
});

test('the answer of one who left is thrown away, before and amid it', async () => {
  await withRequests(3, async ({ connection, askers, send, give, events }) => {
    await send();
    connection.abandon(askers[1]!);
    give(ok('one').slice(0, -1));
    connection.abandon(askers[0]!);
    give(`e${ok('two')}${ok('three')}`);
    assert.deepEqual(ended(askers), ['200 on| ', '| ', '200 three| whole']);
    assert.deepEqual(events, ['reusable']);
  });
  await withRequests(2, async ({ connection, askers, send, events }) => {
    await send();
    connection.abandon(askers[1]!);
    connection.abandon(askers[0]!);
    assert.deepEqual(events, ['closed'], 'nobody waits any more');
  });
});

test('an endless answer of one who left ends when nobody waits behind it any more', async () => {
  const endless = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n';
  for (const how of ['late', 'left'] as const) {
    await withRequests(2, async ({ connection, askers, send, give, advance, events }) => {
      await send();
      give(endless);
      connection.abandon(askers[0]!);
      assert.deepEqual(events, []);
      if (how === 'late') advance(1100);
      else connection.abandon(askers[1]!);
      await microtasks();
      assert.deepEqual([events, askers[1]!.ended], [['closed'], how === 'late' ? 'upstream-closed unanswered' : '']);
    });
  }
});

test('an endless answer that begins when nobody waits for it any more is not read', async () => {
  for (const how of ['left', 'late'] as const) {
    await withRequests(2, async ({ connection, askers, send, give, events }) => {
      await send();
      if (how === 'left') connection.abandon(askers[1]!);
      else connection.expire(askers[1]!);
      give(`${ok('one')}HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n`);
      assert.deepEqual([askers[0]!.ended, events], ['whole', ['closed']]);
    });
  }
  await withRequests(2, async ({ connection, askers, send, give, events }) => {
    await send();
    give('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n');
    connection.abandon(askers[0]!);
    connection.expire(askers[1]!);
    assert.deepEqual([askers[1]!.ended.replace(' unanswered', ''), events], ['upstream-timeout', ['closed']], 'whoever waited gave up');
  });
});

test('nobody waits for somebody else’s client: who stands behind a slow reader is sent again', async () => {
  await withRequests(3, async ({ connection, askers, send, give, events }) => {
    await send();
    give(ok('one').slice(0, -1));
    connection.pause(askers[0]!);
    await microtasks();
    assert.deepEqual(ended(askers), ['200 on| ', '| upstream-closed unanswered', '| upstream-closed unanswered']);
    connection.resume(askers[0]!);
    give(`e${ok('two')}`);
    assert.deepEqual([askers[0]!.ended, connection.hadMore, events], ['whole', false, ['closed']]);
  });
});

test('who waits behind an answer as long as for a first byte is sent again; a try of its own that is over ends it alone', async () => {
  await withRequests(3, async ({ connection, askers, send, give, advance }) => {
    await send();
    connection.expire(askers[2]!);
    assert.equal(askers[2]!.ended.replace(' unanswered', ''), 'upstream-timeout');
    give('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n');
    advance(1100);
    await microtasks();
    assert.deepEqual([askers[0]!.ended, askers[1]!.ended], ['', 'upstream-closed unanswered']);
  });
});

test('what comes behind the last answer closes the connection and is nobody’s', async () => {
  await withRequests(2, async ({ connection, askers, send, give, events }) => {
    await send();
    give(ok('one') + ok('two') + ok('three'));
    assert.deepEqual(ended(askers), ['200 one| whole', '200 two| whole']);
    assert.deepEqual([connection.hadMore, events], [true, ['closed']]);
  });
});

const CLIENTS = 20;
const EACH = 150;

test('3,000 requests over connections that end by chance, with clients that leave: each answer is its own', {
  timeout: 60_000,
}, async () => {
  const random = seededRandom(11);
  const script = (socket: Socket, text: string): void => {
    for (const [, path] of text.matchAll(/(?:GET|HEAD) (\S+) HTTP/g)) {
      const chance = random.float();
      if (socket.destroyed || socket.writableEnded) return;
      if (chance < 0.02) return void socket.destroy();
      if (chance < 0.04) return void socket.end(ok(`to ${path}`, 'connection: close\r\n'));
      socket.write(ok(`to ${path}`));
    }
  };
  const options = { upstream: { pipelining: 8 }, limits: { requestsPerConnectionMax: 1e6 }, connectionsMax: 50, clock: systemClock };
  await between(script, options, async (gateway, _, first) => {
    first.close();
    const wrong: string[] = [];
    let failed = 0;
    const client = async (name: number): Promise<void> => {
      let talk = new Talk(gateway.port);
      for (let i = 0; i < EACH; i++) {
        const path = `/${name}-${i}`;
        talk.text = '';
        talk.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
        if (i % 40 === 39) {
          talk.close();
          talk = new Talk(gateway.port);
          continue;
        }
        const text = await talk.until((all) => /\r\n\r\n(to \S+|\{.*\})$/.test(all));
        if (text.includes('HTTP/1.1 502')) failed++;
        else if (!text.endsWith(`\r\n\r\nto ${path}`)) wrong.push(`${path}: ${text}`);
      }
      talk.close();
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(n)));
    assert.deepEqual(wrong, []);
    // A repeat goes alone over a new connection, which may end by chance too.
    assert.ok(failed < CLIENTS * EACH * 0.02, `${failed} failed`);
    const { events } = gateway.engine.upstreamCounts()[0]!;
    assert.ok(events[UPSTREAM_EVENTS.indexOf('pipelined')]! > 100, 'many went together');
    await eventually(() => {
      const { open, idle, waiting } = gateway.engine.stats().upstream;
      return open === idle && waiting === 0;
    }, 'nothing is left over');
  });
});

// The first of those that waited for the connection was taken for the one just answered, and the second got its answer.
test('those who waited for a place and go out together when an answer is through get their own answers', async () => {
  const script = (socket: Socket, text: string): void =>
    void socket.write([...text.matchAll(/GET (\S+) /g)].map(([, path]) => ok(`to ${path}`)).join(''));
  await between(script, { connectionsMax: 1, upstream: { pipelining: 8 } }, async (gateway, upstream) => {
    const talks = Array.from({ length: 30 }, (_, n) => new Talk(gateway.port).send(`GET /${n} HTTP/1.1\r\nHost: a\r\n\r\n`));
    const all = await Promise.all(talks.map((talk) => talk.until((text) => /to \S+$/.test(text))));
    all.forEach((text, n) => assert.match(text, new RegExp(`\r\n\r\nto /${n}$`)));
    assert.ok(upstream.received.length < 30, 'some went together');
    assert.ok(gateway.outcomes.every(({ outcome }) => outcome.reason === ''));
    for (const talk of talks) talk.close();
  });
});

test('a connection that may serve so many requests gets no more, sent together or not', async () => {
  const counts = new Map<Socket, number>();
  const script = (socket: Socket, text: string): void => {
    const paths = [...text.matchAll(/GET (\S+) /g)].map(([, path]) => path);
    counts.set(socket, (counts.get(socket) ?? 0) + paths.length);
    socket.write(paths.map((path) => ok(`to ${path}`)).join(''));
  };
  const options = { connectionsMax: 1, upstream: { pipelining: 8, requestsPerConnectionMax: 5 } };
  await between(script, options, async (gateway) => {
    const talks = Array.from({ length: 30 }, (_, n) => new Talk(gateway.port).send(`GET /${n} HTTP/1.1\r\nHost: a\r\n\r\n`));
    const all = await Promise.all(talks.map((talk) => talk.until((text) => /to \S+$/.test(text))));
    all.forEach((text, n) => assert.match(text, new RegExp(`\r\n\r\nto /${n}$`)));
    assert.deepEqual(new Set(counts.values()), new Set([5]));
    for (const talk of talks) talk.close();
  });
});
