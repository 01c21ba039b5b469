/**
 * The connections to one upstream, on one thread: the last used connection first, a bound on connections to each target
 * and on those who wait for one. Which target is chosen: selection.ts.
 *
 *   acquire ─▶ an idle connection · a new one · 'waiting' (onConnection or onFailure follows) · a failure
 *
 * A target whose connect failed is passed over for a second while another one is left.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Exchange } from '../../sdk/exchange.ts';
import { TARGET_STATES, type UpstreamHealth } from '../../sdk/target-health.ts';
import {
  BODIES_BYTES_MAX,
  type CompiledRetries,
  type CompiledTarget,
  type CompiledUpstream,
  type UpstreamFacts,
} from '../../sdk/upstream.ts';
import type { TargetPool } from '../contract.ts';
import type { HeadPool } from '../http/head.ts';
import type { Outbox } from '../http/outbox.ts';
import type { Wheel } from '../http/wheel.ts';
import { hashText } from './balance/hashed.ts';
import { RetryBudget } from './balance/retry-budget.ts';
import { UpstreamConnection } from './connection.ts';
import { type Crowded, GivingWay } from './giving-way.ts';
import { Http2Sessions } from './http2-sessions.ts';
import type { Names } from './names.ts';
import type { Together } from './pipeline.ts';
import { Selection } from './selection.ts';
import { openUpstreamTls, type UpstreamTls } from './socket.ts';
import { Target, targetId } from './target.ts';
import type { ConnectionHost, RequestTerms, UpstreamFailure, UpstreamUser } from './terms.ts';
import { Waiting } from './waiting.ts';
import { type UpstreamCountRow, UpstreamCounts } from './upstream-counts.ts';

/** Says that an address must not be called: Weir's own ports, link-local ones. Asked before every connect. */
export type IsRefused = (address: string, port: number) => boolean;

export interface PoolTools {
  readonly clock: Clock;
  readonly wheel: Wheel;
  readonly outbox: Outbox;
  readonly heads: HeadPool;
  readonly names: Names;
  readonly isRefused: IsRefused;
  /** Fast, repeatable chance: never for secrets. */
  readonly random: Random;
  readonly log: Log;
}

/** What the engine asks of a pool. */
export interface ConnectionPool extends TargetPool {
  /** Finds a connection and begins the request on it. `fresh`: not one that was used before. */
  acquire(user: UpstreamUser, terms: RequestTerms, fresh: boolean): UpstreamConnection | 'waiting' | UpstreamFailure;
  /** The user no longer waits. */
  forget(user: UpstreamUser): void;
  /** How many connects a request may try: one per known address of each target, at most eight. */
  readonly connectsMax: number;
  /** How requests are repeated; undefined when nothing is configured. */
  readonly retries: PoolRetries | undefined;
  readonly counts: UpstreamCounts;
  /** As many requests may go out together on one connection; 1: each waits for the answer before. */
  readonly pipelining: number;
  /** Trailers of requests are passed on; else they are dropped. */
  readonly passesTrailers: boolean;
  /** True when requests are hashed. */
  readonly keyed: boolean;
  /** Hash of what equal requests share; 0 when nothing is hashed. */
  keyOf(exchange: Exchange): number;
}

/** Rules of repeating, and what is left of the budget on this thread. */
export interface PoolRetries {
  readonly rules: CompiledRetries;
  readonly budget: RetryBudget;
  /** Memory of bodies that are kept to be sent again. */
  readonly bodies: { bytes: number; readonly max: number };
  readonly random: Random;
}

export interface PoolStats {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** Users that may wait for a connection, per upstream, unless it says otherwise. */
const PENDING_MAX = 1024;
const DOWN_MS = 1000;
/** The log is told of one target's failed connects so often. */
const TELL_DOWN_MS = 10_000;
const CONNECTS_MAX = 8;

/** The connections of one thread to one upstream. */
export class Pool implements ConnectionPool, ConnectionHost, Crowded {
  readonly key: string;
  readonly wheel: Wheel;
  readonly heads: HeadPool;
  readonly clock: Clock;
  readonly sharedBuffer: Buffer;
  readonly outbox: Outbox;
  readonly together: Together;
  readonly counts = new UpstreamCounts();
  pipelining = 1;
  retries: PoolRetries | undefined = undefined;
  passesTrailers = false;
  private readonly tools: PoolTools;
  private readonly selection: Selection;
  private configured: CompiledUpstream | undefined = undefined;
  private facts: UpstreamFacts | undefined = undefined;
  private targets: Target[] = [];
  private tls: UpstreamTls | undefined = undefined;
  /** What OpenSSL says of a certificate or key that cannot be used. */
  private tlsFault = false;
  private connectionsMax = 1;
  private requestsMax = Number.POSITIVE_INFINITY;
  private pendingMax = PENDING_MAX;
  private idleMs = 1;
  private open = 0;
  private retired = false;
  private lostTarget = false;
  private readonly waiting: Waiting;
  private readonly givingWay = new GivingWay(this);

  constructor(key: string, tools: PoolTools, sharedBuffer: Buffer, together: Together) {
    this.key = key;
    this.tools = tools;
    this.wheel = tools.wheel;
    this.clock = tools.clock;
    this.heads = tools.heads;
    this.sharedBuffer = sharedBuffer;
    this.together = together;
    this.waiting = new Waiting(tools.wheel, () => this.counts.add('pending-late'));
    this.outbox = tools.outbox;
    this.selection = new Selection({ key, counts: this.counts, random: tools.random, log: tools.log });
  }

  get connectsMax(): number {
    const addresses = this.targets.reduce((sum, { host }) => sum + (this.tools.names.addresses(host)?.length ?? 1), 0);
    return Math.min(CONNECTS_MAX, addresses);
  }

  get keyed(): boolean {
    return this.selection.keyOf !== undefined;
  }

  get waiters(): number {
    return this.waiting.length;
  }

  get occupied(): readonly Target[] {
    return this.targets;
  }

  onGiven(): void {
    this.counts.add('gave-way');
  }

  get observes(): boolean {
    return this.selection.observes;
  }

  configure(upstream: CompiledUpstream): void {
    const before = this.configured;
    this.configured = upstream;
    this.connectionsMax = upstream.connectionsMax;
    this.idleMs = upstream.idleMs;
    this.passesTrailers = upstream.requestTrailers ?? false;
    this.pendingMax = upstream.pendingMax ?? PENDING_MAX;
    this.requestsMax = upstream.requestsPerConnectionMax ?? Number.POSITIVE_INFINITY;
    this.pipelining = upstream.pipelining ?? 1;
    if (!isSame(upstream.retries, before?.retries)) this.useRetries(upstream.retries);
    const isOther = before !== undefined && !(isSame(upstream.tls, before.tls) && isSame(upstream.http2, before.http2));
    if (before === undefined || isOther) this.useTls(upstream);
    this.setTargets(upstream, isOther, before !== undefined);
    if (this.waiting.length > 0) this.serveWaiting();
  }

  /** Takes over what the process found out. */
  learn(facts: UpstreamFacts): void {
    if (facts.discoveryFailure !== (this.facts?.discoveryFailure ?? '')) this.lostTarget = true;
    this.facts = facts;
    if (this.configured) this.setTargets(this.configured, false, true);
    if (this.waiting.length > 0) this.serveWaiting();
  }

  retire(): void {
    this.retired = true;
    for (const target of this.targets) target.retire();
  }

  keyOf(exchange: Exchange): number {
    const read = this.selection.keyOf;
    if (!read) return 0;
    const text = read(exchange);
    return text === undefined ? this.tools.random.integer(2 ** 32) : hashText(text);
  }

  acquire(user: UpstreamUser, terms: RequestTerms, fresh: boolean): UpstreamConnection | 'waiting' | UpstreamFailure {
    if (this.waiting.length > 0) return this.wait(user, terms, fresh);
    return this.tryNow(user, terms, fresh) ?? this.wait(user, terms, fresh);
  }

  forget(user: UpstreamUser): void {
    this.waiting.forget(user);
  }

  onReusable(connection: UpstreamConnection): void {
    const target = connection.target as Target;
    const isSpent = connection.served >= this.requestsMax;
    if (isSpent) this.counts.add('recycled');
    if (target.isGone || this.retired || isSpent) {
      connection.rest(0);
      return connection.retire();
    }
    target.idle.push(connection);
    connection.rest(this.idleMs);
    if (this.waiting.length > 0) this.serveWaiting();
  }

  onClosed(connection: UpstreamConnection): void {
    this.open--;
    const target = connection.target as Target;
    target.stats.open--;
    target.connections.delete(connection);
    const at = target.idle.lastIndexOf(connection);
    if (at >= 0) target.idle.splice(at, 1);
    if (this.waiting.length > 0) queueMicrotask(() => this.serveWaiting());
  }

  onConnectFailed(connection: UpstreamConnection): void {
    const target = connection.target as Target;
    this.down(target);
    // Each request may try, when no other target is left.
    if (this.wheel.now - target.toldDownAt < TELL_DOWN_MS) return;
    target.toldDownAt = this.wheel.now;
    this.tools.log.warn('connect to a target failed', { upstream: this.key, target: target.id });
  }

  onAnswered(connection: UpstreamConnection, status: number, ms: number): void {
    this.selection.answered(connection.target as Target, status, ms, this.wheel.now);
  }

  onFailed(connection: UpstreamConnection, { fault }: UpstreamFailure): void {
    if (fault === 'upstream-timeout') this.counts.add('answer-late');
    if (fault === 'upstream-connect-timeout') this.counts.add('connect-late');
    this.selection.failed(connection.target as Target, this.wheel.now);
  }

  stats(): PoolStats {
    return { open: this.open, idle: this.targets.reduce((sum, target) => sum + target.idle.length, 0), waiting: this.waiting.length };
  }

  /** Its counts; nothing when there is nothing to tell. */
  countRow(key: string): UpstreamCountRow[] {
    if (!this.selection.isWatched && this.counts.row.every((count) => count === 0)) return [];
    const states = TARGET_STATES.map((state) => this.targets.filter((target) => target.state === state).length);
    return [{ key, events: [...this.counts.row], states }];
  }

  /** True when something of its targets changed since this was last asked. */
  hasNews(): boolean {
    let isNew = this.lostTarget;
    this.lostTarget = false;
    if (this.selection.isWatched) this.selection.settle(this.wheel.now);
    for (const { stats, idle } of this.targets) isNew = stats.hasNews(idle.length) || isNew;
    return isNew;
  }

  health(): UpstreamHealth {
    const since = this.clock.now() - this.clock.monotonic();
    const targets = this.targets.map((target) => target.stats.health(target, since));
    return { key: this.key, targets, discoveryFailure: this.facts?.discoveryFailure ?? '' };
  }

  /** Makes the list of targets anew: those that stay keep what is known of them, those that go finish what they have. */
  private setTargets(upstream: CompiledUpstream, isOther: boolean, isLater: boolean): void {
    const { wheel, facts } = this;
    const before = new Map(this.targets.map((target) => [target.id, target]));
    const unhealthy = new Map(facts?.unhealthy.map(({ address, reason }) => [address, reason]));
    const isTls = upstream.tls !== undefined;
    const wanted = new Map<string, CompiledTarget>();
    for (const target of [...upstream.targets, ...(upstream.discovery ? (facts?.found ?? []) : [])]) {
      if (!wanted.has(targetId(target))) wanted.set(targetId(target), target);
    }
    this.targets = [...wanted].map(([id, compiled], index) => {
      const kept = isOther ? undefined : before.get(id);
      const target = kept ?? new Target(compiled, isTls);
      if (!kept) target.sessions = this.sessionsOf(upstream);
      if (kept) before.delete(id);
      else if (isLater) target.ramp(wheel.now);
      target.index = index;
      target.weight = compiled.weight;
      target.unhealthy = (upstream.health && unhealthy.get(id)) ?? '';
      return target;
    });
    if (before.size > 0) this.lostTarget = true;
    for (const gone of before.values()) {
      gone.isGone = true;
      gone.retire();
    }
    this.selection.configure(upstream, this.targets, wheel.now);
    for (const target of this.targets) this.tools.names.addresses(target.host); // Asks ahead of the first request.
  }

  private sessionsOf({ http2: rules }: CompiledUpstream): Http2Sessions | undefined {
    const { wheel } = this;
    const idleMs = () => this.idleMs;
    const onFlood = () => this.counts.add('floods');
    return rules && new Http2Sessions({ wheel, rules, idleMs, onFlood, passesTrailers: () => this.passesTrailers });
  }

  private useRetries(rules: CompiledRetries | undefined): void {
    const { random } = this.tools;
    const bodies = { bytes: 0, max: rules?.bodiesBytesMax ?? BODIES_BYTES_MAX };
    this.retries = rules && { rules, budget: new RetryBudget(rules.budget), bodies, random };
  }

  private useTls({ tls }: CompiledUpstream): void {
    this.tls = undefined;
    this.tlsFault = false;
    try {
      if (tls) this.tls = openUpstreamTls(tls);
    } catch (error) {
      this.tlsFault = true;
      this.tools.log.error('the TLS certificate or key of an upstream cannot be used', { upstream: this.key, error: String(error) });
    }
  }

  /** A connection or a failure now; undefined when the user has to wait. */
  private tryNow(user: UpstreamUser, terms: RequestTerms, fresh: boolean): UpstreamConnection | UpstreamFailure | undefined {
    if (this.targets.length === 0 && this.configured?.discovery && !this.facts) return undefined; // The first answer is under way.
    let target = this.selection.pick(this.wheel.now, terms.key, terms.avoid as Target | undefined);
    if (!target) {
      this.counts.add('unhealthy');
      return { fault: 'upstream-unhealthy' };
    }
    if (terms.pipelines && !fresh) {
      const found = this.besides(target, user, terms);
      if (found) return found;
    }
    let connection = fresh ? undefined : target.idle.pop();
    if (!connection && target.isFull(this.connectionsMax)) {
      if (fresh && target.idle.length > 0) {
        target.idle[0]!.retire();
      } else {
        target = this.selection.other((other) => !other.isFull(this.connectionsMax) || (!fresh && other.idle.length > 0));
        if (!target) return undefined;
        connection = fresh ? undefined : target.idle.pop();
      }
    }
    if (!connection) {
      const opened = this.connect(target);
      if (!(opened instanceof UpstreamConnection)) return opened;
      connection = opened;
    }
    connection.begin(user, terms);
    if (terms.pipelines) target.joinable = connection;
    return connection;
  }

  /** The connection whose request waits to be written, with this one behind it; undefined when there is no room. */
  private besides({ joinable }: Target, user: UpstreamUser, terms: RequestTerms): UpstreamConnection | undefined {
    if (!joinable?.takes(Math.min(this.pipelining, this.requestsMax - joinable.served))) return undefined;
    joinable.begin(user, terms);
    this.counts.add('pipelined');
    return joinable;
  }

  private connect(target: Target): UpstreamConnection | UpstreamFailure | undefined {
    const addresses = this.tools.names.addresses(target.host);
    if (!addresses) {
      void this.tools.names.settled(target.host).then(() => this.afterNames(target));
      return undefined;
    }
    const address = addresses[target.nextAddress++ % addresses.length]!;
    if (this.tools.isRefused(address, target.port)) return this.cannot(target, { fault: 'upstream-refused' });
    if (this.tlsFault) return this.cannot(target, { fault: 'upstream-tls', tls: 'own-certificate' });
    this.open++;
    target.stats.open++;
    if (!target.sessions?.isStanding) this.counts.add('connects');
    const connection = new UpstreamConnection(this, target, { address, port: target.port, tls: this.tls });
    target.connections.add(connection);
    return connection;
  }

  private cannot(target: Target, failure: UpstreamFailure): UpstreamFailure {
    target.stats.failed(this.wheel.now, failure.tls ? `${failure.fault}-${failure.tls}` : failure.fault);
    return failure;
  }

  private down(target: Target): void {
    target.downUntil = this.wheel.now + DOWN_MS;
    this.counts.add('connect-failures');
    this.selection.touch();
  }

  /** The name has been asked for: go on, or fail those who waited when there still is no address. */
  private afterNames(target: Target): void {
    if (this.tools.names.addresses(target.host)) return this.serveWaiting();
    this.down(target);
    target.stats.failed(this.wheel.now, 'upstream-unreachable');
    this.selection.failed(target, this.wheel.now);
    if (this.targets.some((other) => other.downUntil <= this.wheel.now)) return this.serveWaiting();
    this.waiting.fail({ fault: 'upstream-unreachable' });
  }

  private wait(user: UpstreamUser, terms: RequestTerms, fresh: boolean): 'waiting' | UpstreamFailure {
    if (this.waiting.length >= this.pendingMax) {
      this.counts.add('pending-full');
      return { fault: 'upstream-busy' };
    }
    this.counts.add('connections-full');
    this.waiting.add(user, terms, fresh);
    this.givingWay.ask();
    return 'waiting';
  }

  private serveWaiting(): void {
    this.waiting.serve((user, terms, fresh) => this.tryNow(user, terms, fresh));
  }
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
