/** People and their sessions: logging in, passwords, roles. Every success and every refusal is audited. */
import type { Clock } from '../../base/clock.ts';
import type { AccountRow, Store } from '../../store/types.ts';
import type { Accounts, UserView } from '../api/parts.ts';
import type { Audit } from './audit.ts';
import { createLockout } from './lockout.ts';
import { checkStrength, hashPassword, verifyPassword } from './password.ts';
import problems from './problems.ts';
import { newSecretText, sha256Hex } from './secrets-text.ts';

export interface AccountOptions {
  readonly store: Pick<Store, 'accounts' | 'sessions' | 'loginFailures' | 'transaction'>;
  readonly audit: Audit;
  readonly clock: Clock;
  /** A session ends after this long, used or not. */
  readonly sessionLongestMs: number;
  /** Called after a password was changed: the first admin's file goes. */
  readonly onPasswordChanged: (name: string) => void;
}

export function createAccounts(options: AccountOptions): Accounts {
  const { store, audit, clock } = options;
  const lockout = createLockout(store.loginFailures, clock);
  const existing = async (name: string): Promise<AccountRow> => {
    const row = await store.accounts.get(name);
    if (!row) throw problems.raise['no-such-user']({ values: { name } });
    return row;
  };
  const view = async ({ passwordHash: _, ...row }: AccountRow): Promise<UserView> => ({ ...row, lockedUntil: await lockout.lockedUntil(`user:${row.name}`) });
  const setPassword = async (row: AccountRow, password: string) => {
    checkStrength(password, row.name);
    await store.accounts.put({ ...row, passwordHash: await hashPassword(password), updatedAt: clock.now() });
    await store.sessions.deleteOf(row.name);
    options.onPasswordChanged(row.name);
  };
  const keepAnAdmin = async (name: string) => {
    const admins = (await store.accounts.all()).filter((a) => a.role === 'admin' && a.enabled);
    if (admins.length === 1 && admins[0]!.name === name) throw problems.raise['last-admin']({ values: { name } });
  };
  return {
    async login(name, password, { address }) {
      const subjects = [`user:${name}`, `address:${address}`];
      const actor = { name, address };
      await lockout.check(subjects).catch(async (error: Error) => {
        await audit({ actor, action: 'login', subject: name, refused: true, detail: 'locked' });
        throw error;
      });
      const row = await store.accounts.get(name);
      const right = await verifyPassword(password, row?.enabled ? row.passwordHash : null);
      if (!right || !row) {
        await lockout.failed(subjects);
        await audit({ actor: { ...actor, kind: 'nobody' }, action: 'login', subject: name, refused: true, detail: 'wrong user or password' });
        throw problems.raise['login-failed']();
      }
      await lockout.succeeded(subjects);
      const session = newSecretText('');
      const now = clock.now();
      await store.sessions.trim(now);
      await store.sessions.add({ sha256: sha256Hex(session), account: name, createdAt: now, usedAt: now, expiresAt: now + options.sessionLongestMs, address });
      await audit({ actor, action: 'login', subject: name });
      return { session, expiresAt: now + options.sessionLongestMs, user: await view(row) };
    },
    async logout(session, actor) {
      await store.sessions.delete(sha256Hex(session));
      await audit({ actor, action: 'logout', subject: actor.name });
    },
    async changePassword(name, before, after, actor) {
      const row = await existing(name);
      await lockout.check([`user:${name}`]);
      if (!(await verifyPassword(before, row.passwordHash))) {
        await lockout.failed([`user:${name}`]);
        await audit({ actor, action: 'user.password', subject: name, refused: true, detail: 'wrong password' });
        throw problems.raise['wrong-password']();
      }
      await setPassword(row, after);
      await audit({ actor, action: 'user.password', subject: name });
    },
    list: async () => Promise.all((await store.accounts.all()).map(view)),
    async create({ name, role, password }, actor) {
      if (await store.accounts.get(name)) throw problems.raise['user-exists']({ values: { name } });
      checkStrength(password, name);
      const now = clock.now();
      const row = { name, displayName: name, role, language: 'en', passwordHash: await hashPassword(password), enabled: true, createdAt: now, updatedAt: now };
      await store.accounts.put(row);
      await audit({ actor, action: 'user.create', subject: name, detail: `role ${role}` });
      return view(row);
    },
    async setRole(name, role, actor) {
      const row = await existing(name);
      if (role !== 'admin') await keepAnAdmin(name);
      const next = { ...row, role, updatedAt: clock.now() };
      await store.accounts.put(next);
      await audit({ actor, action: 'user.role', subject: name, detail: `${row.role} → ${role}` });
      return view(next);
    },
    async resetPassword(name, password, actor) {
      await setPassword(await existing(name), password);
      await lockout.succeeded([`user:${name}`]);
      await audit({ actor, action: 'user.password', subject: name, detail: 'reset' });
    },
    async delete(name, actor) {
      await existing(name);
      await keepAnAdmin(name);
      await store.accounts.delete(name);
      await store.sessions.deleteOf(name);
      await audit({ actor, action: 'user.delete', subject: name });
    },
  };
}
