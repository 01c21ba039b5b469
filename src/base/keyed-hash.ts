/**
 * A short keyed hash for tables that callers could aim at: HalfSipHash-2-4 with 64 bits out, made of
 * 32-bit steps only. Without the key nobody can choose names that collide. Not for secrets or signatures.
 * Source: Aumasson, Bernstein: SipHash (2012); HalfSipHash (2016).
 */

/** Two 32-bit words: a key, or the hash itself. */
export interface HashPair {
  readonly low: number;
  readonly high: number;
}

/** Hashes the UTF-16 code units of `text` (little endian) under `key`; both words are unsigned 32 bits. */
export function keyedHash(text: string, key: HashPair): HashPair {
  let v0 = key.low | 0;
  let v1 = key.high ^ 0xee;
  let v2 = 0x6c796765 ^ key.low;
  let v3 = 0x74656462 ^ key.high;
  const round = (): void => {
    v0 = (v0 + v1) | 0;
    v1 = (v1 << 5) | (v1 >>> 27);
    v1 ^= v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = (v3 << 8) | (v3 >>> 24);
    v3 ^= v2;
    v0 = (v0 + v3) | 0;
    v3 = (v3 << 7) | (v3 >>> 25);
    v3 ^= v0;
    v2 = (v2 + v1) | 0;
    v1 = (v1 << 13) | (v1 >>> 19);
    v1 ^= v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  };
  const absorb = (word: number): void => {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  const even = text.length & ~1;
  for (let i = 0; i < even; i += 2) absorb(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
  absorb((text.length << 25) | (even < text.length ? text.charCodeAt(even) : 0));
  v2 ^= 0xee;
  for (let i = 0; i < 4; i++) round();
  const low = (v1 ^ v3) >>> 0;
  v1 ^= 0xdd;
  for (let i = 0; i < 4; i++) round();
  return { low, high: (v1 ^ v3) >>> 0 };
}
