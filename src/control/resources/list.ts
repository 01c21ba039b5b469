/** Reading many resources: pages of views, and the dump. */
import { pageOf } from '../../sdk/list-order.ts';
import { joinDocuments } from '../documents/split.ts';
import type { Catalog, LiveResource } from './catalog.ts';
import { hideSealed, keyText } from './seal.ts';
import type { ListQuery, ResourcePage, Resources, ResourceStatus, ResourceView } from './types.ts';

const BY_KEY = { by: 'key', descending: false } as const;
const RESOURCE_ORDER = {
  key: (live: LiveResource) => keyText(live.key),
  name: (live: LiveResource) => live.key.name,
  kind: (live: LiveResource) => live.key.kind,
  updated: (live: LiveResource) => live.stored.updatedAt,
  version: (live: LiveResource) => live.stored.version,
};
const PAGE_MAX = 1_000;
const PAGE_DEFAULT = 100;

/** Kinds in the order a reader meets them in a dump: what others name comes first. */
const DUMP_ORDER = [
  'Secret',
  'User',
  'Certificate',
  'Listener',
  'Plan',
  'Consumer',
  'Upstream',
  'Connection',
  'Pipeline',
  'Route',
  'DataApi',
];

/** A live resource as API and CLI show it. Holds no secret. */
export function viewOf(live: LiveResource, statusOf: (live: LiveResource) => ResourceStatus): ResourceView {
  return Object.freeze({ ...live.stored, spec: hideSealed(live.stored.spec), status: statusOf(live) });
}

/** Makes `list` and `dump`. */
export function createLister(catalog: Catalog, statusOf: (live: LiveResource) => ResourceStatus): Pick<Resources, 'list' | 'dump'> {
  return {
    async list(query): Promise<ResourcePage> {
      const limit = Math.min(Math.max(query.limit ?? PAGE_DEFAULT, 1), PAGE_MAX);
      const found = matching(catalog, query).filter((live) => query.state === undefined || statusOf(live).state === query.state);
      const fields = { ...RESOURCE_ORDER, state: (live: LiveResource) => statusOf(live).state };
      const { items, next } = pageOf(found, fields, (live) => keyText(live.key), {
        order: query.order ?? BY_KEY,
        after: query.after,
        limit,
      });
      return { items: items.map((live) => viewOf(live, statusOf)), next };
    },
    async dump(query) {
      const order = (live: LiveResource): number => DUMP_ORDER.indexOf(live.key.kind);
      const found = matching(catalog, query).sort((a, b) => order(a) - order(b));
      return joinDocuments(found.map((live) => live.stored.text));
    },
  };
}

function matching(catalog: Catalog, { projects, kind, exceptKinds, manager, name, labels, text }: ListQuery): LiveResource[] {
  const words = text?.toLowerCase();
  const wanted = Object.entries(labels ?? {});
  return [...catalog.all()]
    .filter(
      ({ key }) => (!projects || projects.includes(key.project)) && (!kind || key.kind === kind) && (!name || key.name.includes(name)),
    )
    .filter(({ key }) => !exceptKinds?.includes(key.kind))
    .filter(({ stored }) => words === undefined || stored.text.toLowerCase().includes(words))
    .filter(({ stored }) => (!manager || stored.manager === manager) && wanted.every(([label, value]) => stored.labels[label] === value))
    .sort((a, b) => (keyText(a.key) < keyText(b.key) ? -1 : 1));
}
