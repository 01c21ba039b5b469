/**
 * Who may be chosen now. Healthy targets only, unless so few are healthy that the rest would be overrun: then all of
 * them (panic). A target whose last connect failed is passed over for a moment while another one is left.
 */

/** A target as this choice sees it. Times are monotonic milliseconds. */
export interface Standing {
  readonly weight: number;
  /** Its health check failed, or it is ejected. */
  isOut(now: number): boolean;
  /** When it comes back by itself; in the past when it is not ejected. */
  readonly ejectedUntil: number;
  /** Until when it is passed over since a connect failed. */
  readonly downUntil: number;
}

export interface Candidates<S extends Standing> {
  /** Empty only when nobody is healthy and panic is off. */
  readonly list: readonly S[];
  readonly isPanic: boolean;
  /** When time alone makes this choice untrue; infinite for never. */
  readonly until: number;
}

/** Chooses. `panicPercent` 0 never panics. */
export function candidatesOf<S extends Standing>(targets: readonly S[], now: number, panicPercent: number): Candidates<S> {
  let until = Number.POSITIVE_INFINITY;
  for (const { ejectedUntil, downUntil } of targets) {
    if (ejectedUntil > now && ejectedUntil < until) until = ejectedUntil;
    if (downUntil > now && downUntil < until) until = downUntil;
  }
  const healthy = targets.filter((target) => !target.isOut(now));
  const isPanic = healthy.length < targets.length && healthy.length * 100 < panicPercent * targets.length;
  const able = isPanic ? targets : healthy;
  const list = able.filter((target) => target.downUntil <= now);
  if (list.length > 0 || able.length === 0) return { list, isPanic, until };
  return { list: [able.reduce((first, target) => (target.downUntil < first.downUntil ? target : first))], isPanic, until };
}

/** A new or returned target's share of its weight: from a tenth to all of it over `slowStartMs`. */
export function rampedShare(weight: number, sinceMs: number, slowStartMs: number): number {
  return sinceMs >= slowStartMs ? weight : weight * Math.max(0.1, sinceMs / slowStartMs);
}
