/**
 * What a gateway process finds out about its upstreams for all its threads: discovered targets and health checks. Once per
 * process and not per thread, so that targets and DNS servers are asked once however many threads there are, every
 * thread thinks the same of a target, and no thread that serves requests spends time on it.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { readValue } from '../../base/schema-read.ts';
import type { Discovery, DiscoveryComponent } from '../../sdk/discovery.ts';
import type { NamedConfig, RevisionDelta } from '../../sdk/revision.ts';
import type { CompiledTarget, CompiledUpstream, UpstreamFacts } from '../../sdk/upstream.ts';
import { openUpstreamTls } from '../upstream/socket.ts';
import { startDiscoveryLoop } from './discovery-loop.ts';
import { createHealthChecks, type HealthChecks } from './health-checks.ts';
import type { Probe } from './probe.ts';

export interface UpstreamWatch {
  /** Follows the revision. */
  apply(delta: RevisionDelta): void;
  /** All facts, for a thread that begins. */
  all(): UpstreamFacts[];
  /** Upstreams of whose discovered targets not all are used, and how many are left out, at least. */
  leftOut(): { readonly key: string; readonly count: number }[];
  close(): void;
}

export interface UpstreamWatchOptions {
  readonly discoveries: ReadonlyMap<string, DiscoveryComponent>;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Facts that changed. */
  tell(facts: readonly UpstreamFacts[]): void;
}

interface Watched {
  upstream: CompiledUpstream;
  /** Undefined until the first answer. */
  found: readonly CompiledTarget[] | undefined;
  failure: string;
  leftOut: number;
  checks: HealthChecks | undefined;
  stopDiscovery: () => void;
  /** When it was told of last, and whether it will be again. */
  toldAt: number;
  isDue: boolean;
}

/** Least time between two messages about one upstream: a hundred targets may fail their checks within a second. */
const TELL_EVERY_MS = 100;

const PREFIX = 'upstream/';
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** Makes the watch of a process; it watches nothing yet. */
export function createUpstreamWatch(options: UpstreamWatchOptions): UpstreamWatch {
  return new Watch(options);
}

class Watch implements UpstreamWatch {
  private readonly options: UpstreamWatchOptions;
  private readonly watched = new Map<string, Watched>();
  private isClosed = false;

  constructor(options: UpstreamWatchOptions) {
    this.options = options;
  }

  apply(delta: RevisionDelta): void {
    const named = new Set(delta.put.flatMap((entry) => (entry.type === 'upstream' ? [keyOf(entry.value)] : [])));
    const gone = delta.remove.filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
    for (const key of delta.from === 0 ? [...this.watched.keys()] : gone) if (!named.has(key)) this.remove(key);
    for (const entry of delta.put) if (entry.type === 'upstream') this.put(entry.value);
  }

  all(): UpstreamFacts[] {
    return [...this.watched].flatMap(([key, one]) => (knowsNothing(one) ? [] : [factsOf(key, one)]));
  }

  leftOut(): { readonly key: string; readonly count: number }[] {
    return [...this.watched].flatMap(([key, { leftOut: count }]) => (count > 0 ? [{ key, count }] : []));
  }

  close(): void {
    this.isClosed = true;
    for (const { stopDiscovery, checks } of this.watched.values()) {
      stopDiscovery();
      checks?.close();
    }
    this.watched.clear();
  }

  private put(upstream: CompiledUpstream): void {
    const key = keyOf(upstream);
    if (!upstream.health && !upstream.discovery) return this.remove(key);
    const old = this.watched.get(key);
    const watched: Watched = old ?? { ...UNKNOWN, upstream };
    const before = old?.upstream;
    watched.upstream = upstream;
    this.watched.set(key, watched);
    if (!before || !same(before.health, upstream.health) || !same(before.tls, upstream.tls)) this.check(key, watched);
    if (!before || !same(before.discovery, upstream.discovery)) {
      watched.stopDiscovery();
      watched.stopDiscovery = () => {};
      if (upstream.discovery) this.discover(key, watched, upstream.discovery);
      else Object.assign(watched, { found: undefined, failure: '', leftOut: 0 });
    }
    useTargets(watched);
    this.tell(key, watched);
  }

  private remove(key: string): void {
    const watched = this.watched.get(key);
    if (!watched) return;
    this.watched.delete(key);
    watched.stopDiscovery();
    watched.checks?.close();
    this.options.tell([{ key, found: [], unhealthy: [], discoveryFailure: '' }]);
  }

  /** Tells now, or what there is by then when it was told of just before. */
  private tell(key: string, watched: Watched): void {
    const { clock, tell } = this.options;
    if (knowsNothing(watched) || watched.isDue) return;
    const wait = watched.toldAt + TELL_EVERY_MS - clock.monotonic();
    if (wait > 0) {
      watched.isDue = true;
      const again = (): void => {
        watched.isDue = false;
        if (!this.isClosed && this.watched.get(key) === watched) this.tell(key, watched);
      };
      return void clock.after(wait, again, { unref: true });
    }
    watched.toldAt = clock.monotonic();
    tell([factsOf(key, watched)]);
  }

  private discover(key: string, watched: Watched, named: NamedConfig): void {
    const failed = (reason: string): void => {
      if (reason !== watched.failure) this.options.log.warn('discovery of targets failed', { upstream: key, reason });
      watched.failure = reason;
      this.tell(key, watched);
    };
    const discovery = makeDiscovery(this.options, key, named);
    if (!discovery) return failed('not-usable');
    watched.stopDiscovery = startDiscoveryLoop({
      discovery,
      clock: this.options.clock,
      onFailed: failed,
      onFound: (targets, leftOut) => {
        if (leftOut > 0 && watched.leftOut === 0)
          this.options.log.warn('discovery found more targets than can be used', { upstream: key, used: targets.length, leftOut });
        watched.leftOut = leftOut;
        if (watched.failure === '' && same(targets, watched.found)) return;
        watched.found = targets;
        watched.failure = '';
        useTargets(watched);
        this.tell(key, watched);
      },
    });
  }

  private check(key: string, watched: Watched): void {
    const { health, tls } = watched.upstream;
    const { probe, clock, random, log } = this.options;
    watched.checks?.close();
    watched.checks = undefined;
    if (!health) return;
    try {
      const opened = tls && openUpstreamTls(tls);
      watched.checks = createHealthChecks(health, opened, { probe, clock, random, onChange: () => this.tell(key, watched) });
    } catch (error) {
      log.error('an upstream is not checked: its TLS certificate or key cannot be used', { upstream: key, error: String(error) });
    }
  }
}

const UNKNOWN: Omit<Watched, 'upstream'> = {
  found: undefined,
  failure: '',
  leftOut: 0,
  checks: undefined,
  stopDiscovery: () => {},
  toldAt: Number.NEGATIVE_INFINITY,
  isDue: false,
};

const keyOf = ({ project, name }: CompiledUpstream): string => `${project}/${name}`;

/** While discovery has said nothing at all, neither do we: requests wait for its first answer. */
function knowsNothing({ upstream, found, failure }: Watched): boolean {
  return upstream.discovery !== undefined && !found && failure === '';
}

function factsOf(key: string, { found, failure, checks }: Watched): UpstreamFacts {
  return { key, found: found ?? [], unhealthy: checks?.unhealthy() ?? [], discoveryFailure: failure };
}

function useTargets({ upstream, found, checks }: Watched): void {
  checks?.use([...upstream.targets, ...(found ?? [])]);
}

/** Brings a configured discovery to life; undefined, and logged, when it cannot be. */
function makeDiscovery(
  { discoveries, clock, log }: UpstreamWatchOptions,
  key: string,
  { type, config }: NamedConfig,
): Discovery | undefined {
  const component = discoveries.get(type);
  const read = component && readValue(component.config, config);
  if (!component || read!.errors.length > 0) {
    log.error('a discovery cannot be used', { upstream: key, type });
    return undefined;
  }
  return component.create(read!.value as never, { problems: component.catalogue.raise, clock, log: log.with({ upstream: key }) });
}
