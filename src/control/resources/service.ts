/**
 * The resources room, assembled: implements `Resources` over the store. Reads answer from the catalog in
 * memory, changes go through `applyDocuments`, one after another.
 */
import type { Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import { nearest } from '../../base/suggest.ts';
import type { DataApiCompiler } from '../../sdk/dataapi.ts';
import type { ConnectorRole } from '../../sdk/connector.ts';
import type { Dialect } from '../../sdk/query.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import type { Store } from '../../store/types.ts';
import type { Audit } from '../access/audit.ts';
import type { DocumentReading } from '../documents/reading.ts';
import type { AllowedEnvironment } from '../documents/variables.ts';
import { applyDocuments, type ApplyParts, checkSources } from './apply.ts';
import { type Catalog, type LiveResource, loadCatalog } from './catalog.ts';
import { createHistoryReader } from './history.ts';
import { type KindTable, kindViews } from './kind-table.ts';
import { createLister, viewOf } from './list.ts';
import { createRefusalNote } from './note-refused.ts';
import problems from './problems.ts';
import { createTurnQueue, type TurnQueue } from './queue.ts';
import { keyText, type SecretBox } from './seal.ts';
import { createSingleChanges } from './single.ts';
import type { ResourceStatus, Resources } from './types.ts';
import { validateSources } from './validate.ts';
import { createWriter, type Written } from './write.ts';

export interface ResourcesParts {
  readonly store: Store;
  readonly kinds: KindTable;
  readonly catalog: Catalog;
  readonly box: SecretBox;
  readonly reading: DocumentReading;
  readonly dataApis: DataApiCompiler;
  dialect(connector: string): Dialect | undefined;
  roles(connector: string): readonly ConnectorRole[] | undefined;
  readonly environment: AllowedEnvironment;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly audit: Audit;
  /** Versions kept of each resource; 100 when left out. */
  readonly historyMax?: number;
  /** Called after each commit, in order; the change stands, whatever it does. */
  changed(written: Written): Promise<void>;
  statusOf(live: LiveResource): ResourceStatus;
}

const WAITING_MAX = 1_000;

/** The room's face over a loaded catalog. */
export function createResources(parts: ResourcesParts): Resources {
  const { store, catalog } = parts;
  const historyMax = parts.historyMax ?? 100;
  const publishing = createPublishing(parts.changed);
  const reload = async (): Promise<void> => publishing.begin(await loadCatalog(catalog, store, parts));
  const changed = (written: Written): void => {
    for (const live of written.put) catalog.put(live);
    for (const live of written.removed) catalog.remove(live.key);
    publishing.begin(written);
  };
  const applyParts: ApplyParts = { ...parts, reload, changed, writer: createWriter({ ...parts, historyMax }) };
  const turns = publishing.after(createTurnQueue(WAITING_MAX, () => problems.raise.busy({ values: { limit: WAITING_MAX } })));
  const find = (key: ResourceKey): LiveResource => catalog.get(key) ?? raiseMissing(catalog, key);
  const noteRefused = createRefusalNote(parts.audit);
  const apply: Resources['apply'] = async (sources, options) => {
    const checked = await checkSources(sources, parts);
    return turns.run(async () => {
      const result = await applyDocuments(applyParts, checked, options);
      if (!options.dryRun) await noteRefused(options.actor, result);
      return result;
    });
  };
  return Object.freeze({
    validate: (sources, options) => validateSources(sources, parts, options),
    change: (text, changes) => parts.reading.change(text, changes),
    apply,
    diff: (sources, options) => apply(sources, { ...options, dryRun: true }),
    ...createLister(catalog, parts.statusOf),
    get: async (key) => viewOf(find(key), parts.statusOf),
    ...createHistoryReader(store),
    ...createSingleChanges({ apply: applyParts, turns, find }),
    usedBy: async (key) => [...catalog.usersOf(keyText(key))].sort().map((text) => catalog.byText(text)!.key),
    status: async (key) => parts.statusOf(find(key)),
    kinds: () => kindViews(parts.kinds),
  } satisfies Resources);
}

/**
 * Publishing goes on while the next change is planned and written, so that changes that come close together share a
 * revision; each caller is answered when what it changed is published.
 */
function createPublishing(publish: (written: Written) => Promise<void>) {
  let last: Promise<void> = Promise.resolve();
  return {
    begin(written: Written): void {
      last = publish(written);
      last.catch(() => {}); // Told to who waits below.
    },
    after: (turns: TurnQueue): TurnQueue => ({
      async run(work) {
        let published: Promise<void> | undefined;
        const result = await turns.run(async () => {
          const before = last;
          const done = await work();
          if (last !== before) published = last;
          return done;
        });
        await published;
        return result;
      },
    }),
  };
}

function raiseMissing(catalog: Catalog, key: ResourceKey): never {
  const names = [...catalog.all()]
    .filter((live) => live.key.project === key.project && live.key.kind === key.kind)
    .map((live) => live.key.name);
  const near = nearest(key.name, names);
  throw problems.raise['not-found']({ values: { ...key, hint: near ? ` Did you mean "${near}"?` : '' } });
}
