/** API tokens: a role, narrowed to permissions and projects, for a time. */
import type { Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import type { TokenRow, TokenTable } from '../../store/types.ts';
import type { Permission } from '../api/caller.ts';
import type { Tokens, TokenView } from '../api/parts.ts';
import type { Audit } from './audit.ts';
import problems from './problems.ts';
import { permissionsOf } from './roles.ts';
import { newSecretText, sha256Hex } from './secrets-text.ts';

/** Prefix of every API token: secret scanners know it by this. */
export const TOKEN_PREFIX = 'weir_';

export function createTokens(table: TokenTable, audit: Audit, clock: Clock, newId: NewId): Tokens {
  const view = ({ sha256: _, ...row }: TokenRow): TokenView => row;
  return {
    list: async () => (await table.all()).map(view),
    async create({ name, role, projects, permissions, expiresAt }, actor) {
      const known = permissionsOf(role);
      const wrong = permissions.find((p) => !known.includes(p as Permission));
      if (wrong !== undefined) throw problems.raise['unknown-permission']({ values: { permission: wrong.slice(0, 60), role, known: known.join(', ') } });
      const secret = newSecretText(TOKEN_PREFIX);
      const row: TokenRow = {
        id: newId(), name, sha256: sha256Hex(secret), role, permissions, projects, createdBy: actor.name, createdAt: clock.now(),
        expiresAt, usedAt: null, revokedAt: null,
      };
      await table.add(row);
      await audit({ actor, action: 'token.create', subject: `${name} (${row.id})`, detail: `role ${role}` });
      return { secret, token: view(row) };
    },
    async revoke(id, actor) {
      const done = await table.revoke(id, clock.now());
      if (done) await audit({ actor, action: 'token.revoke', subject: id });
      return done;
    },
  };
}
