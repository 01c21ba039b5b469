/** The target with the fewest requests under way for its share; among equals, in turn. */
import type { Balanced, Balancer } from './balancer.ts';

/** Makes a chooser; it remembers where it began, so that equals take turns. */
export function leastRequests(): Balancer {
  let start = 0;
  return (from, now, _key, avoid) => {
    start = (start + 1) % from.length;
    let best: Balanced | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < from.length; i++) {
      const target = from[(start + i) % from.length]!;
      if (target === avoid && from.length > 1) continue;
      const load = (target.active + 1) / target.share(now);
      if (load >= least) continue;
      least = load;
      best = target;
    }
    return best!;
  };
}
