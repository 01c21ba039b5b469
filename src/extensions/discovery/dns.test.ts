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

test('names of the hosts file count', async () => {
  const { targets } = await find({ name: 'localhost', record: 'a' });
  assert.deepEqual(targets, [{ host: '127.0.0.1', port: 80, weight: 1, name: 'localhost' }]);
  assert.ok(!server.asked.includes('A localhost'));
});
