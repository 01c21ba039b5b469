/**
 * A control path for tests: the real store on a SQLite file, the real kinds, extensions, compiler and
 * connections, in a folder of its own. Time is moved by hand unless `clock` is given.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Clock, manualClock } from '../../src/base/clock.ts';
import { idGenerator, type NewId } from '../../src/base/id.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { fileGuard } from '../../src/connections/files.ts';
import { hostGuard } from '../../src/connections/hosts.ts';
import { createAudit } from '../../src/control/access/audit.ts';
import { keysOf } from '../../src/control/access/secret-box.ts';
import { type Configuration, openConfiguration } from '../../src/control/configuration.ts';
import { allowedEnvironment } from '../../src/control/documents/variables.ts';
import { createQueryLender } from '../../src/control/publish/lender.ts';
import { createLiveStatus, type LiveStatus } from '../../src/control/live-status.ts';
import type { ResourceKind } from '../../src/control/resources/define.ts';
import certificate from '../../src/control/resources/kinds/certificate.ts';
import connection from '../../src/control/resources/kinds/connection.ts';
import consumer from '../../src/control/resources/kinds/consumer.ts';
import dataApi from '../../src/control/resources/kinds/data-api.ts';
import listener from '../../src/control/resources/kinds/listener.ts';
import pipeline from '../../src/control/resources/kinds/pipeline.ts';
import plan from '../../src/control/resources/kinds/plan.ts';
import route from '../../src/control/resources/kinds/route.ts';
import secret from '../../src/control/resources/kinds/secret.ts';
import upstream from '../../src/control/resources/kinds/upstream.ts';
import user from '../../src/control/resources/kinds/user.ts';
import type { ApplyOptions, ApplyResult } from '../../src/control/resources/types.ts';
import { createDataApiCompiler } from '../../src/dataapi/compiler.ts';
import { createDataApiChecker } from '../../src/dataapi/publish.ts';
import apiKey from '../../src/extensions/auth/api-key.ts';
import postgres from '../../src/extensions/connectors/postgres/index.ts';
import sqlite from '../../src/extensions/connectors/sqlite/index.ts';
import dnsDiscovery from '../../src/extensions/discovery/dns.ts';
import staticDiscovery from '../../src/extensions/discovery/static.ts';
import rateLimit from '../../src/extensions/policies/rate-limit.ts';
import transform from '../../src/extensions/policies/transform.ts';
import type { Registry } from '../../src/sdk/registry.ts';
import { openStore } from '../../src/store/store.ts';
import type { Store } from '../../src/store/types.ts';

export const testKinds: readonly ResourceKind[] = [
  certificate,
  connection,
  consumer,
  dataApi,
  listener,
  pipeline,
  plan,
  route,
  secret,
  upstream,
  user,
];
export const testRegistry = {
  policies: new Map<string, unknown>([
    ['rate-limit', rateLimit],
    ['transform', transform],
  ]),
  auth: new Map<string, unknown>([['api-key', apiKey]]),
  connectors: new Map<string, unknown>([
    ['postgres', postgres],
    ['sqlite', sqlite],
  ]),
  discovery: new Map<string, unknown>([
    ['static', staticDiscovery],
    ['dns', dnsDiscovery],
  ]),
} as unknown as Registry;

export interface World extends Configuration {
  readonly folder: string;
  /** Folder that file connectors may use. */
  readonly files: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly liveStatus: LiveStatus;
  apply(text: string, options?: Partial<ApplyOptions>): Promise<ApplyResult>;
  /** Closes all and opens it again on the same folder and keys. */
  reopen(): Promise<World>;
  close(): Promise<void>;
  /** Closes all and deletes the folder. */
  end(): Promise<void>;
}

export interface WorldOptions {
  readonly clock?: Clock;
  readonly variables?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly master?: Buffer;
}

export const actor = { name: 'ada', kind: 'user', address: '127.0.0.1' } as const;

/** Opens a world. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'weir-control-'));
  const [data, files] = [path.join(folder, 'data'), path.join(folder, 'files')];
  for (const made of [data, files]) mkdirSync(made, { recursive: true });
  const clock = options.clock ?? manualClock();
  const master = options.master ?? randomBytes(32);
  const newId = idGenerator(clock, seededRandom(7));
  const store = await openStore({ file: path.join(data, 'weir.db'), clock, newId });
  const connections = createConnections({
    registry: testRegistry,
    clock,
    log: silentLog,
    hosts: hostGuard({ clock, ownPorts: () => [] }),
    files: fileGuard({ roots: [files], dataFolder: data }),
  });
  const liveStatus = createLiveStatus(clock);
  const configuration = await openConfiguration({
    liveStatus,
    store,
    clock,
    newId,
    registry: testRegistry,
    kinds: testKinds,
    keys: keysOf(master),
    audit: createAudit(store, clock, newId),
    dataApis: createDataApiCompiler(),
    checker: createDataApiChecker(),
    lender: createQueryLender(connections),
    environment: allowedEnvironment(options.variables ?? {}),
    log: silentLog,
  });
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await configuration.close();
    await connections.close();
    await store.close();
  };
  return {
    ...configuration,
    folder,
    files,
    store,
    clock,
    newId,
    liveStatus,
    close,
    apply: (text, more = {}) => configuration.resources.apply([{ text, file: 'weir.yaml' }], { actor, manager: 'api', ...more }),
    reopen: async () => {
      await close();
      return openWorld({ ...options, folder, master });
    },
    end: async () => {
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until `met` holds, at most five seconds of real time. */
export async function until(met: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await met()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`did not happen within five seconds: ${what}`);
}
