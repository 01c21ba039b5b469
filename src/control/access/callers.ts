/**
 * Who is calling control, by what they sent: the local CLI's token, an API token, or a session.
 * The CLI token is new at each start, lies in a file only its owner reads, and counts on loopback only.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Store } from '../../store/types.ts';
import type { Caller, Callers, Permission, SpentCredential } from '../api/caller.ts';
import { permissionsOf } from './roles.ts';
import { sha256Hex } from './secrets-text.ts';

/** How often a token's or session's last use is written. */
const TOUCH_MS = 60_000;

export interface CallerOptions {
  readonly store: Pick<Store, 'tokens' | 'sessions' | 'accounts'>;
  readonly clock: Clock;
  readonly cliToken: string;
  readonly sessionIdleMs: number;
}

export function createCallers({ store, clock, cliToken, sessionIdleMs }: CallerOptions): Callers {
  const cliHash = Buffer.from(sha256Hex(cliToken));
  return {
    async byToken(token, from, how) {
      const hash = sha256Hex(token);
      if (timingSafeEqual(Buffer.from(hash), cliHash)) {
        return from.local
          ? caller('local-cli', 'local-cli', 'admin', undefined, permissionsOf('admin'))
          : spent('not from this machine', 'local-cli', 'local-cli');
      }
      const row = await store.tokens.bySha256(hash);
      const now = clock.now();
      if (!row) return null;
      if (row.revokedAt !== null) return spent('revoked', row.name, 'token');
      if (row.expiresAt <= now) return spent('expired', row.name, 'token');
      if (!how?.quiet && (row.usedAt === null || Math.abs(now - row.usedAt) > TOUCH_MS)) await store.tokens.touch(row.id, now);
      const all = permissionsOf(row.role);
      const permissions = row.permissions.length === 0 ? all : all.filter((p) => row.permissions.includes(p));
      return caller(row.name, 'token', row.role, row.projects ?? undefined, permissions);
    },
    async bySession(session, _from, how) {
      const hash = sha256Hex(session);
      const row = await store.sessions.get(hash);
      const now = clock.now();
      if (!row) return null;
      if (row.expiresAt <= now || now - row.usedAt > sessionIdleMs) return spent('expired', row.account, 'user');
      const account = await store.accounts.get(row.account);
      if (!account?.enabled) return spent('account disabled', row.account, 'user');
      if (!how?.quiet && Math.abs(now - row.usedAt) > TOUCH_MS) await store.sessions.touch(hash, now);
      return caller(account.name, 'user', account.role, undefined, permissionsOf(account.role));
    },
  };
}

function spent(why: SpentCredential['spent'], name: string, kind: SpentCredential['kind']): SpentCredential {
  return Object.freeze({ spent: why, name, kind });
}

function caller(
  name: string,
  kind: Caller['kind'],
  role: string,
  projects: readonly string[] | undefined,
  permissions: readonly Permission[],
): Caller {
  return Object.freeze({ name, kind, role, projects, permissions: new Set(permissions) });
}
