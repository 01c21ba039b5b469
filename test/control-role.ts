/**
 * A control role on a random port for tests: real store (SQLite in a temporary folder), real rooms, real
 * sockets. Only the sample and doctor, which live elsewhere, are given by the test.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setEnvironmentData } from 'node:worker_threads';
import { kinds } from '../generated/kinds.ts';
import { operations } from '../generated/operations.ts';
import { catalogues } from '../generated/problems.ts';
import { registry } from '../generated/registry.ts';
import { type Clock, systemClock } from '../src/base/clock.ts';
import { idGenerator } from '../src/base/id.ts';
import type { Log } from '../src/base/log.ts';
import { systemRandom } from '../src/base/random.ts';
import { readValue } from '../src/base/schema-read.ts';
import { createConnections } from '../src/connections/connections.ts';
import { fileGuard } from '../src/connections/files.ts';
import { hostGuard } from '../src/connections/hosts.ts';
import { createAccounts } from '../src/control/access/accounts.ts';
import { createAudit } from '../src/control/access/audit.ts';
import { createCallers } from '../src/control/access/callers.ts';
import { ensureFirstAdmin, newCliToken } from '../src/control/access/first-start.ts';
import { createKeys } from '../src/control/access/keys.ts';
import { openKeys } from '../src/control/access/secret-box.ts';
import { createTokens } from '../src/control/access/tokens.ts';
import { adoptAccounts, createUserDocuments } from '../src/control/access/user-documents.ts';
import problems from '../src/control/api/problems.ts';
import { controlConfig } from '../src/control/config.ts';
import type { RoleChannel } from '../src/control/fleet.ts';
import { openConfiguration } from '../src/control/configuration.ts';
import { allowedEnvironment } from '../src/control/documents/variables.ts';
import { type RunningControl, startControl } from '../src/control/role.ts';
import { createRunRequests } from '../src/control/run-requests.ts';
import { createTryCalls } from '../src/control/try-call/try-calls.ts';
import { createDataApiChecker } from '../src/dataapi/publish.ts';
import { createDataApiCompiler } from '../src/dataapi/compiler.ts';
import { openStore } from '../src/store/store.ts';
import type { IncidentFilter, Store } from '../src/store/types.ts';
import { createLog } from '../src/telemetry/log.ts';
import { createProbe, queryLender } from '../src/wire/connections.ts';
import { createDrafts } from '../src/wire/drafts.ts';
import { createPlans } from '../src/wire/pipeline-plan.ts';
import { createPublications, routesOf } from '../src/wire/publications.ts';

export const ADMIN_PASSWORD = 'correct horse battery';

export interface TestControl {
  readonly address: string;
  readonly folder: string;
  readonly store: Store;
  readonly role: RunningControl;
  /** Every log line so far. */
  readonly lines: string[];
  /** Secrets of a token with all rights, and of one that may only look. */
  readonly admin: string;
  readonly viewer: string;
  /** `.weir/cli-token`. */
  readonly cliToken: string;
  /** Plays a role process that connects. */
  connect(channel: RoleChannel): void;
  /** A request; a token given as `as` goes into Authorization. */
  request(method: string, path: string, options?: { as?: string; body?: unknown; headers?: Record<string, string> }): Promise<TestAnswer>;
  stop(): Promise<void>;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

/** Starts it; `config` is the `control` section in people's form, `storeUrl` a PostgreSQL database for the store. */
export async function startTestControl(
  config: Record<string, unknown> = {},
  clock: Clock = systemClock,
  storeUrl?: string,
): Promise<TestControl> {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-control-'));
  const lines: string[] = [];
  const log = createLog({ level: 'debug', clock, write: (line) => lines.push(line) });
  const newId = idGenerator(clock, systemRandom);
  const store = await openStore({
    file: path.join(folder, 'store.db'),
    clock,
    newId,
    ...(storeUrl === undefined ? {} : { url: storeUrl }),
  });
  const audit = createAudit(store, clock, newId);
  await ensureFirstAdmin(store, audit, folder, ADMIN_PASSWORD, clock);
  const cliToken = newCliToken(folder);
  let accept: (channel: RoleChannel) => void = () => {};
  const { needs, closeRooms } = await openRooms({ folder, store, clock, log, cliToken });
  const { value, errors } = readValue(controlConfig, { port: 0, ...config });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  const role = await startControl({
    ...needs,
    config: value,
    store,
    clock,
    log,
    newId,
    operations,
    instance: 'control-test',
    serve: async (onConnection) => ((accept = onConnection), { close: async () => {} }),
  });
  const me = { name: 'test', address: undefined };
  const token = async (name: string, kind: string) =>
    (await needs.parts.tokens.create({ name, role: kind, projects: null, permissions: [], expiresAt: clock.now() + 3_600_000 }, me)).secret;
  return {
    address: role.address,
    folder,
    store,
    role,
    lines,
    cliToken: readFileSync(path.join(folder, 'cli-token'), 'utf8').trim(),
    admin: await token('test-admin', 'admin'),
    viewer: await token('test-viewer', 'viewer'),
    connect: (channel) => accept(channel),
    request: (method, at, options) => send(role.address, method, at, options),
    async stop() {
      await role.stop(1000);
      await closeRooms();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openRooms({
  folder,
  store,
  clock,
  log,
  cliToken,
}: {
  folder: string;
  store: Store;
  clock: Clock;
  log: Log;
  cliToken: string;
}) {
  const newId = idGenerator(clock, systemRandom);
  const keys = await openKeys(path.join(folder, 'master.key'), store.settings);
  const connections = createConnections({
    registry,
    clock,
    log,
    hosts: hostGuard({ clock, ownPorts: () => [] }),
    files: fileGuard({ roots: [folder], dataFolder: path.join(folder, 'none') }),
  });
  const audit = createAudit(store, clock, newId);
  const dataApis = createDataApiCompiler();
  const { resources, publisher, compileDraft, close } = await openConfiguration({
    store,
    registry,
    kinds,
    keys,
    audit,
    dataApis,
    lender: queryLender(connections),
    clock,
    newId,
    log,
    checker: createDataApiChecker(),
    environment: allowedEnvironment({}),
  });
  await adoptAccounts(store, resources, log);
  setEnvironmentData('weir-thread-config', { dataFolder: path.join(folder, 'none'), fileRoots: [folder], logLevel: 'error', ownPorts: [] });
  const drafts = createDrafts({ publisher, connections, registry, clock, log });
  const parts = {
    resources,
    runs: store.runs,
    runRequests: createRunRequests(store, audit),
    audit: store.audit,
    calls: store.calls,
    registry,
    probe: createProbe({ publisher, connections, compileDraft, audit }),
    schedules: store.schedules,
    plans: createPlans(publisher, connections),
    drafts,
    routes: () => routesOf(publisher),
    publications: createPublications(publisher, dataApis, registry),
    projects: async () => [...new Set((await store.resources.all()).map((resource) => resource.project))],
    catalogues,
    version: '0.0.0-test',
    gatewayPort: undefined,
    accounts: createAccounts({
      store,
      documents: createUserDocuments(resources),
      audit,
      clock,
      sessionLongestMs: 3_600_000,
      onPasswordChanged: () => {},
    }),
    tokens: createTokens(store, audit, clock, newId),
    keys: createKeys(store, audit, clock, newId, () => publisher.refreshCredentials()),
    incidents: {
      list: (filter: IncidentFilter) => store.incidents.list(filter),
      confirm: async (id: string) => {
        throw problems.raise['not-found']({ values: { what: { en: 'incident', zh: '事件' }, name: id } });
      },
    },
    sample: {
      status: async () => ABSENT,
      load: async () => ({ state: 'loaded' as const, notes: [{ en: 'loaded', zh: '已加载' }] }),
      remove: async () => ({ state: 'removed' as const, notes: [{ en: 'removed', zh: '已移除' }] }),
    },
    doctor: async () => [
      { check: 'store', title: { en: 'Store', zh: '存储' }, level: 'ok' as const, detail: { en: 'answers', zh: '正常' } },
      {
        check: 'control',
        title: { en: 'Control’s address', zh: '控制端监听地址' },
        level: 'warning' as const,
        detail: { en: 'no TLS', zh: '无 TLS' },
      },
      ...['default/Plan/gold', 'default/User/li'].map((check) => {
        const [project, kind, name] = check.split('/') as [string, string, string];
        const subject = { project, kind, name };
        return { check, subject, title: { en: kind, zh: kind }, level: 'warning' as const, detail: { en: 'odd', zh: '异常' } };
      }),
    ],
  };
  const callers = createCallers({ store, clock, cliToken, sessionIdleMs: 3_600_000 });
  const { keys: lender, routes } = parts;
  const openTryCalls: Parameters<typeof startControl>[0]['openTryCalls'] = (fleet) =>
    createTryCalls({ listener: undefined, routes, fleet, keys: lender, registry, audit, clock, newId });
  const closeRooms = async () => {
    await drafts.close();
    await close();
    await connections.close();
  };
  return { needs: { parts, openTryCalls, callers, audit, revisions: publisher }, closeRooms };
}

const ABSENT = { state: 'absent' as const, notes: [] };

async function send(
  address: string,
  method: string,
  at: string,
  options: { as?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<TestAnswer> {
  const { as, body, headers = {} } = options;
  const response = await fetch(address + at, {
    method,
    headers: {
      ...(as ? { authorization: `Bearer ${as}` } : {}),
      ...(body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  // A stream of events has no end of its own: its head says all such a request asks for.
  const isStream = /event-stream/.test(response.headers.get('content-type') ?? '');
  if (isStream) await response.body?.cancel();
  const text = isStream ? '' : await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, json: isJson && text ? JSON.parse(text) : undefined };
}
