/** Keys of consumers: 256 random bits, shown once, kept as SHA-256. */
import type { Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import type { CredentialRow, Store } from '../../store/types.ts';
import type { KeyLender, Keys, KeyView } from '../api/parts.ts';
import type { Audit } from './audit.ts';
import problems from './problems.ts';
import { newSecretText, sha256Hex } from './secrets-text.ts';

const HINT_LENGTH = 8;
const KEY_PREFIX = 'wk_';
/** The auth method these keys are for. */
const TYPE = 'api-key';
/** Keys of one consumer that are neither revoked nor over. */
const VALID_MAX = 100;
/** A lent key ends then, should nobody be left to take it back. */
const LENT_MS = 60_000;
/** Stands as the maker of lent keys. */
const LENDER = 'weir';

/**
 * Opens the room of keys. A key and its audit line are written together; `changed` is called after a key
 * came or went, so that gateways learn of it.
 */
export function createKeys(
  store: Pick<Store, 'credentials' | 'transaction'>,
  audit: Audit,
  clock: Clock,
  newId: NewId,
  changed: (project: string) => Promise<void>,
): Keys & KeyLender {
  const newRow = (secret: string, given: Pick<CredentialRow, 'project' | 'consumer' | 'createdBy' | 'expiresAt'>): CredentialRow => ({
    ...given,
    id: newId(),
    type: TYPE,
    sha256: sha256Hex(secret),
    hint: secret.slice(0, HINT_LENGTH),
    createdAt: clock.now(),
    revokedAt: null,
  });
  return {
    async list(project, consumer) {
      return (await store.credentials.list({ project, ...(consumer === undefined ? {} : { consumer }) })).map(viewOf);
    },
    async create({ project, consumer, expiresAt }, actor) {
      const secret = newSecretText(KEY_PREFIX);
      const now = clock.now();
      const row = newRow(secret, { project, consumer, createdBy: actor.name, expiresAt });
      await store.transaction(async (tables) => {
        const known = await tables.resources.get({ project, kind: 'Consumer', name: consumer });
        if (!known) throw problems.raise['no-such-consumer']({ values: { project, name: consumer } });
        const all = await tables.credentials.list({ project, consumer });
        const valid = all.filter((k) => k.revokedAt === null && (k.expiresAt ?? Infinity) > now);
        if (valid.length >= VALID_MAX) throw problems.raise['too-many']({ values: { limit: VALID_MAX } });
        await tables.credentials.add(row);
        await audit({ actor, action: 'key.create', subject: `${project}/${consumer} (${row.id})` }, tables.audit);
      });
      await changed(project);
      return { secret, key: viewOf(row) };
    },
    async lend({ project, consumer }, work) {
      const secret = newSecretText(KEY_PREFIX);
      const row = newRow(secret, { project, consumer, createdBy: LENDER, expiresAt: clock.now() + LENT_MS });
      await store.transaction(async (tables) => {
        const known = await tables.resources.get({ project, kind: 'Consumer', name: consumer });
        if (!known) throw problems.raise['no-such-consumer']({ values: { project, name: consumer } });
        await tables.credentials.add(row);
      });
      try {
        await changed(project);
        return await work(secret);
      } finally {
        await store.credentials.delete(row.id);
        await changed(project);
      }
    },
    async revoke(project, id, actor) {
      const done = await store.transaction(async (tables) => {
        const row = await tables.credentials.get(id);
        if (!row || row.project !== project || !(await tables.credentials.revoke(id, clock.now()))) return false;
        await audit({ actor, action: 'key.revoke', subject: `${project}/${row.consumer} (${id})` }, tables.audit);
        return true;
      });
      if (done) await changed(project);
      return done;
    },
  };
}

function viewOf(row: CredentialRow): KeyView {
  const { sha256: _sha256, ...shown } = row;
  return shown;
}
