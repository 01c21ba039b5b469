/** API tokens: a role, narrowed to permissions and projects, for a time. */
import type { Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import type { Store, TokenRow } from '../../store/types.ts';
import type { Permission } from '../api/caller.ts';
import type { Tokens, TokenView } from '../api/parts.ts';
import type { Audit } from './audit.ts';
import problems from './problems.ts';
import { permissionsOf } from './roles.ts';
import { newSecretText, sha256Hex } from './secrets-text.ts';

/** Prefix of every API token: secret scanners know it by this. */
export const TOKEN_PREFIX = 'weir_';
/** Tokens that are neither revoked nor over. */
const VALID_MAX = 1_000;

/** Opens the room of tokens. A token and its audit line are written together. */
export function createTokens(store: Pick<Store, 'tokens' | 'transaction'>, audit: Audit, clock: Clock, newId: NewId): Tokens {
  return {
    list: async () => (await store.tokens.all()).map(viewOf),
    async create({ name, role, projects, permissions, expiresAt }, actor) {
      const known = permissionsOf(role);
      const wrong = permissions.find((p) => !known.includes(p as Permission));
      if (wrong !== undefined) {
        throw problems.raise['unknown-permission']({ values: { permission: wrong.slice(0, 60), role, known: known.join(', ') } });
      }
      const secret = newSecretText(TOKEN_PREFIX);
      const now = clock.now();
      const row: TokenRow = {
        id: newId(),
        name,
        sha256: sha256Hex(secret),
        role,
        permissions,
        projects,
        createdBy: actor.name,
        createdAt: now,
        expiresAt,
        usedAt: null,
        revokedAt: null,
      };
      await store.transaction(async (tables) => {
        const valid = (await tables.tokens.all()).filter((t) => t.revokedAt === null && t.expiresAt > now);
        if (valid.length >= VALID_MAX) throw problems.raise['too-many']({ values: { limit: VALID_MAX } });
        await tables.tokens.add(row);
        await audit({ actor, action: 'token.create', subject: `${name} (${row.id})`, detail: `role ${role}` }, tables.audit);
      });
      return { secret, token: viewOf(row) };
    },
    revoke: (id, actor) =>
      store.transaction(async (tables) => {
        const done = await tables.tokens.revoke(id, clock.now());
        if (done) await audit({ actor, action: 'token.revoke', subject: id }, tables.audit);
        return done;
      }),
  };
}

function viewOf(row: TokenRow): TokenView {
  const { sha256: _sha256, ...shown } = row;
  return shown;
}
