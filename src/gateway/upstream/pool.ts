/**
 * The connections to one upstream, on one thread: weighted round robin over targets, the last used
 * connection first, a bound on connections and on those who wait for one.
 *
 *   acquire ─▶ an idle connection · a new one · 'waiting' (onConnection or onFailure follows) · a failure
 *
 * A target whose connect failed is passed over for a second while another one is left.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { CompiledUpstream } from '../../sdk/revision.ts';
import type { UpstreamHealth } from '../../sdk/target-health.ts';
import type { TargetPool } from '../contract.ts';
import type { HeadPool } from '../http/head.ts';
import { noDeadline, type Timed, type Wheel } from '../http/wheel.ts';
import { UpstreamConnection } from './connection.ts';
import type { Names } from './names.ts';
import { newTarget, type Target } from './target.ts';
import type { ConnectionHost, RequestTerms, UpstreamFailure, UpstreamUser } from './terms.ts';

/** Says that an address must not be called: Weir's own ports, link-local ones. Asked before every connect. */
export type IsRefused = (address: string, port: number) => boolean;

export interface PoolTools {
  readonly clock: Clock;
  readonly wheel: Wheel;
  readonly heads: HeadPool;
  readonly names: Names;
  readonly isRefused: IsRefused;
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
}

export interface PoolStats {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** Users that may wait for a connection, per upstream. */
const WAITING_MAX = 1024;
const DOWN_MS = 1000;
const CONNECTS_MAX = 8;

interface Waiter extends Timed {
  readonly user: UpstreamUser;
  readonly terms: RequestTerms;
  readonly fresh: boolean;
}

/** The connections of one thread to one upstream. */
export class Pool implements ConnectionPool, ConnectionHost {
  readonly key: string;
  readonly wheel: Wheel;
  readonly heads: HeadPool;
  readonly clock: Clock;
  readonly sharedBuffer: Buffer;
  private readonly tools: PoolTools;
  private targets: Target[] = [];
  private connectionsMax = 1;
  private idleMs = 1;
  private open = 0;
  private retired = false;
  private lostTarget = false;
  private waiting: Waiter[] = [];

  constructor(key: string, tools: PoolTools, sharedBuffer: Buffer) {
    this.key = key;
    this.tools = tools;
    this.wheel = tools.wheel;
    this.clock = tools.clock;
    this.heads = tools.heads;
    this.sharedBuffer = sharedBuffer;
  }

  get connectsMax(): number {
    const addresses = this.targets.reduce((sum, { host }) => sum + (this.tools.names.addresses(host)?.length ?? 1), 0);
    return Math.min(CONNECTS_MAX, addresses);
  }

  configure(upstream: CompiledUpstream): void {
    const before = new Map(this.targets.map((target) => [target.id, target]));
    this.targets = upstream.targets.map(({ host, port, weight }, index) => {
      const id = `${host}:${port}`;
      const kept = before.get(id);
      before.delete(id);
      if (kept) {
        Object.assign(kept, { weight, index });
        return kept;
      }
      return newTarget({ host, port, weight, index });
    });
    if (before.size > 0) this.lostTarget = true;
    this.connectionsMax = upstream.connectionsMax;
    this.idleMs = upstream.idleMs;
    for (const gone of before.values()) for (const connection of gone.idle.splice(0)) connection.retire();
    for (const target of this.targets) this.tools.names.addresses(target.host); // Asks ahead of the first request.
  }

  retire(): void {
    this.retired = true;
    for (const target of this.targets) for (const connection of target.idle.splice(0)) connection.retire();
  }

  acquire(user: UpstreamUser, terms: RequestTerms, fresh: boolean): UpstreamConnection | 'waiting' | UpstreamFailure {
    if (this.waiting.length > 0) return this.wait(user, terms, fresh);
    return this.tryNow(user, terms, fresh) ?? this.wait(user, terms, fresh);
  }

  forget(user: UpstreamUser): void {
    const at = this.waiting.findIndex((waiter) => waiter.user === user);
    if (at >= 0) this.wheel.clear(this.waiting.splice(at, 1)[0]!);
  }

  onReusable(connection: UpstreamConnection): void {
    const target = this.targets.find((candidate) => candidate.id === connection.target.id);
    if (!target || this.retired) {
      connection.rest(0);
      return connection.retire();
    }
    target.idle.push(connection);
    connection.rest(this.idleMs);
    if (this.waiting.length > 0) this.serveWaiting();
  }

  onClosed(connection: UpstreamConnection): void {
    this.open--;
    connection.target.stats.open--;
    for (const target of this.targets) {
      const at = target.id === connection.target.id ? target.idle.lastIndexOf(connection) : -1;
      if (at >= 0) target.idle.splice(at, 1);
    }
    if (this.waiting.length > 0) queueMicrotask(() => this.serveWaiting());
  }

  onConnectFailed(connection: UpstreamConnection): void {
    const target = this.targets.find((candidate) => candidate.id === connection.target.id);
    if (target) target.downUntil = this.wheel.now + DOWN_MS;
    this.tools.log.warn('connect to a target failed', { upstream: this.key, target: connection.target.id });
  }

  stats(): PoolStats {
    return { open: this.open, idle: this.targets.reduce((sum, target) => sum + target.idle.length, 0), waiting: this.waiting.length };
  }

  /** True when something of its targets changed since this was last asked. */
  hasNews(): boolean {
    let isNew = this.lostTarget;
    this.lostTarget = false;
    for (const { stats, idle } of this.targets) isNew = stats.hasNews(idle.length) || isNew;
    return isNew;
  }

  health(): UpstreamHealth['targets'] {
    const since = this.clock.now() - this.clock.monotonic();
    return this.targets.map(({ id, idle, stats }) => stats.health(id, idle.length, since));
  }

  /** A connection or a failure now; undefined when the user has to wait. */
  private tryNow(user: UpstreamUser, terms: RequestTerms, fresh: boolean): UpstreamConnection | UpstreamFailure | undefined {
    if (this.targets.length === 0) return { fault: 'upstream-unreachable' };
    const target = this.targets.length === 1 ? this.targets[0]! : this.pick();
    let connection = fresh ? undefined : target.idle.pop();
    if (!connection && this.open >= this.connectionsMax) {
      const other = this.targets.find((candidate) => candidate.idle.length > 0);
      if (!other) return undefined;
      if (fresh) other.idle[0]!.retire();
      else connection = other.idle.pop();
    }
    if (!connection) {
      const opened = this.connect(target);
      if (!(opened instanceof UpstreamConnection)) return opened;
      connection = opened;
    }
    connection.begin(user, terms);
    return connection;
  }

  /** Smooth weighted round robin: each gains its weight, the richest pays the sum. Source: nginx's upstream round robin. */
  private pick(): Target {
    const now = this.wheel.now;
    let best: Target | undefined;
    let sum = 0;
    for (const target of this.targets) {
      if (target.downUntil > now || target.weight <= 0) continue;
      target.credit += target.weight;
      sum += target.weight;
      if (!best || target.credit > best.credit) best = target;
    }
    if (!best) return this.targets.reduce((first, target) => (target.downUntil < first.downUntil ? target : first));
    best.credit -= sum;
    return best;
  }

  private connect(target: Target): UpstreamConnection | UpstreamFailure | undefined {
    const addresses = this.tools.names.addresses(target.host);
    if (!addresses) {
      void this.tools.names.settled(target.host).then(() => this.afterNames(target));
      return undefined;
    }
    const address = addresses[target.nextAddress++ % addresses.length]!;
    if (this.tools.isRefused(address, target.port)) {
      target.stats.failed(this.wheel.now, 'upstream-refused');
      return { fault: 'upstream-refused' };
    }
    this.open++;
    target.stats.open++;
    return new UpstreamConnection(this, target, { address, port: target.port });
  }

  /** The name has been asked for: go on, or fail those who waited when there still is no address. */
  private afterNames(target: Target): void {
    if (this.tools.names.addresses(target.host)) return this.serveWaiting();
    target.downUntil = this.wheel.now + DOWN_MS;
    target.stats.failed(this.wheel.now, 'upstream-unreachable');
    if (this.targets.some((other) => other.downUntil <= this.wheel.now)) return this.serveWaiting();
    for (const waiter of this.waiting.splice(0)) {
      this.wheel.clear(waiter);
      waiter.user.onFailure(undefined, { fault: 'upstream-unreachable' });
    }
  }

  private wait(user: UpstreamUser, terms: RequestTerms, fresh: boolean): 'waiting' | UpstreamFailure {
    if (this.waiting.length >= WAITING_MAX) return { fault: 'upstream-busy' };
    const waiter: Waiter = {
      user,
      terms,
      fresh,
      deadline: noDeadline(),
      onDeadline: () => {
        this.forget(user);
        user.onFailure(undefined, { fault: 'upstream-busy' });
      },
    };
    this.waiting.push(waiter);
    this.wheel.set(waiter, terms.connectMs);
    return 'waiting';
  }

  private serveWaiting(): void {
    while (this.waiting.length > 0) {
      const { user, terms, fresh } = this.waiting[0]!;
      const found = this.tryNow(user, terms, fresh);
      if (!found) return;
      this.forget(user);
      if (found instanceof UpstreamConnection) user.onConnection(found);
      else user.onFailure(undefined, found);
    }
  }
}
