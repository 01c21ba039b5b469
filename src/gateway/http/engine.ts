/**
 * The engine of one gateway thread: listener, pools, deadlines and memory, made together.
 * In: the core that decides, limits, clock, chance. Out: contract.ts `Engine`.
 */
import { seededRandom } from '../../base/random.ts';
import { addressRefusal, localAddresses } from '../../sdk/address.ts';
import type { CreateEngine, Engine, ListenerNumbers } from '../contract.ts';
import { createNames, type ResolveHost, systemResolve } from '../upstream/names.ts';
import type { PoolStats } from '../upstream/pool.ts';
import { createPools } from '../upstream/pools.ts';
import { createHeadPool } from './head.ts';
import { createRequestIds } from './ids.ts';
import { createAdmissionMemory, openAdmission } from './admission.ts';
import { createListeners } from './listeners.ts';
import { createDate, createFailure, type EngineTools, noOutcome } from './tools.ts';
import { createWheel } from './wheel.ts';
import { createOutbox } from './outbox.ts';
import { createWriter } from './writer.ts';

/** What a thread may choose; the defaults are those of the product. */
export interface EngineChoices {
  /** Ports of Weir on this machine, which no upstream and no further listener may have; those listened on are added. */
  readonly ownPorts?: ReadonlySet<number>;
  readonly resolve?: ResolveHost;
  /** Step of all deadlines. */
  readonly tickMs?: number;
}

/** The engine, and what tests and benchmarks look at. */
export interface HttpEngine extends Engine {
  stats(): { readonly listener: ListenerStats; readonly upstream: PoolStats };
}

/** Numbers of all listeners together. */
export interface ListenerStats {
  /** Connections open now. */
  readonly connections: number;
  /** Connections accepted and requests begun since the start. */
  readonly accepted: number;
  readonly requests: number;
}

/** Makes the engine of a thread. Nothing happens before `listen`. */
export function createEngine(options: Parameters<CreateEngine>[0] & EngineChoices): HttpEngine {
  const { core, limits, clock, log } = options;
  const wheel = createWheel(clock, options.tickMs);
  const responseHeads = createHeadPool('response', limits);
  const writer = createWriter();
  const outbox = createOutbox(writer);
  const tools: EngineTools = {
    core,
    limits,
    clock,
    log,
    wheel,
    responseHeads,
    outcome: noOutcome(),
    ids: createRequestIds(options.newId, options.random),
    writer,
    outbox,
    date: createDate(clock),
    failure: createFailure(log),
  };
  const own = { ports: new Set(options.ownPorts), local: localAddresses() };
  const pools = createPools({
    clock,
    wheel,
    outbox,
    log,
    heads: responseHeads,
    names: createNames({ resolve: options.resolve ?? systemResolve, clock, log }),
    random: seededRandom(options.random.integer(2 ** 32)), // Choosing targets is no secret, and must be fast.
    isRefused: (address, port) => addressRefusal(address, port, own) !== undefined,
  });
  const listeners = createListeners({
    tools,
    limits,
    clock,
    log,
    admission: openAdmission(options.admission ?? { memory: createAdmissionMemory(1, options.random), thread: 0 }),
    drainMs: options.drainMs ?? DRAIN_MS,
    ownPorts: new Set(options.ownPorts),
    onChange: () => options.onListeners?.(),
    onPort(port, isOurs) {
      if (isOurs) own.ports.add(port);
      else if (!options.ownPorts?.has(port)) own.ports.delete(port);
    },
  });
  return {
    pool: (key) => pools.pool(key),
    putUpstream: (upstream) => pools.update([upstream]),
    removeUpstream: (key) => pools.remove(key),
    targetNews: () => pools.news(),
    listen: (where) => listeners.listen(where),
    prepareListener: (listener) => listeners.prepare(listener),
    putListener: (listener) => listeners.put(listener),
    removeListener: (name) => listeners.remove(name),
    listeners: () => listeners.states(),
    listenerNumbers: () => listeners.numbers(),
    useTicketKey: (key) => listeners.useTicketKey(key),
    learn: (facts) => pools.learn(facts),
    upstreamCounts: () => pools.counts(),
    async drain(graceMs) {
      await listeners.close(graceMs);
      pools.close();
      wheel.stop();
    },
    stats: () => ({ listener: sumOf(listeners.numbers()), upstream: pools.stats() }),
  };
}

const DRAIN_MS = 10_000;

function sumOf(numbers: readonly ListenerNumbers[]): ListenerStats {
  const total = { connections: 0, accepted: 0, requests: 0 };
  for (const { connections, accepted, requests } of numbers) {
    total.connections += connections;
    total.accepted += accepted;
    total.requests += requests;
  }
  return total;
}
