/** The one boundary through which the audit trail is written. */
import type { Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import type { AuditRow, AuditTable } from '../../store/types.ts';

export interface AuditActor {
  readonly name: string;
  readonly kind?: AuditRow['actorKind'];
  readonly address: string | undefined;
}

/** Appends one line; `table` may be that of a transaction, so that change and line commit together. */
export type Audit = (
  entry: { actor: AuditActor; action: string; subject: string; before?: string; after?: string; refused?: boolean; detail?: string },
  table?: AuditTable,
) => Promise<void>;

/** Makes the boundary over the store's table. */
export function createAudit(store: { readonly audit: AuditTable }, clock: Clock, newId: NewId): Audit {
  return async ({ actor, action, subject, before, after, refused, detail }, table = store.audit) => {
    await table.add({
      id: newId(),
      time: clock.now(),
      actor: actor.name,
      actorKind: actor.kind ?? 'user',
      address: actor.address ?? '',
      action,
      subject,
      beforeHash: before ?? null,
      afterHash: after ?? null,
      outcome: refused ? 'refused' : 'done',
      detail: detail ?? '',
    });
  };
}
