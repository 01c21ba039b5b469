/**
 * All stored resources in memory, read by their schemas, with who names whom. The store is the truth; this is
 * its image in the one control process, loaded at the start and changed with each write.
 */
import { mistake, type ProblemPointer } from '../../base/problem.ts';
import type { ResourceKey, StoredResource } from '../../sdk/resource.ts';
import type { Store } from '../../store/types.ts';
import { type CheckEnvironment, findFields, type Reference } from './check.ts';
import { fillVariables } from './fill.ts';
import type { BoundKind } from './kind-table.ts';
import { matchedBy, shapesOf } from './route-places.ts';
import { keyText } from './seal.ts';

/** A stored resource as planning and compiling see it. */
export interface LiveResource {
  readonly key: ResourceKey;
  readonly stored: StoredResource;
  /** Undefined when this release of Weir does not know the kind. */
  readonly bound: BoundKind | undefined;
  /** People's form, environment filled in, secrets still sealed. */
  readonly written: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly references: readonly Reference[];
  /** Where secret values, or variables that stand for them, are in `written` and `spec`. */
  readonly secretPointers: ReadonlySet<string>;
  /** Why it cannot be read any more: a variable that is gone, an extension that is missing. */
  readonly problems: readonly ProblemPointer[];
}

/** Reads a stored resource. Pure. */
export function readLive(stored: StoredResource, { kinds, environment }: CheckEnvironment): LiveResource {
  const { project, kind, name } = stored;
  const base = { key: Object.freeze({ project, kind, name }), stored };
  const bound = kinds.get(kind);
  if (!bound)
    return {
      ...base,
      bound,
      written: stored.spec,
      spec: stored.spec,
      references: [],
      secretPointers: new Set(),
      problems: [mistake('/kind', { en: '"{kind}" is not a kind of this release', zh: '“{kind}”不是此版本的资源类型' }, { kind })],
    };
  const filled = fillVariables(bound.schema, stored.spec, environment);
  return { ...base, bound, ...filled, ...findFields(bound, filled.written, stored.spec) };
}

export interface Catalog {
  get(key: ResourceKey): LiveResource | undefined;
  byText(text: string): LiveResource | undefined;
  all(): Iterable<LiveResource>;
  readonly size: number;
  /** Texts of the keys of stored resources that name this one, also when it does not exist. */
  usersOf(text: string): ReadonlySet<string>;
  /** Texts of the keys of routes and data APIs with a path of this shape: there may be thousands, and each change asks. */
  takersOf(shape: string): ReadonlySet<string>;
  put(live: LiveResource): void;
  remove(key: ResourceKey): void;
}

const NOBODY: ReadonlySet<string> = new Set();

/** Makes an empty catalog. */
export function createCatalog(): Catalog {
  const byKey = new Map<string, LiveResource>();
  const users = new Map<string, Set<string>>();
  const takers = new Map<string, Set<string>>();
  const unlink = (text: string): void => {
    const live = byKey.get(text);
    for (const target of targetsOf(live)) leave(users, target, text);
    for (const shape of placesOf(live)) leave(takers, shape, text);
  };
  return {
    get: (key) => byKey.get(keyText(key)),
    byText: (text) => byKey.get(text),
    all: () => byKey.values(),
    get size() {
      return byKey.size;
    },
    usersOf: (text) => users.get(text) ?? NOBODY,
    takersOf: (shape) => takers.get(shape) ?? NOBODY,
    put(live) {
      const text = keyText(live.key);
      unlink(text);
      byKey.set(text, live);
      for (const target of targetsOf(live)) join(users, target, text);
      for (const shape of placesOf(live)) join(takers, shape, text);
    },
    remove(key) {
      const text = keyText(key);
      unlink(text);
      byKey.delete(text);
    },
  };
}

function join(index: Map<string, Set<string>>, key: string, text: string): void {
  const own = index.get(key);
  if (own) own.add(text);
  else index.set(key, new Set([text]));
}

function leave(index: Map<string, Set<string>>, key: string, text: string): void {
  const own = index.get(key);
  if (own?.delete(text) && own.size === 0) index.delete(key);
}

function placesOf(live: LiveResource | undefined): readonly string[] {
  const matched = live && matchedBy(live.key, live.stored.enabled, live.spec);
  return matched ? shapesOf(matched) : [];
}

/** Brings the catalog in step with the store; answers what was different. */
export async function loadCatalog(
  catalog: Catalog,
  store: Pick<Store, 'resources'>,
  environment: CheckEnvironment,
): Promise<{ put: LiveResource[]; removed: LiveResource[] }> {
  const left = new Map([...catalog.all()].map((live) => [keyText(live.key), live]));
  const put: LiveResource[] = [];
  for (const stored of await store.resources.all()) {
    const text = keyText(stored);
    if (left.get(text)?.stored.version !== stored.version) put.push(readLive(stored, environment));
    left.delete(text);
  }
  for (const live of put) catalog.put(live);
  for (const live of left.values()) catalog.remove(live.key);
  return { put, removed: [...left.values()] };
}

/** Key texts of what a resource names. */
export function targetsOf(resource: Pick<LiveResource, 'key' | 'references'> | undefined): Set<string> {
  return new Set(resource?.references.map(({ project = resource.key.project, kind, name }) => keyText({ project, kind, name })));
}
