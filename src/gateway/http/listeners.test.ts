// Aim: listeners open, change and close without taking a request or each other down; limits towards clients bite with
// their reason; PROXY protocol and trusted proxies say who the client is. Method: an engine on real sockets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { freePort } from '../../../test/certificates.ts';
import { type Clock, manualClock } from '../../base/clock.ts';
import type { CompiledListener, ListenerState } from '../../sdk/listener.ts';
import { between, eventually, type Gateway, ok, startGateway, startUpstream, Talk } from './fixture.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const answers = (text: string): boolean => text.includes('200 OK') && text.endsWith('here');

export function listener(over: Partial<CompiledListener> & Pick<CompiledListener, 'name' | 'port'>): CompiledListener {
  return {
    project: 'default',
    addresses: ['127.0.0.1'],
    tls: undefined,
    limits: {},
    proxyProtocol: 'off',
    trustedProxies: [],
    forwarded: 'x-forwarded',
    via: false,
    ...over,
  };
}

function stateOf(gateway: Gateway, name: string): ListenerState {
  return gateway.engine.listeners().find((state) => state.name === name)!;
}

const isOpen = (gateway: Gateway, name: string) => () => stateOf(gateway, name)?.addresses.every((one) => one.state === 'open');

function endedOf(gateway: Gateway, name: string): Record<string, number> {
  return Object.fromEntries(gateway.engine.listenerNumbers().find((numbers) => numbers.name === name)!.ended);
}

async function asks(port: number, host = '127.0.0.1'): Promise<string> {
  const socket = connect({ port, host });
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  socket.on('error', (error) => (text += error.message));
  socket.write(REQUEST);
  await eventually(() => answers(text) || socket.closed, `an answer on port ${port}`);
  socket.destroy();
  return text;
}

async function withUpstream(options: Parameters<typeof startGateway>[0], body: (gateway: Gateway, received: string[]) => Promise<void>) {
  const upstream = await startUpstream((socket, text) => text.includes('/hold') || socket.write(ok('here')));
  const gateway = await startGateway({ ...options, ports: [upstream.port] });
  try {
    await body(gateway, upstream.received);
  } finally {
    await gateway.stop();
    upstream.close();
  }
}

test('several listeners with several addresses serve beside the default one, IPv6 included', async () => {
  await withUpstream({}, async (gateway) => {
    const port = await freePort('::1');
    gateway.engine.putListener(listener({ name: 'inner', port, addresses: ['127.0.0.1', '::1'] }));
    await eventually(isOpen(gateway, 'inner'), 'both addresses are open');
    assert.ok(answers(await asks(gateway.port)));
    assert.ok(answers(await asks(port)));
    assert.ok(answers(await asks(port, '::1')));
    assert.deepEqual(
      gateway.exchanges.map((exchange) => [exchange.listener, exchange.clientAddress]),
      [
        ['default', '127.0.0.1'],
        ['inner', '127.0.0.1'],
        ['inner', '::1'],
      ],
    );
  });
});

test('listeners put before the thread listens are opened one a turn behind the default one, which has clients by then', async () => {
  const turns: (() => void)[] = [];
  const base = manualClock();
  const after: Clock['after'] = (ms, action, how) => (ms === 0 ? (turns.push(action), () => {}) : base.after(ms, action, how));
  const clock = { ...base, after };
  const names = ['a', 'b', 'c'];
  const ports = await Promise.all(names.map(() => freePort()));
  const gateway = await startGateway({
    clock,
    before: (engine) => names.forEach((name, i) => engine.putListener(listener({ name, port: ports[i]! }))),
  });
  const opened = () => names.filter((name) => isOpen(gateway, name)()).join('');
  try {
    for (const expected of ['a', 'ab', 'abc']) {
      await eventually(() => opened() === expected, `${expected} are open`);
      assert.ok(names.slice(expected.length).every((name) => stateOf(gateway, name).addresses[0]!.state === 'opening'));
      turns.shift()!();
    }
  } finally {
    await gateway.stop();
  }
});

test('a listener that cannot open says why, takes nobody down, and opens when it can', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const port = (taken.address() as { port: number }).port;
  const own = await freePort();
  await withUpstream({ ownPorts: new Set([own]) }, async (gateway) => {
    gateway.engine.putListener(listener({ name: 'late', port }));
    gateway.engine.putListener(listener({ name: 'control', port: own }));
    gateway.engine.putListener(listener({ name: 'copy', port: gateway.port }));
    gateway.engine.putListener(listener({ name: 'nowhere', port: await freePort(), addresses: ['192.0.2.1'] }));
    const failed = (name: string) => stateOf(gateway, name).addresses[0]!.reason?.en ?? '';
    await eventually(() => failed('late') !== '' && failed('nowhere') !== '', 'both have failed');
    assert.match(failed('late'), /is taken by another program/);
    assert.match(failed('control'), /belongs to Weir itself/);
    assert.match(failed('copy'), /the listener "default" has/);
    assert.match(failed('nowhere'), /does not have the address/);
    assert.ok(answers(await asks(gateway.port)));
    await new Promise((resolve) => taken.close(resolve));
    await eventually(isOpen(gateway, 'late'), 'the port that was freed is open');
    assert.ok(answers(await asks(port)));
  });
});

test('no upstream is a listener of ours; a port that was given back is anybody’s', async () => {
  await withUpstream({}, async (gateway) => {
    const port = await freePort();
    gateway.engine.putListener(listener({ name: 'inner', port }));
    await eventually(isOpen(gateway, 'inner'), 'it is open');
    const targets = [{ host: '127.0.0.1', port, weight: 1 }];
    gateway.engine.putUpstream({ project: 'default', name: 'up', targets, connectionsMax: 10, idleMs: 5000 });
    const refused = new Talk(gateway.port).send(REQUEST);
    assert.match(await refused.until((text) => text.includes('}')), /^HTTP\/1\.1 502 [^]*core\/http\/upstream-refused/);
    refused.close();
    gateway.engine.removeListener('inner');
    const other = createServer((socket) => void socket.on('data', () => socket.write(ok('here'))));
    await eventually(() => gateway.engine.listeners().length === 1, 'it is gone');
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    assert.ok(answers(await asks(gateway.port)));
    other.close();
  });
});

test('a change of the port opens the new one first; one that cannot be opened leaves the old one serving', async () => {
  await withUpstream({}, async (gateway) => {
    const [first, second] = [await freePort(), await freePort()];
    gateway.engine.putListener(listener({ name: 'moving', port: first }));
    await eventually(isOpen(gateway, 'moving'), 'it is open');
    gateway.engine.putListener(listener({ name: 'moving', port: gateway.port }));
    assert.deepEqual(
      stateOf(gateway, 'moving').addresses.map(({ port, state }) => [port, state]),
      [
        [first, 'replaced'],
        [gateway.port, 'failed'],
      ],
    );
    assert.ok(answers(await asks(first)), 'the old one serves on');
    const idle = new Talk(first).send(REQUEST);
    await idle.until(answers);
    gateway.engine.putListener(listener({ name: 'moving', port: second }));
    await idle.end();
    assert.deepEqual(
      stateOf(gateway, 'moving').addresses.map(({ port, state }) => [port, state]),
      [[second, 'open']],
    );
    assert.ok(answers(await asks(second)));
    await assert.rejects(async () => assert.ok(answers(await asks(first))));
  });
});

test('removing a listener lets the request in flight end; a change of settings closes nothing', async () => {
  const upstream = await startUpstream((socket, text) => text.includes('/fast') && socket.write(ok('here')));
  const gateway = await startGateway({ ports: [upstream.port] });
  const port = await freePort();
  gateway.engine.putListener(listener({ name: 'side', port }));
  await eventually(isOpen(gateway, 'side'), 'it is open');
  const slow = new Talk(port).send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => upstream.received.length === 1, 'the upstream was asked');
  for (let i = 0; i < 50; i++)
    gateway.engine.putListener(listener({ name: 'side', port, limits: { headersMax: 20 + i }, via: i % 2 === 1 }));
  const fast = new Talk(port).send('GET /fast HTTP/1.1\r\nHost: a\r\n\r\n');
  await fast.until(answers);
  assert.match(upstream.received.at(-1)!, /\r\nvia: 1\.1 weir\r\n/);
  assert.ok(!slow.ended, 'fifty changes closed nothing');
  gateway.engine.removeListener('side');
  await fast.end();
  upstream.sockets[0]!.write(ok('here'));
  assert.match(await slow.end(), /connection: close\r\n\r\nhere$/);
  await assert.rejects(async () => assert.ok(answers(await asks(port))));
  assert.equal(stateOf(gateway, 'side'), undefined);
  await gateway.stop();
  upstream.close();
});

test('a storm of listeners that come, change and go leaves what stands alone', async () => {
  await withUpstream({ limits: { keepAliveMs: 60_000 } }, async (gateway) => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const steady = new Talk(gateway.port);
    for (let round = 0; round < 60; round++) {
      const name = `l${round % 3}`;
      if (round % 5 === 4) gateway.engine.removeListener(name);
      else gateway.engine.putListener(listener({ name, port: ports[(round * 7) % 3]! }));
      steady.send(REQUEST);
      await steady.until((text) => text.split('200 OK').length === round + 2);
    }
    for (let i = 0; i < 3; i++) gateway.engine.putListener(listener({ name: `l${i}`, port: ports[i]! }));
    await eventually(
      () => [0, 1, 2].every((i) => isOpen(gateway, `l${i}`)() && stateOf(gateway, `l${i}`).addresses.length === 1),
      'all are open',
    );
    for (const port of ports) assert.ok(answers(await asks(port)));
    steady.close();
  });
});

test('limits of one listener bite on it alone, each with its reason', async () => {
  await withUpstream({}, async (gateway) => {
    const port = await freePort();
    const limits = {
      connectionsPerAddressMax: 2,
      targetBytesMax: 20,
      bodyBytesMax: 10,
      requestMs: 300,
      bodyIdleMs: 60_000,
      keepAliveMs: 150,
    };
    gateway.engine.putListener(listener({ name: 'tight', port, limits }));
    await eventually(isOpen(gateway, 'tight'), 'it is open');
    const [one, two] = [new Talk(port), new Talk(port)];
    await eventually(() => gateway.engine.listenerNumbers()[1]!.connections === 2, 'both are in');
    assert.match(await new Talk(port).end(), /^HTTP\/1\.1 429 [\s\S]*retry-after: 5\r\n/);
    assert.ok(answers(await asks(gateway.port)), 'the default listener counts for itself');
    one.send(`GET /${'a'.repeat(20)} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.match(await one.end(), /^HTTP\/1\.1 414 /);
    two.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n');
    assert.match(await two.end(), /^HTTP\/1\.1 413 /);
    const slow = new Talk(port).send('POST /hold HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n');
    assert.match(await slow.end(), /^HTTP\/1\.1 408 [\s\S]*request-timeout/);
    const idle = new Talk(port).send(REQUEST);
    assert.ok(answers(await idle.end()));
    assert.deepEqual(endedOf(gateway, 'tight'), { 'too-many-connections-from-address': 1, 'keep-alive': 1 });
    const reasons = [...gateway.rejections.map((r) => r.reason), ...gateway.outcomes.map(({ outcome }) => outcome.reason)];
    for (const code of ['too-many-connections-from-address', 'target-too-long', 'body-too-large', 'request-timeout'])
      assert.ok(reasons.includes(`core/http/${code}`), code);
  });
});

test('with the PROXY protocol the client is who the trusted sender says, and nobody else is let in', async () => {
  await between(
    (socket) => socket.write(ok('here')),
    { listener: { proxyProtocol: 'required', trustedProxies: ['127.0.0.1'] }, limits: { headMs: 300 } },
    async (gateway, upstream, talk) => {
      for (const piece of ['PROXY TC', 'P4 198.51.100.7 10.0.0.1 1 80\r', `\n${REQUEST}`]) {
        talk.send(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await talk.until(answers);
      assert.equal(gateway.exchanges[0]!.clientAddress, '198.51.100.7');
      assert.match(upstream.received[0]!, /\r\nx-forwarded-for: 198\.51\.100\.7\r\n/);
      const check = new Talk(gateway.port).send(Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')).send(REQUEST);
      await check.until(answers);
      assert.equal(gateway.exchanges[1]!.clientAddress, '127.0.0.1', 'a health check of the sender itself');
      assert.equal(await new Talk(gateway.port).send(REQUEST).end(), '');
      assert.equal(await new Talk(gateway.port).send('PROXY TCP4 ').end(), '');
      assert.deepEqual(endedOf(gateway, 'default'), { 'proxy-protocol-malformed': 1, 'proxy-protocol-timeout': 1 });
      assert.equal(gateway.exchanges.length, 2);
      check.close();
    },
  );
  await between(
    () => {},
    { listener: { proxyProtocol: 'required', trustedProxies: ['10.0.0.0/8'] } },
    async (gateway, _, talk) => {
      assert.equal(await talk.send('PROXY TCP4 198.51.100.7 10.0.0.1 1 80\r\n').end(), '');
      assert.deepEqual(endedOf(gateway, 'default'), { 'proxy-protocol-untrusted': 1 });
    },
  );
});

test('forwarded fields of a trusted proxy are read and passed on; those of anybody else are replaced', async () => {
  const said =
    'X-Forwarded-For: 9.9.9.9, 198.51.100.7\r\nX-Forwarded-Proto: https\r\n' +
    'X-Forwarded-Host: shop.example.test\r\nForwarded: for=8.8.8.8\r\n';
  const request = `GET / HTTP/1.1\r\nHost: inner\r\n${said}X-Forwarded-Client-Cert: Hash=0\r\n\r\n`;
  const lines = (text: string) => text.split('\r\n').filter((line) => /^(x-forwarded-|forwarded|via)/i.test(line));
  const ask = async (over: NonNullable<Parameters<typeof startGateway>[0]['listener']>) => {
    let result: [string, string[]] | undefined;
    await between(
      (socket) => socket.write(ok('here')),
      { listener: over },
      async (gateway, upstream, talk) => {
        await talk.send(request).until(answers);
        result = [gateway.exchanges[0]!.clientAddress, lines(upstream.received[0]!)];
      },
    );
    return result!;
  };
  assert.deepEqual(await ask({}), ['127.0.0.1', ['x-forwarded-for: 127.0.0.1', 'x-forwarded-proto: http', 'x-forwarded-host: inner']]);
  assert.deepEqual(await ask({ trustedProxies: ['127.0.0.0/8'] }), [
    '198.51.100.7',
    ['x-forwarded-for: 198.51.100.7, 127.0.0.1', 'x-forwarded-proto: https', 'x-forwarded-host: shop.example.test'],
  ]);
  assert.deepEqual(await ask({ trustedProxies: ['127.0.0.0/8'], forwarded: 'forwarded', via: true }), [
    '8.8.8.8',
    ['forwarded: for=8.8.8.8;proto=http, for=127.0.0.1', 'x-forwarded-host: inner', 'via: 1.1 weir'],
  ]);
});

test('Via names the version that the client spoke', async () => {
  await between(
    (socket) => socket.write(ok('here')),
    { listener: { via: true } },
    async (gateway, upstream, talk) => {
      await talk.send('GET /a HTTP/1.1\r\nHost: a\r\n\r\n').until(answers);
      await talk.send('GET /b HTTP/1.0\r\nHost: a\r\n\r\n').end();
      const session = connectHttp2(`http://127.0.0.1:${gateway.port}`);
      const stream = session.request({ ':path': '/c' });
      await once(stream, 'response');
      session.destroy();
      assert.deepEqual(
        upstream.received.map((text) => /\r\nvia: ([^\r]*)\r\n/.exec(text)?.[1]),
        ['1.1 weir', '1.0 weir', '2.0 weir'],
      );
    },
  );
});
