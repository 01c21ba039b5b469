/**
 * The counters of a node: token buckets in one SharedArrayBuffer that all gateway threads take from.
 *
 * A bucket is one 64-bit word, changed only by compare-and-swap: 12 bits say which shape wrote it, 52 bits
 * hold the theoretical arrival time (TAT) in sixteenths of a microsecond since the buffer was made. With
 * T = window ÷ limit (one token) and D = burst × T (an empty bucket's time to fill), at time t:
 *
 *     used share  s = max(TAT − t, 0) ÷ D          take: allowed when max(TAT, t) + T − t ≤ D
 *
 * A changed limit finds a word written under another D. The share stays: TAT' = t + ⌈s × D'⌉, so a caller
 * who had used half of the old bucket has used half of the new one. Nothing is reset.
 *
 * Buckets stand in sets of 16 by a keyed hash of identity and key (64 bits, secret seed). A new key takes
 * an empty place, else a full bucket's (TAT ≤ t: forgetting it loses nothing), else the one nearest to
 * full, which is counted as an eviction. Placing is under a lock of the set; taking never is.
 * Source: GCRA, ITU-T I.371 annex A.
 */
import { type HashPair, keyedHash } from '../base/keyed-hash.ts';
import type { Random } from '../base/random.ts';
import type { BucketShape, Counters, Take } from './counters.ts';

export interface SharedCounters extends Counters {
  /** Counts since the buffer was made, over all threads. */
  stats(): CounterStats;
}

export interface CounterStats {
  /** Buckets that were forgotten although not full, since their set had no room: limits were too lax by these. */
  readonly evictions: number;
  /** Locks taken over from a thread that did not give them back in time (it died). */
  readonly lockTakeovers: number;
}

const SET = 16;
const UNITS_PER_MS = 16_000;
const TAT_BITS = 52n;
const TAT_MASK = (1n << TAT_BITS) - 1n;
const TAT_MAX = Number(TAT_MASK);
const SHAPES = 4096;
const SPINS_MAX = 200_000;
const BUSY = -1n;
/** Words before the table: seed, evictions, take-overs, and one spare. */
const HEAD = 4;

/** Makes the buffer for `buckets` buckets (rounded up to a power of two, at least 16): about 16 bytes each. */
export function createCounterBuffer(buckets: number, random: Random): SharedArrayBuffer {
  const sets = 2 ** Math.ceil(Math.log2(Math.max(buckets, SET) / SET));
  const buffer = new SharedArrayBuffer((HEAD + SHAPES + sets * SET * 2) * 8 + sets * 4);
  new Uint8Array(buffer, 0, 8).set(random.bytes(8));
  new Int32Array(buffer)[6] = sets;
  return buffer;
}

/**
 * Opens the counters on one thread. `now` gives milliseconds of a clock that all threads read alike and
 * that never goes back; its values must stay below 2⁴⁸ microseconds from the first (8.9 years).
 */
export function openCounters(buffer: SharedArrayBuffer, now: () => number): SharedCounters {
  const words = new BigInt64Array(buffer, 0, Math.floor(buffer.byteLength / 8));
  const sets = new Int32Array(buffer)[6]!;
  const seed = new Uint32Array(buffer, 0, 2);
  const locks = new Int32Array(buffer, (HEAD + SHAPES + sets * SET * 2) * 8, sets);
  const table: Table = {
    words,
    halves: new Int32Array(buffer, 0, words.length * 2),
    locks,
    sets,
    seed: { low: seed[0]!, high: seed[1]! },
    identities: new Map(),
    known: new Map(),
    knownCount: 0,
  };
  return {
    take: (identity, key, shape) => take(table, identity, key, shape, now() * UNITS_PER_MS),
    stats: () => ({ evictions: Number(Atomics.load(words, 1)), lockTakeovers: Number(Atomics.load(words, 2)) }),
  };
}

interface Table {
  readonly words: BigInt64Array;
  readonly locks: Int32Array;
  readonly sets: number;
  readonly seed: HashPair;
  /** The same memory in words of 32 bits: reading those makes no BigInt. */
  readonly halves: Int32Array;
  /** Hash of each identity, the key for hashing its keys; bounded. */
  readonly identities: Map<string, HashPair>;
  /** Where keys lately stood, by identity; checked at each use, bounded by `knownCount`. */
  known: Map<string, Map<string, Bucket>>;
  knownCount: number;
}

/** A key's fingerprint, and where it stood. */
interface Bucket {
  readonly print: bigint;
  readonly first: number;
  readonly second: number;
  place: number;
}

const KNOWN_MAX = 65_536;
/** Two words to compare and exchange, and their halves. */
const scratch = new BigInt64Array(2);
const scratchHalves = new Int32Array(scratch.buffer);
/** Which half of a word is the upper one. */
const UPPER = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** A shape in the buffer's units. */
interface Units {
  readonly token: number;
  readonly full: number;
  readonly tag: number;
}

const unitsOf = new WeakMap<BucketShape, { table: Table; units: Units }>();

function take(table: Table, identity: string, key: string, shape: BucketShape, nowUnits: number): Take {
  const t = Math.max(0, Math.floor(nowUnits));
  const units = shapeUnits(table, shape);
  const bucket = bucketOf(table, identity, key);
  // Plain reads are cheaper, but processors may change their order. An exchange finds that out; a refusal has none, so it is read again.
  for (let isSure = false; ; ) {
    if (!(isSure ? stands(table, bucket) : seemsToStand(table, bucket)))
      bucket.place = find(table, bucket.print) ?? claim(table, bucket.print, t);
    const word = (bucket.place + 1) * 2;
    // Halves of two different moments: a TAT only grows, so the upper one first makes it too small, and the exchange fails.
    const upper = isSure ? Atomics.load(table.halves, word + UPPER) : table.halves[word + UPPER]!;
    const lower = isSure ? Atomics.load(table.halves, word + 1 - UPPER) : table.halves[word + 1 - UPPER]!;
    const tat = Math.max(rescaled(table, upper, lower, units, t), t);
    const after = tat + units.token;
    if (after - t > units.full) {
      if (isSure) return outcome(false, tat, t, units);
      isSure = true;
      continue;
    }
    if (!exchange(table, bucket.place + 1, upper, lower, units.tag, Math.min(after, TAT_MAX))) continue;
    if (stands(table, bucket)) return outcome(true, after, t, units);
    giveBack(table, bucket.place, units.token); // The place was given to another key in between.
  }
}

/** The key's bucket, remembered when it was asked for lately. */
function bucketOf(table: Table, identity: string, key: string): Bucket {
  const known = table.known.get(identity)?.get(key);
  if (known) return known;
  if (table.knownCount >= KNOWN_MAX) {
    table.known = new Map();
    table.knownCount = 0;
  }
  let keys = table.known.get(identity);
  if (!keys) table.known.set(identity, (keys = new Map()));
  const print = fingerprint(table, identity, key);
  scratch[0] = print;
  const bucket = { print, first: scratchHalves[0]!, second: scratchHalves[1]!, place: HEAD + SHAPES };
  keys.set(key, bucket);
  table.knownCount++;
  return bucket;
}

/** True when the bucket's key is at its place. */
function stands({ halves }: Table, { first, second, place }: Bucket): boolean {
  return Atomics.load(halves, place * 2) === first && Atomics.load(halves, place * 2 + 1) === second;
}

/** The same by plain reads, which may be old. */
function seemsToStand({ halves }: Table, { first, second, place }: Bucket): boolean {
  return halves[place * 2] === first && halves[place * 2 + 1] === second;
}

/** Puts `tag` and `tat` in place of a word read in halves; false when it is no longer the same. */
function exchange({ words }: Table, at: number, upper: number, lower: number, tag: number, tat: number): boolean {
  scratchHalves[UPPER] = upper;
  scratchHalves[1 - UPPER] = lower;
  scratchHalves[2 + UPPER] = (tag << 20) | Math.floor(tat / 2 ** 32);
  scratchHalves[3 - UPPER] = tat | 0;
  const expected = scratch[0]!;
  return Atomics.compareExchange(words, at, expected, scratch[1]!) === expected;
}

function outcome(allowed: boolean, tat: number, t: number, { token, full }: Units): Take {
  const used = Math.max(tat - t, 0);
  return {
    allowed,
    remaining: Math.max(0, Math.floor((full - used) / token)),
    retryAfterMs: allowed ? 0 : Math.max(0, used + token - full) / UNITS_PER_MS,
    resetAfterMs: used / UNITS_PER_MS,
  };
}

/** TAT of a word in the terms of the shape asked with: the same share of the bucket is used. */
function rescaled(table: Table, upper: number, lower: number, units: Units, t: number): number {
  const tat = (upper & 0xfffff) * 2 ** 32 + (lower >>> 0);
  const tag = upper >>> 20;
  if (tag === units.tag || tat <= t) return tat;
  const full = Number(Atomics.load(table.words, HEAD + tag));
  return full > 0 ? t + Math.ceil(((tat - t) * units.full) / full) : tat;
}

/** Rounds one token's time to a sixteenth of a microsecond; a bucket holds exactly `burst` of them. */
function shapeUnits(table: Table, shape: BucketShape): Units {
  const known = unitsOf.get(shape);
  if (known?.table === table) return known.units;
  const token = Math.max(1, Math.round((shape.windowMs * UNITS_PER_MS) / shape.limit));
  const full = Math.min(token * Math.max(1, Math.floor(shape.burst)), 2 ** 51);
  const units = { token, full, tag: shapeTag(table, full) };
  unitsOf.set(shape, { table, units });
  return units;
}

/** Number of a fill time in the shape table; 0 (which never rescales) when 4,095 others are known. */
function shapeTag(table: Table, full: number): number {
  for (let step = 0; step < SHAPES - 1; step++) {
    const tag = 1 + ((full + step) % (SHAPES - 1));
    const found = Atomics.compareExchange(table.words, HEAD + tag, 0n, BigInt(full));
    if (found === 0n || found === BigInt(full)) return tag;
  }
  return 0;
}

function fingerprint(table: Table, identity: string, key: string): bigint {
  let own = table.identities.get(identity);
  if (!own) {
    if (table.identities.size >= 20_000) table.identities.clear();
    table.identities.set(identity, (own = keyedHash(identity, table.seed)));
  }
  const { low, high } = keyedHash(key, own);
  const print = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  return print === 0n || print === BUSY ? 1n : print;
}

function setOf(table: Table, print: bigint): number {
  return Number(print & 0x7fffffffn) & (table.sets - 1);
}

function find(table: Table, print: bigint): number | undefined {
  const first = HEAD + SHAPES + setOf(table, print) * SET * 2;
  for (let place = first; place < first + SET * 2; place += 2) {
    if (Atomics.load(table.words, place) === print) return place;
  }
  return undefined;
}

/** Finds or makes a place for a key, alone in its set: two threads cannot make two places for one key. */
function claim(table: Table, print: bigint, t: number): number {
  const set = setOf(table, print);
  lock(table, set);
  try {
    return find(table, print) ?? settle(table, print, set, t);
  } finally {
    Atomics.store(table.locks, set, 0);
  }
}

function settle(table: Table, print: bigint, set: number, t: number): number {
  const { words } = table;
  const first = HEAD + SHAPES + set * SET * 2;
  for (;;) {
    let victim = first;
    let least = Infinity;
    for (let place = first; place < first + SET * 2; place += 2) {
      if (Atomics.compareExchange(words, place, 0n, print) === 0n) return place;
      const word = Atomics.load(words, place + 1);
      const left = usedShare(table, word, t);
      if (left < least) [victim, least] = [place, left];
    }
    const owner = Atomics.exchange(words, victim, BUSY);
    const word = Atomics.load(words, victim + 1);
    if (least === 0 && usedShare(table, word, t) > 0) {
      Atomics.store(words, victim, owner); // Its owner came back: look for another.
      continue;
    }
    if (least > 0) Atomics.add(words, 1, 1n);
    Atomics.store(words, victim + 1, 0n);
    Atomics.store(words, victim, print);
    return victim;
  }
}

/** How much of its bucket a word has used, 0 (full again) to 1. */
function usedShare(table: Table, word: bigint, t: number): number {
  const tat = Number(word & TAT_MASK);
  if (tat <= t) return 0;
  const full = Number(Atomics.load(table.words, HEAD + Number((word >> TAT_BITS) & 0xfffn)));
  return full > 0 ? Math.min(1, (tat - t) / full) : 1;
}

function giveBack(table: Table, place: number, token: number): void {
  for (;;) {
    const word = Atomics.load(table.words, place + 1);
    const tat = Number(word & TAT_MASK);
    if (tat < token) return;
    if (Atomics.compareExchange(table.words, place + 1, word, word - BigInt(token)) === word) return;
  }
}

/** Spins; a holder that does not come back within the bound has died, and its lock is taken over. */
function lock(table: Table, set: number): void {
  for (let spins = 0; spins < SPINS_MAX; spins++) {
    if (Atomics.compareExchange(table.locks, set, 0, 1) === 0) return;
  }
  Atomics.add(table.words, 2, 1n);
}
