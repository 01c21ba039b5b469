/**
 * A seeded world for simulations: processes whose every outside call is a point where the world decides
 * what happens next: another process goes first, time passes, the process freezes or dies. The same seed
 * gives the same history.
 */
import type { Cancel, Clock } from '../../src/base/clock.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';

/** One simulated operating-system process. */
export interface Process {
  readonly name: string;
  alive: boolean;
  /** Monotonic world time until which it does not run. */
  frozenUntil: number;
  readonly clock: Clock;
}

export interface World {
  readonly random: Random;
  /** Monotonic milliseconds. */
  readonly time: number;
  readonly wall: Pick<Clock, 'now'>;
  readonly trace: string[];
  process(name: string): Process;
  kill(process: Process): void;
  freeze(process: Process, ms: number): void;
  /** Moves everybody's wall clock; monotonic time stays. */
  jump(ms: number): void;
  /** An outside call of `process`: waits, has its effect at once and whole, and answers later, or never. */
  call<V>(process: Process, what: string, effect: () => V): Promise<V>;
  chance(probability: number): boolean;
  /** Runs until `done`, calling `happen` before each step; throws after `stepsMax`. */
  run(done: () => boolean, stepsMax: number, happen?: () => void): Promise<void>;
}

interface Timer {
  due: number;
  readonly every: number;
  readonly process: Process;
  readonly action: () => void;
}

const TRACE_MAX = 400;

/** Makes the world of `seed`. */
export function makeWorld(seed: number): World {
  const random = seededRandom(seed);
  const trace: string[] = [];
  let time = 0;
  let offset = Date.UTC(2026, 0, 1);
  let waiting: { process: Process; go: () => void }[] = [];
  let timers: Timer[] = [];
  const note = (line: string) => {
    trace.push(`${time} ${line}`);
    if (trace.length > TRACE_MAX) trace.shift();
  };
  const gate = (process: Process) =>
    new Promise<void>((resolve) => {
      if (process.alive) waiting.push({ process, go: resolve });
    });
  const makeClock = (self: () => Process): Clock => {
    const add = (ms: number, every: number, action: () => void): Cancel => {
      const timer: Timer = { due: time + Math.max(ms, 0), every, process: self(), action };
      if (self().alive) timers.push(timer);
      return () => void (timers = timers.filter((t) => t !== timer));
    };
    return {
      now: () => time + offset,
      monotonic: () => time,
      after: (ms, action) => add(ms, 0, action),
      every: (ms, action) => add(ms, ms, action),
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason);
          const cancel = add(ms, 0, resolve);
          signal?.addEventListener('abort', () => (cancel(), reject(signal.reason)), { once: true });
        }),
    };
  };
  const fireNext = (limit: number) => {
    const ready = timers.filter((t) => t.process.alive).map((t) => ({ t, at: Math.max(t.due, t.process.frozenUntil) }));
    const next = ready.sort((a, b) => a.at - b.at)[0];
    if (!next || next.at > limit) {
      time = Math.max(time, Math.min(limit, next?.at ?? limit));
      return;
    }
    time = Math.max(time, next.at);
    if (next.t.every > 0) next.t.due = time + next.t.every;
    else timers = timers.filter((t) => t !== next.t);
    next.t.action();
  };
  const step = () => {
    const able = waiting.filter((w) => w.process.frozenUntil <= time);
    if (able.length > 0 && !(random.float() < 0.15)) {
      const chosen = able[random.integer(able.length)]!;
      waiting = waiting.filter((w) => w !== chosen);
      time += random.integer(4);
      chosen.go();
    } else fireNext(able.length > 0 ? time + random.integer(400) : time + 60_000);
  };
  return {
    random,
    trace,
    get time() {
      return time;
    },
    wall: { now: () => time + offset },
    process(name) {
      const process: Process = { name, alive: true, frozenUntil: 0, clock: makeClock(() => process) };
      return process;
    },
    kill(process) {
      note(`${process.name} KILLED`);
      process.alive = false;
      waiting = waiting.filter((w) => w.process !== process);
      timers = timers.filter((t) => t.process !== process);
    },
    freeze(process, ms) {
      note(`${process.name} frozen for ${ms}`);
      process.frozenUntil = time + ms;
    },
    jump(ms) {
      note(`wall clock jumps by ${ms}`);
      offset += ms;
    },
    async call(process, what, effect) {
      await gate(process);
      note(`${process.name} ${what}`);
      let outcome: { value: ReturnType<typeof effect> } | { error: unknown };
      try {
        outcome = { value: effect() };
      } catch (error) {
        note(`${process.name} ${what} refused: ${(error as Error).message}`);
        outcome = { error };
      }
      await gate(process);
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    },
    chance: (probability) => random.float() < probability,
    async run(done, stepsMax, happen = () => {}) {
      for (let steps = 0; !done(); steps++) {
        if (steps >= stepsMax) throw new Error(`the world did not come to rest within ${stepsMax} steps`);
        happen();
        step();
        // All promises that this step settled run before the next one.
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}
