/**
 * Aim: the targets a name stands for, the TTL within its bounds, and a reason when there are none.
 * Method: the suite of its kind and real questions to a DNS server of our own on UDP.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DnsServer, startDnsServer } from '../../../test/dns-server.ts';
import { Problem } from '../../base/problem.ts';
import type { DiscoveryComponent } from '../../sdk/discovery.ts';
import { discoverySuite, makeDiscovery } from '../../sdk/suites/discovery.suite.ts';
import dns from './dns.ts';

const component = dns as unknown as DiscoveryComponent;
let server: DnsServer;
let silent: DnsServer;

before(async () => {
  server = await startDnsServer();
  silent = await startDnsServer();
  silent.mode = 'silent';
  server.records.set('orders.test', [
    { type: 'A', ttl: 30, address: '10.0.0.1' },
    { type: 'A', ttl: 20, address: '10.0.0.2' },
    { type: 'AAAA', ttl: 40, address: 'fd00::5' },
  ]);
  server.records.set('one.test', [{ type: 'A', ttl: 100_000, address: '10.0.1.1' }]);
  server.records.set('two.test', [{ type: 'A', ttl: 60, address: '10.0.1.2' }]);
  const srv = (priority: number, weight: number, port: number, name: string) =>
    ({ type: 'SRV', ttl: 60, priority, weight, port, name }) as const;
  server.records.set('_http._tcp.orders.test', [
    srv(20, 5, 1, 'spare.test'),
    srv(10, 60_000, 9001, 'one.test'),
    srv(10, 0, 9002, 'two.test'),
  ]);
});
after(() => {
  server.close();
  silent.close();
});

const find = (config: object) => makeDiscovery(component, { servers: [server.address], ...config }).find(new AbortController().signal);

discoverySuite(component, {
  works: () => ({ name: 'orders.test', servers: [server.address] }),
  hangs: () => ({ name: 'orders.test', servers: [silent.address], timeout: '30s' }),
  fails: () => [{ name: 'none.test', servers: [server.address] }, 'no-records'],
});

test('A and AAAA, or one of them; the shortest TTL counts; the name goes along for Host and TLS', async () => {
  const all = await find({ name: 'Orders.Test.', port: 9000 });
  assert.deepEqual(all.targets.map(({ host, port, name }) => `${name} ${host} ${port}`).sort(), [
    'orders.test 10.0.0.1 9000',
    'orders.test 10.0.0.2 9000',
    'orders.test fd00::5 9000',
  ]);
  assert.equal(all.holdsMs, 20_000);
  assert.deepEqual(
    (await find({ name: 'orders.test', record: 'aaaa' })).targets.map(({ host }) => host),
    ['fd00::5'],
  );
  assert.equal((await find({ name: 'orders.test', record: 'a' })).targets.length, 2);
});

test('SRV: only the best priority, its ports and weights, the heaviest at most 1000', async () => {
  const { targets } = await find({ name: '_http._tcp.orders.test', record: 'srv' });
  assert.deepEqual(targets, [
    { host: '10.0.1.1', port: 9001, weight: 1000, name: 'one.test' },
    { host: '10.0.1.2', port: 9002, weight: 1, name: 'two.test' },
  ]);
  assert.ok(!server.asked.includes('A spare.test'));
});

test('the TTL stays within its bounds', async () => {
  assert.equal((await find({ name: 'one.test' })).holdsMs, 300_000);
  assert.equal((await find({ name: 'orders.test', ttlMin: '25s' })).holdsMs, 25_000);
  assert.equal((await find({ name: 'orders.test', ttlMax: '7s' })).holdsMs, 7000);
});

test('no such name, a server that fails, one that is silent, one that is none: each its own problem, and when to ask again', async () => {
  const problem = async (config: object): Promise<[string, number | undefined]> => {
    const error = await find(config).then(
      () => assert.fail('found something'),
      (caught: unknown) => caught,
    );
    assert.ok(error instanceof Problem, String(error));
    return [error.code, error.options.retryAfterMs];
  };
  assert.deepEqual(await problem({ name: 'none.test', negative: '42s' }), ['discovery/dns/no-records', 42_000]);
  assert.deepEqual(await problem({ name: 'one.test', record: 'aaaa' }), ['discovery/dns/no-records', 10_000]);
  server.mode = 'failing';
  assert.deepEqual(await problem({ name: 'orders.test' }), ['discovery/dns/no-answer', 5000]);
  server.mode = 'answers';
  const late = await problem({ name: 'orders.test', servers: [silent.address], timeout: '100ms' });
  assert.equal(late[0], 'discovery/dns/no-answer');
  assert.equal((await problem({ name: 'orders.test', servers: ['not an address'] }))[0], 'discovery/dns/bad-server');
});

test('a server that turns its records around gives the same targets in the same order', async () => {
  const records = Array.from({ length: 30 }, (_, i) => ({ type: 'A', ttl: 5, address: `10.9.0.${i}` }) as const);
  const found = new Set<string>();
  for (const turn of [0, 7, 29]) {
    server.records.set('many.test', [...records.slice(turn), ...records.slice(0, turn)]);
    found.add(JSON.stringify((await find({ name: 'many.test', record: 'a' })).targets));
  }
  assert.equal(found.size, 1);
});

test('four thousand records come over TCP, with a TTL of 0 as the least that is allowed; SRV asks for no more names than are used', async () => {
  const address = (i: number) => `10.8.${i >> 8}.${i & 255}`;
  server.records.set(
    'flood.test',
    Array.from({ length: 4000 }, (_, i) => ({ type: 'A', ttl: 0, address: address(i) }) as const),
  );
  const { targets, holdsMs } = await find({ name: 'flood.test', record: 'a' });
  assert.deepEqual([new Set(targets.map(({ host }) => host)).size, holdsMs], [4000, 5000]);
  server.records.set(
    '_x._tcp.flood.test',
    Array.from({ length: 800 }, (_, i) => ({ type: 'SRV', ttl: 0, priority: 1, weight: 1, port: 1 + i, name: 'flood.test' }) as const),
  );
  const before = server.asked.length;
  const services = await find({ name: '_x._tcp.flood.test', record: 'srv' });
  assert.ok(services.targets.length > 1000);
  assert.ok(server.asked.length - before <= 2 * 17, `${server.asked.length - before} questions`);
});

test('one question of several that fails takes nothing away: what it found last stands in, else the others count', async () => {
  const discovery = makeDiscovery(component, { name: 'half.test', servers: [server.address], ttlMin: '3s' });
  const hosts = async () => {
    const { targets, holdsMs } = await discovery.find(new AbortController().signal);
    return [...targets.map(({ host }) => host), holdsMs];
  };
  server.records.set('half.test', [
    { type: 'A', ttl: 60, address: '10.7.0.1' },
    { type: 'AAAA', ttl: 60, address: 'fd00::7' },
  ]);
  server.failing.add('AAAA half.test');
  assert.deepEqual(await hosts(), ['10.7.0.1', 3000], 'asked again soon');
  server.failing.clear();
  assert.deepEqual(await hosts(), ['10.7.0.1', 'fd00::7', 60_000]);
  server.failing.add('AAAA half.test');
  assert.deepEqual(await hosts(), ['10.7.0.1', 'fd00::7', 3000]);
  server.failing.add('A half.test');
  await assert.rejects(hosts(), /No DNS server answered/, 'nothing is known by now');
  server.failing.clear();
});

test('names of the hosts file count', async () => {
  const { targets } = await find({ name: 'localhost', record: 'a' });
  assert.deepEqual(targets, [{ host: '127.0.0.1', port: 80, weight: 1, name: 'localhost' }]);
  assert.ok(!server.asked.includes('A localhost'));
});
