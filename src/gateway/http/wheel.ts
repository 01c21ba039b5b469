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
  const slots: Timed[][] = Array.from({ length: SLOTS }, () => []);
  let now = clock.monotonic();
  let time = now;
  let tick = Math.floor(time / tickMs);

  function place(item: Timed): void {
    // Far deadlines wait in the last slot of this turn and are placed again from there.
    const at = Math.min(Math.max(Math.ceil(item.deadline.due / tickMs), tick + 1), tick + SLOTS - 1);
    item.deadline.slot = at;
    item.deadline.place = slots[at % SLOTS]!.push(item) - 1;
  }

  function fire(): void {
    const before = now;
    now = clock.monotonic();
    time += Math.min(now - before, Math.max(STEP_MAX_MS, tickMs));
    const end = Math.floor(time / tickMs);
    if (end - tick >= SLOTS) tick = end - SLOTS + 1;
    while (tick < end) {
      tick++;
      const index = tick % SLOTS;
      const items = slots[index]!;
      if (items.length === 0) continue;
      slots[index] = [];
      for (const item of items) visit(item, index);
    }
  }

  function visit(item: Timed, index: number): void {
    // An item whose deadline was moved to an earlier slot stands in two; only its own slot counts.
    if (item.deadline.slot < 0 || item.deadline.slot % SLOTS !== index) return;
    item.deadline.slot = -1;
    const due = item.deadline.due;
    if (due === 0) return;
    if (due > time) return place(item);
    item.deadline.due = 0;
    item.onDeadline();
  }

  const cancel: Cancel = clock.every(tickMs, fire, { unref: true });
  return {
    get now() {
      return now;
    },
    set(item, ms) {
      const due = time + ms + tickMs;
      item.deadline.due = due;
      if (item.deadline.slot < 0 || item.deadline.slot * tickMs > due) place(item);
    },
    clear(item) {
      item.deadline.due = 0;
    },
    drop(item) {
      const { slot, place: at } = item.deadline;
      item.deadline.due = 0;
      item.deadline.slot = -1;
      const items = slot < 0 ? undefined : slots[slot % SLOTS];
      if (items?.[at] !== item) return; // Its slot is being visited.
      const last = items.pop()!;
      if (last === item) return;
      items[at] = last;
      if (last.deadline.slot === slot) last.deadline.place = at;
    },
    stop: cancel,
  };
}
