/**
 * How many repeats an upstream may get: a part of the requests of the last seconds, and always a few. So that repeats,
 * which are most frequent when an upstream is in trouble, cannot multiply its load.
 */

const SLOTS = 10;

/** A sliding window of ten slots; a slot that comes up again begins anew. */
export class RetryBudget {
  private readonly requests = new Int32Array(SLOTS);
  private readonly repeats = new Int32Array(SLOTS);
  private readonly slotMs: number;
  private readonly part: number;
  private readonly least: number;
  private slot = Number.NEGATIVE_INFINITY;

  /** `percent` of the requests of the last `windowMs`, and at least `least`. */
  constructor({ percent, least, windowMs }: { readonly percent: number; readonly least: number; readonly windowMs: number }) {
    this.part = percent / 100;
    this.least = least;
    this.slotMs = windowMs / SLOTS;
  }

  /** A request began. */
  began(now: number): void {
    this.requests[this.turn(now)]!++;
  }

  /** Takes a repeat out of the budget; false when none is left. */
  take(now: number): boolean {
    const at = this.turn(now);
    let requests = 0;
    let repeats = 0;
    for (let i = 0; i < SLOTS; i++) {
      requests += this.requests[i]!;
      repeats += this.repeats[i]!;
    }
    if (repeats >= Math.max(this.least, Math.floor(requests * this.part))) return false;
    this.repeats[at]!++;
    return true;
  }

  private turn(now: number): number {
    const slot = Math.floor(now / this.slotMs);
    for (let s = Math.max(this.slot + 1, slot - SLOTS + 1); s <= slot; s++) {
      this.requests[s % SLOTS] = 0;
      this.repeats[s % SLOTS] = 0;
    }
    if (slot > this.slot) this.slot = slot;
    return this.slot % SLOTS;
  }
}

/** How long to wait before repeat number `repeat` (from 1): doubled each time up to `maxMs`, and by chance between half of that and all. */
export function backoffMs(repeat: number, { baseMs, maxMs }: { readonly baseMs: number; readonly maxMs: number }, chance: number): number {
  const whole = Math.min(maxMs, baseMs * 2 ** Math.min(repeat - 1, 30));
  return whole / 2 + (whole / 2) * chance;
}
