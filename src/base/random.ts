/** Chance as a value passed in: the system's strong source, or a seeded one for tests and simulations. */
import { randomFillSync } from 'node:crypto';

export interface Random {
  /** A float in [0, 1). */
  float(): number;
  /** An integer in [0, below). */
  integer(below: number): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}

/** The machine's cryptographic random numbers. */
export const systemRandom: Random = Object.freeze({
  float: () => new DataView(randomFillSync(new Uint8Array(4)).buffer).getUint32(0) / 2 ** 32,
  integer: (below: number) => Math.floor(systemRandom.float() * below),
  bytes: (length: number) => randomFillSync(new Uint8Array(length)),
});

/** A repeatable stream of numbers. Never for secrets. Source: Mulberry32 (Tommy Ettinger, public domain). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    float,
    integer: (below) => Math.floor(float() * below),
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(float() * 256)),
  };
}
