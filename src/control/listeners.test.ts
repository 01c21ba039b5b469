// Aim: Listener and Certificate documents are checked with clear words, compiled with their keys, used by routes of any
// project, and their status tells what gateways and time know. Method: the real control path, certificates by openssl.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { makeAuthority, type Pair } from '../../test/certificates.ts';
import { openWorld, until, type World } from '../../test/control/world.ts';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { ListenerState } from '../sdk/listener.ts';
import type { CompiledListener } from '../sdk/revision.ts';
import { watchEntries } from './entry-watch.ts';

const authority = makeAuthority();
after(() => authority.end());
const shop = authority.leaf(['shop.example.test', '*.shop.example.test'], { days: 20 });
const other = authority.leaf(['shop.example.test']);
const nameless = authority.leaf([]);
const DAY = 86_400_000;

const indent = (pem: string): string => pem.trimEnd().replaceAll('\n', '\n    ');
const certificate = (pair: Pair, more = ''): string =>
  `apiVersion: weir/v1\nkind: Certificate\nmetadata: { name: shop }\nspec:\n  chain: |\n    ${indent(pair.chain)}\n` +
  `  key: |\n    ${indent(pair.key)}\n${more}`;
const listener = (spec: string, name = 'edge'): string =>
  `apiVersion: weir/v1\nkind: Listener\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
const upstream = (project: string): string =>
  `apiVersion: weir/v1\nkind: Upstream\nmetadata: { name: up, project: ${project} }\nspec: { targets: [{ url: "http://127.0.0.1:9" }] }\n`;
const route = (listeners: string, project = 'default'): string =>
  `apiVersion: weir/v1\nkind: Route\nmetadata: { name: r, project: ${project} }\n` +
  `spec: { match: { paths: [/], listeners: ${listeners} }, upstream: up }\n`;

async function world(
  t: { after(end: () => Promise<void>): void },
  now = Date.now(),
): Promise<World & { clock: ReturnType<typeof manualClock> }> {
  const clock = manualClock(now);
  const w = await openWorld({ clock });
  t.after(() => w.end());
  return { ...w, clock };
}

async function faults(w: World, text: string): Promise<string[]> {
  const { results } = await w.apply(text);
  return results.flatMap(({ problems }) => problems.map(({ pointer, detail }) => `${pointer}: ${detail.en}`));
}

const statusOf = async (w: World, kind: string, name: string) =>
  (await w.resources.list({ kind })).items.find((item) => item.name === name)!.status;
const entryOf = (w: World, name: string) => w.publisher.entry(`listener/default/${name}`)?.value as CompiledListener | undefined;

test('every mistake of a certificate has words and a place', async (t) => {
  const w = await world(t);
  const [leaf, middle] = shop.chain.split(/(?<=-----END CERTIFICATE-----\n)/) as [string, string];
  assert.match((await faults(w, certificate({ chain: 'nothing', key: shop.key })))[0]!, /^\/spec\/chain: holds no certificate/);
  assert.match((await faults(w, certificate({ chain: shop.chain + shop.key, key: shop.key })))[0]!, /holds a EC PRIVATE KEY/);
  assert.match(
    (await faults(w, certificate({ chain: middle + leaf, key: shop.key })))[0]!,
    /certificate 1 \(CN=Test Middle\) was not issued by/,
  );
  assert.match((await faults(w, certificate({ chain: leaf + authority.root, key: shop.key })))[0]!, /was not issued by the one behind it/);
  assert.match((await faults(w, certificate({ chain: shop.chain, key: other.key })))[0]!, /^\/spec\/key: does not belong to the first/);
  assert.match((await faults(w, certificate({ chain: shop.chain, key: 'nonsense' })))[0]!, /^\/spec\/key: is no private key/);
  assert.match((await faults(w, certificate(nameless)))[0]!, /names no host/);
  assert.deepEqual(await faults(w, certificate(shop)), []);
  w.clock.advance(21 * DAY);
  assert.match((await faults(w, certificate(shop, '  warnBefore: 2d\n')))[0]!, /expired on 20/);
  const early = await world(t, Date.now() - DAY);
  assert.match((await faults(early, certificate(shop)))[0]!, /valid only from/);
});

test('every mistake of a listener has words and a place', async (t) => {
  const w = await world(t);
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{ port: 8443, addresses: [localhost] }', /^\/spec\/addresses\/0: must be an IP address/],
    ['{ port: 8443, addresses: ["::", "::"] }', /^\/spec\/addresses\/1: stands twice/],
    ['{ port: 8443, addresses: ["::1", "0:0::0:1"] }', /^\/spec\/addresses\/1: stands twice/],
    ['{ port: 8443, trustedProxies: [10.0.0.0/40] }', /^\/spec\/trustedProxies\/0: must be an IP address or a network/],
    ['{ port: 8443, proxyProtocol: required }', /needs "trustedProxies"/],
    ['{ port: 8443, tls: { certificates: [none] } }', /names the Certificate "none", which does not exist/],
    ['{ port: 8443, tls: { certificates: [shop], clientCertificates: required } }', /needs "clientAuthorities"/],
    ['{ port: 8443, tls: { certificates: [shop], ciphers: NOPE } }', /is no list of ciphers/],
    ['{ port: 8443, tls: { certificates: [] } }', /^\/spec\/tls/],
    ['{ port: 8443, limits: { head: 1B } }', /^\/spec\/limits\/head/],
  ];
  await w.apply(certificate(shop));
  for (const [spec, expected] of cases) assert.match((await faults(w, listener(spec))).join('\n'), expected, spec);
  assert.match((await faults(w, listener('{ port: 8443 }', 'default')))[0]!, /is the listener of the process configuration/);
  const elsewhere = listener('{ port: 8443 }').replace('name: edge', 'name: edge, project: shop');
  assert.match((await faults(w, elsewhere))[0]!, /belongs to the whole installation/);
});

test('a listener carries its certificates, and a new one reaches it; keys are hashed, never shown', async (t) => {
  const w = await world(t);
  const secret = `apiVersion: weir/v1\nkind: Secret\nmetadata: { name: shop-key }\nspec:\n  value: |\n    ${indent(shop.key)}\n`;
  const byName = certificate(shop).replace(/key: \|[\s\S]*$/, `key: "\${secret:shop-key}"\n`);
  const tls = listener(
    '{ port: 8443, addresses: ["0.0.0.0", "::"], tls: { certificates: [shop], minVersion: "1.3" }, ' +
      'limits: { keepAlive: 2m, headers: 50 } }',
  );
  assert.deepEqual(await faults(w, [secret, byName, tls].join('---\n')), []);
  const first = entryOf(w, 'edge')!;
  assert.deepEqual(first.tls!.certificates[0]!.hosts, ['shop.example.test', '*.shop.example.test']);
  assert.equal(first.tls!.certificates[0]!.key, shop.key);
  assert.deepEqual([first.tls!.minVersion, first.limits], ['TLSv1.3', { keepAliveMs: 120_000, headersMax: 50 }]);
  assert.ok(!JSON.stringify(await w.resources.list({})).includes('PRIVATE KEY'), 'no view shows the key');
  const before = w.publisher.entry('listener/default/edge')!.hash;
  assert.deepEqual(await faults(w, certificate(other)), []);
  assert.equal(entryOf(w, 'edge')!.tls!.certificates[0]!.chain.trim(), other.chain.trim());
  assert.notEqual(w.publisher.entry('listener/default/edge')!.hash, before);
  const wrong = certificate(other).replace(/key: \|[\s\S]*$/, `key: "\${secret:shop-key}"\n`);
  assert.deepEqual(await faults(w, wrong), [], 'a key in a Secret is looked at when it is put in place');
  assert.match((await statusOf(w, 'Certificate', 'shop')).reason!.en, /^its key does not belong to the first certificate/);
  assert.match((await statusOf(w, 'Listener', 'edge')).reason!.en, /its Certificate "shop" cannot be used/);
  assert.equal(entryOf(w, 'edge')!.tls!.certificates[0]!.chain.trim(), other.chain.trim(), 'the last good one serves on');
});

test('a listener whose certificate broke or was switched off serves on when control starts anew, until it is mended or deleted', async (t) => {
  const w = await world(t);
  const secret = (key: string): string =>
    `apiVersion: weir/v1\nkind: Secret\nmetadata: { name: shop-key }\nspec:\n  value: |\n    ${indent(key)}\n`;
  const byName = certificate(shop).replace(/key: \|[\s\S]*$/, `key: "\${secret:shop-key}"\n`);
  const tls = listener('{ port: 8443, tls: { certificates: [shop] } }');
  assert.deepEqual(await faults(w, [secret(shop.key), byName, tls].join('---\n')), []);
  const entry = () => w.publisher.entry('listener/default/edge')!;
  const { hash } = entry();
  assert.deepEqual(await faults(w, secret(other.key)), []);
  const { release } = (await w.resources.list({ kind: 'Listener' })).items[0]!;
  const again = async (from: World) => {
    w.clock.advance(1000);
    const next = await from.reopen();
    t.after(() => next.close());
    return next;
  };
  const second = await again(w);
  const { state, serving } = await statusOf(second, 'Listener', 'edge');
  assert.deepEqual([state, serving], ['failed', release]);
  assert.equal(second.publisher.entry('listener/default/edge')?.hash, hash);
  assert.equal(entryOf(second, 'edge')!.tls!.certificates[0]!.key, shop.key);
  assert.equal(second.publisher.number, w.publisher.number, 'nothing changed for the gateways');
  assert.ok(!(await second.store.settings.get('served/default/Listener/edge'))!.includes('PRIVATE'), 'it lies sealed');
  assert.deepEqual(await faults(second, secret(shop.key)), []);
  assert.equal((await statusOf(second, 'Listener', 'edge')).serving, serving);
  assert.equal(await second.store.settings.get('served/default/Listener/edge'), '', 'kept no longer than it is broken');
  const actor = { actor: { name: 'ada', address: undefined } };
  await second.resources.setEnabled({ project: 'default', kind: 'Certificate', name: 'shop' }, false, actor);
  const third = await again(second);
  assert.equal(third.publisher.entry('listener/default/edge')?.hash, hash);
  await third.resources.delete({ project: 'default', kind: 'Listener', name: 'edge' }, actor);
  assert.equal(third.publisher.entry('listener/default/edge'), undefined);
  assert.equal(await third.store.settings.get('served/default/Listener/edge'), '');
});

test('what is switched off stays off after a restart, also when the store fails just then', async (t) => {
  const w = await world(t);
  const actor = { actor: { name: 'ada', address: undefined } };
  const edge = { project: 'default', kind: 'Listener', name: 'edge' };
  await w.apply([certificate(shop), listener('{ port: 8443, tls: { certificates: [shop] } }')].join('---\n'));
  await w.resources.setEnabled({ ...edge, kind: 'Certificate', name: 'shop' }, false, actor);
  assert.ok(w.publisher.entry('listener/default/edge'), 'it serves on');
  const put = w.store.settings.put.bind(w.store.settings);
  const failing = t.mock.method(w.store.settings, 'put', async () => Promise.reject(new Error('disk full')));
  await w.resources.setEnabled(edge, false, actor);
  assert.equal(failing.mock.callCount(), 1);
  failing.mock.mockImplementation(put);
  w.clock.advance(1000); // It is tried again.
  await until(() => w.publisher.entry('listener/default/edge') === undefined, 'the retry');
  await w.resources.setEnabled(edge, true, actor);
  const again = await w.reopen();
  t.after(() => again.close());
  assert.equal(again.publisher.entry('listener/default/edge'), undefined);
});

test('an address is held to one text, however it is written', async (t) => {
  const w = await world(t);
  assert.deepEqual(await faults(w, listener('{ port: 8443, addresses: ["0:0::0", "2001:DB8::1", "10.0.0.1"] }')), []);
  assert.deepEqual(entryOf(w, 'edge')!.addresses, ['::', '2001:db8::1', '10.0.0.1']);
});

test('routes of any project name listeners; who is named cannot be deleted', async (t) => {
  const w = await world(t);
  assert.match(
    (await faults(w, upstream('team') + '---\n' + route('[edge]', 'team')))[0]!,
    /names the Listener "edge", which does not exist in project "default"/,
  );
  assert.deepEqual(await faults(w, [listener('{ port: 8443 }'), upstream('team'), route('[edge, default]', 'team')].join('---\n')), []);
  const compiled = w.publisher.entry('route/team/r')!.value as { listeners?: readonly string[] };
  assert.deepEqual(compiled.listeners, ['edge', 'default']);
  await assert.rejects(
    w.resources.delete({ project: 'default', kind: 'Listener', name: 'edge' }, { actor: { name: 'ada', address: undefined } }),
    /used by/,
  );
  assert.deepEqual(await faults(w, [upstream('default'), route('[edge]')].join('---\n')), [], 'another set of listeners is no conflict');
  assert.match((await faults(w, route('[edge]').replace('name: r', 'name: r2')))[0]!, /takes the same requests/);
});

test('status and incidents follow gateways and time', async (t) => {
  const w = await world(t);
  await w.apply([certificate(shop, '  warnBefore: 10d\n'), listener('{ port: 8443, tls: { certificates: [shop] } }')].join('---\n'));
  let state: ListenerState['addresses'] = [];
  const told = () => [{ name: 'edge', protocol: 'https' as const, reason: undefined, addresses: state }];
  const thread = () => ({ thread: 0, revision: 1, hash: '', failed: [], listeners: state.length === 0 ? [] : told() });
  w.liveStatus.follow(() => ({
    revision: 1,
    hash: '',
    nodes: [{ role: 'gateway', instance: 'g', pid: 1, since: 0, threads: [thread()] }],
  }));
  const watch = watchEntries({ ...w, incidents: w.store.incidents, log: silentLog });
  t.after(async () => watch.stop());
  const open = async () => {
    await watch.look();
    return (await w.store.incidents.list({ open: true, limit: 10 })).map(({ kind, subject, detail }) => `${kind} ${subject}: ${detail.en}`);
  };
  assert.equal((await statusOf(w, 'Listener', 'edge')).reason!.en, 'no gateway has opened it yet');
  const address = { address: '0.0.0.0', port: 8443 };
  state = [{ ...address, state: 'failed', reason: { en: 'taken', zh: '占用' } }];
  assert.deepEqual(
    [(await statusOf(w, 'Listener', 'edge')).state, await open()],
    ['failed', ['listener-down edge: Listener edge is not (wholly) open: taken. It is tried again.']],
  );
  state = [{ ...address, state: 'open', reason: undefined }];
  const status = await statusOf(w, 'Listener', 'edge');
  assert.deepEqual([status.state, status.notes!.map((note) => note.en), await open()], ['ready', ['open on 0.0.0.0:8443'], []]);
  const notes = (await statusOf(w, 'Certificate', 'shop')).notes!.map((note) => note.en);
  assert.match(notes.join(), /^for shop\.example\.test, \*\.shop\.example\.test,valid until 20\d\d-/);
  w.clock.advance(12 * DAY);
  assert.match((await open())[0]!, /^certificate-expiry shop: Certificate shop expires on .*, in [78] days/);
  assert.match((await statusOf(w, 'Certificate', 'shop')).warnings[0]!.en, /replace it/);
  w.clock.advance(10 * DAY);
  assert.match((await open())[0]!, /Certificate shop expired on/);
  assert.equal((await statusOf(w, 'Certificate', 'shop')).state, 'failed');
  await w.resources.delete({ project: 'default', kind: 'Listener', name: 'edge' }, { actor: { name: 'ada', address: undefined } });
  await w.resources.delete({ project: 'default', kind: 'Certificate', name: 'shop' }, { actor: { name: 'ada', address: undefined } });
  assert.deepEqual(await open(), []);
});

test('the documents of the guide are taken as they stand there', async (t) => {
  const w = await world(t);
  const guide = readFileSync(path.join(import.meta.dirname, '../../docs/guides/gateway.md'), 'utf8');
  const section = (title: string) => guide.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!;
  const yaml = (title: string) => /```yaml\n([\s\S]*?)```/.exec(section(title))![1]!;
  assert.deepEqual(await faults(w, yaml('Listeners')), []);
  const pem = yaml('TLS').replace(/ {4}-----BEGIN[\s\S]*?…\n/, `    ${indent(shop.chain)}\n`);
  const secret = `apiVersion: weir/v1\nkind: Secret\nmetadata: { name: shop-key }\nspec:\n  value: |\n    ${indent(shop.key)}\n---\n`;
  assert.deepEqual(await faults(w, secret + pem), []);
  assert.deepEqual(entryOf(w, 'edge')!.tls!.certificates[0]!.hosts, ['shop.example.test', '*.shop.example.test']);
});
