/** Why a run ended, as its store record says it. */
import { Problem } from '../base/problem.ts';
import { tell } from '../base/text.ts';
import type { Run, RunResult } from '../sdk/run.ts';
import problems from './problems.ts';

const CANCELLED = 'core/pipeline/cancelled';
/** Ends after which this worker must not write the run's result: it is somebody else's, or will be. */
const HANDED_OVER: ReadonlySet<string> = new Set(['core/pipeline/lease-lost', 'core/pipeline/draining']);

const UNEXPECTED = { en: 'an unexpected {name}; the process log has the details', zh: '意外的 {name}；详情见进程日志' };

/** Any error as a problem; an unexpected one keeps its cause for the log, and its words are not shown. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const name = error instanceof Error ? error.name : typeof error;
  return problems.raise['stream-failed']({ values: { reason: tell(UNEXPECTED, { name }) }, cause: error });
}

/** The stored form of a problem. */
export function stored(problem: Problem): NonNullable<Run['problem']> {
  return { code: problem.code, detail: problem.detail };
}

/** True when the run was stopped because it is no longer this worker's. */
export function isHandedOver(error: unknown): boolean {
  return error instanceof Problem && HANDED_OVER.has(error.code);
}

/** The result that a stop by `problem` gives. */
export function resultOf(problem: Problem): RunResult {
  return problem.code === CANCELLED ? 'cancelled' : 'failed';
}
