/** All entries of the newest revision this process was sent: what a thread that comes back starts from. */
import { type AnyEntry, EMPTY_REVISION_HASH, entryKey, type EntryType, type RevisionDelta, toggleEntry } from '../sdk/revision.ts';

/** Made empty. */
export class HeldEntries {
  private entries = new Map<string, AnyEntry>();
  private number = 0;
  private sum = EMPTY_REVISION_HASH;
  private wanted = EMPTY_REVISION_HASH;

  /** 0 before the first. */
  get revision(): number {
    return this.number;
  }

  /** What the entries come to; see `revisionHash`. */
  get hash(): string {
    return this.sum;
  }

  /** What control says they come to. */
  get wantedHash(): string {
    return this.wanted;
  }

  /** Takes a delta; false when it does not continue what is held (nothing was changed then). */
  apply(delta: RevisionDelta): boolean {
    if (delta.from !== 0 && delta.from !== this.number) return false;
    if (delta.from === 0) this.clear();
    for (const key of delta.remove) this.drop(key);
    for (const entry of delta.put) {
      this.drop(entry.key);
      this.entries.set(entry.key, entry);
      this.sum = toggleEntry(this.sum, entry.key, entry.hash);
    }
    this.number = delta.to;
    this.wanted = delta.hash;
    return true;
  }

  /** Forgets everything. */
  clear(): void {
    this.entries = new Map();
    this.number = 0;
    this.sum = this.wanted = EMPTY_REVISION_HASH;
  }

  has(type: EntryType, project: string, name: string): boolean {
    return this.entries.has(entryKey(type, project, name));
  }

  /** A delta from 0 to the newest revision. */
  everything(): RevisionDelta {
    return { from: 0, to: this.number, hash: this.wanted, put: [...this.entries.values()], remove: [] };
  }

  private drop(key: string): void {
    const held = this.entries.get(key);
    if (held) this.sum = toggleEntry(this.sum, key, held.hash);
    this.entries.delete(key);
  }
}
