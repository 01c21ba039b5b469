/**
 * The spare: one process that has loaded what every role needs and waits to become one, so that a role that dies
 * need not wait for that. It holds no lock, port or store before it gets a role.
 *
 *   made ─▶ prepared ─▶ taken by a role that died ─▶ (2 s later) the next one is made
 */
import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import type { Cancel, Clock } from '../base/clock.ts';
import { type FromRole, isRunning, onceEnded, type SpawnOptions, spawnRole } from './spawn-role.ts';

export interface Spare {
  /** The spare as a process to start a role in, with `nice` added to its niceness; undefined when there is none just now. */
  take(nice: number): ChildProcess | undefined;
  /** Ends the spare and makes no more. It holds nothing, so it is killed. */
  stop(): Promise<void>;
  readonly pid: number | undefined;
}

export interface SpareOptions extends SpawnOptions {
  readonly config: unknown;
  readonly clock: Clock;
}

/** Last argument of the process: as long as the longest role, which takes its place in lists of processes. */
export const SPARE = 'standby';
/** The roles' first busy moments are over by then, and the code they compiled is on disk. */
const FIRST_AFTER_MS = 6_000;
/** The next one is made when the role that took this one has had the processor for itself. */
const NEXT_AFTER_MS = 2_000;
/** A spare that dies is made again with longer and longer waits. */
const RETRY_DELAYS_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000];
const STABLE_AFTER_MS = 30_000;

/** Keeps a spare from a few seconds after this call until `stop`. */
export function keepSpare(options: SpareOptions): Spare {
  const { clock, log, config } = options;
  let waiting: { readonly child: ChildProcess; forget(): void } | undefined;
  let losses = 0;
  let stopped = false;
  let cancelNext: Cancel = () => {};

  const make = () => {
    const madeAt = clock.monotonic();
    const child = spawnRole(options, SPARE, 0, { type: 'prepare', config });
    const hear = (message: FromRole) => {
      if (message.type !== 'prepared') return;
      const tookMs = Math.round(clock.monotonic() - madeAt);
      log.info('a spare process waits', { pid: child.pid, residentBytes: message.residentBytes, tookMs });
    };
    child.on('message', hear);
    const forgetEnd = onceEnded(child, (reason) => {
      waiting = undefined;
      if (stopped) return;
      if (clock.monotonic() - madeAt > STABLE_AFTER_MS) losses = 0;
      const delayMs = RETRY_DELAYS_MS[Math.min(losses++, RETRY_DELAYS_MS.length - 1)]!;
      log.warn('the spare process ended and is made again', { reason: reason.en, delayMs });
      cancelNext = clock.after(delayMs, make);
    });
    const forget = () => {
      child.off('message', hear);
      forgetEnd();
    };
    waiting = { child, forget };
  };
  cancelNext = clock.after(FIRST_AFTER_MS, make);
  return {
    take(nice) {
      if (!waiting || !isRunning(waiting.child) || !waiting.child.connected) return undefined;
      const { child, forget } = waiting;
      forget();
      waiting = undefined;
      losses = 0;
      if (!stopped) cancelNext = clock.after(NEXT_AFTER_MS, make);
      addNiceness(child.pid!, nice);
      return child;
    },
    async stop() {
      stopped = true;
      cancelNext();
      const child = waiting?.child;
      if (!child || !isRunning(child)) return;
      const gone = new Promise<void>((resolve) => void onceEnded(child, () => resolve()));
      child.kill('SIGKILL');
      await gone;
    },
    get pid() {
      return waiting?.child.pid;
    },
  };
}

const NICEST = 19;

/** Linux keeps niceness per thread, and a spare has several by now. */
function addNiceness(pid: number, nice: number): void {
  if (nice <= 0 || process.platform !== 'linux') return;
  const wanted = Math.min(NICEST, getPriority() + nice);
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), wanted);
  } catch {
    // A thread or the process has just ended: what is left of it is noticed elsewhere.
  }
}
