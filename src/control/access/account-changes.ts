/** Changes of accounts: what a `User` document says goes through it, the password stays here. The last administrator stays. */
import type { AccountRow, Tables } from '../../store/types.ts';
import type { Actor } from '../resources/types.ts';
import type { AccountOptions } from './accounts.ts';
import { isAdminLeft, isAdministrator } from './administrators.ts';
import { checkStrength, hashPassword } from './password.ts';
import problems from './problems.ts';

export interface AccountChanges {
  /** Raises `weak-password`, `user-exists`. */
  create(user: { name: string; role: string; password: string }, actor: Actor): Promise<AccountRow>;
  /** Ends the user's sessions. Raises `weak-password`, `no-such-user`. */
  setPassword(name: string, password: string, actor: Actor, detail: string): Promise<void>;
  /** Raises `no-such-user`, `last-admin`, and `folder-owned` of core/resources. */
  setRole(name: string, role: string, actor: Actor): Promise<AccountRow>;
  /** Raises `no-such-user`, `last-admin`, and `folder-owned` of core/resources. */
  delete(name: string, actor: Actor): Promise<void>;
}

/** Makes the changes. Passwords are hashed before the transaction, which must be short. */
export function createAccountChanges({ store, audit, clock, documents, onPasswordChanged }: AccountOptions): AccountChanges {
  const writePassword = (name: string, passwordHash: string, actor: Actor, detail: string) =>
    store.transaction(async (tables) => {
      const row = { ...(await existing(tables, name)), passwordHash, updatedAt: clock.now() };
      await tables.accounts.put(row);
      await tables.sessions.deleteOf(name);
      await audit({ actor, action: 'user.password', subject: name, detail }, tables.audit);
      return row;
    });
  return {
    async create({ name, role, password }, actor) {
      checkStrength(password, name);
      const passwordHash = await hashPassword(password);
      await documents.create(name, role, actor);
      return writePassword(name, passwordHash, actor, 'first');
    },
    async setPassword(name, password, actor, detail) {
      checkStrength(password, name);
      await writePassword(name, await hashPassword(password), actor, detail);
      onPasswordChanged(name);
    },
    async setRole(name, role, actor) {
      if (role !== 'admin') await keepAnAdmin(store, name);
      await documents.setRole(name, role, actor);
      return existing(store, name);
    },
    async delete(name, actor) {
      await keepAnAdmin(store, name);
      if (await store.resources.get({ project: 'default', kind: 'User', name })) return documents.delete(name, actor);
      await store.transaction(async (tables) => {
        await tables.accounts.delete(name);
        await tables.sessions.deleteOf(name);
        await audit({ actor, action: 'user.delete', subject: name }, tables.audit);
      });
    },
  };
}

async function existing(tables: Pick<Tables, 'accounts'>, name: string): Promise<AccountRow> {
  const row = await tables.accounts.get(name);
  if (!row) throw problems.raise['no-such-user']({ values: { name } });
  return row;
}

/** Says so early and in the words of this room; two changes at the same time are told apart by the mirror of `User`. */
async function keepAnAdmin(tables: Pick<Tables, 'accounts'>, name: string): Promise<void> {
  const account = await existing(tables, name);
  const others = (await tables.accounts.all()).filter((other) => other.name !== name);
  if (isAdministrator(account) && !isAdminLeft(account, others)) throw problems.raise['last-admin']({ values: { name } });
}
