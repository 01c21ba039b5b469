/** The gateway's decisions as the benchmark serves them: the product's own core over a revision of so many routes. */
import { hash } from 'node:crypto';
import { systemClock } from '../../src/base/clock.ts';
import { idGenerator } from '../../src/base/id.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { createCallRing } from '../../src/gateway/call-ring.ts';
import type { Core, TargetPool } from '../../src/gateway/contract.ts';
import { createCore } from '../../src/gateway/core.ts';
import { createRevisionState } from '../../src/gateway/revision-state.ts';
import { createMetrics } from '../../src/gateway/route-stats.ts';
import { revisionHash } from '../../src/sdk/revision.ts';
import { createCounterBuffer, openCounters } from '../../src/sdk/shared-counters.ts';
import { consumerEntries, entry, routeEntry, testRegistry } from '../../test/gateway/core-harness.ts';

/** The key callers must send as `x-api-key`. */
export const KEY = 'key-77-0123456789abcdef0123';
const COLLECT_MS = 100;

/**
 * `routes`: no step at all; `policies`: key and one limit; `chain`: also a limit of the plan and header changes. Metrics and call
 * records in each.
 */
export type Steps = 'routes' | 'policies' | 'chain';

/** Makes the core over `routes` routes; call records are taken out as in a gateway thread. */
export function chainCore(pool: () => TargetPool, steps: Steps, routes: number): Core {
  const metrics = createMetrics();
  const calls = createCallRing(20_000);
  const counters = openCounters(createCounterBuffer(1024, systemRandom), () => systemClock.monotonic());
  const state = createRevisionState({
    tools: { registry: testRegistry(), clock: systemClock, log: silentLog, counters, routeStats: (p, name) => metrics.route(p, name) },
    onUpstreams: () => {},
  });
  const entries = [
    ...Array.from({ length: routes - 1 }, (_, i) => routeOf(`r${i}`, [pathOf(i)], steps)),
    routeOf('last', [steps === 'routes' ? pathOf(routes - 1) : '/**'], steps),
    entry('plan', 'gold', { name: 'gold', policies: steps === 'chain' ? [{ ...LIMIT, identity: 'plan/p/gold/rate-limit/0' }] : [] }),
    ...consumerEntries('bench', hash('sha256', KEY), { plan: 'gold' }),
  ];
  state.apply({ from: 0, to: 1, hash: revisionHash(entries), put: entries, remove: [] });
  systemClock.every(COLLECT_MS, () => {
    const batch = calls.drain();
    if (batch) structuredClone(batch, { transfer: [batch.numbers.buffer, batch.bytes.buffer] });
  });
  return createCore({
    pool,
    metrics,
    calls,
    revision: () => state.current,
    dataApis: { run: () => Promise.reject(new Error('none here')) },
    newId: idGenerator(systemClock, systemRandom),
    clock: systemClock,
    log: silentLog,
  });
}

const LIMIT = { type: 'rate-limit', config: { limit: 1_000_000, window: '1s' } };

const pathOf = (route: number): string => `/svc${route}/v1/items/{id}/**`;

function routeOf(name: string, paths: string[], steps: Steps) {
  const transform = {
    type: 'transform',
    config: { request: { set: { 'x-tenant': 'bench' } }, response: { remove: ['server'] } },
    identity: `route/p/${name}/transform/0`,
  };
  return routeEntry(name, {
    paths,
    timeouts: { connectMs: 1000, firstByteMs: 10_000, idleMs: 10_000 },
    bodyBytesMax: 1 << 30,
    auth: steps === 'routes' ? [] : [{ type: 'api-key', config: {} }],
    policies: steps === 'routes' ? [] : [...(steps === 'chain' ? [transform] : []), { ...LIMIT, identity: `route/p/${name}/rate-limit/0` }],
  });
}
