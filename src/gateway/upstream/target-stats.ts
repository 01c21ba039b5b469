/** Counters of one target on one thread. Requests only store numbers here; who reports reads them once a second. */
import type { TargetHealth, TargetState } from '../../sdk/target-health.ts';

/** What is told of a target besides its counters. */
export interface StatsTarget {
  readonly id: string;
  readonly weight: number;
  readonly idle: readonly unknown[];
  readonly state: TargetState;
  readonly stateReason: string;
  /** Time of the wheel; below 0 when it never changed. */
  readonly stateSince: number;
}

/** Times are those of the wheel: monotonic milliseconds at its last tick; -1 for never. */
export class TargetStats {
  requests = 0;
  open = 0;
  private failures = 0;
  private failingSince = -1;
  private succeededAt = -1;
  private failedAt = -1;
  private failure = '';
  /** What was told of it last, compared number by number: texts for ten thousand targets would hold up requests. */
  private toldRequests = 0;
  private toldOpen = 0;
  private toldIdle = 0;
  private toldFailures = 0;
  private toldSucceededAt = -1;
  private toldFailedAt = -1;
  private isChanged = false;

  /** The head of an answer has come. */
  succeeded(now: number): void {
    this.succeededAt = now;
    this.failures = 0;
  }

  /** There was no complete answer. `code` is the problem's name. */
  failed(now: number, code: string): void {
    if (this.failures++ === 0) this.failingSince = now;
    this.failedAt = now;
    this.failure = code;
  }

  /** Its state is another one than was told. */
  changed(): void {
    this.isChanged = true;
  }

  /** True when something is not as it was when this was last asked. */
  hasNews(idle: number): boolean {
    if (
      !this.isChanged &&
      this.requests === this.toldRequests &&
      this.open === this.toldOpen &&
      idle === this.toldIdle &&
      this.failures === this.toldFailures &&
      this.succeededAt === this.toldSucceededAt &&
      this.failedAt === this.toldFailedAt
    )
      return false;
    this.isChanged = false;
    this.toldRequests = this.requests;
    this.toldOpen = this.open;
    this.toldIdle = idle;
    this.toldFailures = this.failures;
    this.toldSucceededAt = this.succeededAt;
    this.toldFailedAt = this.failedAt;
    return true;
  }

  /** As others know it; `since` is the time since 1970 at the wheel's 0. */
  health(target: StatsTarget, since: number): TargetHealth {
    const { requests, open, failures, failure } = this;
    const { state, stateReason, stateSince } = target;
    const at = (time: number) => (time < 0 ? null : Math.round(since + time));
    return {
      address: target.id,
      weight: target.weight,
      state,
      stateReason,
      stateSince: at(stateSince),
      requests,
      open,
      idle: target.idle.length,
      failures,
      failingSince: failures > 0 ? at(this.failingSince) : null,
      lastSuccessAt: at(this.succeededAt),
      lastFailureAt: at(this.failedAt),
      lastFailure: failure,
    };
  }
}
