/** Requests that wait for a connection to an upstream, first come first served, each for as long as connecting may take. */
import { noDeadline, type Timed, type Wheel } from '../http/wheel.ts';
import { UpstreamConnection } from './connection.ts';
import type { RequestTerms, UpstreamFailure, UpstreamUser } from './terms.ts';

interface Waiter extends Timed {
  readonly user: UpstreamUser;
  readonly terms: RequestTerms;
  readonly fresh: boolean;
}

/** A connection or a failure for one who waits; undefined when there is none yet. */
export type Serve = (user: UpstreamUser, terms: RequestTerms, fresh: boolean) => UpstreamConnection | UpstreamFailure | undefined;

/** Those of one upstream on one thread. Who adds to it bounds it. */
export class Waiting {
  private readonly wheel: Wheel;
  private readonly onLate: () => void;
  private readonly waiters: Waiter[] = [];

  /** `onLate` is called for each who waited in vain, before it is told. */
  constructor(wheel: Wheel, onLate: () => void) {
    this.wheel = wheel;
    this.onLate = onLate;
  }

  get length(): number {
    return this.waiters.length;
  }

  add(user: UpstreamUser, terms: RequestTerms, fresh: boolean): void {
    const onDeadline = (): void => {
      this.onLate();
      this.forget(user);
      user.onFailure(undefined, { fault: 'upstream-busy' });
    };
    const waiter: Waiter = { user, terms, fresh, deadline: noDeadline(), onDeadline };
    this.waiters.push(waiter);
    this.wheel.set(waiter, terms.connectMs);
  }

  /** The user no longer waits. */
  forget(user: UpstreamUser): void {
    const at = this.waiters.findIndex((waiter) => waiter.user === user);
    if (at >= 0) this.wheel.drop(this.waiters.splice(at, 1)[0]!);
  }

  /** Serves them in their order until one has to wait on. */
  serve(serve: Serve): void {
    while (this.waiters.length > 0) {
      const { user, terms, fresh } = this.waiters[0]!;
      const found = serve(user, terms, fresh);
      if (!found) return;
      this.forget(user);
      if (found instanceof UpstreamConnection) user.onConnection(found);
      else user.onFailure(undefined, found);
    }
  }

  /** Nobody can be served. */
  fail(failure: UpstreamFailure): void {
    for (const waiter of this.waiters.splice(0)) {
      this.wheel.clear(waiter);
      waiter.user.onFailure(undefined, failure);
    }
  }
}
