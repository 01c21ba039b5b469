/**
 * Exact counters shared by all gateway threads of a node. They live outside revisions, keyed by
 * identity, so that a changed limit rescales what was used instead of forgetting it.
 * Source: GCRA, ITU-T I.371 (token bucket kept as one theoretical arrival time).
 */

/** The shape of a token bucket: `limit` tokens per `windowMs`, at most `burst` at once. */
export interface BucketShape {
  readonly limit: number;
  readonly windowMs: number;
  readonly burst: number;
}

/** The outcome of one take. All times in milliseconds from now. */
export interface Take {
  readonly allowed: boolean;
  /** Whole tokens left after this take. */
  readonly remaining: number;
  /** Until a token is there again; 0 when allowed. */
  readonly retryAfterMs: number;
  /** Until the bucket is full again. */
  readonly resetAfterMs: number;
}

export interface Counters {
  /**
   * Takes one token from the bucket `identity` + `key`, atomically over all threads.
   * A refused take changes nothing. Never throws.
   */
  take(identity: string, key: string, shape: BucketShape): Take;
}
