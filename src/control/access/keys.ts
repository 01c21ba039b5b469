/** Keys of consumers: 256 random bits, shown once, kept as SHA-256. */
import type { Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import type { CredentialRow, CredentialTable } from '../../store/types.ts';
import type { Keys, KeyView } from '../api/parts.ts';
import type { Audit } from './audit.ts';
import { newSecretText, sha256Hex } from './secrets-text.ts';

const HINT_LENGTH = 8;
const KEY_PREFIX = 'wk_';
/** The auth method these keys are for. */
const TYPE = 'api-key';

/** `changed` is called after a key came or went, so that gateways learn of it. */
export function createKeys(table: CredentialTable, audit: Audit, clock: Clock, newId: NewId, changed: (project: string) => Promise<void>): Keys {
  const view = ({ sha256: _, ...row }: CredentialRow): KeyView => row;
  return {
    list: async (project, consumer) => (await table.list({ project, ...(consumer === undefined ? {} : { consumer }) })).map(view),
    async create({ project, consumer, expiresAt }, actor) {
      const secret = newSecretText(KEY_PREFIX);
      const row: CredentialRow = {
        id: newId(), project, type: TYPE, consumer, sha256: sha256Hex(secret), hint: secret.slice(0, HINT_LENGTH),
        createdAt: clock.now(), createdBy: actor.name, expiresAt, revokedAt: null,
      };
      await table.add(row);
      await audit({ actor, action: 'key.create', subject: `${project}/${consumer} (${row.id})` });
      await changed(project);
      return { secret, key: view(row) };
    },
    async revoke(project, id, actor) {
      const row = await table.get(id);
      if (!row || row.project !== project || !(await table.revoke(id, clock.now()))) return false;
      await audit({ actor, action: 'key.revoke', subject: `${project}/${row.consumer} (${id})` });
      await changed(project);
      return true;
    },
  };
}
