/** What the gateways that are connected know of upstreams' targets: the latest of each thread, and the sum of it. */
import type { ToControl } from '../sdk/channel.ts';
import type { CompiledUpstream } from '../sdk/revision.ts';
import type { TargetHealth, UpstreamHealth } from '../sdk/target-health.ts';

/** One target over all threads of all gateways. */
export interface TargetSum {
  /** `host:port`. */
  readonly address: string;
  readonly weight: number;
  /**
   * `unused`: nobody called it since the gateways began. `failing`: the newest of its calls failed. `unhealthy`: its health
   * check fails. `ejected`: a thread or more gives it no requests for a while. `starting`: it is new or back, and gets few.
   */
  readonly state: 'ok' | 'failing' | 'unused' | 'starting' | 'ejected' | 'unhealthy';
  /** Why it is unhealthy or ejected, in a word; null otherwise. */
  readonly stateReason: string | null;
  /** When it became starting, ejected or unhealthy; null otherwise. */
  readonly stateSince: number | null;
  readonly requests: number;
  readonly open: number;
  readonly idle: number;
  /** Failures of the threads that failed since the last success of any; 0 unless it is failing. */
  readonly failures: number;
  /** The earliest failure known since the last success; null unless it is failing. */
  readonly failingSince: number | null;
  readonly lastSuccessAt: number | null;
  readonly lastFailureAt: number | null;
  /** Problem code of the last failure; null without one. */
  readonly lastFailure: string | null;
}

/** What one gateway process said, by thread and upstream. */
export interface GatewayTargets {
  take(message: Extract<ToControl, { type: 'targets' }>): void;
  /** What each thread knows of the upstream `project/name`. */
  of(key: string): readonly UpstreamHealth[];
  /** Upstreams that anything is known of. */
  keys(): string[];
}

/** Makes the memory of one gateway; it goes with the gateway's line. */
export function createGatewayTargets(): GatewayTargets {
  const threads = new Map<number, Map<string, UpstreamHealth>>();
  return {
    take({ thread, fresh, upstreams }) {
      let known = threads.get(thread);
      if (!known || fresh) threads.set(thread, (known = new Map()));
      for (const upstream of upstreams) {
        if (upstream.targets.length > 0 || upstream.discoveryFailure !== '') known.set(upstream.key, upstream);
        else known.delete(upstream.key);
      }
    },
    keys: () => [...new Set([...threads.values()].flatMap((known) => [...known.keys()]))],
    of: (key) => [...threads.values()].flatMap((known) => known.get(key) ?? []),
  };
}

/** The targets of `upstream`, in their order and those found behind them, with what `threads` know of them. */
export function sumTargets(upstream: Pick<CompiledUpstream, 'targets'>, threads: readonly UpstreamHealth[]): TargetSum[] {
  const byAddress = Map.groupBy(
    threads.flatMap(({ targets }) => targets),
    ({ address }) => address,
  );
  const written = upstream.targets.map(({ host, port, weight }) => ({ address: `${host}:${port}`, weight }));
  const known = new Set(written.map(({ address }) => address));
  const found = [...byAddress].filter(([address]) => !known.has(address)).map(([address, [first]]) => ({ address, weight: first!.weight }));
  return [...written, ...found].map((target) => ({ ...target, ...sumOf(byAddress.get(target.address) ?? []) }));
}

function sumOf(all: readonly TargetHealth[]): Omit<TargetSum, 'address' | 'weight'> {
  const sum = (of: (one: TargetHealth) => number) => all.reduce((total, one) => total + of(one), 0);
  const lastSuccessAt = latest(all.map((one) => one.lastSuccessAt));
  const lastFailureAt = latest(all.map((one) => one.lastFailureAt));
  const since = lastSuccessAt ?? Number.NEGATIVE_INFINITY;
  // A thread that has not called it since another one's success cannot know that it is back.
  const failing = all.filter((one) => one.failures > 0 && one.lastFailureAt !== null && one.lastFailureAt >= since);
  const times = failing.flatMap((one) => [one.failingSince, one.lastFailureAt]).filter((at) => at !== null && at >= since);
  const standing = standingOf(all);
  return {
    ...standing,
    state: standing.state ?? (failing.length > 0 ? 'failing' : lastSuccessAt === null ? 'unused' : 'ok'),
    requests: sum((one) => one.requests),
    open: sum((one) => one.open),
    idle: sum((one) => one.idle),
    failures: failing.reduce((total, one) => total + one.failures, 0),
    failingSince: failing.length > 0 ? Math.min(...(times as number[])) : null,
    lastSuccessAt,
    lastFailureAt,
    lastFailure: all.find((one) => one.lastFailureAt !== null && one.lastFailureAt === lastFailureAt)?.lastFailure ?? null,
  };
}

/** The worst that any thread says of whether it gets requests, and since when. */
function standingOf(all: readonly TargetHealth[]) {
  for (const state of ['unhealthy', 'ejected', 'starting'] as const) {
    const those = all.filter((one) => one.state === state);
    if (those.length === 0) continue;
    const times = those.flatMap(({ stateSince }) => stateSince ?? []);
    return { state, stateReason: those[0]!.stateReason || null, stateSince: times.length > 0 ? Math.min(...times) : null };
  }
  return { state: undefined, stateReason: null, stateSince: null };
}

/** True when threads say that no target of it gets requests by its own merit: all are unhealthy or ejected, or none is found. */
export function hasNoHealthyTarget(threads: readonly UpstreamHealth[]): boolean {
  const isOut = ({ state }: TargetHealth) => state === 'unhealthy' || state === 'ejected';
  return threads.length > 0 && threads.every(({ targets }) => targets.every(isOut));
}

function latest(times: readonly (number | null)[]): number | null {
  const known = times.filter((at) => at !== null);
  return known.length > 0 ? Math.max(...known) : null;
}
