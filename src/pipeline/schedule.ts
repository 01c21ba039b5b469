/**
 * When a schedule fires next, in its own time zone. Pure.
 * A wall-clock time that does not exist (spring) fires once at the end of the gap; one that exists
 * twice (autumn) fires once, the first time. Schedules by the hour or minute fire in real time through both.
 */
import { Cron } from 'croner';
import { verbatim } from '../base/text.ts';
import problems from './problems.ts';

export interface Schedule {
  readonly cron: string;
  readonly timezone: string;
}

/** The first firing strictly after `after` (both milliseconds since 1970); null when there is none. Raises `bad-schedule`. */
export function nextFiring(schedule: Schedule, after: number): number | null {
  const { cron, timezone } = schedule;
  try {
    return new Cron(cron, { timezone, paused: true }).nextRun(new Date(after))?.getTime() ?? null;
  } catch (cause) {
    const reason = verbatim(cause instanceof Error ? cause.message.slice(0, 300) : String(cause));
    throw problems.raise['bad-schedule']({ values: { cron, timezone, reason }, cause });
  }
}
