/**
 * Aim: guards cannot be walked around, and connectors are shared and closed as promised.
 * Method: a folder with links that lead out, a fake name server, real SQLite through the real guards.
 */
import assert from 'node:assert/strict';
import { closeSync, linkSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { manualClock, systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { Problem } from '../base/problem.ts';
import sqlite from '../extensions/connectors/sqlite/index.ts';
import type { Connector, ConnectorComponent } from '../sdk/connector.ts';
import { addressRefusal } from '../sdk/address.ts';
import { createConnections } from './connections.ts';
import { fileGuard } from './files.ts';
import { hostGuard } from './hosts.ts';

const base = mkdtempSync(path.join(tmpdir(), 'weir-guards-'));
after(() => rmSync(base, { recursive: true, force: true }));
const root = path.join(base, 'files');
const data = path.join(root, 'data'); // Inside an allowed folder, and still refused.
const outside = path.join(base, 'outside');
for (const folder of [root, data, outside, path.join(root, 'sub')]) mkdirSync(folder);
for (const file of ['files/ok.csv', 'files/sub/deep.csv', 'files/data/weir.db', 'outside/secret.csv'])
  writeFileSync(path.join(base, file), 'x');
symlinkSync(path.join(outside, 'secret.csv'), path.join(root, 'link.csv'));
symlinkSync(outside, path.join(root, 'linked-folder'));
symlinkSync(path.join(root, 'sub', 'deep.csv'), path.join(root, 'inner-link.csv'));
symlinkSync(path.join(outside, 'not-yet.db'), path.join(root, 'dangling.db'));
symlinkSync(data, path.join(root, 'to-data'));
const files = fileGuard({ roots: [root], dataFolder: data });
const code = (name: string) => (error: unknown) => error instanceof Problem && error.code === `core/connections/${name}`;

test('files inside the roots are found, links inside followed to the end', async () => {
  assert.equal(await files.resolve('ok.csv', 'read'), path.join(root, 'ok.csv'));
  assert.equal(await files.resolve(path.join(root, 'sub/deep.csv'), 'read'), path.join(root, 'sub/deep.csv'));
  assert.equal(await files.resolve('inner-link.csv', 'read'), path.join(root, 'sub/deep.csv'));
  assert.equal(await files.resolve('sub/new.db', 'write'), path.join(root, 'sub/new.db'));
});

for (const file of [
  '../outside/secret.csv',
  'link.csv',
  'linked-folder/secret.csv',
  'sub/../../outside/secret.csv',
  '/etc/passwd',
  'data/weir.db',
  'to-data/weir.db',
  'sub',
  '.',
  'a\0b',
]) {
  test(`reading ${JSON.stringify(file)} is refused`, () => assert.rejects(files.resolve(file, 'read'), code('file-refused')));
}
for (const file of [
  '../outside/new.db',
  'linked-folder/new.db',
  'dangling.db',
  'data/new.db',
  'to-data/new.db',
  'nowhere/new.db',
  '/tmp/new.db',
]) {
  test(`writing ${JSON.stringify(file)} is refused`, () => assert.rejects(files.resolve(file, 'write'), code('file-refused')));
}

test('a missing file to read is told as missing', () => assert.rejects(files.resolve('none.csv', 'read'), code('file-missing')));

test('a file swapped for a link between check and open is caught on the descriptor', async () => {
  const name = path.join(root, 'swapped.csv');
  writeFileSync(name, 'x');
  const allowed = await files.resolve('swapped.csv', 'read');
  renameSync(name, path.join(root, 'swapped.old'));
  symlinkSync(path.join(outside, 'secret.csv'), name);
  const followed = openSync(allowed, 'r');
  assert.throws(() => files.recheck(followed, allowed), code('file-refused'));
  closeSync(followed);
});

test('a folder swapped for a link between check and open is caught on the descriptor', async () => {
  mkdirSync(path.join(root, 'folder'));
  writeFileSync(path.join(root, 'folder/secret.csv'), 'x');
  const allowed = await files.resolve('folder/secret.csv', 'read');
  renameSync(path.join(root, 'folder'), path.join(root, 'folder.old'));
  symlinkSync(outside, path.join(root, 'folder'));
  const followed = openSync(allowed, 'r');
  assert.throws(() => files.recheck(followed, allowed), code('file-refused'));
  closeSync(followed);
  linkSync(path.join(root, 'ok.csv'), path.join(root, 'hard.csv'));
  const plain = openSync(path.join(root, 'hard.csv'), 'r');
  files.recheck(plain, path.join(root, 'hard.csv'));
  closeSync(plain);
});

test('addresses: link-local, metadata, reserved and our own ports are refused, in every spelling', () => {
  const own = { ports: new Set([8081]), local: new Set(['192.0.2.7']) };
  for (const address of [
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    '100.100.100.200',
    'fd00:ec2::254',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
    'not-an-address',
  ])
    assert.ok(addressRefusal(address, 5432, own), address);
  for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', '192.0.2.7']) {
    assert.equal(addressRefusal(address, 8081, own)?.en, 'it is a port of Weir itself', address);
    assert.equal(addressRefusal(address, 8082, own), undefined, address);
  }
  for (const address of ['10.0.0.5', '192.168.1.1', '2001:db8::1', '93.184.216.34'])
    assert.equal(addressRefusal(address, 8081, own), undefined, address);
});

test('a name is refused after it is resolved, and one bad address refuses it', async () => {
  const answers: Record<string, string[]> = {
    'good.example.test': ['10.0.0.1'],
    'mixed.example.test': ['10.0.0.1', '169.254.169.254'],
    'none.example.test': [],
  };
  const hosts = hostGuard({
    clock: systemClock,
    ownPorts: () => [9000],
    lookup: (host, callback) =>
      host in answers
        ? callback(
            null,
            answers[host]!.map((address) => ({ address })),
          )
        : callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []),
  });
  const signal = new AbortController().signal;
  assert.deepEqual(await hosts.resolve('good.example.test', 5432, signal), ['10.0.0.1']);
  await assert.rejects(hosts.resolve('mixed.example.test', 80, signal), code('connection-refused-address'));
  await assert.rejects(hosts.resolve('none.example.test', 80, signal), code('host-unknown'));
  await assert.rejects(hosts.resolve('other.example.test', 80, signal), code('host-unknown'));
});

test('a name server that never answers is waited for no longer than the limit; an abort ends the wait', async () => {
  const clock = manualClock();
  const hosts = hostGuard({ clock, ownPorts: () => [], timeoutMs: 1000, lookup: () => {} });
  const waiting = assert.rejects(hosts.resolve('slow.example.test', 80, new AbortController().signal), code('host-unknown'));
  clock.advance(1000);
  await waiting;
  const controller = new AbortController();
  const aborted = assert.rejects(hosts.resolve('slow.example.test', 80, controller.signal), /stop it/);
  controller.abort(new Error('stop it'));
  await aborted;
});

test('connectors are shared by configuration, and closed a while after their last use', async () => {
  const clock = manualClock();
  let closed = 0;
  const counting = {
    ...sqlite,
    create: (...args: Parameters<typeof sqlite.create>): Connector => ({ ...sqlite.create(...args), close: async () => void closed++ }),
  };
  const connections = createConnections({
    registry: { connectors: new Map([['sqlite', counting as unknown as ConnectorComponent]]) },
    clock,
    log: silentLog,
    files,
    hosts: hostGuard({ clock, ownPorts: () => [] }),
    idleMs: 1000,
    openMax: 2,
  });
  const compiled = (name: string, config: Record<string, unknown>) => ({ project: 'default', name, type: 'sqlite', config, poolMax: 4 });
  const first = connections.open(compiled('a', { file: 'ok.db' }));
  const second = connections.open(compiled('a', { file: 'ok.db' }));
  assert.equal(first.source, second.source);
  await first.close();
  await first.close();
  clock.advance(5000);
  assert.equal(closed, 0, 'one user is left, whatever the other closes twice');
  await second.close();
  const third = connections.open(compiled('a', { file: 'ok.db' }));
  clock.advance(5000);
  assert.equal(closed, 0, 'taken again before the time was up');
  await third.close();
  clock.advance(1000);
  assert.equal(closed, 1);
  assert.throws(() => connections.open(compiled('b', { fiel: 'x.db' })), code('bad-config'));
  assert.throws(() => connections.open({ ...compiled('b', {}), type: 'oracle' }), code('unknown-connector'));
  connections.open(compiled('c', { file: 'c.db' }));
  connections.open(compiled('d', { file: 'd.db' }));
  assert.throws(() => connections.open(compiled('e', { file: 'e.db' })), code('too-many'));
  await connections.close();
  assert.equal(closed, 3);
});

test('SQLite through the guards: neither the data folder, nor a link out, nor ATTACH', async () => {
  const connections = createConnections({
    registry: { connectors: new Map([['sqlite', sqlite as unknown as ConnectorComponent]]) },
    clock: systemClock,
    log: silentLog,
    files,
    hosts: hostGuard({ clock: systemClock, ownPorts: () => [] }),
  });
  const signal = AbortSignal.timeout(10_000);
  for (const file of ['data/weir.db', 'link.csv', '/etc/passwd']) {
    const connector = connections.open({ project: 'default', name: 'x', type: 'sqlite', config: { file }, poolMax: 1 });
    await assert.rejects(connector.discover(signal), code('file-refused'));
    await connector.close();
  }
  const steps = [];
  for await (const step of connections.check(
    { project: 'default', name: 'x', type: 'sqlite', config: { file: 'to-data/weir.db' }, poolMax: 1 },
    signal,
  ))
    steps.push(step);
  assert.deepEqual(
    steps.map((step) => [step.step, step.ok]),
    [['path', false]],
  );
  await connections.close();
});
