/** Which answers are refusals, and how the audit trail tells of them. In: a problem on its way out. Out: a `Denial`, or nothing. */
import type { FastifyRequest } from 'fastify';
import type { Problem } from '../../base/problem.ts';
import type { Denial } from '../access/denials.ts';
import { fromOf, OUT_OF_REACH, type Seen, type SpentCredential } from './caller.ts';
import { pathOf, projectOf } from './request.ts';

/** Not logged in, not allowed, asked under a foreign name; and a lock-out. */
const REFUSED: readonly number[] = [401, 403, 421];
const LOCKED = 'core/access/locked';
/** No credential came at all; one that does not count is `token-not-valid`. */
const UNAUTHENTICATED = 'core/api/unauthenticated';
const SUBJECT_MAX = 200;

/** Asks who the caller is: without any credential the answer is "nobody", and nothing was refused. */
const WHO = 'whoami';

/** The line an answer is worth; undefined when it refuses nobody. */
export function denialOf(problem: Problem, request: FastifyRequest, seen: Seen): Denial | undefined {
  const { cause } = problem.options;
  if (seen.operation?.id === WHO && problem.code === UNAUTHENTICATED) return undefined;
  if (!REFUSED.includes(problem.status) && problem.code !== LOCKED && cause !== OUT_OF_REACH) return undefined;
  const spent = isSpent(cause) ? cause : undefined;
  const who = seen.caller ?? spent;
  const { address } = fromOf(request);
  const detail = spent
    ? `${problem.code}: ${spent.spent}`
    : cause === OUT_OF_REACH
      ? `${problem.code}: not a project of this credential`
      : problem.code;
  if (seen.claim !== undefined)
    return { actor: { name: seen.claim, kind: 'nobody', address }, action: 'login', subject: seen.claim, detail };
  const project = projectOf(request);
  const what = seen.operation?.id ?? pathOf(request);
  return {
    actor: { name: who?.name ?? '', kind: who?.kind ?? 'nobody', address },
    action: 'denied',
    subject: (project ? `${project.slice(0, 63)}/${what}` : what).slice(0, SUBJECT_MAX),
    detail,
  };
}

function isSpent(cause: unknown): cause is SpentCredential {
  return typeof cause === 'object' && cause !== null && 'spent' in cause;
}
