/** All entries of the newest revision this process was sent: what a thread that comes back starts from. */
import { type AnyEntry, EMPTY_REVISION_HASH, entryKey, type EntryType, type RevisionDelta } from '../sdk/revision.ts';

export interface HeldEntries {
  /** 0 before the first. */
  readonly revision: number;
  /** Takes a delta; false when it does not continue what is held (nothing was changed then). */
  apply(delta: RevisionDelta): boolean;
  /** Forgets everything. */
  clear(): void;
  has(type: EntryType, project: string, name: string): boolean;
  /** A delta from 0 to the newest revision. */
  everything(): RevisionDelta;
}

/** Makes an empty holder. */
export function createHeldEntries(): HeldEntries {
  let entries = new Map<string, AnyEntry>();
  let revision = 0;
  let hash = EMPTY_REVISION_HASH;
  return {
    get revision() {
      return revision;
    },
    apply(delta) {
      if (delta.from !== 0 && delta.from !== revision) return false;
      if (delta.from === 0) entries = new Map();
      for (const key of delta.remove) entries.delete(key);
      for (const entry of delta.put) entries.set(entry.key, entry);
      [revision, hash] = [delta.to, delta.hash];
      return true;
    },
    clear() {
      entries = new Map();
      [revision, hash] = [0, EMPTY_REVISION_HASH];
    },
    has: (type, project, name) => entries.has(entryKey(type, project, name)),
    everything: () => ({ from: 0, to: revision, hash, put: [...entries.values()], remove: [] }),
  };
}
