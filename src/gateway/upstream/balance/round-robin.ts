/** Smooth weighted round robin: each gains its share, the richest pays the sum. Source: nginx's upstream round robin. */
import type { Balanced, Balancer } from './balancer.ts';

/** Gives each target its share in turn, evenly spread. */
export const roundRobin: Balancer = (from, now, _key, avoid) => {
  let best: Balanced | undefined;
  let sum = 0;
  for (const target of from) {
    const share = target.share(now);
    target.credit += share;
    sum += share;
    if ((target !== avoid || from.length === 1) && (!best || target.credit > best.credit)) best = target;
  }
  best!.credit -= sum;
  return best!;
};
