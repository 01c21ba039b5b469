/** What was typed and not saved yet, kept in the browser: few, small, the oldest leave first. Keys begin with whose draft it is. */
import type { Change } from '../forms/change.ts';

export interface Draft {
  /** ms since 1970. */
  readonly at: number;
  readonly text: string;
  /** Changes of the form that are not in the text yet. */
  readonly changes: readonly Change[];
  /** Version of the resource it began from; undefined for a new one. */
  readonly version?: number;
}

const PREFIX = 'weir.draft.';
const DRAFTS_MAX = 20;
const CHARACTERS_MAX = 300_000;

/** Keeps a draft; false when it is too large or the browser has no room. */
export function keepDraft(storage: Storage, key: string, draft: Draft): boolean {
  const written = JSON.stringify(draft);
  if (written.length > CHARACTERS_MAX) return false;
  try {
    storage.setItem(PREFIX + key, written);
  } catch {
    return false; // No room, or none allowed: the text still stands on the page.
  }
  const kept = names(storage)
    .map((name) => ({ name, at: readDraft(storage, name)?.at ?? 0 }))
    .sort((a, b) => b.at - a.at);
  for (const { name } of kept.slice(DRAFTS_MAX)) dropDraft(storage, name);
  return true;
}

/** The draft of a document, if there is a readable one. */
export function readDraft(storage: Storage, key: string): Draft | undefined {
  try {
    const read = JSON.parse(storage.getItem(PREFIX + key) ?? 'null') as Partial<Draft> | null;
    const sound = read && typeof read.text === 'string' && typeof read.at === 'number' && Array.isArray(read.changes);
    return sound ? (read as Draft) : undefined;
  } catch {
    return undefined;
  }
}

/** Forgets a draft. */
export function dropDraft(storage: Storage, key: string): void {
  storage.removeItem(PREFIX + key);
}

function names(storage: Storage): string[] {
  return Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '')
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length));
}
