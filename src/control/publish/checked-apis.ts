/**
 * What the last check of each data API found, kept in the store, so that a control process that starts anew
 * serves at once what served before, even while the connection is down.
 */
import { isText, type Text } from '../../base/text.ts';
import type { QueryColumn } from '../../sdk/query.ts';
import type { Store } from '../../store/types.ts';

export interface CheckedApi {
  /** Version of the DataApi resource that was checked. */
  readonly version: number;
  /** Hash of the compiled API without its columns. */
  readonly draft: string;
  /** Hash of the connection entry it was checked on. */
  readonly connection: string;
  readonly columns: readonly QueryColumn[];
  readonly warnings: readonly Text[];
}

export interface CheckedApis {
  get(id: string): Promise<CheckedApi | undefined>;
  put(id: string, checked: CheckedApi): Promise<void>;
  forget(id: string): Promise<void>;
}

/** Over the store's settings; `id` is the resource's key text. */
export function createCheckedApis(store: Pick<Store, 'settings'>): CheckedApis {
  const nameOf = (id: string): string => `checked/${id}`;
  return {
    async get(id) {
      const text = await store.settings.get(nameOf(id));
      return text ? read(JSON.parse(text) as CheckedApi) : undefined;
    },
    forget: (id) => store.settings.put(nameOf(id), ''),
    put: (id, checked) => store.settings.put(nameOf(id), JSON.stringify(checked)),
  };
}

/** Warnings were once kept in English only; those are left out, the next check tells them again. */
function read(checked: CheckedApi): CheckedApi {
  return { ...checked, warnings: checked.warnings.filter(isText) };
}
