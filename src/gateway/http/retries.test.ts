/**
 * Aim: requests are repeated exactly as the upstream says: which failures and statuses, how often, within which times and
 * budget, with their body while it is small, on another target, never once the client saw a byte; and records say why.
 * Method: a real engine between byte-speaking clients and scripted upstreams.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { CompiledRetries } from '../../sdk/upstream.ts';
import { UPSTREAM_EVENTS, type UpstreamEvent } from '../upstream/upstream-counts.ts';
import { eventually, type Gateway, type GatewayOptions, ok, startGateway, startUpstream, Talk, type Upstream } from './fixture.ts';

const RULES: CompiledRetries = {
  attempts: 3,
  conditions: ['connect', 'closed', 'timeout', 'malformed'],
  statuses: [503],
  allMethods: false,
  perTryMs: undefined,
  deadlineMs: 10_000,
  bodyBytesMax: 1000,
  backoffMs: 1,
  backoffMaxMs: 2,
  budget: { percent: 20, least: 10, windowMs: 10_000 },
};
type Script = (socket: Socket, text: string) => void;
const good: Script = (socket) => void socket.write(ok('good'));
const busy: Script = (socket) => void socket.write(ok('busy').replace('200 OK', '503 Busy'));
const cut: Script = (socket) => socket.destroy();

async function over(
  scripts: readonly Script[],
  rules: Partial<CompiledRetries>,
  body: (gateway: Gateway, upstreams: Upstream[], talk: Talk) => Promise<void>,
  options: GatewayOptions = {},
): Promise<void> {
  const upstreams = await Promise.all(scripts.map((script) => startUpstream(script)));
  const upstream = { retries: { ...RULES, ...rules } };
  const gateway = await startGateway({ tickMs: 2, ...options, ports: upstreams.map(({ port }) => port), upstream });
  const talk = new Talk(gateway.port);
  try {
    await body(gateway, upstreams, talk);
  } finally {
    talk.close();
    await gateway.stop();
    for (const one of upstreams) one.close();
  }
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (body: string, method = 'POST') => `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const count = (gateway: Gateway, event: UpstreamEvent) => gateway.engine.upstreamCounts()[0]?.events[UPSTREAM_EVENTS.indexOf(event)] ?? 0;

/** Tells of the exchange that ended last: tries, why earlier ones were given up, status. */
async function ended(gateway: Gateway, at = 1): Promise<string> {
  await eventually(() => gateway.outcomes.length >= at, 'the exchange ended');
  const { trip, status, reason } = gateway.outcomes[at - 1]!.outcome;
  return `${trip?.tries} ${trip?.retried} ${status} ${reason}`.trim();
}

test('the wait before a repeat is what the upstream says, however long the ticks of deadlines are', async () => {
  const rules = { backoffMs: 25, backoffMaxMs: 250, attempts: 2 };
  await over(
    [busy],
    rules,
    async (gateway, _upstreams, talk) => {
      await talk.send(GET).until((text) => text.endsWith('busy'));
      assert.equal(await ended(gateway), '2 503 503');
      assert.ok(gateway.outcomes[0]!.outcome.durationMs < 5000, 'no tick was waited for');
    },
    { tickMs: 5000 },
  );
});

for (const [name, bad, why] of [
  ['a status that is listed', busy, '503'],
  ['a connection cut before the answer', cut, 'closed'],
  ['garbage instead of an answer', (socket: Socket) => void socket.write('garbage\r\n\r\n'), 'malformed'],
] as const) {
  test(`${name} is repeated on the other target, and the record says why`, async () => {
    await over([bad, good], {}, async (gateway, [first, second], talk) => {
      await talk.send(GET).until((text) => text.endsWith('good'));
      assert.doesNotMatch(talk.text, /503|busy/);
      assert.equal(await ended(gateway), `2 ${why} 200`);
      assert.deepEqual([first!.received.length, second!.received.length], [1, 1]);
      assert.equal(count(gateway, 'repeats'), 1);
      assert.equal(gateway.engine.stats().upstream.waiting, 0);
    });
  });
}

test('a target that cannot be reached: tried again elsewhere, a POST too, since nothing of it can have arrived', async () => {
  await over([good, good], {}, async (gateway, [first], talk) => {
    first!.close();
    await talk.send(post('abc')).until((text) => text.endsWith('good'));
    assert.equal(await ended(gateway), '2 unreachable 200');
  });
});

test('only so many tries; the last answer goes to the client', async () => {
  await over([busy, busy, busy, busy], {}, async (gateway, upstreams, talk) => {
    await talk.send(GET).until((text) => text.endsWith('busy'));
    assert.equal(await ended(gateway), '3 503,503 503');
    assert.equal(
      upstreams.reduce((sum, { received }) => sum + received.length, 0),
      3,
    );
  });
});

test('what is not listed, and methods that are not idempotent, are not repeated, unless all methods are', async () => {
  await over([busy, busy], { statuses: [500], conditions: [] }, async (gateway, _, talk) => {
    await talk.send(GET).until((text) => text.endsWith('busy'));
    assert.equal(await ended(gateway), '1  503');
  });
  await over([busy, busy], {}, async (gateway, _, talk) => {
    await talk.send(post('abc')).until((text) => text.endsWith('busy'));
    assert.equal(await ended(gateway), '1  503');
  });
  await over([cut, good], { allMethods: true }, async (gateway, [, second], talk) => {
    await talk.send(post('abc')).until((text) => text.endsWith('good'));
    assert.match(second!.received.join(''), /\r\n\r\nabc$/);
    assert.equal(await ended(gateway), '2 closed 200');
  });
});

test('a body is sent again as it came, by length and in chunks, also when it was still coming', async () => {
  const whole = (end: RegExp, answer: Script): Script => {
    const texts = new Map<Socket, string>();
    return (socket, text) => {
      texts.set(socket, (texts.get(socket) ?? '') + text);
      if (end.test(texts.get(socket)!)) answer(socket, text);
    };
  };
  await over([whole(/abc-def$/, busy), whole(/abc-def$/, good)], {}, async (_gateway, [, second], talk) => {
    await talk.send(post('abc-def', 'PUT')).until((text) => text.endsWith('good'));
    assert.match(second!.received.join(''), /\r\n\r\nabc-def$/);
  });
  const chunks = '3\r\nabc\r\n4\r\n-def\r\n0\r\n\r\n';
  await over([whole(/0\r\n\r\n$/, busy), whole(/0\r\n\r\n$/, good)], {}, async (_gateway, [, second], talk) => {
    talk.send(`PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
    await talk.until((text) => text.endsWith('good'));
    assert.ok(second!.received.join('').endsWith(`\r\n\r\n${chunks}`), second!.received.join(''));
  });
  await over([whole(/abc$/, cut), whole(/abc-def$/, good)], {}, async (gateway, [first, second], talk) => {
    talk.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nabc');
    await eventually(() => first!.received.join('').endsWith('abc'), 'the first part arrived');
    await eventually(() => second!.received.length > 0, 'it is sent again');
    talk.send('-def');
    await talk.until((text) => text.endsWith('good'));
    assert.match(second!.received.join(''), /\r\n\r\nabc-def$/);
    assert.equal(await ended(gateway), '2 closed 200');
  });
});

test('a body beyond the bound is not repeated, whether its length was said or not', async () => {
  const large = 'x'.repeat(1001);
  for (const request of [
    post(large, 'PUT'),
    `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n${large}\r\n0\r\n\r\n`,
  ]) {
    const answered = new Set<Socket>();
    const once: Script = (socket, text) => {
      if (/(x|0\r\n\r\n)$/.test(text) && !answered.has(socket) && answered.add(socket)) busy(socket, text);
    };
    await over([once, once], {}, async (gateway, _, talk) => {
      await talk.send(request).until((text) => text.endsWith('busy'));
      assert.equal(gateway.outcomes[0]!.outcome.trip!.tries, 1);
      assert.equal(count(gateway, 'bodies-too-large'), 1);
    });
  }
});

test('the budget: beyond it the answer goes to the client, and that is counted', async () => {
  await over([busy, busy], { attempts: 2, budget: { percent: 0, least: 2, windowMs: 60_000 } }, async (gateway, upstreams, talk) => {
    for (let i = 1; i <= 5; i++) {
      talk.text = '';
      await talk.send(GET).until((text) => text.endsWith('busy'));
    }
    assert.equal(
      upstreams.reduce((sum, { received }) => sum + received.length, 0),
      7,
    );
    assert.deepEqual([count(gateway, 'repeats'), count(gateway, 'repeats-refused')], [2, 3]);
  });
});

test('per try and in all: a silent target costs its own time, not all of it', async () => {
  await over([() => {}, good], { perTryMs: 40 }, async (gateway, _, talk) => {
    await talk.send(GET).until((text) => text.endsWith('good'));
    assert.equal(await ended(gateway), '2 timeout 200');
  });
  await over([() => {}, () => {}], { deadlineMs: 60 }, async (gateway, _, talk) => {
    assert.match(await talk.send(GET).until((text) => text.endsWith('}')), /^HTTP\/1\.1 504 [^]*upstream-timeout/);
    assert.equal(await ended(gateway), '1  504 core/http/upstream-timeout');
  });
});

test('never once the client saw a byte: neither of an answer nor of an informational one', async () => {
  const half: Script = (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', () => socket.destroy());
  await over([half, good], {}, async (gateway, [, second], talk) => {
    await talk.send(GET).end();
    assert.equal(await ended(gateway), '1  200 core/http/upstream-closed');
    assert.equal(second!.received.length, 0);
  });
  const hint: Script = (socket) => void socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', () => socket.destroy());
  await over([hint, good], {}, async (gateway, [, second], talk) => {
    await talk.send(GET).until((text) => text.includes('upstream-closed'));
    assert.equal(second!.received.length, 0);
    assert.equal(gateway.outcomes[0]!.outcome.trip!.tries, 1);
  });
});

test('a client that leaves while a repeat waits ends it: nothing is sent any more', async () => {
  await over([busy, busy], { backoffMs: 300, backoffMaxMs: 300, attempts: 2 }, async (gateway, upstreams, talk) => {
    const received = () => upstreams.reduce((sum, one) => sum + one.received.length, 0);
    talk.send(GET);
    await eventually(() => count(gateway, 'repeats') === 1, 'the repeat waits');
    talk.socket.resetAndDestroy();
    await eventually(() => gateway.outcomes.length === 1, 'the exchange is over');
    const next = new Talk(gateway.port);
    await next.send(GET).until((text) => text.endsWith('busy'));
    assert.equal(received(), 3, 'one of the first, two of the second, which waited as long');
    next.close();
  });
});

test('the discarded answer leaves nothing behind: the next request on the same connections is answered rightly', async () => {
  const large: Script = (socket) => void socket.write(`HTTP/1.1 503 Busy\r\ncontent-length: 100000\r\n\r\n${'z'.repeat(100_000)}`);
  await over([large, good], {}, async (gateway, _, talk) => {
    for (let i = 0; i < 6; i++) {
      talk.text = '';
      const text = await talk.send(GET).until((t) => t.endsWith('good'));
      assert.doesNotMatch(text, /z/);
    }
    assert.equal(gateway.engine.stats().upstream.open <= 2, true);
  });
});

test('bodies that are kept take so much memory in all: beyond it a request is not repeated, and what ends gives its part back', async () => {
  const held: Socket[] = [];
  const script: Script = (socket, text) => void (text.includes('/hold') ? held.push(socket) : busy(socket, text));
  await over([script], { bodyBytesMax: 5000, bodiesBytesMax: 10_000 }, async (gateway, _, talk) => {
    const put = post('x'.repeat(5000), 'PUT');
    const holders = [new Talk(gateway.port), new Talk(gateway.port)];
    for (const [i, holder] of holders.entries()) {
      holder.send(put.replace('PUT / ', 'PUT /hold '));
      await eventually(() => held.length === i + 1, 'its body is kept');
    }
    await talk.send(put).until((text) => text.endsWith('busy'));
    assert.deepEqual([await ended(gateway), count(gateway, 'bodies-full')], ['1  503', 1]);
    for (const holder of holders) holder.socket.resetAndDestroy();
    await eventually(() => gateway.outcomes.length === 3, 'their clients left');
    talk.text = '';
    await talk.send(put).until((text) => text.endsWith('busy'));
    assert.equal(await ended(gateway, 4), '3 503,503 503');
  });
});

test('a chain of gateways does not multiply repeats: each hop keeps to its budget, and a POST comes once', async () => {
  let asked: string[] = [];
  const target = await startUpstream((socket, text) => {
    for (const [, method] of text.matchAll(/(GET|POST) \/ HTTP/g)) {
      asked.push(method!);
      socket.write(ok('busy').replace('200 OK', '503 Busy'));
    }
  });
  const upstream = { retries: { ...RULES, attempts: 5, budget: { percent: 20, least: 0, windowMs: 60_000 } } };
  const inner = await startGateway({ tickMs: 2, ports: [target.port], upstream });
  const outer = await startGateway({ tickMs: 2, ports: [inner.port], upstream });
  const talks = Array.from({ length: 8 }, () => new Talk(outer.port));
  const round = (request: string) =>
    Promise.all(
      talks.map(async (talk) => {
        talk.text = '';
        await talk.send(request).until((text) => text.endsWith('busy'));
      }),
    );
  try {
    for (let i = 0; i < 50; i++) await round(GET);
    assert.ok(asked.length > 400 && asked.length <= 400 * 1.44, `${asked.length} of 400`);
    asked = [];
    for (let i = 0; i < 10; i++) await round(post('abc'));
    assert.equal(asked.length, 80);
    assert.ok(count(inner, 'repeats-refused') > 0 && count(outer, 'repeats-refused') > 0);
  } finally {
    for (const talk of talks) talk.close();
    await outer.stop();
    await inner.stop();
    target.close();
  }
});

test('an upstream that ends each kept connection without a byte gets a request twice at most, and that is counted', async () => {
  const answers = new WeakMap<Socket, number>();
  const once: Script = (socket) => {
    answers.set(socket, (answers.get(socket) ?? 0) + 1);
    if (answers.get(socket) === 1) socket.write(ok('good'));
    else socket.destroy();
  };
  await over([once], {}, async (gateway, [upstream], talk) => {
    for (let i = 0; i < 20; i++) {
      talk.text = '';
      await talk.send(GET).until((text) => text.endsWith('good'));
    }
    assert.deepEqual([upstream!.received.length, count(gateway, 'resent'), count(gateway, 'repeats')], [39, 19, 0]);
  });
});
