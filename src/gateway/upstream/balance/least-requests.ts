/**
 * The target with the fewest requests under way for its share; equals, above all idle ones, take turns by their shares.
 * Source: nginx's least_conn.
 */
import type { Balanced, Balancer } from './balancer.ts';

/** Chooses it; what equals are owed stands in their credit. */
export const leastRequests: Balancer = (from, now, _key, avoid) => {
  const isChoice = (target: Balanced) => target !== avoid || from.length === 1;
  let least = Number.POSITIVE_INFINITY;
  for (const target of from) if (isChoice(target)) least = Math.min(least, target.active / target.share(now));
  let best: Balanced | undefined;
  let sum = 0;
  for (const target of from) {
    const share = target.share(now);
    if (!isChoice(target) || target.active / share > least) continue;
    target.credit += share;
    sum += share;
    if (!best || target.credit > best.credit) best = target;
  }
  best!.credit -= sum;
  return best!;
};
