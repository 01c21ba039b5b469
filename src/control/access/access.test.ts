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
import { openWorld, type World } from '../../../test/control/world.ts';
import { silentLog } from '../../base/log.ts';
import type { StoredResource } from '../../sdk/resource.ts';
import type { Store } from '../../store/types.ts';
import type { Caller } from '../api/caller.ts';
import { createAccounts } from './accounts.ts';
import { createAudit } from './audit.ts';
import { createCallers } from './callers.ts';
import { ensureFirstAdmin, forgetPasswordFile, newCliToken } from './first-start.ts';
import { createKeys } from './keys.ts';
import { createLockout } from './lockout.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { keysOf, openKeys } from './secret-box.ts';
import { createDenials, KNOWN_EACH_MAX, STRANGERS_MAX, WINDOW_MS } from './denials.ts';
import { createTokens } from './tokens.ts';
import { adoptAccounts, createUserDocuments } from './user-documents.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-access-'));
const clock = manualClock();
const me = { name: 'admin', address: '127.0.0.1' };
const CANARY = 'canary-c0ffee-password';
let world: World;
let store: Store;
let newId: World['newId'];
before(async () => {
  world = await openWorld({ clock });
  ({ store, newId } = world);
});
after(async () => {
  await world.end();
  rmSync(folder, { recursive: true, force: true });
});
const rooms = () => {
  const audit = createAudit(store, clock, newId);
  const accounts = createAccounts({
    store,
    audit,
    clock,
    documents: createUserDocuments(world.resources),
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
  const password = (await ensureFirstAdmin(store, rooms().audit, folder, undefined, clock))!;
  const file = path.join(folder, 'admin-password');
  assert.equal(readFileSync(file, 'utf8').trim(), password);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(
    await ensureFirstAdmin(store, rooms().audit, folder, 'from-environment', clock),
    null,
    'a user exists: the given one does not count',
  );
  const [line] = await store.audit.list({ action: 'user.create', limit: 10 });
  assert.deepEqual([line?.actor, line?.actorKind, line?.subject], ['weir', 'system', 'admin'], 'the first user is in the audit trail');
  assert.doesNotMatch(JSON.stringify(line), new RegExp(password));
  const { accounts } = rooms();
  await assert.rejects(accounts.changePassword('admin', 'wrong', CANARY, me), { code: 'core/access/wrong-password' });
  await assert.rejects(accounts.changePassword('admin', password, 'short', me), { code: 'core/access/weak-password' });
  await accounts.changePassword('admin', password, CANARY, me);
  assert.equal(existsSync(file), false);
});

test('wrong passwords lock the user from that address only; time unlocks; the last admin stays', async () => {
  const { accounts } = rooms();
  const [from, elsewhere] = ['10.0.0.9', '10.0.0.10'].map((address) => ({ address, userAgent: '' }));
  for (let i = 0; i < 5; i++) await assert.rejects(accounts.login('admin', 'nope', from!), { code: 'core/access/login-failed' });
  await assert.rejects(accounts.login('admin', CANARY, from!), { code: 'core/access/locked' });
  await assert.rejects(
    accounts.login('nobody', 'x', from!),
    { code: 'core/access/login-failed' },
    'others behind the same proxy are not locked',
  );
  await accounts.login('admin', CANARY, elsewhere!);
  const [admin] = await accounts.list();
  assert.equal(admin?.lockedUntil, clock.now() + 2_000, 'the list of users tells of the lock');
  await accounts.resetPassword('admin', CANARY, me);
  assert.equal((await accounts.list())[0]?.lockedUntil, null, 'a password set anew forgets it');
  for (let i = 0; i < 5; i++) await assert.rejects(accounts.login('admin', 'nope', from!), { code: 'core/access/login-failed' });
  clock.advance(2_001);
  const { session } = await accounts.login('admin', CANARY, from!);
  const callers = createCallers({ store, clock, cliToken: 'x', sessionIdleMs: 60_000 });
  const local = { address: '127.0.0.1', local: true };
  assert.equal(((await callers.bySession(session, local)) as Caller).role, 'admin');
  clock.advance(60_001);
  assert.deepEqual(await callers.bySession(session, local), { spent: 'expired', name: 'admin', kind: 'user' }, 'idle for too long');
  await assert.rejects(accounts.setRole('admin', 'viewer', me), { code: 'core/access/last-admin' });
  await assert.rejects(accounts.delete('admin', me), { code: 'core/access/last-admin' });
});

test('tries at the same moment count one by one; an address that goes through many users is locked as a whole', async () => {
  const { accounts } = rooms();
  const from = { address: '10.0.0.77', userAgent: '' };
  const codes = async (names: readonly string[]) =>
    (await Promise.allSettled(names.map((name) => accounts.login(name, 'nope', from)))).map(
      (t) => (t as PromiseRejectedResult).reason.code as string,
    );
  const same = await codes(Array<string>(20).fill('mallory'));
  assert.equal(same.filter((c) => c === 'core/access/login-failed').length, 5);
  assert.equal(same.filter((c) => c === 'core/access/locked').length, 15);
  const lockout = createLockout(store, clock); // The same count, without a hundred passwords to hash.
  for (let i = 0; i < 95; i++) await lockout.begin(`user-${i}`, from.address);
  await assert.rejects(accounts.login('admin', CANARY, from), { code: 'core/access/locked' }, 'a hundred wrong ones from one address');
  clock.advance(2_001);
  await accounts.login('admin', CANARY, from);
  await accounts.login('admin', CANARY, from);
  await assert.rejects(accounts.login('user-new', 'nope', from), { code: 'core/access/login-failed' });
  await assert.rejects(accounts.login('user-new', 'nope', from), { code: 'core/access/locked' }, 'a right one takes back its own try only');
});

test('a caller has no new tries with each address of the network they hold', async () => {
  const lockout = createLockout(store, clock);
  const tries = ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:9::', '2001:0DB8::ffff', '2001:db8::4%eth0'];
  for (const address of tries) await lockout.begin('ines', address);
  await assert.rejects(lockout.begin('ines', '2001:db8::5'), { code: 'core/access/locked' });
  await lockout.begin('ines', '2001:db8:0:1::5');
  for (const address of ['127.0.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.1', '127.9.9.9']) await lockout.begin('ines', address);
  await assert.rejects(lockout.begin('ines', '127.1.2.3'), { code: 'core/access/locked' }, 'this machine is one caller');
  for (let i = 0; i < 5; i++) await lockout.begin('ines', i % 2 === 0 ? '192.0.2.1' : '::ffff:192.0.2.1');
  await assert.rejects(lockout.begin('ines', '192.0.2.1'), { code: 'core/access/locked' }, 'written either way');
  await lockout.begin('ines', '192.0.2.2');
});

test('refusals are written at once, counted within the minute, and a flood from everywhere has an end', async () => {
  const { audit } = rooms();
  const denials = createDenials({ audit, clock, log: silentLog });
  const denial = (address: string, name = '', subject = 'listUsers') => ({
    actor: { name, kind: name === '' ? ('nobody' as const) : ('token' as const), address },
    action: 'denied' as const,
    subject,
    detail: 'flood',
  });
  const lines = async () => (await store.audit.list({ action: 'denied', limit: 1000 })).filter((l) => /flood|many/.test(l.detail));
  for (let i = 0; i < 50; i++) await denials.note(denial('10.9.0.1', '', `operation-${i}`));
  assert.deepEqual(
    (await lines()).map((l) => l.detail),
    ['flood'],
  );
  for (let i = 0; i < 3; i++) for (const subject of ['a', 'b']) await denials.note(denial('10.9.0.1', 'robot', subject));
  assert.equal((await lines()).length, 3, 'one for each operation of somebody known');
  clock.advance(WINDOW_MS);
  await denials.close();
  assert.deepEqual((await lines()).map((l) => l.detail).sort(), [
    ...Array<string>(3).fill('flood'),
    ...Array<string>(2).fill('flood; 2 more within a minute'),
    'flood; 49 more within a minute',
  ]);
  const before = (await lines()).length;
  for (let i = 0; i < 1000; i++) await denials.note(denial(`10.${i >> 8}.${i & 255}.1`));
  for (let i = 0; i < 50; i++) await denials.note(denial(`2001:db8:0:1::${i}`));
  await denials.close();
  const flood = (await lines()).slice(0, -before);
  assert.equal(flood.length, STRANGERS_MAX + 2, 'the last one stands for all the others, and is counted');
  assert.match(flood[0]!.detail, /^many; 1019 more within a minute$/);
});

test('one caller who asks for everything neither fills the audit trail nor hides the refusals of others', async () => {
  const denials = createDenials({ audit: rooms().audit, clock, log: silentLog });
  const denial = (name: string, address: string, subject: string) => ({
    actor: { name, kind: 'token' as const, address },
    action: 'denied' as const,
    subject,
    detail: 'siege',
  });
  for (let i = 0; i < 1000; i++) await denials.note(denial('flooder', `10.${i >> 8}.${i & 255}.2`, `p${i}/getResource`));
  await denials.note(denial('quiet', '10.0.0.3', 'other/getResource'));
  await denials.close();
  const of = async (actor: string) => (await store.audit.list({ action: 'denied', actor, limit: 1000 })).map((line) => line.detail);
  assert.deepEqual((await of('flooder')).sort().slice(0, 2), ['many', `many; ${1000 - KNOWN_EACH_MAX - 1} more within a minute`]);
  assert.equal((await of('flooder')).length, KNOWN_EACH_MAX + 2);
  assert.deepEqual(await of('quiet'), ['siege']);
});

test('users are documents: made by the API, dumped, changed there; two admins cannot demote each other', async () => {
  const { accounts } = rooms();
  await adoptAccounts(store, world.resources, silentLog);
  await adoptAccounts(store, world.resources, silentLog);
  await accounts.create({ name: 'zoe', role: 'admin', password: CANARY }, me);
  await assert.rejects(accounts.create({ name: 'zoe', role: 'admin', password: CANARY }, me), { code: 'core/access/user-exists' });
  await assert.rejects(accounts.create({ name: 'Zoe@x', role: 'viewer', password: CANARY }, me), { code: 'core/resources/invalid' });
  const dump = await world.resources.dump({ kind: 'User' });
  assert.match(dump, /name: admin[^]*displayName: Administrator[^]*name: zoe/);
  assert.doesNotMatch(dump, /argon2|assword/);
  const again = await world.apply(dump);
  assert.deepEqual(
    again.results.map((r) => r.outcome),
    ['unchanged', 'unchanged'],
    'dump → apply is the identity',
  );
  await world.apply('apiVersion: weir/v1\nkind: Plan\nmetadata: { name: gold }\nspec: {}\n', { prune: true });
  assert.equal((await accounts.list()).length, 2, 'documents without any user take nobody away');
  await accounts.login('zoe', CANARY, { address: '10.0.0.1', userAgent: '' });
  const demoted = await Promise.allSettled(['admin', 'zoe'].map((name) => accounts.setRole(name, 'viewer', me)));
  assert.deepEqual(demoted.map((d) => d.status).sort(), ['fulfilled', 'rejected']);
  await accounts.setRole('admin', 'admin', me);
  assert.match(await world.resources.dump({ kind: 'User' }), /name: admin\nspec:\n {2}displayName: Administrator\n {2}role: admin/);
  await accounts.create({ name: 'yan', role: 'admin', password: CANARY }, me);
  await accounts.delete('zoe', me);
  assert.equal(await store.accounts.get('zoe'), null);
});

test('a change that cannot be audited does not happen', async () => {
  const { accounts } = rooms();
  const broken = createAccounts({
    store,
    clock,
    documents: createUserDocuments(world.resources),
    sessionLongestMs: 1000,
    onPasswordChanged: () => assert.fail('nothing was changed'),
    audit: async () => Promise.reject(new Error('no audit')),
  });
  const before = await store.accounts.get('yan');
  await assert.rejects(broken.resetPassword('yan', `${CANARY}-new`, me), /no audit/);
  assert.deepEqual(await store.accounts.get('yan'), before);
  await assert.rejects(accounts.resetPassword('yan', 'aaaaaaaaaaaaaa', me), { code: 'core/access/weak-password' });
});

test('tokens are scoped and end; the CLI token counts on loopback only', async () => {
  const { audit } = rooms();
  const tokens = createTokens(store, audit, clock, newId);
  const cli = newCliToken(folder);
  assert.equal(statSync(path.join(folder, 'cli-token')).mode & 0o777, 0o600);
  const callers = createCallers({ store, clock, cliToken: cli, sessionIdleMs: 1000 });
  assert.equal(((await callers.byToken(cli, { address: '127.0.0.1', local: true })) as Caller).name, 'local-cli');
  const abroad = await callers.byToken(cli, { address: '10.1.1.1', local: false });
  assert.deepEqual(abroad, { spent: 'not from this machine', name: 'local-cli', kind: 'local-cli' });
  assert.equal(await callers.byToken('weir_unknown', { address: '10.1.1.1', local: false }), null);
  const asked = { name: 'scraper', role: 'viewer', projects: ['default'], permissions: ['metrics:read'], expiresAt: clock.now() + 1000 };
  await assert.rejects(tokens.create({ ...asked, permissions: ['users:write'] }, me), { code: 'core/access/unknown-permission' });
  const { secret, token } = await tokens.create(asked, me);
  const found = await callers.byToken(secret, { address: '10.1.1.1', local: false });
  assert.deepEqual([...(found as Caller).permissions], ['metrics:read']);
  clock.advance(1001);
  const use = async () => (await callers.byToken(secret, { address: '10.1.1.1', local: false })) as { spent?: string };
  assert.equal((await use()).spent, 'expired');
  assert.equal(await tokens.revoke(token.id, me), true);
  assert.equal((await use()).spent, 'revoked');
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
  for (const action of ['login:done', 'user.password:done', 'token.create:done', 'key.create:done', 'key.revoke:done']) {
    assert.ok(actions.has(action), action);
  }
  assert.equal(JSON.stringify(rows).includes(CANARY), false);
  for (const name of ['weir.db', 'weir.db-wal'])
    assert.equal(readFileSync(path.join(world.folder, 'data', name)).includes(CANARY), false, name);
});
