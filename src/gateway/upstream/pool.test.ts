/**
 * Aim: targets share the load by weight, connections are reused last-in first-out and bounded, who waits gets an
 * answer in time, names are asked off the request path, refused addresses are never called, and changes hurt nobody.
 * Method: a real engine on real sockets with scripted upstreams; time by hand where it matters.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { manualClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { eventually, type Gateway, type GatewayOptions, ok, startGateway, startUpstream, Talk, type Upstream } from '../http/fixture.ts';
import { createNames, type ResolveHost } from './names.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function over(
  scripts: readonly ((socket: Socket, text: string) => void)[],
  options: Omit<GatewayOptions, 'ports'>,
  body: (gateway: Gateway, upstreams: Upstream[]) => Promise<void>,
): Promise<void> {
  const upstreams = await Promise.all(scripts.map((script) => startUpstream(script)));
  const gateway = await startGateway({ ...options, ports: upstreams.map((upstream) => upstream.port) });
  try {
    await body(gateway, upstreams);
  } finally {
    await gateway.stop();
    for (const upstream of upstreams) upstream.close();
  }
}

const answer = (name: string) => (socket: Socket) => void socket.write(ok(name));

async function ask(gateway: Gateway, times = 1): Promise<string[]> {
  const talk = new Talk(gateway.port);
  const bodies: string[] = [];
  for (let i = 0; i < times; i++) {
    talk.text = '';
    const text = await talk
      .send(REQUEST)
      .until((t) => /\r\n\r\n(?=.)[^]*$/.test(t) && t.length - t.indexOf('\r\n\r\n') - 4 === Number(/content-length: (\d+)/i.exec(t)?.[1]));
    bodies.push(text.slice(text.indexOf('\r\n\r\n') + 4));
  }
  talk.close();
  return bodies;
}

function setTargets(gateway: Gateway, targets: readonly { host?: string; port: number; weight?: number }[], connectionsMax = 10): void {
  gateway.engine.putUpstream({
    project: 'default',
    name: 'up',
    connectionsMax,
    idleMs: 5000,
    targets: targets.map(({ host = '127.0.0.1', port, weight = 1 }) => ({ host, port, weight })),
  });
}

test('weights are honoured, smoothly, and a change of weights needs no new connections', async () => {
  await over([answer('a'), answer('b')], {}, async (gateway, [a, b]) => {
    assert.equal((await ask(gateway, 6)).join(''), 'ababab');
    setTargets(gateway, [
      { port: a!.port, weight: 3 },
      { port: b!.port, weight: 1 },
    ]);
    const bodies = (await ask(gateway, 8)).join('');
    assert.equal(bodies.replaceAll('b', '').length, 6, bodies);
    assert.doesNotMatch(bodies, /bb|aaaa/);
    assert.deepEqual([a!.sockets.length, b!.sockets.length], [1, 1]);
  });
});

test('a target that takes no connection is passed over, and the request goes to another', async () => {
  await over([answer('a'), answer('b')], {}, async (gateway, [a]) => {
    a!.close();
    assert.deepEqual(await ask(gateway, 4), ['b', 'b', 'b', 'b']);
  });
});

test('all targets down: 502 at once', async () => {
  await over([answer('a')], {}, async (gateway, [a]) => {
    a!.close();
    assert.match((await ask(gateway))[0]!, /upstream-unreachable/);
  });
});

test('the bound on connections holds; who waits too long gets a 503 with Retry-After', async () => {
  const clock = manualClock();
  const held: Socket[] = [];
  await over(
    [(socket) => void held.push(socket)],
    { clock, connectionsMax: 2, forward: { connectMs: 1000 } },
    async (gateway, [upstream]) => {
      const talks = [1, 2, 3, 4].map(() => new Talk(gateway.port).send(REQUEST));
      await eventually(() => held.length === 2 && gateway.engine.stats().upstream.waiting === 2, 'two are served, two wait');
      held[0]!.write(ok('first'));
      await eventually(() => held.length === 3, 'the connection went to one who waited');
      assert.equal(upstream!.sockets.length, 2);
      clock.advance(1500);
      await eventually(
        () => talks.filter((talk) => /503 [^]*retry-after: 1\r\n[^]*upstream-busy/.test(talk.text)).length === 1,
        'the last one is told',
      );
      assert.equal(gateway.engine.stats().upstream.waiting, 0);
      for (const talk of talks) talk.close();
    },
  );
});

test('who waits is served as soon as a change brings another target', async () => {
  const held: Socket[] = [];
  await over([(socket) => void held.push(socket), answer('b')], { clock: manualClock(), connectionsMax: 1 }, async (gateway, [a, b]) => {
    setTargets(gateway, [{ port: a!.port }], 1);
    const first = new Talk(gateway.port).send(REQUEST);
    await eventually(() => held.length === 1, 'the only place is taken');
    const second = new Talk(gateway.port).send(REQUEST);
    await eventually(() => gateway.engine.stats().upstream.waiting === 1, 'the second waits');
    setTargets(gateway, [{ port: a!.port }, { port: b!.port }], 1);
    await second.until((text) => text.endsWith('b'));
    first.close();
    second.close();
  });
});

test('a client that leaves while it waits gives up its place', async () => {
  const held: Socket[] = [];
  await over([(socket) => void held.push(socket)], { connectionsMax: 1 }, async (gateway) => {
    const first = new Talk(gateway.port).send(REQUEST);
    await eventually(() => held.length === 1, 'the first is served');
    const second = new Talk(gateway.port).send(REQUEST);
    await eventually(() => gateway.engine.stats().upstream.waiting === 1, 'the second waits');
    second.socket.resetAndDestroy();
    await eventually(() => gateway.engine.stats().upstream.waiting === 0, 'its place is free');
    held[0]!.write(ok('x'));
    await first.until((text) => text.endsWith('x'));
    assert.equal(held.length, 1);
    first.close();
  });
});

test('idle connections: the last used first, and closed when idle too long', async () => {
  const clock = manualClock();
  const held: Socket[] = [];
  await over([(socket) => void held.push(socket)], { clock }, async (gateway, [upstream]) => {
    const talks = [1, 2].map(() => new Talk(gateway.port).send(REQUEST));
    await eventually(() => held.length === 2, 'both arrived');
    held[0]!.write(ok('x'));
    await eventually(() => gateway.outcomes.length === 1, 'one is done');
    held[1]!.write(ok('y'));
    await eventually(() => gateway.outcomes.length === 2, 'both are done');
    talks[0]!.send(REQUEST);
    await eventually(() => held.length === 3, 'a third request');
    assert.equal(held[2], held[1], 'it went over the connection used last');
    held[2]!.write(ok('z'));
    await eventually(() => gateway.outcomes.length === 3, 'it is done');
    clock.advance(6000);
    await eventually(() => upstream!.sockets.every((socket) => socket.destroyed || socket.readableEnded), 'idle connections are closed');
    assert.equal(gateway.engine.stats().upstream.open, 0);
    for (const talk of talks) talk.close();
  });
});

test('a connection the upstream closes while idle is forgotten', async () => {
  await over([answer('a')], {}, async (gateway, [upstream]) => {
    await ask(gateway);
    upstream!.sockets[0]!.destroy();
    await eventually(() => gateway.engine.stats().upstream.open === 0, 'the pool noticed');
    assert.deepEqual(await ask(gateway), ['a']);
  });
});

test('names: asked once, not per request; all addresses used; kept when a later question fails', async () => {
  const clock = manualClock();
  let asked = 0;
  const resolve = async () => {
    if (++asked > 1) throw new Error('no answer');
    return { addresses: ['127.0.0.1', '127.0.0.2'], ttlMs: 10_000 };
  };
  await over([answer('a')], { clock, resolve, hosts: ['up.example.test'] }, async (gateway, [upstream]) => {
    assert.deepEqual(await ask(gateway, 5), ['a', 'a', 'a', 'a', 'a']);
    assert.equal(asked, 1);
    assert.match(upstream!.received[0]!, /^GET \/ HTTP\/1\.1\r\nhost: up\.example\.test:\d+\r\n/);
    clock.advance(11_000);
    assert.deepEqual(await ask(gateway, 2), ['a', 'a']);
    assert.equal(asked, 2);
  });
});

test('names whose look-up never ends are asked once, those that fail less and less often and two at a time; others go on', async () => {
  const clock = manualClock();
  const asked = new Map<string, number>();
  const held: (() => void)[] = [];
  const resolve: ResolveHost = (host) => {
    asked.set(host, (asked.get(host) ?? 0) + 1);
    if (host.startsWith('hangs')) return new Promise(() => {});
    if (host === 'works') return Promise.resolve({ addresses: ['127.0.0.1'], ttlMs: 1000 });
    return new Promise((_, reject) => held.push(() => reject(new Error('none'))));
  };
  const names = createNames({ resolve, clock, log: silentLog });
  const all = ['works', ...Array.from({ length: 20 }, (_, i) => `hangs${i}`), ...Array.from({ length: 20 }, (_, i) => `fails${i}`)];
  const turn = async () => {
    for (const end of held.splice(0)) end();
    await new Promise((after) => setImmediate(after));
  };
  const count = (what: string) => [...asked].reduce((sum, [host, times]) => sum + (host.startsWith(what) ? times : 0), 0);
  for (const host of all) names.addresses(host);
  await turn();
  for (let second = 0; second < 60; second++) {
    clock.advance(1000);
    const [failing, hanging] = [count('fails'), count('hangs')];
    for (const host of all) names.addresses(host);
    assert.ok(count('fails') - failing <= 2, 'two at a time');
    assert.ok(second === 0 || count('hangs') === hanging);
    await turn();
  }
  assert.deepEqual([count('hangs'), names.addresses('works')], [20, ['127.0.0.1']]);
  assert.ok(count('works') > 50);
  assert.ok(count('fails') < 20 * 10, `${count('fails')} questions of 20 names in a minute`);
});

test('a target nobody can connect to is told to the log once in a while, not once a request', async () => {
  const lines: string[] = [];
  const log = { ...silentLog, warn: (text: string) => void lines.push(text) };
  const gone = await startUpstream(() => {});
  gone.close();
  const gateway = await startGateway({ ports: [gone.port], log });
  const said: string[] = [];
  for (let i = 0; i < 20; i++) said.push(...(await ask(gateway)));
  await gateway.stop();
  assert.ok(said.length === 20 && said.every((text) => text.includes('upstream-unreachable')));
  assert.deepEqual(lines, ['connect to a target failed']);
});

test('a name without address is a 502; one that resolves to a refused address too, with its own reason', async () => {
  const none = async () => Promise.reject(new Error('ENOTFOUND'));
  await over([answer('a')], { resolve: none, hosts: ['none.example.test'] }, async (gateway) => {
    assert.match((await ask(gateway))[0]!, /"code":"core\/http\/upstream-unreachable"/);
  });
  const metadata = async () => ({ addresses: ['169.254.169.254'], ttlMs: 1000 });
  await over([answer('a')], { resolve: metadata, hosts: ['meta.example.test'] }, async (gateway, [upstream]) => {
    assert.match((await ask(gateway))[0]!, /"status":502[^]*"code":"core\/http\/upstream-refused"/);
    setTargets(gateway, [{ port: gateway.port }]);
    assert.match((await ask(gateway))[0]!, /upstream-refused/, 'our own port');
    assert.equal(upstream!.received.length, 0);
  });
});

test('changed and removed upstreams: exchanges in flight end as they began, nothing of them is kept', async () => {
  const held: Socket[] = [];
  await over([(socket) => void held.push(socket), answer('b')], {}, async (gateway, [a, b]) => {
    setTargets(gateway, [{ port: a!.port }]);
    const talk = new Talk(gateway.port).send(REQUEST);
    await eventually(() => held.length === 1, 'in flight');
    setTargets(gateway, [{ port: b!.port }]);
    assert.deepEqual(await ask(gateway), ['b']);
    held[0]!.write(ok('late'));
    await talk.until((text) => text.endsWith('late'));
    await eventually(() => held[0]!.destroyed || held[0]!.readableEnded, "the old target's connection is closed");
    gateway.engine.removeUpstream('default/up');
    assert.equal(gateway.engine.pool('default/up'), undefined);
    await eventually(() => gateway.engine.stats().upstream.open === 0, 'idle connections of a removed upstream are closed');
    talk.close();
  });
});

test('health: a target that answers, is down, and comes back; only news are told', async () => {
  const clock = manualClock();
  await over([answer('a')], { clock }, async (gateway, [upstream]) => {
    const target = () => gateway.engine.targetNews().find(({ key }) => key === 'default/up')?.targets[0];
    assert.equal(target(), undefined, 'nobody called it');
    await ask(gateway, 3);
    const begun = clock.now();
    const up = target()!;
    assert.deepEqual(
      { ...up, lastSuccessAt: begun - up.lastSuccessAt! < 50 },
      {
        address: `127.0.0.1:${upstream!.port}`,
        weight: 1,
        state: 'ok',
        stateReason: '',
        stateSince: null,
        requests: 3,
        open: 1,
        idle: 1,
        failures: 0,
        failingSince: null,
        lastSuccessAt: true,
        lastFailureAt: null,
        lastFailure: '',
      },
    );
    assert.deepEqual(gateway.engine.targetNews(), [], 'nothing is new');
    upstream!.close();
    await eventually(() => gateway.engine.stats().upstream.open === 0, 'its end was noticed');
    assert.deepEqual([target()!.open, target()], [0, undefined], 'a resting connection that ends is no failure');
    await ask(gateway, 2);
    clock.advance(60_000);
    await ask(gateway);
    const down = target()!;
    assert.deepEqual([down.failures, down.lastFailure, down.requests, down.open], [3, 'upstream-unreachable', 6, 0]);
    assert.ok(clock.now() - down.lastFailureAt! < 100 && clock.now() - down.failingSince! >= 60_000, JSON.stringify(down));
    const back = await startUpstream(answer('b'));
    setTargets(gateway, [{ port: upstream!.port }, { port: back.port }]);
    await ask(gateway, 2);
    const [first, second] = gateway.engine.targetNews()[0]!.targets;
    assert.deepEqual([first!.failures > 0, second!.failures, second!.requests], [true, 0, 2], 'each has its own');
    setTargets(gateway, [{ port: back.port }]);
    assert.equal(gateway.engine.targetNews()[0]!.targets.length, 1, 'one that is gone is news');
    gateway.engine.removeUpstream('default/up');
    assert.deepEqual(gateway.engine.targetNews(), [{ key: 'default/up', targets: [], discoveryFailure: '' }]);
    assert.deepEqual(gateway.engine.targetNews(), []);
    back.close();
  });
});

test('health: no answer in time, a cut and a malformed one count, by their codes; a 500 is an answer', async () => {
  const clock = manualClock();
  const words = ['late', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut', 'nonsense\r\n\r\n', ok('x').replace('200 OK', '500 No')];
  const held: Socket[] = [];
  const script = (socket: Socket) => {
    held.push(socket);
    const word = words[held.length - 1]!;
    if (word !== 'late') socket.end(word);
  };
  await over([script], { clock }, async (gateway) => {
    const seen: [string, number][] = [];
    for (let i = 0; i < words.length; i++) {
      const talk = new Talk(gateway.port).send(REQUEST);
      await eventually(() => held.length === i + 1, `request ${i} is there`);
      if (i === 0) clock.advance(6000);
      await eventually(() => gateway.outcomes.length === i + 1, `request ${i} is over`);
      talk.close();
      const { lastFailure, failures } = gateway.engine.targetNews()[0]!.targets[0]!;
      seen.push([lastFailure, failures]);
    }
    assert.deepEqual(seen, [
      ['upstream-timeout', 1],
      ['upstream-closed', 1], // Its head had come: that was a success.
      ['upstream-malformed', 2],
      ['upstream-malformed', 0],
    ]);
  });
});
