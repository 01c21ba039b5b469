/**
 * Fires schedules. Every worker runs one; `ScheduleStore.advance` (compare-and-set) lets one of them win
 * each firing, however many there are and however the clock jumps.
 *
 * Guarantees: a firing is won before its run is queued, so a firing never makes two runs; firings missed
 * while nobody ran, or while the pipeline could not, become one run at most.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { RunStore, ScheduleStore } from '../sdk/run.ts';
import { within, STORE } from './abort.ts';
import type { PipelineLimits } from './limits.ts';
import { nextFiring, type Schedule } from './schedule.ts';
import type { PipelineSettings } from './settings.ts';

export interface SchedulerTools {
  readonly scheduleStore: ScheduleStore;
  readonly runStore: RunStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: PipelineLimits;
  /** Told when a firing was left out because a run was still there. */
  skipped(pipeline: PipelineSettings): void;
  /** Told when a run was queued. */
  queued(): void;
}

export interface Scheduler {
  /**
   * Takes the pipelines of a revision. The first call keeps firings missed while nobody ran; in later
   * ones a new, re-enabled or re-scheduled pipeline starts at its next firing.
   */
  set(pipelines: readonly PipelineSettings[]): void;
  /** Fires what is due. Called by the timer; answers when done. */
  tick(): Promise<void>;
  stop(): void;
}

interface Entry {
  readonly settings: PipelineSettings;
  readonly schedule: Schedule;
  /** The next firing must be computed anew, whatever is stored. */
  fresh: boolean;
  /** The next firing as last known; saves asking the store before it is due. */
  next: number | null;
  /** Wall clock of the last look: an earlier one now means that the clock went back. */
  lookedAt: number;
  /** The last failure told, so that it is told once. */
  told: string | undefined;
}

/** Starts a scheduler that looks every `scheduleMs`. */
export function startScheduler(tools: SchedulerTools): Scheduler {
  const { clock, log, limits } = tools;
  let entries = new Map<string, Entry>();
  let first = true;
  let ticking: Promise<void> | undefined;
  const pass = async () => {
    for (const entry of entries.values()) {
      try {
        await look(entry, tools);
        entry.told = undefined;
      } catch (error) {
        entry.next = null;
        const cause = (error as Error).message;
        const { project, name } = entry.settings;
        if (entry.told !== cause) log.warn('a schedule could not fire; it is tried again', { project, pipeline: name, cause });
        entry.told = cause;
      }
    }
  };
  const tick = () => (ticking ??= pass().finally(() => (ticking = undefined)));
  const cancel = clock.every(limits.scheduleMs, () => void tick(), { unref: true });
  return {
    set(pipelines) {
      const next = new Map<string, Entry>();
      for (const settings of pipelines) {
        if (!settings.schedule) continue;
        const key = `${settings.project}/${settings.name}`;
        const old = entries.get(key);
        const same = old?.schedule.cron === settings.schedule.cron && old.schedule.timezone === settings.schedule.timezone;
        const fresh = { settings, schedule: settings.schedule, fresh: !first, next: null, lookedAt: 0, told: undefined };
        next.set(key, old && same ? { ...old, settings } : fresh);
      }
      entries = next;
      first = false;
    },
    tick,
    stop: cancel,
  };
}

async function look(entry: Entry, tools: SchedulerTools): Promise<void> {
  const now = tools.clock.now();
  const wentBack = now < entry.lookedAt;
  entry.lookedAt = now;
  if (!entry.fresh && !wentBack && entry.next !== null && entry.next > now) return;
  const natural = nextFiring(entry.schedule, now);
  if (natural === null) return;
  const { project, name } = entry.settings;
  const asked = <V>(promise: Promise<V>) => within(promise, tools.limits.storeMs, STORE, tools.clock);
  const expected = await asked(tools.scheduleStore.next(project, name));
  const due = expected !== null && expected <= now && !entry.fresh;
  const wrong = expected === null || entry.fresh || expected > natural + tools.limits.scheduleSlackMs;
  if (!due && !wrong) {
    entry.next = expected;
    return;
  }
  if (expected === natural || (await asked(tools.scheduleStore.advance(project, name, expected, natural)))) {
    entry.next = natural;
    entry.fresh = false;
    if (due) await fire(entry.settings, expected!, natural, tools);
  } else {
    entry.next = null; // Another scheduler was first: look again.
  }
}

/** Queues the run of a firing that was won; gives the firing back when the store refuses. */
async function fire(settings: PipelineSettings, fired: number, next: number, tools: SchedulerTools): Promise<void> {
  const { project, name, release, overlap, retry } = settings;
  try {
    const run = await within(
      tools.runStore.enqueue({
        project,
        pipeline: name,
        release,
        trigger: 'schedule',
        attempt: 1,
        attemptsMax: retry.attempts,
        dueAt: tools.clock.now(),
        requestedBy: 'schedule',
        overlap,
      }),
      tools.limits.storeMs,
      STORE,
      tools.clock,
    );
    if (run) tools.queued();
    else tools.skipped(settings);
  } catch (error) {
    await tools.scheduleStore.advance(project, name, next, fired);
    throw error;
  }
}
