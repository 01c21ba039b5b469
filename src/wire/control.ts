/** The control role: store, access, configuration, admin API, and the lines to the other roles. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { kinds } from '../../generated/kinds.ts';
import { operations } from '../../generated/operations.ts';
import { catalogues } from '../../generated/problems.ts';
import { registry } from '../../generated/registry.ts';
import type { Log } from '../base/log.ts';
import { createAccounts } from '../control/access/accounts.ts';
import { createAudit } from '../control/access/audit.ts';
import { createCallers } from '../control/access/callers.ts';
import { ensureFirstAdmin, forgetPasswordFile, newCliToken } from '../control/access/first-start.ts';
import { createKeys } from '../control/access/keys.ts';
import { openKeys } from '../control/access/secret-box.ts';
import { createTokens } from '../control/access/tokens.ts';
import { type Configuration, openConfiguration } from '../control/configuration.ts';
import { allowedEnvironment } from '../control/documents/variables.ts';
import { startControl } from '../control/role.ts';
import { createDataApiCompiler } from '../dataapi/compiler.ts';
import { createDataApiChecker } from '../dataapi/publish.ts';
import { openStore } from '../store/store.ts';
import type { Store } from '../store/types.ts';
import { serveChannel } from '../supervisor/channel.ts';
import type { RunningRole } from '../supervisor/role-process.ts';
import { CHANNEL_SOCKET, clock, newId, openConnections } from './common.ts';
import type { RoleConfig } from './config.ts';
import { createProbe, queryLender } from './connections.ts';
import { examine } from './doctor.ts';
import { startFolder } from './folder.ts';
import { createPublications } from './publications.ts';
import { createSample, resumeSample, type SampleNeeds } from './sample-project.ts';
import { version } from './version.ts';

type Note = (name: string, value: unknown) => void;

/** Starts the role; resolves when it answers. */
export async function startControlRole(role: RoleConfig, log: Log, note: Note): Promise<RunningRole> {
  const { config, dataFolder } = role;
  for (const root of role.fileRoots) if (!existsSync(root)) mkdirSync(root, { recursive: true, mode: 0o755 });
  const store = await openStore({ ...(config.store.url === undefined ? {} : { url: config.store.url }), file: path.join(dataFolder, 'store.db'), clock, newId });
  const keys = await openKeys(role.masterKeyFile, store.settings, { given: role.masterKeyFile !== path.join(dataFolder, 'master.key') });
  const password = await ensureFirstAdmin(store.accounts, dataFolder, role.adminPassword, clock);
  if (password !== null) note('first-password', password);
  const audit = createAudit(store, clock, newId);
  const connections = openConnections(role, registry, log);
  const dataApis = createDataApiCompiler();
  const configuration = await openConfiguration({
    store, registry, kinds: kinds as never, keys, audit, dataApis, clock, newId, log,
    checker: createDataApiChecker(),
    lender: queryLender(connections),
    environment: allowedEnvironment(role.variables, config.resources.environment),
  });
  const access = openAccess({ role, store, audit, configuration });
  const folder = await startFolder({ role, store, configuration, audit, log });
  const control: { runsWaiting(): void } = { runsWaiting: () => {} };
  const needs: SampleNeeds = {
    role, resources: configuration.resources, keys: access.keys, runs: store.runs, settings: store.settings,
    world: (running) => note('sample', running), runsWaiting: () => control.runsWaiting(),
  };
  const sample = createSample(needs);
  const running = await startControl({
    config: config.control, store, revisions: configuration.publisher, operations, clock, log, newId,
    callers: access.callers,
    instance: newId(),
    serve: (onConnection) => serveChannel(CHANNEL_SOCKET, onConnection, log),
    parts: {
      ...access, audit: store.audit, calls: store.calls, incidents: folder.incidents, resources: configuration.resources, runs: store.runs,
      projects: () => projectsOf(store), probe: createProbe(configuration.publisher, connections), sample, registry, catalogues, version,
      publications: createPublications(configuration.publisher, dataApis, registry),
      doctor: (signal) => examine({ role, store, configuration }, signal),
    },
  });
  await resumeSample(sample, needs);
  return {
    async stop(graceMs) {
      await folder.stop();
      await running.stop(graceMs);
      await configuration.close();
      await connections.close();
      await store.close();
    },
  };
}

interface AccessNeeds {
  readonly role: RoleConfig;
  readonly store: Store;
  readonly audit: ReturnType<typeof createAudit>;
  readonly configuration: Configuration;
}

function openAccess({ role, store, audit, configuration }: AccessNeeds) {
  const { session } = role.config.control;
  const refresh = (project: string) => configuration.publisher.refreshCredentials({ project });
  return {
    accounts: createAccounts({
      store, audit, clock, sessionLongestMs: session.longest,
      onPasswordChanged: (name) => name === 'admin' && forgetPasswordFile(role.dataFolder),
    }),
    tokens: createTokens(store, audit, clock, newId),
    keys: createKeys(store, audit, clock, newId, refresh),
    callers: createCallers({ store, audit, clock, cliToken: newCliToken(role.dataFolder), sessionIdleMs: session.idle }),
  };
}

/** Projects are what resources name, and the default one. */
async function projectsOf(store: Store): Promise<string[]> {
  const named = (await store.resources.all()).map((resource) => resource.project);
  return [...new Set(['default', ...named])].sort();
}
