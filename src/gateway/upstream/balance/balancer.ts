/** What the ways to choose a target have in common; each is a file beside this one. Pure: time, chance and keys come in. */

/** A target as a balancer sees it. */
export interface Balanced {
  /** 32 bits of its identity: the same on every thread and after every restart. */
  readonly hash: number;
  /** Requests under way on this thread. */
  readonly active: number;
  /** Smoothed latency in milliseconds, and when it was last measured. */
  latency: number;
  latencyAt: number;
  /** Round robin's running credit. */
  credit: number;
  /** Its share of requests now: the weight, less while it starts slowly. Above 0. */
  share(now: number): number;
}

/**
 * Chooses one of `from`, which holds at least one. `now` is monotonic milliseconds, `key` the request's hash (0 when
 * nothing is hashed). `avoid` is not chosen while there is another.
 */
export type Balancer<B extends Balanced = Balanced> = (from: readonly B[], now: number, key: number, avoid: B | undefined) => B;
