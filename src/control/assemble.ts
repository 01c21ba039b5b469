/**
 * What the admin API works with, joined from the rooms: the part of the wiring that is the same in the
 * control process and in tests.
 */
import type { Connections } from '../connections/connections.ts';
import type { DataApiCompiler } from '../sdk/dataapi.ts';
import type { Registry } from '../sdk/registry.ts';
import type { AnyEntry } from '../sdk/revision.ts';
import type { Store } from '../store/types.ts';
import type { PublishedApi } from './api/parts.ts';
import { createProbe } from './probe.ts';
import type { Publisher } from './publish/publisher.ts';
import type { Resources } from './resources/types.ts';
import type { ControlNeeds } from './role.ts';

/** The rooms that stand already. */
export interface Rooms {
  readonly store: Store;
  readonly resources: Resources;
  readonly publisher: Publisher;
  readonly connections: Connections;
  readonly registry: Registry;
  readonly dataApis: DataApiCompiler;
}

type Assembled = Pick<ControlNeeds['parts'], 'resources' | 'runs' | 'audit' | 'calls' | 'probe' | 'publications' | 'projects' | 'registry'>;

/** The parts that follow from the rooms; the rest (accounts, tokens, keys, incidents, sample, doctor, …) main.ts adds. */
export function assembleParts({ store, resources, publisher, connections, registry, dataApis }: Rooms): Assembled {
  return {
    resources,
    runs: store.runs,
    audit: store.audit,
    calls: store.calls,
    registry,
    probe: createProbe(connections, () => servingEntries(publisher)),
    projects: () => projectsOf(resources),
    publications: (projects) =>
      publisher
        .published()
        .filter(({ api }) => projects === undefined || projects.includes(api.project))
        .map((published) => describe(published, registry, dataApis)),
  };
}

/** Names of all projects that hold a resource. */
async function projectsOf(resources: Resources): Promise<string[]> {
  const names = new Set<string>();
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const { items, next } = await resources.list({ limit: 1000, ...(after === undefined ? {} : { after }) });
    for (const item of items) names.add(item.project);
    if (next === undefined) break;
    after = next;
  }
  return [...names].sort();
}

const PAGES_MAX = 1000;

/** All entries that connections can be found in. */
function servingEntries(publisher: Publisher): readonly AnyEntry[] {
  return publisher.deltaFor('worker', 0, undefined).put;
}

function describe(
  { api, path, auth }: ReturnType<Publisher['published']>[number],
  registry: Registry,
  dataApis: DataApiCompiler,
): PublishedApi {
  const methods = auth.flatMap(({ type, config }) => {
    const method = registry.auth.get(type);
    return method ? [{ type, scheme: method.securityScheme(config) }] : [];
  });
  return {
    project: api.project,
    name: api.name,
    release: api.release,
    description: api.description,
    path,
    pathItem: dataApis.openApi(
      api,
      path,
      methods.map(({ type }) => ({ [type]: [] })),
    ),
    securitySchemes: Object.fromEntries(methods.map(({ type, scheme }) => [type, scheme])),
  };
}
