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

const STOCK_BYTES = 2048;
const STOCKED_MAX = 64;
const stock = new Uint8Array(STOCK_BYTES);
let used = STOCK_BYTES;

/** Few bytes come out of a stock, since asking the system takes as long for four bytes as for thousands; none is given twice. */
function strongBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length > STOCKED_MAX) return randomFillSync(new Uint8Array(length));
  if (used + length > STOCK_BYTES) {
    randomFillSync(stock);
    used = 0;
  }
  const bytes = stock.slice(used, used + length);
  stock.fill(0, used, used + length);
  used += length;
  return bytes;
}

/** The machine's cryptographic random numbers. */
export const systemRandom: Random = Object.freeze({
  float: () => new DataView(strongBytes(4).buffer).getUint32(0) / 2 ** 32,
  integer: (below: number) => Math.floor(systemRandom.float() * below),
  bytes: (length: number) => strongBytes(length),
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
