/**
 * Deadlines for tens of thousands of connections with one timer. Setting one is a store: a deadline
 * moved later is only noticed when its slot comes up. None fires early; each at most two ticks late,
 * and later by as long as the thread stood still: what it did not listen to meanwhile is nobody's silence.
 */
import type { Cancel, Clock } from '../../base/clock.ts';

/** Something that can run out of time; one deadline at a time. Only the wheel writes its members. */
export interface Timed {
  deadline: Deadline;
  /** The time is over; the deadline is cleared. May set a new one. */
  onDeadline(): void;
}

/** The wheel's bookkeeping inside a `Timed`. */
export interface Deadline {
  /** In the wheel's own time, or 0 for none. */
  due: number;
  /** The tick whose slot holds it, or -1. */
  slot: number;
  /** Its place in that slot. */
  place: number;
}

export interface Wheel {
  /** Monotonic milliseconds at the last tick. */
  readonly now: number;
  /** Calls `item.onDeadline` after `ms`, in place of any earlier deadline. */
  set(item: Timed, ms: number): void;
  /** No deadline any more. The item may be kept until its time would have come, which costs nothing. */
  clear(item: Timed): void;
  /** The same for an item that is over: it is let go at once. */
  drop(item: Timed): void;
  stop(): void;
}

const SLOTS = 512;
/** Longer between two ticks the thread stood still (other work, no processor); the wheel's time goes on by this much. */
const STEP_MAX_MS = 250;

/** A fresh bookkeeping. */
export function noDeadline(): Deadline {
  return { due: 0, slot: -1, place: 0 };
}

/** Makes a wheel that ticks every `tickMs`; its timer does not keep the process alive. */
export function createWheel(clock: Clock, tickMs = 50): Wheel {
  return new TickingWheel(clock, tickMs);
}

/** A class, since each request sets and clears deadlines: an object literal with a getter is a slow dictionary to the engine. */
class TickingWheel implements Wheel {
  now: number;
  private readonly clock: Clock;
  private readonly tickMs: number;
  private readonly slots: Timed[][] = Array.from({ length: SLOTS }, () => []);
  private readonly cancel: Cancel;
  private time: number;
  private tick: number;

  constructor(clock: Clock, tickMs: number) {
    this.clock = clock;
    this.tickMs = tickMs;
    this.now = this.time = clock.monotonic();
    this.tick = Math.floor(this.time / tickMs);
    this.cancel = clock.every(tickMs, () => this.fire(), { unref: true });
  }

  set(item: Timed, ms: number): void {
    const { deadline } = item;
    const due = this.time + ms + this.tickMs;
    deadline.due = due;
    if (deadline.slot < 0 || deadline.slot * this.tickMs > due) this.place(item);
  }

  clear(item: Timed): void {
    item.deadline.due = 0;
  }

  drop(item: Timed): void {
    const { slot, place: at } = item.deadline;
    item.deadline.due = 0;
    item.deadline.slot = -1;
    const items = slot < 0 ? undefined : this.slots[slot % SLOTS];
    if (items?.[at] !== item) return; // Its slot is being visited.
    const last = items.pop()!;
    if (last === item) return;
    items[at] = last;
    if (last.deadline.slot === slot) last.deadline.place = at;
  }

  stop(): void {
    this.cancel();
  }

  private place(item: Timed): void {
    // Far deadlines wait in the last slot of this turn and are placed again from there.
    const at = Math.min(Math.max(Math.ceil(item.deadline.due / this.tickMs), this.tick + 1), this.tick + SLOTS - 1);
    item.deadline.slot = at;
    item.deadline.place = this.slots[at % SLOTS]!.push(item) - 1;
  }

  private fire(): void {
    const before = this.now;
    this.now = this.clock.monotonic();
    this.time += Math.min(this.now - before, Math.max(STEP_MAX_MS, this.tickMs));
    const end = Math.floor(this.time / this.tickMs);
    if (end - this.tick >= SLOTS) this.tick = end - SLOTS + 1;
    while (this.tick < end) {
      this.tick++;
      const index = this.tick % SLOTS;
      const items = this.slots[index]!;
      if (items.length === 0) continue;
      this.slots[index] = [];
      for (const item of items) this.visit(item, index);
    }
  }

  private visit(item: Timed, index: number): void {
    // An item whose deadline was moved to an earlier slot stands in two; only its own slot counts.
    if (item.deadline.slot < 0 || item.deadline.slot % SLOTS !== index) return;
    item.deadline.slot = -1;
    const { due } = item.deadline;
    if (due === 0) return;
    if (due > this.time) return this.place(item);
    item.deadline.due = 0;
    item.onDeadline();
  }
}
