/**
 * What a resource served when its newest version, or something it uses, broke, kept in the store while it is
 * broken: so that a control process that starts anew closes no listener that goes on serving. Sealed, since
 * entries hold private keys.
 */
import type { AnyEntry } from '../../sdk/revision.ts';
import type { Store } from '../../store/types.ts';
import type { SecretBox } from '../resources/seal.ts';

export interface Served {
  readonly entries: readonly AnyEntry[];
  /** Release of those. */
  readonly serving: string | undefined;
}

export interface LastServed {
  /** Undefined when nothing is kept, or it was another resource of this name, made at another time. */
  get(id: string, createdAt: number): Promise<Served | undefined>;
  put(id: string, served: Served, createdAt: number): Promise<void>;
  forget(id: string): Promise<void>;
}

/** Over the store's settings; `id` is the resource's key text. */
export function createLastServed(store: Pick<Store, 'settings'>, box: Pick<SecretBox, 'seal' | 'open'>): LastServed {
  const nameOf = (id: string): string => `served/${id}`;
  return {
    async get(id, createdAt) {
      const sealed = await store.settings.get(nameOf(id));
      const kept = sealed ? opened(box, sealed, nameOf(id)) : undefined;
      return kept?.createdAt === createdAt ? { entries: kept.entries, serving: kept.serving } : undefined;
    },
    put: (id, { entries, serving }, createdAt) =>
      store.settings.put(nameOf(id), box.seal(JSON.stringify({ entries, serving, createdAt }), nameOf(id))),
    forget: (id) => store.settings.put(nameOf(id), ''),
  };
}

/** Undefined under another installation's key, as after a restore: then it cannot serve on. */
function opened(box: Pick<SecretBox, 'open'>, sealed: string, context: string): (Served & { createdAt: number }) | undefined {
  try {
    return JSON.parse(box.open(sealed, context)) as Served & { createdAt: number };
  } catch {
    return undefined;
  }
}
