/**
 * The order of steps around an exchange, and nothing else:
 *
 *   request : auth ▸ plan policies ▸ route policies ─▶ target       the first verdict ends it
 *   response: the policies that were reached, last one first
 *   log     : the same, first one first
 *
 * As long as every step answers at once there is no promise; one that does not turns the rest into one.
 */
import { Problem } from '../base/problem.ts';
import type { AuthMethod } from '../sdk/auth.ts';
import type { ConsumerIdentity, Exchange, Verdict } from '../sdk/exchange.ts';
import type { Policy } from '../sdk/policy.ts';

/** The policies of one exchange, and how far the request phase got. */
export interface Steps {
  readonly policies: readonly Policy[];
  /** Policies whose turn came; the others see neither response nor log. */
  reached: number;
}

/** Continues with `value`, now when it is there, later when it is a promise. */
export function after<V, R>(value: V | Promise<V>, next: (value: V) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Asks the auth methods in order; `absent` when none found its credential. A thrown Problem is an answer. */
export function runAuth(
  methods: readonly AuthMethod[],
  exchange: Exchange,
  at = 0,
): Promise<'absent' | ConsumerIdentity | Problem> | 'absent' | ConsumerIdentity | Problem {
  for (let i = at; i < methods.length; i++) {
    const answer = guarded(() => methods[i]!.authenticate(exchange));
    if (answer instanceof Promise) {
      return answer.then((later) => (later === 'absent' ? runAuth(methods, exchange, i + 1) : later));
    }
    if (answer !== 'absent') return answer;
  }
  return 'absent';
}

/** Runs the request phase from where it stands; undefined means go on to the target. */
export function runRequest(steps: Steps, exchange: Exchange): Verdict | Promise<Verdict> {
  const { policies } = steps;
  while (steps.reached < policies.length) {
    const policy = policies[steps.reached++]!;
    if (!policy.request) continue;
    const verdict = guarded(() => policy.request!(exchange));
    if (verdict instanceof Promise) return verdict.then((later) => later ?? runRequest(steps, exchange));
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

/** Runs the response phase; a policy that throws a Problem replaces the answer, and the rest still sees it. */
export function runResponse(
  steps: Steps,
  exchange: Exchange,
  from = steps.reached - 1,
): Problem | undefined | Promise<Problem | undefined> {
  let problem: Problem | undefined;
  for (let i = from; i >= 0; i--) {
    const policy = steps.policies[i]!;
    if (!policy.response) continue;
    const step = guarded<void | Problem>(() => policy.response!(exchange));
    if (step instanceof Promise) {
      return step.then(async (later) => (await runResponse(steps, exchange, i - 1)) ?? (later instanceof Problem ? later : problem));
    }
    if (step instanceof Problem) problem = step;
  }
  return problem;
}

/** Runs the log phase; `onError` is told of a policy that throws, and the others still run. */
export function runLog(steps: Steps, exchange: Exchange, onError: (error: unknown) => void): void {
  for (let i = 0; i < steps.reached; i++) {
    try {
      steps.policies[i]!.log?.(exchange);
    } catch (error) {
      onError(error);
    }
  }
}

/** A Problem that was thrown is a Problem that was answered; anything else is a bug and goes on up. */
function guarded<V>(step: () => V | Promise<V>): V | Problem | Promise<V | Problem> {
  try {
    const value = step();
    return value instanceof Promise ? value.catch(asProblem) : value;
  } catch (error) {
    return asProblem(error);
  }
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}
