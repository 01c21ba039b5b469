/**
 * How long a gateway thread is kept from its requests by a big change: a first revision of many routes, the same with
 * every route changed, and one change among them. In: `node bench/big-change.ts [routes] [rounds]`. Out: per round the
 * longest turn of the thread's work and all of it together, in milliseconds; the state and its turns are the product's,
 * in one thread without sockets.
 */
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../src/base/clock.ts';
import { silentLog } from '../src/base/log.ts';
import { systemRandom } from '../src/base/random.ts';
import { packDelta } from '../src/gateway/revision-change.ts';
import { createRevisionState } from '../src/gateway/revision-state.ts';
import { createRevisionTurns } from '../src/gateway/revision-turns.ts';
import { createMetrics } from '../src/gateway/route-stats.ts';
import { type AnyEntry, type RevisionDelta, revisionHash } from '../src/sdk/revision.ts';
import { createCounterBuffer, openCounters } from '../src/sdk/shared-counters.ts';
import { routeEntry, testRegistry } from '../test/gateway/core-harness.ts';

const count = Number(process.argv[2] ?? 5000);
const rounds = Number(process.argv[3] ?? 5);

const route = (i: number, version: number): AnyEntry =>
  routeEntry(`r${i}`, {
    release: `v${version}`,
    hosts: [`h${i % 50}.example.test`],
    paths: [`/r${i}/v1/{id}`, `/r${i}/v2/**`],
    auth: [{ type: 'api-key', config: {} }],
    policies: [{ type: 'rate-limit', config: { limit: 100, window: '1m' }, identity: `p/route/r${i}/0` }],
  });
const routes = (version: number) => Array.from({ length: count }, (_, i) => route(i, version));

/** The turns of one delta, each as long as it kept the thread. */
function thread() {
  const spent: number[] = [];
  let through = 0;
  const timed = (work: () => void): void => {
    const begun = performance.now();
    work();
    spent.push(performance.now() - begun);
  };
  const metrics = createMetrics();
  const state = createRevisionState({
    tools: {
      registry: testRegistry(),
      clock: systemClock,
      log: silentLog,
      counters: openCounters(createCounterBuffer(1024, systemRandom), () => performance.now()),
      routeStats: (project, name) => metrics.route(project, name),
    },
    onUpstreams() {},
  });
  const clock = { ...systemClock, after: (ms: number, action: () => void) => systemClock.after(ms, () => timed(action)) };
  const turns = createRevisionTurns({ state, clock, onApplied: () => void through++, onOverflow() {} });
  return async (delta: RevisionDelta): Promise<string> => {
    spent.length = 0;
    const order = structuredClone(packDelta(delta)); // As a message brings it.
    const wanted = through + 1;
    timed(() => turns.take(order));
    while (through < wanted) await turn();
    const sum = spent.reduce((all, one) => all + one, 0);
    return `longest ${Math.max(...spent).toFixed(1)} ms of ${spent.length}, all ${sum.toFixed(0)} ms`;
  };
}

for (let round = 0; round < rounds; round++) {
  const take = thread();
  const [first, changed] = [routes(1), routes(2)];
  const one = [...changed.slice(1), route(0, 3)];
  console.log(`load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}; ${count} routes`);
  console.log(`  first    ${await take({ from: 0, to: 1, hash: revisionHash(first), put: first, remove: [] })}`);
  console.log(`  all      ${await take({ from: 1, to: 2, hash: revisionHash(changed), put: changed, remove: [] })}`);
  console.log(`  one      ${await take({ from: 2, to: 3, hash: revisionHash(one), put: [route(0, 3)], remove: [] })}`);
}
