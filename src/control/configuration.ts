/**
 * The whole control path behind the admin API: resources in the store, compiled and published as revisions.
 * main.ts opens it once in the control process; gateways and workers get their deltas from `publisher`.
 */
import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import type { DataApiChecker, DataApiCompiler } from '../sdk/dataapi.ts';
import type { Dialect } from '../sdk/query.ts';
import type { Registry } from '../sdk/registry.ts';
import type { Store } from '../store/types.ts';
import type { Audit } from './access/audit.ts';
import { createReading, PLAIN_READING } from './documents/reading.ts';
import type { AllowedEnvironment } from './documents/variables.ts';
import type { LiveStatus } from './live-status.ts';
import type { QueryLender } from './publish/checks.ts';
import { type CompileDraft, createDraftCompiler } from './compile/aside.ts';
import { openPublisher, type Publisher } from './publish/publisher.ts';
import { createCatalog, type LiveResource, loadCatalog } from './resources/catalog.ts';
import type { ResourceKind } from './resources/define.ts';
import { bindKinds } from './resources/kind-table.ts';
import { keyText, type SecretBox } from './resources/seal.ts';
import { createResources } from './resources/service.ts';
import type { DocumentCheck, Resources, ResourceStatus, SourceText, ValidateOptions } from './resources/types.ts';
import { validateSources } from './resources/validate.ts';

export interface ConfigurationParts {
  readonly store: Store;
  readonly registry: Registry;
  /** Of `generated/kinds.ts`. */
  readonly kinds: readonly ResourceKind[];
  /** The installation's keys (access/secret-box.ts). */
  readonly keys: SecretBox;
  readonly audit: Audit;
  readonly dataApis: DataApiCompiler;
  readonly checker: DataApiChecker;
  readonly lender: QueryLender;
  readonly environment: AllowedEnvironment;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  /** Versions kept of each resource; 100 when left out. */
  readonly historyMax?: number;
  /** What running gateways and time add to the status of a resource. */
  readonly liveStatus?: Pick<LiveStatus, 'statusOf'>;
}

export interface Configuration {
  readonly resources: Resources;
  readonly publisher: Publisher;
  /** Compiles what is not saved, for trying it. */
  readonly compileDraft: CompileDraft;
  close(): Promise<void>;
}

/** Loads, compiles and publishes what the store holds, then takes changes. */
export async function openConfiguration(parts: ConfigurationParts): Promise<Configuration> {
  const { store, registry, keys: box, environment, liveStatus } = parts;
  const kinds = bindKinds(parts.kinds, registry);
  const catalog = createCatalog();
  await loadCatalog(catalog, store, { kinds, environment });
  const reading = createReading(parts.clock);
  const shared = { ...parts, reading, kinds, catalog, box, dialect: dialectsOf(registry), roles: rolesOf(registry) };
  const publisher = await openPublisher(shared);
  const statusOf = (live: LiveResource): ResourceStatus => {
    const compiled = publisher.statusOf(live);
    return liveStatus?.statusOf(live, compiled, publisher.placeOf(live)) ?? compiled;
  };
  const resources = createResources({
    ...shared,
    statusOf,
    async changed(written) {
      const lives = [...written.put, ...written.removed];
      await publisher.changed(lives.map((live) => keyText(live.key)));
      for (const { key } of written.removed)
        if (key.kind === 'Consumer') await publisher.refreshCredentials({ project: key.project, consumer: key.name });
    },
  });
  return {
    resources,
    publisher,
    compileDraft: createDraftCompiler(shared),
    close: async () => void (await Promise.all([publisher.close(), reading.close()])),
  };
}

/** Checks documents without a store or connections: for `weir validate` offline. Pure. */
export function validateDocuments(
  sources: readonly SourceText[],
  parts: Pick<ConfigurationParts, 'registry' | 'kinds' | 'dataApis' | 'environment'> & Partial<Pick<ConfigurationParts, 'clock'>>,
  options?: ValidateOptions,
): Promise<DocumentCheck[]> {
  const { registry, dataApis, environment, clock } = parts;
  return validateSources(
    sources,
    {
      reading: PLAIN_READING,
      kinds: bindKinds(parts.kinds, registry),
      environment,
      dataApis,
      dialect: dialectsOf(registry),
      roles: rolesOf(registry),
      ...(clock ? { clock } : {}),
    },
    options,
  );
}

const rolesOf = (registry: Registry) => (connector: string) => registry.connectors.get(connector)?.roles;

/** A connector that answers queries speaks the dialect of its own name. */
function dialectsOf(registry: Registry): (connector: string) => Dialect | undefined {
  return (connector) => (registry.connectors.get(connector)?.roles.includes('query') ? (connector as Dialect) : undefined);
}
