/** A gateway core over hand-made revisions, with an engine's exchange in memory: for tests of the gateway's decisions. */
import { manualClock } from '../../src/base/clock.ts';
import { idGenerator } from '../../src/base/id.ts';
import { contentHash, type Json } from '../../src/base/json.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import apiKey from '../../src/extensions/auth/api-key.ts';
import rateLimit from '../../src/extensions/policies/rate-limit.ts';
import transform from '../../src/extensions/policies/transform.ts';
import { readCallBatch } from '../../src/sdk/call-batch.ts';
import { createCallRing } from '../../src/gateway/call-ring.ts';
import type { Disposition, GatewayExchange, Outcome } from '../../src/gateway/contract.ts';
import { createCore } from '../../src/gateway/core.ts';
import { createRevisionState } from '../../src/gateway/revision-state.ts';
import { createMetrics } from '../../src/gateway/route-stats.ts';
import type { DataApiRunner } from '../../src/sdk/dataapi.ts';
import type { PolicyComponent } from '../../src/sdk/policy.ts';
import type { Registry } from '../../src/sdk/registry.ts';
import { type AnyEntry, type EntryType, type EntryValues, entryKey, revisionHash } from '../../src/sdk/revision.ts';
import { createCounterBuffer, openCounters } from '../../src/sdk/shared-counters.ts';

/** The extensions there are, plus `more` policies. */
export function testRegistry(more: readonly unknown[] = []): Registry {
  const policies = [rateLimit, transform, ...more] as unknown as PolicyComponent[];
  return {
    policies: new Map(policies.map((p) => [p.id, p])),
    auth: new Map([['api-key', apiKey as never]]),
    connectors: new Map(),
    discovery: new Map(),
  };
}

/** An entry with the hash control would give it. */
export function entry<K extends EntryType>(type: K, name: string, value: Omit<EntryValues[K], 'project'>): AnyEntry {
  const whole = { project: 'p', ...value } as unknown as EntryValues[K];
  return { type, key: entryKey(type, 'p', name), hash: contentHash(whole as unknown as Json), value: whole } as unknown as AnyEntry;
}

export function routeEntry(name: string, more: Partial<EntryValues['route']> = {}): AnyEntry {
  return entry('route', name, {
    name,
    release: `release-${name}`,
    hosts: [],
    paths: [`/${name}/**`],
    methods: [],
    target: { kind: 'upstream', name: 'u' },
    rewrite: undefined,
    preserveHost: false,
    keepCredential: false,
    timeouts: { connectMs: 1000, firstByteMs: 2000, idleMs: 3000 },
    bodyBytesMax: 1 << 20,
    auth: [],
    policies: [],
    ...more,
  });
}

/** Entries of a consumer with one key. */
export function consumerEntries(
  name: string,
  sha256: string,
  more: { plan?: string; enabled?: boolean; expiresAt?: number } = {},
): AnyEntry[] {
  return [
    entry('consumer', name, { name, plan: more.plan, enabled: more.enabled ?? true }),
    entry('credential', `${name}-1`, { id: `${name}-1`, type: 'api-key', sha256, consumer: name, expiresAt: more.expiresAt }),
  ];
}

export interface CoreHarnessOptions {
  readonly policies?: readonly unknown[];
  readonly dataApis?: DataApiRunner;
  readonly poolMissing?: boolean;
}

/** A core, its revision and what it recorded. `serve` replaces the whole revision. */
export function coreHarness(entries: readonly AnyEntry[], options: CoreHarnessOptions = {}) {
  const clock = manualClock();
  const metrics = createMetrics();
  const calls = createCallRing(100);
  const counters = openCounters(createCounterBuffer(1024, seededRandom(1)), () => clock.monotonic());
  const state = createRevisionState({
    tools: {
      registry: testRegistry(options.policies),
      clock,
      log: silentLog,
      counters,
      routeStats: (project, name) => metrics.route(project, name),
    },
    onUpstreams: () => {},
  });
  const serve = (next: readonly AnyEntry[]) =>
    state.apply({ from: 0, to: state.current.number + 1, hash: revisionHash(next), put: next, remove: [] });
  serve(entries);
  const core = createCore({
    revision: () => state.current,
    pool: (key) => (options.poolMissing ? undefined : { key }),
    dataApis: options.dataApis ?? { run: () => Promise.reject(new Error('no data API here')) },
    metrics,
    calls,
    newId: idGenerator(clock, seededRandom(9)),
    clock,
    log: silentLog,
  });
  const done = (exchange: GatewayExchange, outcome: Partial<Outcome> = {}) =>
    core.onDone(exchange, {
      status: 200,
      reason: '',
      durationMs: 5,
      headMs: 0,
      upstreamMs: 3,
      trip: undefined,
      requestBytes: 10,
      responseBytes: 20,
      protocol: 1,
      ...outcome,
    });
  return {
    core,
    clock,
    state,
    serve,
    metrics,
    done,
    records() {
      const batch = calls.drain();
      return batch ? readCallBatch(batch) : [];
    },
  };
}

/** The disposition when it must be there at once: a promise here is a test failure. */
export function now(disposition: Disposition | Promise<Disposition>): Disposition {
  if (disposition instanceof Promise) throw new Error('a promise although every step answers at once');
  return disposition;
}
