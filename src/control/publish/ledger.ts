/**
 * The entries that serve now, their hashes per role, and which keys the last revisions touched: enough to
 * tell anybody who holds a recent revision what to change, and everybody else the whole.
 */
import {
  type AnyEntry,
  EMPTY_REVISION_HASH,
  ENTRIES_OF_ROLE,
  type EntryType,
  type RevisionDelta,
  toggleEntry,
} from '../../sdk/revision.ts';

export type Role = keyof typeof ENTRIES_OF_ROLE;
const ROLES = Object.keys(ENTRIES_OF_ROLE) as Role[];

/** What one revision changed: entries that are new or different, and keys that are gone. */
export interface EntryChanges {
  readonly put: readonly AnyEntry[];
  readonly remove: readonly string[];
}

/** Hash of all entries, and of those each role holds. */
export type Hashes = Readonly<Record<Role | 'all', string>>;

export interface Ledger {
  readonly number: number;
  readonly hashes: Hashes;
  entry(key: string): AnyEntry | undefined;
  entries(): Iterable<AnyEntry>;
  /** Ports of the listeners among the entries. */
  readonly listenerPorts: readonly number[];
  /** Leaves out what would change nothing; hashes as they would be after. */
  preview(changes: EntryChanges): { changes: EntryChanges; hashes: Hashes };
  /** Carries out previewed changes as revision `number`. */
  commit(previewed: { changes: EntryChanges; hashes: Hashes }, number: number): void;
  /** From `from`, if its hash was `knownHash` and it is recent enough; otherwise the whole, from 0. */
  deltaFor(role: Role, from: number, knownHash: string | undefined): RevisionDelta;
}

interface Step {
  readonly number: number;
  readonly keys: readonly string[];
  /** Hashes after this revision. */
  readonly hashes: Hashes;
}

const STEPS_MAX = 256;

/** Makes an empty ledger; it stands at revision `number`. */
export function createLedger(number = 0): Ledger {
  const entries = new Map<string, AnyEntry>();
  let hashes: Hashes = { all: EMPTY_REVISION_HASH, gateway: EMPTY_REVISION_HASH, worker: EMPTY_REVISION_HASH };
  let current = number;
  let listenerPorts: readonly number[] = [];
  const steps: Step[] = [];
  return {
    get number() {
      return current;
    },
    get hashes() {
      return hashes;
    },
    entry: (key) => entries.get(key),
    entries: () => entries.values(),
    get listenerPorts() {
      return listenerPorts;
    },
    preview(changes) {
      const put = changes.put.filter((entry) => entries.get(entry.key)?.hash !== entry.hash);
      const remove = [...new Set(changes.remove)].filter((key) => entries.has(key));
      const next: Record<Role | 'all', string> = { ...hashes };
      for (const key of [...remove, ...put.map((entry) => entry.key)]) toggle(next, entries.get(key));
      for (const entry of put) toggle(next, entry);
      return { changes: { put, remove }, hashes: next };
    },
    commit(previewed, to) {
      for (const key of previewed.changes.remove) entries.delete(key);
      for (const entry of previewed.changes.put) entries.set(entry.key, entry);
      ({ hashes } = previewed);
      current = to;
      listenerPorts = portsAfter(listenerPorts, entries, previewed.changes);
      steps.push({ number: to, keys: [...previewed.changes.remove, ...previewed.changes.put.map((entry) => entry.key)], hashes });
      if (steps.length > STEPS_MAX) steps.shift();
    },
    deltaFor(role, from, knownHash) {
      const base = { to: current, hash: hashes[role], ...(isOf(role, 'listener') ? {} : { listenerPorts }) };
      const at = steps.findIndex((step) => step.number === from);
      const known = from === current ? hashes : steps[at]?.hashes;
      if (!known || known[role] !== knownHash)
        return { ...base, from: 0, put: [...entries.values()].filter((entry) => isOf(role, entry.type)), remove: [] };
      const keys =
        from === current
          ? []
          : [...new Set(steps.slice(at + 1).flatMap((step) => step.keys))].filter((key) =>
              isOf(role, key.slice(0, key.indexOf('/')) as EntryType),
            );
      return { ...base, from, put: keys.flatMap((key) => entries.get(key) ?? []), remove: keys.filter((key) => !entries.has(key)) };
    },
  };
}

/** Looks through all entries only when a listener changed. */
function portsAfter(before: readonly number[], entries: ReadonlyMap<string, AnyEntry>, { put, remove }: EntryChanges): readonly number[] {
  if (!put.some(({ type }) => type === 'listener') && !remove.some((key) => key.startsWith('listener/'))) return before;
  return [...new Set([...entries.values()].flatMap((entry) => (entry.type === 'listener' ? [entry.value.port] : [])))];
}

function isOf(role: Role, type: EntryType): boolean {
  return ENTRIES_OF_ROLE[role].includes(type);
}

/** Roles that hold at least one of these entries; all roles when there is none, since others then hold what it is for. */
export function rolesHolding(entries: readonly AnyEntry[]): readonly Role[] {
  return entries.length === 0 ? ROLES : ROLES.filter((role) => entries.some(({ type }) => isOf(role, type)));
}

function toggle(hashes: Record<Role | 'all', string>, entry: AnyEntry | undefined): void {
  if (!entry) return;
  hashes.all = toggleEntry(hashes.all, entry.key, entry.hash);
  for (const role of ROLES) if (isOf(role, entry.type)) hashes[role] = toggleEntry(hashes[role], entry.key, entry.hash);
}
