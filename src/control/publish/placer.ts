/**
 * Decides, for one compiled resource, what serves of it now: the new entries, or the last good ones while the
 * new ones failed or wait for their check.
 */
import { contentHash } from '../../base/json.ts';
import type { Text } from '../../base/text.ts';
import type { AnyEntry } from '../../sdk/revision.ts';
import type { Store } from '../../store/types.ts';
import type { CompileOutcome, Compiler } from '../compile/compile.ts';
import { type LiveResource, readLive } from '../resources/catalog.ts';
import type { CheckEnvironment } from '../resources/check.ts';
import type { CheckedApi, CheckedApis } from './checked-apis.ts';
import type { LastServed } from './last-served.ts';
import type { EntryChanges } from './ledger.ts';
import type { Standing } from './standings.ts';

export interface PlacerParts extends CheckEnvironment {
  readonly store: Pick<Store, 'resources'>;
  readonly compiler: Pick<Compiler, 'compileAside'>;
  readonly checkedApis: CheckedApis;
  readonly lastServed: LastServed;
  /** The entry of a connection, as it was just compiled or serves now. */
  connectionOf(project: string, name: string): AnyEntry | undefined;
}

/** What served before a change: the standing in this process or, at its start, what the store remembers. */
type Good = Pick<Standing, 'entries' | 'serving' | 'checked'>;

const NOTHING: Good = { entries: [], serving: undefined, checked: undefined };
const WAITS: Text = { en: 'is being checked on its connection', zh: '正在其连接上检查' };

export interface Placer {
  /** Undefined when the resource is gone. `id` is its key text. */
  place(id: string, outcome: CompileOutcome, before: Standing | undefined): Promise<Standing | undefined>;
}

/** Makes a placer. */
export function createPlacer(parts: PlacerParts): Placer {
  /** Whose last good entries lie in the store. */
  const kept = new Set<string>();
  const servedBefore = async (id: string, live: LiveResource): Promise<Good> => {
    const good = await lastGood(parts, id, live);
    const served = good.entries.length > 0 ? undefined : await parts.lastServed.get(id, live.stored.createdAt);
    if (!served) return good;
    kept.add(id);
    return { ...served, checked: undefined };
  };
  const forget = async (id: string): Promise<void> => {
    await parts.lastServed.forget(id);
    kept.delete(id); // Behind it: when the store fails, this is tried again.
  };
  return {
    async place(id, outcome, before) {
      const { live, entries, failure, warnings, check } = outcome;
      const isBroken = live?.stored.enabled === true && !check && failure !== undefined && entries.length === 0;
      if (!isBroken && kept.has(id)) await forget(id);
      if (!live) return undefined;
      const base = { live, warnings, reason: failure, waiting: undefined, checked: before?.checked };
      if (!live.stored.enabled) return { ...base, entries, serving: undefined, reason: undefined, state: 'disabled' };
      if (check) return placeChecked(parts, id, outcome, before);
      if (!isBroken) return { ...base, entries, serving: live.stored.release, state: failure ? 'failed' : 'ready' };
      const good = before ?? (await servedBefore(id, live));
      if (before && good.entries.length === 0) await forget(id); // Nothing serves of it, which must be so after a restart too.
      if (good.entries.length > 0 && !good.checked && !kept.has(id)) {
        // A control process that starts anew finds only what is broken.
        await parts.lastServed.put(id, { entries: good.entries, serving: good.serving }, live.stored.createdAt);
        kept.add(id);
      }
      return { ...base, ...good, live, warnings, reason: failure, waiting: undefined, state: 'failed' };
    },
  };
}

/** A data API serves once it was checked just as it is. */
async function placeChecked(parts: PlacerParts, id: string, outcome: CompileOutcome, before: Standing | undefined): Promise<Standing> {
  const { entries, warnings, check } = outcome;
  const live = outcome.live!;
  const draft = entries.find((entry) => entry.type === 'dataapi')!.hash;
  const connection = parts.connectionOf(live.key.project, check!.connection)?.hash ?? '';
  const checked = before?.checked ?? (await parts.checkedApis.get(id));
  const waiting = { live, entries, draft, connection, warnings };
  if (checked?.draft !== draft) {
    const good = before ?? (await lastGood(parts, id, live));
    return {
      live,
      warnings,
      entries: good.entries,
      serving: good.serving,
      checked: good.checked,
      state: 'pending',
      reason: WAITS,
      waiting,
    };
  }
  const serving = {
    live,
    checked,
    entries: withColumns(entries, checked),
    serving: live.stored.release,
    warnings: distinct([...warnings, ...checked.warnings]),
  };
  // The API is as it was checked; only its connection is another: it serves on while that is tried.
  const known = checked.connection === connection;
  return { ...serving, state: known ? 'ready' : 'pending', reason: known ? undefined : WAITS, waiting: known ? undefined : waiting };
}

/** Each text once. */
export function distinct(texts: readonly Text[]): Text[] {
  return [...new Map(texts.map((text) => [text.en, text])).values()];
}

/** The version of a data API that was checked last, compiled again. */
async function lastGood(parts: PlacerParts, id: string, live: LiveResource): Promise<Good> {
  const checked = await parts.checkedApis.get(id);
  const old = checked && (await parts.store.resources.historyEntry(live.key, checked.version));
  if (!old || old.change === 'deleted') return NOTHING;
  const outcome = parts.compiler.compileAside(readLive({ ...live.stored, ...old, enabled: true }, parts));
  if (outcome.entries.find((entry) => entry.type === 'dataapi')?.hash !== checked.draft) return NOTHING;
  return { entries: withColumns(outcome.entries, checked), serving: old.release, checked };
}

/** The entries with the columns the connection described. */
export function withColumns(entries: readonly AnyEntry[], { columns }: Pick<CheckedApi, 'columns'>): AnyEntry[] {
  return entries.map((entry) => {
    if (entry.type !== 'dataapi') return entry;
    const hash = contentHash([entry.hash, columns.map((column) => ({ ...column }))]);
    return Object.freeze({ ...entry, hash, value: { ...entry.value, columns } });
  });
}

/** Entries to put, and those of before that are not among them. */
export function replaced(before: readonly AnyEntry[], after: readonly AnyEntry[]): EntryChanges {
  const kept = new Set(after.map((entry) => entry.key));
  return { put: after, remove: before.map((entry) => entry.key).filter((key) => !kept.has(key)) };
}
