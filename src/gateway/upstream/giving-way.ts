/**
 * Places at a full upstream: requests whose clients send the body too slowly (`limits.bodyRate`) give theirs to those
 * who wait. Without it a few hundred slow senders hold every connection to a target, each sending a byte now and then.
 */
import { noDeadline, type Timed, type Wheel } from '../http/wheel.ts';
import type { UpstreamConnection } from './connection.ts';
import type { Http2Sessions } from './http2-sessions.ts';

/** How long after someone began to wait, and then between two looks, places are asked for. */
const LOOK_MS = 100;

/** A target as far as places are asked of it. */
export interface Occupied {
  readonly connections: Iterable<UpstreamConnection>;
  /** Its streams are no connections, and clients that stream may have nothing to say for long: they keep their places. */
  readonly sessions: Http2Sessions | undefined;
}

/** What it needs from its pool. */
export interface Crowded {
  readonly wheel: Wheel;
  /** How many wait for a place now. */
  readonly waiters: number;
  readonly occupied: readonly Occupied[];
  /** One place was given. */
  onGiven(): void;
}

/** Looks for places while someone waits; costs nothing while nobody does. */
export class GivingWay implements Timed {
  readonly deadline = noDeadline();
  private readonly pool: Crowded;

  constructor(pool: Crowded) {
    this.pool = pool;
  }

  /** Someone waits. */
  ask(): void {
    if (this.deadline.due === 0) this.pool.wheel.set(this, LOOK_MS);
  }

  onDeadline(): void {
    const { waiters } = this.pool;
    if (waiters === 0) return;
    let given = 0;
    for (const { connections, sessions } of this.pool.occupied) {
      if (sessions !== undefined) continue;
      for (const connection of connections) {
        if (given === waiters) break;
        if (!connection.giveWay()) continue;
        given++;
        this.pool.onGiven();
      }
    }
    this.ask();
  }
}
