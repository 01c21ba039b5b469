/**
 * What gateway threads know of the targets they call. An answer of any status is a success: the target is there.
 * A failure is a call that got no complete answer: no connection, none in time, a cut or malformed one. A resting
 * connection that the target closed says nothing of it. Times are milliseconds since 1970, about 50 ms exact.
 */

/**
 * Whether a target gets requests: `ok` all of its share; `starting` a growing part of it; `ejected` and `unhealthy`
 * (its health check fails) none, unless too few are left (panic).
 */
export const TARGET_STATES = ['ok', 'starting', 'ejected', 'unhealthy'] as const;
export type TargetState = (typeof TARGET_STATES)[number];

/** One target of one upstream, as one thread knows it. */
export interface TargetHealth {
  /** `host:port`. */
  readonly address: string;
  readonly weight: number;
  readonly state: TargetState;
  /** Why: the rule it broke, or what its health check found; empty when it is well. */
  readonly stateReason: string;
  /** When the state began; null when it never changed. */
  readonly stateSince: number | null;
  /** Requests sent, repeats among them, since the thread began. */
  readonly requests: number;
  /** Connections open now, and those of them that wait for a request. */
  readonly open: number;
  readonly idle: number;
  /** Failures since the last success. */
  readonly failures: number;
  /** When the first of these was; null without one. */
  readonly failingSince: number | null;
  readonly lastSuccessAt: number | null;
  readonly lastFailureAt: number | null;
  /** Its problem code, such as `upstream-unreachable`; empty without one. */
  readonly lastFailure: string;
}

/** All targets of one upstream, on one thread. */
export interface UpstreamHealth {
  /** `project/name`. */
  readonly key: string;
  /** In their order; empty when the upstream is gone, unless discovery fails. */
  readonly targets: readonly TargetHealth[];
  /** Why discovery gets no answer now; empty when it does, or there is none. */
  readonly discoveryFailure: string;
}
