/** All entries of the newest revision this process was sent: what a thread that comes back starts from. */
import { type AnyEntry, EMPTY_REVISION_HASH, entryKey, type EntryType, type RevisionDelta, toggleEntry } from '../sdk/revision.ts';

export interface HeldEntries {
  /** 0 before the first. */
  readonly revision: number;
  /** What the entries come to, and what control says they come to: see `revisionHash`. */
  readonly hash: string;
  readonly wantedHash: string;
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
  let wantedHash = EMPTY_REVISION_HASH;
  const drop = (key: string): void => {
    const held = entries.get(key);
    if (held) hash = toggleEntry(hash, key, held.hash);
    entries.delete(key);
  };
  return {
    get hash() {
      return hash;
    },
    get wantedHash() {
      return wantedHash;
    },
    get revision() {
      return revision;
    },
    apply(delta) {
      if (delta.from !== 0 && delta.from !== revision) return false;
      if (delta.from === 0) [entries, hash] = [new Map(), EMPTY_REVISION_HASH];
      for (const key of delta.remove) drop(key);
      for (const entry of delta.put) {
        drop(entry.key);
        entries.set(entry.key, entry);
        hash = toggleEntry(hash, entry.key, entry.hash);
      }
      [revision, wantedHash] = [delta.to, delta.hash];
      return true;
    },
    clear() {
      entries = new Map();
      [revision, hash, wantedHash] = [0, EMPTY_REVISION_HASH, EMPTY_REVISION_HASH];
    },
    has: (type, project, name) => entries.has(entryKey(type, project, name)),
    everything: () => ({ from: 0, to: revision, hash: wantedHash, put: [...entries.values()], remove: [] }),
  };
}
