/** A batch that was refused in part, or whole, is a line of the audit trail: who, from where, which documents. */
import type { Audit } from '../access/audit.ts';
import { keyText } from './seal.ts';
import type { Actor, ApplyResult } from './types.ts';

const NAMED_MAX = 10;

/** Makes the note. The folder tries refused documents again and again: it writes a line only when they are others than before. */
export function createRefusalNote(audit: Audit): (actor: Actor, result: ApplyResult) => Promise<void> {
  let lastOfFolder = '';
  return async (actor, { results, refused }) => {
    const detail = refused ? detailOf(results) : '';
    if (actor.kind === 'folder') {
      if (detail === lastOfFolder) return;
      lastOfFolder = detail;
    }
    if (refused) await audit({ actor, action: 'resource.refused', subject: 'documents', refused: true, detail });
  };
}

/** Names only: what a document says, or is said to lack, may be a secret. */
function detailOf(results: ApplyResult['results']): string {
  const refused = results.filter(({ outcome }) => outcome === 'refused');
  const named = refused
    .slice(0, NAMED_MAX)
    .map(({ key, denied, file }) => `${key ? keyText(key) : (file ?? 'unnamed').slice(0, 100)}${denied ? ' (not allowed)' : ''}`);
  const more = refused.length > NAMED_MAX ? ` and ${refused.length - NAMED_MAX} more` : '';
  return `${refused.length} of ${results.length} refused: ${named.join(', ')}${more}`;
}
