/** Reading many resources: pages of views, and the dump. */
import { joinDocuments } from '../documents/split.ts';
import type { Catalog, LiveResource } from './catalog.ts';
import { hideSealed, keyText } from './seal.ts';
import type { ListQuery, ResourcePage, Resources, ResourceStatus, ResourceView } from './types.ts';

const PAGE_MAX = 1_000;
const PAGE_DEFAULT = 100;

/** Kinds in the order a reader meets them in a dump: what others name comes first. */
const DUMP_ORDER = ['Secret', 'User', 'Plan', 'Consumer', 'Upstream', 'Connection', 'Pipeline', 'Route', 'DataApi'];

/** A live resource as API and CLI show it. Holds no secret. */
export function viewOf(live: LiveResource, statusOf: (live: LiveResource) => ResourceStatus): ResourceView {
  return Object.freeze({ ...live.stored, spec: hideSealed(live.stored.spec), status: statusOf(live) });
}

/** Makes `list` and `dump`. */
export function createLister(catalog: Catalog, statusOf: (live: LiveResource) => ResourceStatus): Pick<Resources, 'list' | 'dump'> {
  return {
    async list(query): Promise<ResourcePage> {
      const limit = Math.min(Math.max(query.limit ?? PAGE_DEFAULT, 1), PAGE_MAX);
      const found = matching(catalog, query).filter((live) => query.after === undefined || keyText(live.key) > query.after);
      const page = found.slice(0, limit);
      return { items: page.map((live) => viewOf(live, statusOf)), next: found.length > limit ? keyText(page.at(-1)!.key) : undefined };
    },
    async dump(query) {
      const order = (live: LiveResource): number => DUMP_ORDER.indexOf(live.key.kind);
      const found = matching(catalog, query).sort((a, b) => order(a) - order(b));
      return joinDocuments(found.map((live) => live.stored.text));
    },
  };
}

function matching(catalog: Catalog, { projects, kind, manager, name, labels }: ListQuery): LiveResource[] {
  const wanted = Object.entries(labels ?? {});
  return [...catalog.all()]
    .filter(
      ({ key }) => (!projects || projects.includes(key.project)) && (!kind || key.kind === kind) && (!name || key.name.includes(name)),
    )
    .filter(({ stored }) => (!manager || stored.manager === manager) && wanted.every(([label, value]) => stored.labels[label] === value))
    .sort((a, b) => (keyText(a.key) < keyText(b.key) ? -1 : 1));
}
