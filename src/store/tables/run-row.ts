/** A row of table `run` as the contract names it. */
import { isText, type Text, verbatim } from '../../base/text.ts';
import type { Run, StoredProblem, StreamProgress } from '../../sdk/run.ts';
import { json, jsonOrNull, number, numberOrNull, type Row, text, textOrNull } from '../database.ts';

export function runOf(row: Row): Run {
  return {
    id: text(row, 'id'),
    project: text(row, 'project'),
    pipeline: text(row, 'pipeline'),
    release: text(row, 'release'),
    state: text(row, 'state') as Run['state'],
    result: textOrNull(row, 'result') as Run['result'],
    trigger: text(row, 'cause') as Run['trigger'],
    attempt: number(row, 'attempt'),
    attemptsMax: number(row, 'attempts_max'),
    retryOf: textOrNull(row, 'retry_of'),
    createdAt: number(row, 'created_at'),
    dueAt: number(row, 'due_at'),
    startedAt: numberOrNull(row, 'started_at'),
    finishedAt: numberOrNull(row, 'finished_at'),
    epoch: number(row, 'epoch'),
    worker: textOrNull(row, 'worker'),
    leaseUntil: numberOrNull(row, 'lease_until'),
    cancelRequested: number(row, 'cancel_requested') === 1,
    problem: bothLanguages(jsonOrNull(row, 'problem')),
    streams: json<StreamProgress[]>(row, 'streams').map((one) => ({ ...one, problem: bothLanguages(one.problem) })),
    requestedBy: text(row, 'requested_by'),
  };
}

/** A text as it is kept: JSON of both languages. Lines of releases that kept English only come back as they are. */
export function storedText(kept: string): Text {
  if (!kept.startsWith('{"en":')) return verbatim(kept);
  try {
    const read: unknown = JSON.parse(kept);
    return isText(read) ? read : verbatim(kept);
  } catch {
    return verbatim(kept);
  }
}

/** Problems of runs that ended under a release that kept English only. */
function bothLanguages(problem: { code: string; detail: Text | string } | null): StoredProblem | null {
  return problem && { code: problem.code, detail: isText(problem.detail) ? problem.detail : verbatim(problem.detail) };
}
