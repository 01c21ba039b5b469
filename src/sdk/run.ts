/**
 * Runs of pipelines, and the stores they are kept in. `store/` implements `RunStore`; the worker claims
 * runs by lease with a fencing epoch, so that a worker that lost its lease can change nothing any more.
 */
import type { Text } from '../base/text.ts';
import type { ListOrder, ListPlace } from './list-order.ts';
import type { Checkpoint } from './record.ts';

/** `result` says how the last one ended; `state` says what is going on now: two things (DESIGN words). */
export type RunState = 'queued' | 'running' | 'done';
export type RunResult = 'succeeded' | 'failed' | 'cancelled' | 'skipped';
export type StreamState = 'waiting' | 'running' | 'done';

/** A problem as a run keeps it: its detail in both languages, since nobody knows who will read it. */
export interface StoredProblem {
  readonly code: string;
  readonly detail: Text;
}

export interface StreamProgress {
  readonly stream: string;
  readonly state: StreamState;
  readonly result: RunResult | null;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytes: number;
  /** Rows expected, as estimated by the source; null when unknown. */
  readonly rowsExpected: number | null;
  /** Rows whose cursor is null and which incremental mode therefore never reads. */
  readonly nullCursors: number;
  /** Rows a second over the last seconds; absent when nothing moves. */
  readonly rowsPerSecond?: number;
  /** Milliseconds until the expected rows are read at this rate; absent when unknown. */
  readonly remainingMs?: number;
  /** Why a failed stream failed. */
  readonly problem: StoredProblem | null;
}

export interface Run {
  readonly id: string;
  readonly project: string;
  readonly pipeline: string;
  readonly release: string;
  readonly state: RunState;
  readonly result: RunResult | null;
  readonly trigger: 'schedule' | 'manual' | 'retry';
  readonly attempt: number;
  readonly attemptsMax: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Not before this time (retry back-off). */
  readonly dueAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly epoch: number;
  readonly worker: string | null;
  readonly leaseUntil: number | null;
  readonly cancelRequested: boolean;
  readonly problem: StoredProblem | null;
  readonly streams: readonly StreamProgress[];
  /** Who asked for it; `schedule` for the scheduler. */
  readonly requestedBy: string;
  /** Of a further attempt: id of the first attempt's run. Keeps `full` + `append` from adding rows twice. */
  readonly retryOf?: string | null;
}

export interface RunLogLine {
  readonly run: string;
  readonly sequence: number;
  readonly time: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: Text;
  readonly stream: string | null;
}

/** A worker's right to one run. */
export interface Lease {
  readonly run: Run;
  readonly worker: string;
  readonly epoch: number;
}

/** What a list of runs may be ordered by: `started` and `finished` are 0 while a run has not. */
export type RunOrderField = 'created' | 'started' | 'finished' | 'pipeline';

export interface RunFilter {
  readonly project?: string;
  /** Any of these projects. */
  readonly projects?: readonly string[];
  readonly pipeline?: string;
  readonly state?: RunState;
  readonly result?: RunResult;
  /** The run of this id and those that tried it again. */
  readonly triesOf?: string;
  /** Created at this time or later, and before `to`. */
  readonly from?: number;
  readonly to?: number;
  readonly order?: ListOrder<RunOrderField>;
  readonly after?: ListPlace;
  readonly limit: number;
}

export interface RunStore {
  /** Queues a run unless the overlap policy forbids it; answers null when one is already there and `overlap` is `skip`. */
  enqueue(run: {
    project: string;
    pipeline: string;
    release: string;
    trigger: Run['trigger'];
    attempt: number;
    attemptsMax: number;
    dueAt: number;
    requestedBy: string;
    overlap: 'skip' | 'queue';
    retryOf?: string | null;
  }): Promise<Run | null>;
  /**
   * Claims the oldest due run of a pipeline that has none running; increments the epoch. Takes over expired leases.
   * Epochs of one pipeline only grow, over all its runs: sinks fence by them.
   */
  claim(worker: string, leaseMs: number): Promise<Lease | null>;
  /** Extends the lease; false when it was lost (then stop at once). Answers whether cancel was asked for. */
  heartbeat(lease: Lease, leaseMs: number): Promise<{ held: boolean; cancelRequested: boolean }>;
  /**
   * Ends every lease of a worker whose process is gone, so that its runs can be claimed at once; answers how many.
   * Early is safe: a claim raises the epoch, and a sink takes nothing more from the one before.
   */
  release(worker: string): Promise<number>;
  /** Writes progress; ignored when the lease was lost. */
  progress(lease: Lease, streams: readonly StreamProgress[]): Promise<void>;
  /** Ends the run; false when the lease was lost. */
  finish(lease: Lease, result: RunResult, streams: readonly StreamProgress[], problem: Run['problem']): Promise<boolean>;
  log(lines: readonly Omit<RunLogLine, 'sequence'>[]): Promise<void>;
  requestCancel(runId: string): Promise<boolean>;
  get(runId: string): Promise<Run | null>;
  /** Newest first unless `order` says otherwise; strictly after the place `after` of that order. */
  list(filter: RunFilter): Promise<Run[]>;
  logs(runId: string, after: number, limit: number): Promise<RunLogLine[]>;
  /** The store's own copy of the sink's checkpoint; a smaller epoch never overwrites a larger. */
  saveCheckpoint(project: string, checkpoint: Checkpoint): Promise<void>;
  checkpoint(project: string, pipeline: string, stream: string): Promise<Checkpoint | null>;
}

/** When each pipeline fires next; one scheduler wins a firing, however many there are. */
export interface ScheduleStore {
  /** Atomically moves `project/pipeline` from `expected` (null = never scheduled) to `next`; false when another did. */
  advance(project: string, pipeline: string, expected: number | null, next: number): Promise<boolean>;
  next(project: string, pipeline: string): Promise<number | null>;
}
