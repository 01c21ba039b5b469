/**
 * The engine of one gateway thread: listener, pools, deadlines and memory, made together.
 * In: the core that decides, limits, clock, chance. Out: contract.ts `Engine`.
 */
import type { CreateEngine, Engine } from '../contract.ts';
import { createNames, type ResolveHost, systemResolve } from '../upstream/names.ts';
import { createPools, type IsRefused, type PoolStats } from '../upstream/pool.ts';
import { isLinkLocal } from '../upstream/refused.ts';
import { createHeadPool } from './head.ts';
import { createRequestIds } from './ids.ts';
import { createHttpListener, type ListenerStats } from './listener.ts';
import { createDate, createFailure, type EngineTools } from './tools.ts';
import { createWheel } from './wheel.ts';
import { createWriter } from './writer.ts';

/** What a thread may choose; the defaults are those of the product. */
export interface EngineChoices {
  /** Addresses no upstream may have, besides link-local ones; asked before each connect. */
  readonly isRefused?: IsRefused;
  readonly resolve?: ResolveHost;
  /** Step of all deadlines. */
  readonly tickMs?: number;
}

/** The engine, and what tests and benchmarks look at. */
export interface HttpEngine extends Engine {
  stats(): { readonly listener: ListenerStats; readonly upstream: PoolStats };
}

/** Makes the engine of a thread. Nothing happens before `listen`. */
export function createEngine(options: Parameters<CreateEngine>[0] & EngineChoices): HttpEngine {
  const { core, limits, clock, log } = options;
  const wheel = createWheel(clock, options.tickMs);
  const responseHeads = createHeadPool('response', limits);
  const tools: EngineTools = {
    core, limits, clock, log, wheel, responseHeads,
    ids: createRequestIds(options.newId, options.random),
    writer: createWriter(),
    requestHeads: createHeadPool('request', limits),
    date: createDate(clock),
    failure: createFailure(log),
  };
  const { isRefused } = options;
  const pools = createPools({
    wheel, log,
    heads: responseHeads,
    names: createNames({ resolve: options.resolve ?? systemResolve, clock, log }),
    isRefused: (address, port) => isLinkLocal(address) || (isRefused?.(address, port) ?? false),
  });
  const listener = createHttpListener(tools);
  return {
    pool: (key) => pools.pool(key),
    putUpstream: (upstream) => pools.update([upstream]),
    removeUpstream: (key) => pools.remove(key),
    listen: (where) => listener.listen(where),
    async drain(graceMs) {
      await listener.close({ graceMs });
      pools.close();
      wheel.stop();
    },
    stats: () => ({ listener: listener.stats(), upstream: pools.stats() }),
  };
}
