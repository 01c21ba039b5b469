/** Where each resource stands: what serves of it, what waits to serve, and why. */
import type { Text } from '../../base/text.ts';
import type { CompiledDataApi } from '../../sdk/dataapi.ts';
import type { AnyEntry, NamedConfig } from '../../sdk/revision.ts';
import type { LiveResource } from '../resources/catalog.ts';
import type { ResourceStatus } from '../resources/types.ts';
import type { CheckedApi } from './checked-apis.ts';
import { type Role, rolesHolding } from './ledger.ts';

/** A compiled data API that waits for its check. */
export interface Waiting {
  readonly live: LiveResource;
  readonly entries: readonly AnyEntry[];
  readonly draft: string;
  readonly connection: string;
  readonly warnings: readonly Text[];
}

export interface Standing {
  readonly live: LiveResource;
  /** What serves now; the last good ones while newer ones wait or failed. */
  readonly entries: readonly AnyEntry[];
  /** Release of those, undefined when nothing serves. */
  readonly serving: string | undefined;
  readonly state: ResourceStatus['state'];
  readonly reason: Text | undefined;
  readonly warnings: readonly Text[];
  readonly waiting: Waiting | undefined;
  readonly checked: CheckedApi | undefined;
}

export interface PublishedDataApi {
  readonly api: CompiledDataApi;
  readonly path: string;
  readonly auth: readonly NamedConfig[];
}

/** Who has to hold what a resource stands for. */
export interface Place {
  /** The revision that has it; undefined while that one is being recorded. */
  readonly revision: number | undefined;
  /** Roles that hold entries of it, or of those it is for. */
  readonly roles: readonly Role[];
  /** Keys of its entries. */
  readonly keys: readonly string[];
}

export interface Standings {
  get(id: string): Standing | undefined;
  /** From here on it stands in no revision, until `stands` says so. */
  set(id: string, standing: Standing): void;
  delete(id: string): void;
  /** What was set before now stands in `revision`. */
  stands(revision: number): void;
  /** Of this version of it: one that was stored and not compiled yet is pending, whatever the one before is. */
  statusOf(id: string, version: number): ResourceStatus;
  placeOf(id: string): Place;
  published(): PublishedDataApi[];
}

const UNKNOWN: ResourceStatus = Object.freeze({
  state: 'pending',
  reason: { en: 'is not compiled yet', zh: '尚未编译' },
  serving: undefined,
  warnings: [],
});

/** Makes an empty table; `id` is a resource's key text. */
export function createStandings(): Standings {
  const standings = new Map<string, Standing>();
  const revisions = new Map<string, number>();
  const unrecorded = new Set<string>();
  return {
    get: (id) => standings.get(id),
    set(id, standing) {
      standings.set(id, standing);
      unrecorded.add(id);
    },
    delete(id) {
      standings.delete(id);
      revisions.delete(id);
      unrecorded.delete(id);
    },
    stands(revision) {
      for (const id of unrecorded) revisions.set(id, revision);
      unrecorded.clear();
    },
    placeOf(id) {
      const entries = standings.get(id)?.entries ?? [];
      return {
        revision: unrecorded.has(id) ? undefined : revisions.get(id),
        roles: rolesHolding(entries),
        keys: entries.map(({ key }) => key),
      };
    },
    statusOf(id, version) {
      const found = standings.get(id);
      return found?.live.stored.version === version
        ? { state: found.state, reason: found.reason, serving: found.serving, warnings: found.warnings }
        : UNKNOWN;
    },
    published: () => [...standings.values()].flatMap(publishedOf),
  };
}

function publishedOf({ entries }: Standing): PublishedDataApi[] {
  const api = entries.find((entry) => entry.type === 'dataapi');
  const route = entries.find((entry) => entry.type === 'route');
  return api && route ? [{ api: api.value as CompiledDataApi, path: route.value.paths[0]!, auth: route.value.auth }] : [];
}
