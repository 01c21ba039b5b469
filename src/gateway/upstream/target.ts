/** One target of an upstream on one thread: where it is, its connections that rest, and what is known of it. */
import { isIP, isIPv6 } from 'node:net';
import type { TargetState } from '../../sdk/target-health.ts';
import type { CompiledTarget } from '../../sdk/upstream.ts';
import { hostLines } from '../http/messages.ts';
import type { Balanced } from './balance/balancer.ts';
import { rampedShare, type Standing } from './balance/candidates.ts';
import { hashText } from './balance/hashed.ts';
import { Outlier } from './balance/outlier.ts';
import type { Http2Sessions } from './http2-sessions.ts';
import type { UpstreamConnection } from './connection.ts';
import { TargetStats } from './target-stats.ts';
import type { ConnectionTarget } from './terms.ts';

/** A target as its pool holds it. It keeps what it learned while its address stays. Times are those of the wheel. */
export class Target implements ConnectionTarget, Balanced, Standing {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** What TLS calls it; empty for an address. */
  readonly serverName: string;
  readonly hostLines: Buffer;
  readonly hash: number;
  readonly stats = new TargetStats();
  readonly outlier = new Outlier();
  readonly idle: UpstreamConnection[] = [];
  /** The one that others may join, if its request still waits to be written; only with pipelining. */
  joinable: UpstreamConnection | undefined = undefined;
  /** All that are open, those at rest too. */
  readonly connections = new Set<UpstreamConnection>();
  index = 0;
  weight = 1;
  credit = 0;
  latency = 0;
  latencyAt = 0;
  downUntil = Number.NEGATIVE_INFINITY;
  /** When the log was told last that no connection came to be. */
  toldDownAt = Number.NEGATIVE_INFINITY;
  nextAddress = 0;
  /** Why its health check fails; empty when it does not, or there is none. */
  unhealthy = '';
  /** True when it is no target of the upstream any more. */
  isGone = false;
  state: TargetState = 'ok';
  stateReason = '';
  stateSince = Number.NEGATIVE_INFINITY;
  slowStartMs = 0;
  /** The newest TLS session, which saves a handshake. */
  session: Buffer | undefined = undefined;
  sessions: Http2Sessions | undefined = undefined;
  private rampSince = Number.NEGATIVE_INFINITY;

  constructor({ host, port, name = host }: CompiledTarget, isTls: boolean) {
    this.id = targetId({ host, port });
    this.host = host;
    this.port = port;
    this.serverName = isIP(name) === 0 ? name : '';
    this.hostLines = hostLines(authorityOf(name, port, isTls ? 443 : 80));
    this.hash = hashText(this.id);
  }

  get active(): number {
    return this.stats.open - this.idle.length;
  }

  /** True when no request may be added to those it has, of which `max` are allowed. */
  isFull(max: number): boolean {
    return this.stats.open >= (this.sessions === undefined ? max : Math.min(max, this.sessions.streamsMax));
  }

  get ejectedUntil(): number {
    return this.outlier.ejectedUntil;
  }

  isOut(now: number): boolean {
    return this.unhealthy !== '' || this.outlier.ejectedUntil > now;
  }

  share(now: number): number {
    return this.slowStartMs === 0 ? this.weight : rampedShare(this.weight, now - this.rampSince, this.slowStartMs);
  }

  /** Closes what rests; what is in use ends first. */
  retire(): void {
    for (const connection of this.idle.splice(0)) connection.retire();
    this.sessions?.retire();
  }

  /** Begins slowly from now, when slow start is on. */
  ramp(now: number): void {
    this.rampSince = now;
  }

  /** Brings `state` up to date; true when it changed. One that comes back begins slowly. */
  settle(now: number): boolean {
    const wasOut = this.state === 'unhealthy' || this.state === 'ejected';
    const [state, reason] = this.stateAt(now, wasOut);
    if (state === this.state && reason === this.stateReason) return false;
    if (state === 'starting' && wasOut) this.rampSince = now;
    this.state = state;
    this.stateReason = reason;
    this.stateSince = now;
    this.stats.changed();
    return true;
  }

  private stateAt(now: number, wasOut: boolean): [TargetState, string] {
    if (this.unhealthy !== '') return ['unhealthy', this.unhealthy];
    if (this.outlier.isEjected(now)) return ['ejected', this.outlier.reason];
    const isStarting = this.slowStartMs > 0 && (wasOut || now - this.rampSince < this.slowStartMs);
    return [isStarting ? 'starting' : 'ok', ''];
  }
}

/** What tells targets of an upstream apart. */
export function targetId({ host, port }: Pick<CompiledTarget, 'host' | 'port'>): string {
  return `${host}:${port}`;
}

/** `host:port` as a `host` field wants it; the protocol's own port is left out. */
function authorityOf(host: string, port: number, standard: number): string {
  const name = isIPv6(host) ? `[${host}]` : host;
  return port === standard ? name : `${name}:${port}`;
}
