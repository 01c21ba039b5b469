/** A row of table `run` as the contract names it. */
import type { Run } from '../../sdk/run.ts';
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
    problem: jsonOrNull(row, 'problem'),
    streams: json(row, 'streams'),
    requestedBy: text(row, 'requested_by'),
  };
}
