/** When a failed run is tried again: exponential back-off with jitter, bounded in number and length. */
import type { Problem } from '../base/problem.ts';
import type { Random } from '../base/random.ts';

export interface RetryPolicy {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt + 1`: `backoffMs` doubled with each attempt, at most
 * `backoffMaxMs`, less up to a fifth so that many failed runs do not come back at once.
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: Random): number {
  const doubled = policy.backoffMs * 2 ** Math.min(attempt - 1, 30);
  return Math.round(Math.min(doubled, policy.backoffMaxMs) * (1 - 0.2 * random.float()));
}

/** True when trying again can help: one of the problems does not say `never`. */
export function isRetryable(causes: readonly Problem[]): boolean {
  return causes.some((problem) => problem.spec.retry !== 'never');
}
