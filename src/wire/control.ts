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
import type { FleetStatus, TryCalls } from '../control/api/parts.ts';
import { createTokens } from '../control/access/tokens.ts';
import { adoptAccounts, createUserDocuments } from '../control/access/user-documents.ts';
import { type Configuration, openConfiguration } from '../control/configuration.ts';
import { allowedEnvironment } from '../control/documents/variables.ts';
import { watchEntries } from '../control/entry-watch.ts';
import { createLiveStatus, placeText } from '../control/live-status.ts';
import { startControl } from '../control/role.ts';
import { createRunRequests } from '../control/run-requests.ts';
import { createTryCalls } from '../control/try-call/try-calls.ts';
import { createDataApiCompiler } from '../dataapi/compiler.ts';
import { createDataApiChecker } from '../dataapi/publish.ts';
import { openStore } from '../store/store.ts';
import type { Store } from '../store/types.ts';
import { serveChannel } from '../supervisor/channel.ts';
import type { RunningRole } from '../supervisor/role-process.ts';
import type { ListenerUrl } from './announce.ts';
import { CHANNEL_SOCKET, clock, newId } from './common.ts';
import type { RoleConfig } from './config.ts';
import { createProbe, queryLender } from './connections.ts';
import { examine } from './doctor.ts';
import { createDrafts } from './drafts.ts';
import { shareThreadConfig } from './entry.ts';
import { startFolder } from './folder.ts';
import { openConnections } from './open-connections.ts';
import { createPlans } from './pipeline-plan.ts';
import { createPublications, routesOf } from './publications.ts';
import { SAMPLE_ANSWERS, untilSampleAnswers } from './sample-answers.ts';
import { createSample, resumeSample, type SampleNeeds } from './sample-project.ts';
import { consoleFolder, version } from './version.ts';

type Note = (name: string, value: unknown) => void;

/** Starts the role; resolves when it answers. */
export async function startControlRole(role: RoleConfig, log: Log, note: Note): Promise<RunningRole> {
  shareThreadConfig(role);
  const rooms = await openRooms(role, log, note);
  const { store, configuration, connections, audit } = rooms;
  const access = openAccess(role, rooms);
  const { folder, stop: stopWatches } = await startWatches({ role, store, configuration, audit, log });
  const { resources, publisher } = configuration;
  const drafts = createDrafts({ publisher, connections: rooms.connections, registry, clock, log });
  const sampleNeeds: SampleNeeds = {
    role,
    resources,
    ...access,
    settings: store.settings,
    audit,
    world: (running) => note('sample', running),
  };
  const sample = createSample(sampleNeeds);
  const running = await startControl({
    config: role.config.control,
    store,
    revisions: publisher,
    operations,
    clock,
    log,
    newId,
    callers: access.callers,
    audit,
    instance: newId(),
    consoleFolder,
    serve: (onConnection) => serveChannel(CHANNEL_SOCKET, onConnection, log),
    onFleet: rooms.liveStatus.follow,
    openTryCalls: (fleet) => openTryCalls(role, rooms, access, fleet),
    parts: {
      ...access,
      audit: store.audit,
      calls: store.calls,
      incidents: folder.incidents,
      fileOf: folder.fileOf,
      resources,
      runs: store.runs,
      projects: () => projectsOf(store),
      probe: createProbe({ publisher, connections, compileDraft: configuration.compileDraft, audit }),
      schedules: store.schedules,
      plans: createPlans(publisher, connections),
      drafts,
      sample,
      registry,
      catalogues,
      version,
      gatewayPort: gatewayListener(role)?.port,
      routes: () => routesOf(publisher),
      publications: createPublications(publisher, rooms.dataApis, registry),
      doctor: (signal) => examine({ role, store, configuration }, signal),
    },
  });
  await resumeSample(sample, sampleNeeds);
  const stopWaiting = (await sample.status()).state === 'loaded' ? tellWhenSampleAnswers(rooms, note) : () => {};
  return {
    leaving: () => running.leaving(),
    async stop(graceMs) {
      stopWaiting();
      await stopWatches();
      await running.stop(graceMs);
      await drafts.close();
      await configuration.close();
      await connections.close();
      await store.close();
    },
  };
}

/** The supervisor prints calls to paste once they will be answered. */
function tellWhenSampleAnswers({ store, configuration, liveStatus }: Rooms, note: Note): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const { fleet } = liveStatus;
  void untilSampleAnswers({ resources: configuration.resources, runs: store.runs, fleet, clock, signal }).then((answers) => {
    if (answers) note(SAMPLE_ANSWERS, true);
  });
  return () => stop.abort();
}

/** What watches on its own: the folder, and the listeners and certificates for which incidents are opened. */
async function startWatches(needs: Parameters<typeof startFolder>[0]) {
  const folder = await startFolder(needs);
  const { store, configuration, log } = needs;
  const entries = watchEntries({ resources: configuration.resources, incidents: store.incidents, clock, newId, log });
  return {
    folder,
    async stop() {
      entries.stop();
      await folder.stop();
    },
  };
}

/** The room that calls our own gateway. */
function openTryCalls(role: RoleConfig, rooms: Rooms, { keys }: ReturnType<typeof openAccess>, fleet: () => FleetStatus): TryCalls {
  const { audit, configuration } = rooms;
  const routes = () => routesOf(configuration.publisher);
  return createTryCalls({ listener: gatewayListener(role), routes, fleet, keys, registry, audit, clock, newId });
}

/** Where this installation's gateway can be reached from here; undefined when its port is not fixed. */
function gatewayListener({ config }: RoleConfig): { host: string; port: number } | undefined {
  const { host, port } = config.gateway;
  if (port === 0) return undefined;
  return { port, host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host };
}

/** What everything else of control stands on, opened in order. */
async function openRooms(role: RoleConfig, log: Log, note: Note) {
  const { config, dataFolder } = role;
  for (const root of role.fileRoots) if (!existsSync(root)) mkdirSync(root, { recursive: true, mode: 0o755 });
  const url = config.store.url === undefined ? {} : { url: config.store.url };
  const store = await openStore({ ...url, file: path.join(dataFolder, 'store.db'), clock, newId });
  const given = role.masterKeyFile !== path.join(dataFolder, 'master.key');
  const keys = await openKeys(role.masterKeyFile, store.settings, { given });
  const audit = createAudit(store, clock, newId);
  const password = await ensureFirstAdmin(store, audit, dataFolder, role.adminPassword, clock);
  if (password !== null) note('first-password', password);
  let listenerPorts = (): readonly number[] => [];
  const connections = openConnections(role, registry, log, () => listenerPorts());
  const dataApis = createDataApiCompiler();
  const liveStatus = createLiveStatus(clock);
  const configuration = await openConfiguration({
    liveStatus,
    store,
    registry,
    kinds,
    keys,
    audit,
    dataApis,
    clock,
    newId,
    log,
    checker: createDataApiChecker(),
    lender: queryLender(connections),
    environment: allowedEnvironment(role.variables, config.resources.environment),
  });
  listenerPorts = () => configuration.publisher.listenerPorts;
  await adoptAccounts(store, configuration.resources, log);
  note('listeners', await listenerUrls(configuration));
  return { store, audit, connections, dataApis, configuration, liveStatus };
}

/** Where the listeners of the configuration are to be, for whoever started this. */
async function listenerUrls({ resources }: Configuration): Promise<ListenerUrl[]> {
  const { items } = await resources.list({ kind: 'Listener', limit: LISTENERS_SHOWN });
  return items
    .filter(({ enabled }) => enabled)
    .flatMap(({ name, spec }) => {
      const { addresses = ['0.0.0.0'], port, tls } = spec as { addresses?: string[]; port: number; tls?: unknown };
      return addresses.map((address) => ({ name, url: `${tls ? 'https' : 'http'}://${placeText({ address, port })}` }));
    });
}

const LISTENERS_SHOWN = 100;

type Rooms = Awaited<ReturnType<typeof openRooms>>;

function openAccess(role: RoleConfig, { store, audit, configuration }: Pick<Rooms, 'store' | 'audit' | 'configuration'>) {
  const { session } = role.config.control;
  const refresh = (project: string) => configuration.publisher.refreshCredentials({ project });
  return {
    accounts: createAccounts({
      store,
      documents: createUserDocuments(configuration.resources),
      audit,
      clock,
      sessionLongestMs: session.longest,
      onPasswordChanged: (name) => name === 'admin' && forgetPasswordFile(role.dataFolder),
    }),
    tokens: createTokens(store, audit, clock, newId),
    keys: createKeys(store, audit, clock, newId, refresh),
    runRequests: createRunRequests(store, audit),
    callers: createCallers({ store, clock, cliToken: newCliToken(role.dataFolder), sessionIdleMs: session.idle }),
  };
}

/** Projects are what resources name, and the default one. */
async function projectsOf(store: Store): Promise<string[]> {
  const named = (await store.resources.all()).map((resource) => resource.project);
  return [...new Set(['default', ...named])].sort();
}
