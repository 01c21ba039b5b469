/** People and their sessions. What succeeds is audited here; what is refused, at the admin boundary. */
import type { Clock } from '../../base/clock.ts';
import type { AccountRow, Store } from '../../store/types.ts';
import type { Accounts, UserView } from '../api/parts.ts';
import { createAccountChanges } from './account-changes.ts';
import type { Audit } from './audit.ts';
import { createLockout } from './lockout.ts';
import { verifyPassword } from './password.ts';
import problems from './problems.ts';
import { newSecretText, sha256Hex } from './secrets-text.ts';
import type { UserDocuments } from './user-documents.ts';

export interface AccountOptions {
  readonly store: Pick<Store, 'accounts' | 'resources' | 'sessions' | 'loginFailures' | 'transaction'>;
  readonly documents: UserDocuments;
  readonly audit: Audit;
  readonly clock: Clock;
  /** A session ends after this long, used or not. */
  readonly sessionLongestMs: number;
  /** Called after a password was changed: the first admin's file goes. */
  readonly onPasswordChanged: (name: string) => void;
}

/** Opens the room of people: `Accounts` of the admin API. */
export function createAccounts(options: AccountOptions): Accounts {
  const { store, audit, clock } = options;
  const lockout = createLockout(store, clock);
  const view = async (row: AccountRow): Promise<UserView> => {
    const { passwordHash: _passwordHash, ...shown } = row;
    return { ...shown, lockedUntil: await lockout.lockedUntil(row.name) };
  };
  const changes = createAccountChanges(options);
  return {
    async login(name, password, { address }) {
      await lockout.begin(name, address);
      const row = await store.accounts.get(name);
      const right = await verifyPassword(password, row?.enabled ? row.passwordHash : null);
      if (!right || !row) throw problems.raise['login-failed']();
      await lockout.succeeded(name, address);
      return { ...(await openSession(options, name, address)), user: await view(row) };
    },
    async logout(session, actor) {
      await store.sessions.delete(sha256Hex(session));
      await audit({ actor, action: 'logout', subject: actor.name });
    },
    async changePassword(name, before, after, actor) {
      const address = actor.address ?? '';
      await lockout.begin(name, address);
      const row = await store.accounts.get(name);
      if (!(await verifyPassword(before, row?.passwordHash ?? null))) throw problems.raise['wrong-password']();
      await lockout.succeeded(name, address);
      await changes.setPassword(name, after, actor, '');
    },
    list: async () => Promise.all((await store.accounts.all()).map(view)),
    create: async (user, actor) => view(await changes.create(user, actor)),
    setRole: async (name, role, actor) => view(await changes.setRole(name, role, actor)),
    async resetPassword(name, password, actor) {
      await changes.setPassword(name, password, actor, 'reset');
      await lockout.forget(name);
    },
    delete: changes.delete,
  };
}

/** A session and its audit line, together. The text is known to the caller alone. */
async function openSession({ store, audit, clock, sessionLongestMs }: AccountOptions, name: string, address: string) {
  const session = newSecretText('');
  const now = clock.now();
  const expiresAt = now + sessionLongestMs;
  await store.transaction(async (tables) => {
    await tables.sessions.trim(now);
    await tables.sessions.add({ sha256: sha256Hex(session), account: name, createdAt: now, usedAt: now, expiresAt, address });
    await audit({ actor: { name, address }, action: 'login', subject: name }, tables.audit);
  });
  return { session, expiresAt };
}
