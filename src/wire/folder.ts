/** The watched folder, when one is configured, and the incidents it may open. */
import type { Log } from '../base/log.ts';
import type { Audit } from '../control/access/audit.ts';
import type { Incidents } from '../control/api/parts.ts';
import type { Configuration } from '../control/configuration.ts';
import { watchFolder } from '../control/folder/watch.ts';
import resourceProblems from '../control/resources/problems.ts';
import type { ResourceKey } from '../sdk/resource.ts';
import type { Store } from '../store/types.ts';
import { clock, newId } from './common.ts';
import type { RoleConfig } from './config.ts';

export interface FolderNeeds {
  readonly role: RoleConfig;
  readonly store: Store;
  readonly configuration: Configuration;
  readonly audit: Audit;
  readonly log: Log;
}

/** Starts looking; the first look is over when this resolves, so that a start serves what lies there. */
export async function startFolder({
  role,
  store,
  configuration,
  audit,
  log,
}: FolderNeeds): Promise<{ incidents: Incidents; fileOf(key: ResourceKey): string | undefined; stop(): Promise<void> }> {
  const folder = role.resourceFolder;
  const watch = folder === undefined ? undefined : watchFolder({ folder, resources: configuration.resources, store, clock, newId, log });
  await watch?.look();
  return {
    incidents: {
      list: (filter) => store.incidents.list(filter),
      async confirm(id, actor) {
        if (!watch) throw resourceProblems.raise['no-hold']({ values: { id } });
        await watch.confirmHold(id, actor);
        await audit({ actor, action: 'incident.confirm', subject: id });
      },
    },
    fileOf: (key) => watch?.fileOf(key),
    stop: async () => watch?.close(),
  };
}
