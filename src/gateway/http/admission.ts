/**
 * How many connections are open: in all, and from one client (an IPv4 address, a /64 of IPv6), over all threads.
 * Every thread writes its own part of one shared table and reads all parts, so nothing is locked and the part of a
 * thread that died is set to zero. Clients share counters by chance: each has one in two rows and the smaller one
 * counts (a count-min sketch), so a count may be too high when very many are connected, and is never too low.
 */
import type { Random } from '../../base/random.ts';
import { networkOf } from '../../sdk/address.ts';
import type { AdmissionTable } from '../contract.ts';

/** Counters in a row. */
const SLOTS = 16_384;
const PART = 2 + 2 * SLOTS;
const TOTAL = 0;
/** Place of the seed, the same in every part, so that callers cannot know who shares a counter. */
const SEED = 1;
const ROWS = 2;

/** A connection that was let in; `leave` takes it out. */
export interface Admitted {
  readonly first: number;
  readonly second: number;
}

export type Refusal = 'too-many-connections' | 'too-many-connections-from-address';

export interface Admission {
  /** Counts a connection in all; a refusal when there are too many. */
  enter(connectionsMax: number): Refusal | undefined;
  leave(): void;
  /** Counts a connection of a client; a refusal (then nothing was counted) when it has too many. */
  enterFrom(address: string, perAddressMax: number): Refusal | Admitted;
  leaveFrom(admitted: Admitted): void;
}

/** Makes the table for so many threads; 128 KiB each. */
export function createAdmissionMemory(threads: number, random: Random): Int32Array<SharedArrayBuffer> {
  const memory = new Int32Array(new SharedArrayBuffer(threads * PART * 4));
  const seed = new DataView(random.bytes(4).buffer).getInt32(0);
  for (let thread = 0; thread < threads; thread++) memory[thread * PART + SEED] = seed;
  return memory;
}

/** Forgets what a thread counted: it has died, and its connections with it. Answers how many those were. */
export function forgetThread(memory: Int32Array, thread: number): number {
  const connections = memory[thread * PART + TOTAL]!;
  const seed = memory[thread * PART + SEED]!;
  memory.fill(0, thread * PART, (thread + 1) * PART);
  memory[thread * PART + SEED] = seed;
  return connections;
}

/** Opens a thread's part of the table. */
export function openAdmission({ memory, thread }: AdmissionTable): Admission {
  const own = thread * PART;
  const seed = memory[own + SEED]!;
  const sum = (at: number): number => {
    let count = 0;
    for (let from = at; from < memory.length; from += PART) count += Atomics.load(memory, from);
    return count;
  };
  return {
    enter(connectionsMax) {
      if (sum(TOTAL) >= connectionsMax) return 'too-many-connections';
      Atomics.add(memory, own + TOTAL, 1);
      return undefined;
    },
    leave: () => void Atomics.sub(memory, own + TOTAL, 1),
    enterFrom(address, perAddressMax) {
      const network = networkOf(address);
      const first = ROWS + (hashOf(network, seed) % SLOTS);
      const second = ROWS + SLOTS + (hashOf(network, ~seed) % SLOTS);
      if (Math.min(sum(first), sum(second)) >= perAddressMax) return 'too-many-connections-from-address';
      Atomics.add(memory, own + first, 1);
      Atomics.add(memory, own + second, 1);
      return { first, second };
    },
    leaveFrom({ first, second }) {
      Atomics.sub(memory, own + first, 1);
      Atomics.sub(memory, own + second, 1);
    },
  };
}

/** FNV-1a with a seed and a final mix; 32 bits. */
function hashOf(text: string, seed: number): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}
