/** What happened to a resource: its versions, and how two of them differ. */
import type { ResourceKey } from '../../sdk/resource.ts';
import type { HistoryEntry, Store } from '../../store/types.ts';
import { unifiedDiff } from '../documents/text-diff.ts';
import problems from './problems.ts';
import { keyText } from './seal.ts';
import type { Resources } from './types.ts';

const HISTORY_MAX = 500;

/** Makes `history` and `diffVersions`. */
export function createHistoryReader(store: Pick<Store, 'resources'>): Pick<Resources, 'history' | 'diffVersions'> {
  return {
    async history(key, { limit = 50, before } = {}) {
      const entries = await store.resources.history(key, HISTORY_MAX);
      const asked = entries
        .filter((entry) => before === undefined || entry.version < before)
        .slice(0, Math.min(Math.max(limit, 1), HISTORY_MAX));
      return asked.map(({ version, change, release, at, by, text }) => ({ version, change, release, at, by, text }));
    },
    async diffVersions(key, from, to) {
      const [older, newer] = [await readVersion(store, key, from), await readVersion(store, key, to)];
      return unifiedDiff(older.text, newer.text, `${keyText(key)} version ${from}`, `${keyText(key)} version ${to}`);
    },
  };
}

/** One version. Raises no-version. */
export async function readVersion(store: Pick<Store, 'resources'>, key: ResourceKey, version: number): Promise<HistoryEntry> {
  const entry = await store.resources.historyEntry(key, version);
  if (!entry) throw problems.raise['no-version']({ values: { ...key, version } });
  return entry;
}

/** The version before the newest. Raises nothing-before. */
export async function readBefore(store: Pick<Store, 'resources'>, key: ResourceKey): Promise<HistoryEntry> {
  const [, entry] = await store.resources.history(key, 2);
  if (!entry) throw problems.raise['nothing-before']({ values: { ...key } });
  return entry;
}
