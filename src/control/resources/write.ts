/**
 * The changes of one apply, written in one transaction: resources with their history, the tables that follow
 * them, one audit line and one durable event each. All of it or nothing.
 */
import type { Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import { contentHash, type Json } from '../../base/json.ts';
import type { Manager, ResourceKey, StoredResource } from '../../sdk/resource.ts';
import type { Store, Tables } from '../../store/types.ts';
import type { Audit } from '../access/audit.ts';
import { type LiveResource, readLive } from './catalog.ts';
import type { CheckEnvironment } from './check.ts';
import type { LastCheck } from './define.ts';
import type { Removal, Wish } from './plan.ts';
import { hideSealed, keyText } from './seal.ts';
import type { Actor } from './types.ts';

export interface Writer {
  /**
   * Writes what was settled. `undefined` means that the store holds other versions than were planned with: then
   * nothing was written, and the catalog must be read again.
   */
  write(
    wishes: readonly Wish[],
    removals: readonly Removal[],
    by: { actor: Actor; manager: Manager; rollback?: boolean },
  ): Promise<Written | undefined>;
}

export interface Written {
  readonly put: readonly LiveResource[];
  readonly removed: readonly LiveResource[];
}

export interface WriterParts extends CheckEnvironment {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly audit: Audit;
  /** Versions kept of each resource. */
  readonly historyMax: number;
}

interface By {
  readonly actor: Actor;
  readonly manager: Manager;
  readonly rollback: boolean;
  readonly at: number;
}

/** Makes the writer. */
export function createWriter(parts: WriterParts): Writer {
  return {
    async write(wishes, removals, { actor, manager, rollback = false }) {
      const by: By = { actor, manager, rollback, at: parts.clock.now() };
      return parts.store.transaction(async (tables) => {
        const touched = [
          ...wishes.map((w) => ({ key: w.key, before: w.before })),
          ...removals.map((r) => ({ key: r.before.key, before: r.before })),
        ];
        for (const { key, before } of touched) {
          const stored = await tables.resources.get(key);
          if ((stored?.version ?? 0) !== (before?.stored.version ?? 0)) return undefined;
        }
        const put: LiveResource[] = [];
        const checks: LastCheck[] = [];
        for (const wanted of wishes) {
          const live = await putOne(parts, tables, wanted, by);
          checks.push(
            await live.bound?.definition.mirror?.(tables, live.key, { enabled: live.stored.enabled, spec: live.spec as never }, by.at),
          );
          put.push(live);
        }
        for (const { before } of removals) checks.push(await removeOne(parts, tables, before, by));
        for (const check of checks) await check?.();
        return { put, removed: removals.map((r) => r.before) };
      });
    },
  };
}

async function putOne(parts: WriterParts, tables: Tables, wanted: Wish, by: By): Promise<LiveResource> {
  const { key, before, document, sealed } = wanted;
  const version = before ? before.stored.version : await tables.resources.lastVersion(key);
  const stored: StoredResource = {
    ...key,
    manager: by.manager,
    text: sealed.text,
    spec: sealed.spec,
    labels: document.labels,
    description: document.description,
    enabled: document.enabled,
    version: version + 1,
    release: sealed.release,
    createdAt: before?.stored.createdAt ?? by.at,
    updatedAt: by.at,
    updatedBy: by.actor.name,
  };
  await tables.resources.put(stored, by.rollback ? 'rolled-back' : before ? 'updated' : 'created', parts.historyMax);
  await note(parts, tables, key, before?.stored, stored, by);
  return readLive(stored, parts);
}

async function removeOne(parts: WriterParts, tables: Tables, before: LiveResource, by: By): Promise<LastCheck> {
  await tables.resources.delete(before.stored, before.stored.version + 1, by.at, by.actor.name, parts.historyMax);
  await note(parts, tables, before.key, before.stored, undefined, by);
  return before.bound?.definition.mirror?.(tables, before.key, undefined, by.at);
}

/** One audit line and one event, in the transaction of the change. */
async function note(
  parts: WriterParts,
  tables: Tables,
  key: ResourceKey,
  before: StoredResource | undefined,
  after: StoredResource | undefined,
  by: By,
): Promise<void> {
  const verb = !before ? 'create' : after ? 'update' : 'delete';
  const subject = keyText(key);
  const kind = by.actor.kind ?? (by.manager === 'folder' ? 'folder' : 'user');
  const entry = {
    actor: { ...by.actor, kind },
    action: `resource.${by.rollback && after ? 'rollback' : verb}`,
    subject,
    ...(before ? { before: documentHash(before) } : {}),
    ...(after ? { after: documentHash(after) } : {}),
    detail: after ? `version ${after.version}` : `version ${before!.version} was the last`,
  };
  await parts.audit(entry, tables.audit);
  const data = { ...key, version: after?.version ?? before!.version + 1, release: (after ?? before)!.release, by: by.actor.name };
  await tables.outbox.add({ id: parts.newId(), time: by.at, type: `io.weir.resource.${verb}d`, subject, data });
}

/** Hash of all a document says, secrets as HMACs. */
function documentHash(stored: StoredResource): string {
  const { manager, labels, description, enabled, spec } = stored;
  return contentHash({ manager, labels, description, enabled, spec: hideSealed(spec) as Json });
}
