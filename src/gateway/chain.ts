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
import type { ConsumerIdentity, Verdict } from '../sdk/exchange.ts';
import type { GatewayExchange } from './contract.ts';
import type { Steps } from './story.ts';

/** Asks the auth methods in order; `absent` when none found its credential. A thrown Problem is an answer. */
export function runAuth(
  steps: Steps,
  exchange: GatewayExchange,
  at = 0,
): Promise<'absent' | ConsumerIdentity | Problem> | 'absent' | ConsumerIdentity | Problem {
  const { auth } = steps.steps;
  steps.begin(exchange);
  for (let i = at; i < auth.length; i++) {
    let answer: ReturnType<AuthMethod['authenticate']>;
    try {
      answer = auth[i]!.method.authenticate(exchange);
    } catch (error) {
      answer = asProblem(error);
    }
    if (answer instanceof Promise) {
      return answer.catch(asProblem).then((later) => {
        steps.authDone(later);
        return later === 'absent' ? runAuth(steps, exchange, i + 1) : later;
      });
    }
    steps.authDone(answer);
    if (answer !== 'absent') return answer;
  }
  return 'absent';
}

/** Runs the request phase from where it stands; undefined means go on to the target. */
export function runRequest(steps: Steps, exchange: GatewayExchange): Verdict | Promise<Verdict> {
  const { policies } = steps.steps;
  if (steps.reached < policies.length) {
    if (steps.reached === 0 && steps.asked > 0) steps.goOn(exchange);
    else steps.begin(exchange);
  }
  while (steps.reached < policies.length) {
    const { policy } = policies[steps.reached++]!;
    if (!policy.request) continue;
    let verdict: Verdict | Promise<Verdict>;
    try {
      verdict = policy.request(exchange);
    } catch (error) {
      verdict = asProblem(error);
    }
    if (verdict instanceof Promise) {
      return verdict.catch(asProblem).then((later) => {
        steps.requestDone(later, exchange);
        return later ?? runRequest(steps, exchange);
      });
    }
    steps.requestDone(verdict, exchange);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

/** Runs the response phase; a policy that throws a Problem replaces the answer, and the rest still sees it. */
export function runResponse(
  steps: Steps,
  exchange: GatewayExchange,
  from = steps.reached - 1,
): Problem | undefined | Promise<Problem | undefined> {
  let problem: Problem | undefined;
  if (from >= 0) steps.begin(exchange);
  for (let i = from; i >= 0; i--) {
    const { policy } = steps.steps.policies[i]!;
    if (!policy.response) continue;
    let step: void | Problem | Promise<void>;
    try {
      step = policy.response(exchange);
    } catch (error) {
      step = asProblem(error);
    }
    if (step instanceof Promise) {
      return step.catch(asProblem).then(async (later) => {
        steps.responseDone(later, exchange);
        return (await runResponse(steps, exchange, i - 1)) ?? (later instanceof Problem ? later : problem);
      });
    }
    steps.responseDone(step, exchange);
    if (step instanceof Problem) problem = step;
  }
  return problem;
}

/** Runs the log phase; `onError` is told of a policy that throws, and the others still run. */
export function runLog(steps: Steps, exchange: GatewayExchange, onError: (error: unknown, exchange: GatewayExchange) => void): void {
  for (let i = 0; i < steps.reached; i++) {
    const { policy } = steps.steps.policies[i]!;
    if (!policy.log) continue;
    try {
      policy.log(exchange);
    } catch (error) {
      onError(error, exchange);
    }
  }
}

/** A Problem that was thrown is a Problem that was answered; anything else is a bug and goes on up. */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}
