/** Every bound of the pipeline plane, with its default. Those people may set stand in config.ts. */

export interface PipelineLimits {
  /** Runs carried at the same time. */
  readonly runs: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly pollMs: number;
  /** Batches read ahead of the one being written. */
  readonly lookAhead: number;
  readonly commitBytes: number;
  readonly commitRows: number;
  /** Progress is stored at most this often. */
  readonly progressMs: number;
  readonly logLines: number;
  readonly logLineChars: number;
  readonly logFlushMs: number;
  /** Lines stored at once, and lines waiting for a slow store. */
  readonly logBatch: number;
  readonly logWaiting: number;
  /** Longest wait for the own store, for discovery, for one sink or source call (a commit may merge much), and for letting go. */
  readonly storeMs: number;
  readonly discoverMs: number;
  readonly callMs: number;
  readonly closeMs: number;
  /** Tries to store a result before another worker is left to take the run over. */
  readonly finishTries: number;
  /** Longest wait between looks at schedules. */
  readonly scheduleMs: number;
  /** A stored firing this much later than the schedule asks comes from a wrong clock or an old schedule. */
  readonly scheduleSlackMs: number;
  /** A run can be claimed before its pipeline's revision arrived: longest waits for the pipeline, and for its release. */
  readonly pipelineWaitMs: number;
  readonly releaseWaitMs: number;
  /** Streams one run may carry. */
  readonly streams: number;
}

export const DEFAULT_LIMITS: PipelineLimits = Object.freeze({
  runs: 2,
  leaseMs: 30_000,
  heartbeatMs: 2_000,
  pollMs: 2_000,
  lookAhead: 2,
  commitBytes: 32 * 2 ** 20,
  commitRows: 200_000,
  progressMs: 500,
  logLines: 5_000,
  logLineChars: 4_000,
  logFlushMs: 1_000,
  logBatch: 200,
  logWaiting: 1_000,
  storeMs: 10_000,
  discoverMs: 120_000,
  callMs: 3_600_000,
  closeMs: 5_000,
  finishTries: 5,
  scheduleMs: 1_000,
  scheduleSlackMs: 3_600_000,
  pipelineWaitMs: 10_000,
  releaseWaitMs: 2_000,
  streams: 2_000,
});
