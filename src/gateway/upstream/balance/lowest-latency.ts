/**
 * Power of two choices over smoothed latency: of two targets drawn at random, the one whose latency times its
 * requests under way is smaller for its share. A peak counts at once and fades, so that a target that
 * was slow is tried again. Source: Mitzenmacher, "The power of two choices" (2001); Finagle's peak EWMA.
 */
import type { Random } from '../../../base/random.ts';
import type { Balanced, Balancer } from './balancer.ts';

/** Time in which what was measured fades to 37 %. */
const FADE_MS = 10_000;
/** Taken for a target that was never measured, or not for long: it should be tried, but not by everybody. */
const LEAST_MS = 0.1;

/** Takes a measured latency into a target's average. */
export function observeLatency(target: Balanced, ms: number, now: number): void {
  const kept = Math.exp(-Math.max(0, now - target.latencyAt) / FADE_MS);
  target.latency = ms > target.latency ? ms : target.latency * kept + ms * (1 - kept);
  target.latencyAt = now;
}

/** What sending one more request there would cost. */
export function costOf(target: Balanced, now: number): number {
  const latency = target.latency * Math.exp(-Math.max(0, now - target.latencyAt) / FADE_MS);
  return (Math.max(latency, LEAST_MS) * (target.active + 1)) / target.share(now);
}

/** Makes a chooser that draws from `random`. */
export function lowestLatency(random: Pick<Random, 'integer'>): Balancer {
  return (from, now, _key, avoid) => {
    const count = from.length;
    if (count === 1) return from[0]!;
    const first = random.integer(count);
    const second = (first + 1 + random.integer(count - 1)) % count;
    const [a, b] = [from[first]!, from[second]!];
    if (a === avoid) return b;
    if (b === avoid) return a;
    return costOf(b, now) < costOf(a, now) ? b : a;
  };
}
