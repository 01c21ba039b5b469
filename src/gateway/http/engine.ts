/**
 * The engine of one gateway thread: listener, pools, deadlines and memory, made together.
 * In: the core that decides, limits, clock, chance. Out: contract.ts `Engine`.
 */
import { networkInterfaces } from 'node:os';
import { addressRefusal } from '../../sdk/address.ts';
import type { CreateEngine, Engine } from '../contract.ts';
import { createNames, type ResolveHost, systemResolve } from '../upstream/names.ts';
import type { PoolStats } from '../upstream/pool.ts';
import { createPools } from '../upstream/pools.ts';
import { createHeadPool } from './head.ts';
import { createRequestIds } from './ids.ts';
import { createHttpListener, type ListenerStats } from './listener.ts';
import { createDate, createFailure, type EngineTools } from './tools.ts';
import { createWheel } from './wheel.ts';
import { createWriter } from './writer.ts';

/** What a thread may choose; the defaults are those of the product. */
export interface EngineChoices {
  /** Ports of Weir on this machine, which no upstream may have; the one listened on is added by itself. */
  readonly ownPorts?: ReadonlySet<number>;
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
    core,
    limits,
    clock,
    log,
    wheel,
    responseHeads,
    ids: createRequestIds(options.newId, options.random),
    writer: createWriter(),
    requestHeads: createHeadPool('request', limits),
    date: createDate(clock),
    failure: createFailure(log),
  };
  const own = { ports: new Set(options.ownPorts), local: localAddresses() };
  const pools = createPools({
    clock,
    wheel,
    log,
    heads: responseHeads,
    names: createNames({ resolve: options.resolve ?? systemResolve, clock, log }),
    isRefused: (address, port) => addressRefusal(address, port, own) !== undefined,
  });
  const listener = createHttpListener(tools);
  return {
    pool: (key) => pools.pool(key),
    putUpstream: (upstream) => pools.update([upstream]),
    removeUpstream: (key) => pools.remove(key),
    targetNews: () => pools.news(),
    async listen(where) {
      const port = await listener.listen(where);
      own.ports.add(port);
      return port;
    },
    async drain(graceMs) {
      await listener.close({ graceMs });
      pools.close();
      wheel.stop();
    },
    stats: () => ({ listener: listener.stats(), upstream: pools.stats() }),
  };
}

function localAddresses(): ReadonlySet<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address)));
}
