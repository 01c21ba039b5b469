/** Changes of accounts, each in one transaction with its audit line; the last administrator stays. */
import type { AccountRow, Tables } from '../../store/types.ts';
import type { Actor } from '../resources/types.ts';
import type { AccountOptions } from './accounts.ts';
import { checkStrength, hashPassword } from './password.ts';
import problems from './problems.ts';

export interface AccountChanges {
  /** Raises `weak-password`, `user-exists`. */
  create(user: { name: string; role: string; password: string }, actor: Actor): Promise<AccountRow>;
  /** Ends the user's sessions. Raises `weak-password`, `no-such-user`. */
  setPassword(name: string, password: string, actor: Actor, detail: string): Promise<void>;
  /** Raises `no-such-user`, `last-admin`, `resource-owned`. */
  setRole(name: string, role: string, actor: Actor): Promise<AccountRow>;
  /** Raises `no-such-user`, `last-admin`, `resource-owned`. */
  delete(name: string, actor: Actor): Promise<void>;
}

/** Makes the changes. Passwords are hashed before the transaction, which must be short. */
export function createAccountChanges({ store, audit, clock, onPasswordChanged }: AccountOptions): AccountChanges {
  return {
    async create({ name, role, password }, actor) {
      checkStrength(password, name);
      const now = clock.now();
      const row = {
        name,
        displayName: name,
        role,
        language: 'en',
        passwordHash: await hashPassword(password),
        enabled: true,
        createdAt: now,
        updatedAt: now,
      };
      await store.transaction(async (tables) => {
        if (await tables.accounts.get(name)) throw problems.raise['user-exists']({ values: { name } });
        await tables.accounts.put(row);
        await audit({ actor, action: 'user.create', subject: name, detail: `role ${role}` }, tables.audit);
      });
      return row;
    },
    async setPassword(name, password, actor, detail) {
      checkStrength(password, name);
      const passwordHash = await hashPassword(password);
      await store.transaction(async (tables) => {
        await tables.accounts.put({ ...(await existing(tables, name)), passwordHash, updatedAt: clock.now() });
        await tables.sessions.deleteOf(name);
        await audit({ actor, action: 'user.password', subject: name, detail }, tables.audit);
      });
      onPasswordChanged(name);
    },
    setRole: (name, role, actor) =>
      store.transaction(async (tables) => {
        const row = await owned(tables, name);
        if (role !== 'admin') await keepAnAdmin(tables, name);
        const next = { ...row, role, updatedAt: clock.now() };
        await tables.accounts.put(next);
        await audit({ actor, action: 'user.role', subject: name, detail: `${row.role} → ${role}` }, tables.audit);
        return next;
      }),
    delete: (name, actor) =>
      store.transaction(async (tables) => {
        await owned(tables, name);
        await keepAnAdmin(tables, name);
        await tables.accounts.delete(name);
        await tables.sessions.deleteOf(name);
        await audit({ actor, action: 'user.delete', subject: name }, tables.audit);
      }),
  };
}

async function existing(tables: Tables, name: string): Promise<AccountRow> {
  const row = await tables.accounts.get(name);
  if (!row) throw problems.raise['no-such-user']({ values: { name } });
  return row;
}

/** An account that no User resource would put back. */
async function owned(tables: Tables, name: string): Promise<AccountRow> {
  const row = await existing(tables, name);
  if (await tables.resources.get({ project: 'default', kind: 'User', name })) throw problems.raise['resource-owned']({ values: { name } });
  return row;
}

async function keepAnAdmin(tables: Tables, name: string): Promise<void> {
  const admins = (await tables.accounts.all()).filter((a) => a.role === 'admin' && a.enabled);
  if (admins.length === 1 && admins[0]!.name === name) throw problems.raise['last-admin']({ values: { name } });
}
