/**
 * Aim: nobody comes in who should not, nothing secret is left lying about. Method: the real rooms on a
 * real SQLite store, time moved by hand.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { manualClock } from '../../base/clock.ts';
import { idGenerator } from '../../base/id.ts';
import { systemRandom } from '../../base/random.ts';
import { openStore } from '../../store/store.ts';
import type { StoredResource } from '../../sdk/resource.ts';
import type { Store } from '../../store/types.ts';
import { createAccounts } from './accounts.ts';
import { createAudit } from './audit.ts';
import { createCallers } from './callers.ts';
import { ensureFirstAdmin, forgetPasswordFile, newCliToken } from './first-start.ts';
import { createKeys } from './keys.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { keysOf, openKeys } from './secret-box.ts';
import { createTokens } from './tokens.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-access-'));
const clock = manualClock();
const newId = idGenerator(clock, systemRandom);
const me = { name: 'admin', address: '127.0.0.1' };
const CANARY = 'canary-c0ffee-password';
let store: Store;
before(async () => void (store = await openStore({ file: path.join(folder, 'store.db'), clock, newId })));
after(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
const rooms = () => {
  const audit = createAudit(store, clock, newId);
  const accounts = createAccounts({
    store,
    audit,
    clock,
    sessionLongestMs: 3_600_000,
    onPasswordChanged: () => forgetPasswordFile(folder),
  });
  return { audit, accounts };
};

test('a password survives its PHC string and nothing else does', async () => {
  const phc = await hashPassword(CANARY);
  assert.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await verifyPassword(CANARY, phc), true);
  assert.equal(await verifyPassword(`${CANARY}x`, phc), false);
  assert.equal(await verifyPassword('', null), false);
  assert.equal(await verifyPassword(CANARY, 'plain'), false);
});

test('the first admin is made once; its file goes at the first change of password', async () => {
  const password = (await ensureFirstAdmin(store.accounts, folder, undefined, clock))!;
  const file = path.join(folder, 'admin-password');
  assert.equal(readFileSync(file, 'utf8').trim(), password);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(
    await ensureFirstAdmin(store.accounts, folder, 'from-environment', clock),
    null,
    'a user exists: the given one does not count',
  );
  const { accounts } = rooms();
  await assert.rejects(accounts.changePassword('admin', 'wrong', CANARY, me), { code: 'core/access/wrong-password' });
  await assert.rejects(accounts.changePassword('admin', password, 'short', me), { code: 'core/access/weak-password' });
  await accounts.changePassword('admin', password, CANARY, me);
  assert.equal(existsSync(file), false);
});

test('wrong passwords lock, time unlocks, and the last admin stays', async () => {
  const { accounts } = rooms();
  const from = { address: '10.0.0.9', userAgent: '' };
  await store.loginFailures.clear('user:admin');
  for (let i = 0; i < 5; i++) await assert.rejects(accounts.login('admin', 'nope', from), { code: 'core/access/login-failed' });
  await assert.rejects(accounts.login('admin', CANARY, from), { code: 'core/access/locked' });
  await assert.rejects(accounts.login('nobody', 'x', from), { code: 'core/access/locked' }, 'the address is locked too');
  clock.advance(2_001);
  const { session } = await accounts.login('admin', CANARY, from);
  const callers = createCallers({ store, audit: rooms().audit, clock, cliToken: 'x', sessionIdleMs: 60_000 });
  const local = { address: '127.0.0.1', local: true };
  assert.equal((await callers.bySession(session, local))?.role, 'admin');
  clock.advance(60_001);
  assert.equal(await callers.bySession(session, local), null, 'idle for too long');
  await assert.rejects(accounts.setRole('admin', 'viewer', me), { code: 'core/access/last-admin' });
  await assert.rejects(accounts.delete('admin', me), { code: 'core/access/last-admin' });
});

test('tries at the same moment count one by one, and a flood writes one line for each lock', async () => {
  const { accounts } = rooms();
  const from = { address: '10.0.0.77', userAgent: '' };
  const tries = await Promise.allSettled(Array.from({ length: 30 }, () => accounts.login('mallory', 'nope', from)));
  const codes = tries.map((t) => (t as PromiseRejectedResult).reason.code as string);
  assert.equal(codes.filter((c) => c === 'core/access/login-failed').length, 5);
  assert.equal(codes.filter((c) => c === 'core/access/locked').length, 25);
  const lines = await store.audit.list({ subject: 'mallory', limit: 100 });
  assert.deepEqual(lines.map((l) => l.detail).sort(), ['locked', ...Array<string>(5).fill('wrong user or password')]);
});

test('an account kept by a User resource is changed there; two admins cannot demote each other', async () => {
  const { accounts } = rooms();
  await accounts.create({ name: 'zoe', role: 'admin', password: CANARY }, me);
  await store.resources.put({ ...consumer('zoe'), kind: 'User' }, 'created', 10);
  await assert.rejects(accounts.delete('zoe', me), { code: 'core/access/resource-owned' });
  await accounts.create({ name: 'yan', role: 'admin', password: CANARY }, me);
  await store.accounts.put({ ...(await store.accounts.get('zoe'))!, enabled: false });
  const demoted = await Promise.allSettled(['admin', 'yan'].map((name) => accounts.setRole(name, 'viewer', me)));
  assert.deepEqual(demoted.map((d) => d.status).sort(), ['fulfilled', 'rejected']);
  await accounts.setRole('admin', 'admin', me);
});

test('a change that cannot be audited does not happen', async () => {
  const { accounts } = rooms();
  const broken = createAccounts({
    store,
    clock,
    sessionLongestMs: 1000,
    onPasswordChanged: () => assert.fail('nothing was changed'),
    audit: async () => Promise.reject(new Error('no audit')),
  });
  const before = await store.accounts.get('yan');
  await assert.rejects(broken.resetPassword('yan', `${CANARY}-new`, me), /no audit/);
  await assert.rejects(broken.delete('yan', me), /no audit/);
  assert.deepEqual(await store.accounts.get('yan'), before);
  await assert.rejects(accounts.resetPassword('yan', 'aaaaaaaaaaaaaa', me), { code: 'core/access/weak-password' });
});

test('tokens are scoped and end; the CLI token counts on loopback only', async () => {
  const { audit } = rooms();
  const tokens = createTokens(store, audit, clock, newId);
  const cli = newCliToken(folder);
  assert.equal(statSync(path.join(folder, 'cli-token')).mode & 0o777, 0o600);
  const callers = createCallers({ store, audit, clock, cliToken: cli, sessionIdleMs: 1000 });
  assert.equal((await callers.byToken(cli, { address: '127.0.0.1', local: true }))?.name, 'local-cli');
  assert.equal(await callers.byToken(cli, { address: '10.1.1.1', local: false }), null);
  const asked = { name: 'scraper', role: 'viewer', projects: ['default'], permissions: ['metrics:read'], expiresAt: clock.now() + 1000 };
  await assert.rejects(tokens.create({ ...asked, permissions: ['users:write'] }, me), { code: 'core/access/unknown-permission' });
  const { secret, token } = await tokens.create(asked, me);
  const found = await callers.byToken(secret, { address: '10.1.1.1', local: false });
  assert.deepEqual([...found!.permissions], ['metrics:read']);
  clock.advance(1001);
  assert.equal(await callers.byToken(secret, { address: '10.1.1.1', local: false }), null, 'expired');
  assert.equal(await tokens.revoke(token.id, me), true);
});

const consumer = (name: string): StoredResource => ({
  project: 'default',
  kind: 'Consumer',
  name,
  manager: 'api',
  text: '',
  spec: {},
  labels: {},
  description: undefined,
  enabled: true,
  version: 1,
  release: 'r',
  createdAt: 1,
  updatedAt: 1,
  updatedBy: 'me',
});

test('keys are shown once and kept as a hash', async () => {
  let told = 0;
  await store.resources.put(consumer('app'), 'created', 10);
  const keys = createKeys(store, rooms().audit, clock, newId, async () => void told++);
  await assert.rejects(keys.create({ project: 'default', consumer: 'nobody', expiresAt: null }, me), {
    code: 'core/access/no-such-consumer',
  });
  const { secret, key } = await keys.create({ project: 'default', consumer: 'app', expiresAt: null }, me);
  assert.ok(Buffer.from(secret.slice(3), 'base64url').length >= 16);
  assert.equal(JSON.stringify(await keys.list('default')).includes(secret), false);
  assert.equal(await keys.revoke('other', key.id, me), false);
  assert.equal(await keys.revoke('default', key.id, me), true);
  assert.equal(told, 2);
});

test('sealed values open only in their context and under their key', async () => {
  const file = path.join(folder, 'master.key');
  const box = await openKeys(file, store.settings);
  const sealed = box.seal(CANARY, 'a');
  assert.equal(box.open(sealed, 'a'), CANARY);
  assert.throws(() => box.open(sealed, 'b'), { code: 'core/access/sealed-value' });
  const flipped = Buffer.from(sealed.split('.')[1]!, 'base64url');
  flipped[20]! ^= 1;
  assert.throws(() => box.open(`${box.keyId}.${flipped.toString('base64url')}`, 'a'), { code: 'core/access/sealed-value' });
  assert.throws(() => box.open(`${box.keyId}.${flipped.subarray(0, 16).toString('base64url')}`, 'a'), { code: 'core/access/sealed-value' });
  await store.settings.put('canary', sealed);
  assert.throws(() => keysOf(Buffer.alloc(32)).open(sealed, 'a'), { code: 'core/access/sealed-value' });
  assert.notEqual(box.hmac('x', 't'), box.hmac('y', 't'));
  chmodSync(file, 0o644);
  await assert.rejects(openKeys(file, store.settings), /0600/);
  chmodSync(file, 0o600);
  writeFileSync(file, Buffer.alloc(32).toString('base64'));
  await assert.rejects(openKeys(file, store.settings), /not the one this store was made with/);
  rmSync(file);
  await assert.rejects(openKeys(file, store.settings), { code: 'core/access/master-key' }, 'a lost key is never replaced silently');
  const empty = { get: async () => null, put: async () => {}, putOnce: async (_name: string, value: string) => value };
  await assert.rejects(
    openKeys(file, empty, { given: true }),
    { code: 'core/access/master-key' },
    'a file the operator named is never made',
  );
  assert.equal(existsSync(file), false);
});

test('every login and change stands in the audit trail, no secret does', async () => {
  const rows = await store.audit.list({ limit: 100 });
  const actions = new Set(rows.map((r) => `${r.action}:${r.outcome}`));
  for (const action of [
    'login:done',
    'login:refused',
    'user.password:done',
    'user.password:refused',
    'token.create:done',
    'key.create:done',
    'key.revoke:done',
  ]) {
    assert.ok(actions.has(action), action);
  }
  assert.equal(JSON.stringify(rows).includes(CANARY), false);
  for (const name of ['store.db', 'store.db-wal']) assert.equal(readFileSync(path.join(folder, name)).includes(CANARY), false, name);
});
