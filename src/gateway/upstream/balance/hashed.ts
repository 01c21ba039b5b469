/**
 * Consistent hashing with bounded load: equal keys go to the same target while it has room. Every target draws a
 * number from its identity and the key, weighted by its share; the highest wins. So a target that comes takes only
 * keys for itself, and one that goes gives only its own away. One that has more than `bound` times its fair part of the
 * requests under way is passed over for the next. Source: Thaler and Ravishankar (1998), highest random weight;
 * Mirrokni, Thorup and Zadimoghaddam (2018), bounded loads.
 */
import type { Balanced, Balancer } from './balancer.ts';

/** Makes a chooser; `bound` is at least 1, 1.25 lets a target have a quarter more than its part. */
export function hashed(bound: number): Balancer {
  return (from, now, key, avoid) => {
    let active = 1;
    let shares = 0;
    for (const target of from) {
      active += target.active;
      shares += target.share(now);
    }
    let best: Balanced | undefined;
    let bestScore = -1;
    let spare: Balanced | undefined;
    let spareScore = -1;
    for (const target of from) {
      if (target === avoid && from.length > 1) continue;
      const share = target.share(now);
      const score = share / -Math.log((mix(target.hash ^ key) + 0.5) / 2 ** 32);
      const hasRoom = target.active < Math.ceil((bound * active * share) / shares);
      if (hasRoom && score > bestScore) [best, bestScore] = [target, score];
      if (score > spareScore) [spare, spareScore] = [target, score];
    }
    return best ?? spare!;
  };
}

/** 32 bits of a text, the same everywhere. Source: FNV-1a, then a finalizer. */
export function hashText(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return mix(sum);
}

/** Spreads 32 bits over all 32. Source: Wellons, "Prospecting for hash functions" (2018), lowbias32. */
function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
