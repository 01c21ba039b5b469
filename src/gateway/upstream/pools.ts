/** All pools of one thread, by upstream: they follow the revision, and tell what is new of their targets. */
import type { CompiledUpstream, UpstreamFacts } from '../../sdk/upstream.ts';
import type { UpstreamHealth } from '../../sdk/target-health.ts';
import type { TargetPool } from '../contract.ts';
import { Together } from './pipeline.ts';
import { Pool, type PoolStats, type PoolTools } from './pool.ts';
import type { UpstreamCountRow } from './upstream-counts.ts';

/** All pools of a thread. */
export interface Pools {
  pool(key: string): TargetPool | undefined;
  /** Makes or changes the pools of `upstreams`; others stay as they are. */
  update(upstreams: readonly CompiledUpstream[]): void;
  /** Takes the pool of `project/name` away; exchanges in flight end on their connection. */
  remove(key: string): void;
  /** What the process found out about upstreams: targets, health. */
  learn(facts: readonly UpstreamFacts[]): void;
  /** Counts of every upstream. */
  counts(): UpstreamCountRow[];
  close(): void;
  stats(): PoolStats;
  /** Upstreams of which something is new since this was last asked: at most some, the others the next time. */
  news(): UpstreamHealth[];
}

const SHARED_BYTES = 64 * 1024;
/** Upstreams told of at once. */
const NEWS_MAX = 200;

/** Makes the pools of one thread. */
export function createPools(tools: PoolTools): Pools {
  const pools = new Map<string, Pool>();
  const removed = new Set<string>();
  const sharedBuffer = Buffer.allocUnsafeSlow(SHARED_BYTES);
  const together = new Together();
  return {
    pool: (key) => pools.get(key),
    update(upstreams) {
      for (const upstream of upstreams) {
        const key = `${upstream.project}/${upstream.name}`;
        let pool = pools.get(key);
        if (!pool) pools.set(key, (pool = new Pool(key, tools, sharedBuffer, together)));
        removed.delete(key);
        pool.configure(upstream);
      }
    },
    remove(key) {
      pools.get(key)?.retire();
      if (pools.delete(key)) removed.add(key);
    },
    learn(facts) {
      for (const fact of facts) pools.get(fact.key)?.learn(fact);
    },
    counts: () => [...pools].flatMap(([key, pool]) => pool.countRow(key)),
    close() {
      for (const pool of pools.values()) pool.retire();
      pools.clear();
    },
    stats() {
      let open = 0;
      let idle = 0;
      let waiting = 0;
      for (const pool of pools.values()) {
        const own = pool.stats();
        open += own.open;
        idle += own.idle;
        waiting += own.waiting;
      }
      return { open, idle, waiting };
    },
    news() {
      const found: UpstreamHealth[] = [...removed].slice(0, NEWS_MAX).map((key) => ({ key, targets: [], discoveryFailure: '' }));
      for (const { key } of found) removed.delete(key);
      const told: [string, Pool][] = [];
      for (const [key, pool] of pools) {
        if (found.length + told.length >= NEWS_MAX) break;
        if (pool.hasNews()) told.push([key, pool]);
      }
      // Who is told of goes to the end, so that the busiest do not keep the others out.
      for (const [key, pool] of told) {
        found.push(pool.health());
        pools.delete(key);
        pools.set(key, pool);
      }
      return found;
    },
  };
}
