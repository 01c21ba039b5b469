/** Keys of consumers as entries: those that were neither revoked nor have run out. */
import { contentHash } from '../../base/json.ts';
import { type AnyEntry, type CompiledCredential, entryKey } from '../../sdk/revision.ts';
import type { CredentialRow } from '../../store/types.ts';
import type { EntryChanges, Ledger } from './ledger.ts';

/** Whose credentials changed; all when nothing is named. */
export interface CredentialScope {
  readonly project?: string;
  readonly consumer?: string;
}

/** Brings the ledger's credentials of `scope` in step with the store's `rows` of the same scope. */
export function credentialChanges(ledger: Ledger, rows: readonly CredentialRow[], scope: CredentialScope, now: number): EntryChanges {
  const put = rows.filter((row) => row.revokedAt === null && (row.expiresAt === null || row.expiresAt > now)).map(toEntry);
  const kept = new Set(put.map((entry) => entry.key));
  const remove: string[] = [];
  for (const entry of ledger.entries()) {
    if (entry.type !== 'credential' || kept.has(entry.key)) continue;
    const { project, consumer } = entry.value;
    if ((scope.project ?? project) === project && (scope.consumer ?? consumer) === consumer) remove.push(entry.key);
  }
  return { put, remove };
}

function toEntry(row: CredentialRow): AnyEntry {
  const { project, id, type, sha256, consumer } = row;
  const value: CompiledCredential = { project, id, type, sha256, consumer, expiresAt: row.expiresAt ?? undefined };
  return Object.freeze({ type: 'credential', key: entryKey('credential', project, id), hash: contentHash({ ...value }), value });
}
