/**
 * Requests that went out together with an earlier one on its connection and wait for their turn to be answered.
 *
 * Only an upstream that is trusted to keep its answers in order is sent requests this way (`pipelining` of the Upstream), and
 * only whole ones that may be repeated and were ready in the same turn of the event loop: nobody queues behind a request that
 * was under way before. Who would have to wait for a slow reader, or longer than for a first byte, is sent again, alone.
 * Source: RFC 9112 §9.3.2.
 */
import type { HeadPool } from '../http/head.ts';
import { noDeadline, type Timed, type Wheel } from '../http/wheel.ts';
import type { RequestTerms, UpstreamUser } from './terms.ts';

/** A request whose answer is not the next one. */
export interface Behind {
  user: UpstreamUser;
  readonly terms: RequestTerms;
  /** When it was begun, on the monotonic clock. */
  readonly beganAt: number;
}

/** Those of one connection, in order; at most as many as the upstream's `pipelining`. */
export class Pipeline implements Timed {
  readonly deadline = noDeadline();
  private entries: Behind[] = [];
  private readonly wheel: Wheel;
  /** Takes answers that nobody waits for any more. */
  private readonly nobody: UpstreamUser;
  private readonly onLate: () => void;

  /** `onLate` is called when the first of them has waited as long as for a first byte. */
  constructor(wheel: Wheel, heads: HeadPool, onLate: () => void) {
    this.wheel = wheel;
    this.nobody = nobody(heads);
    this.onLate = onLate;
  }

  get length(): number {
    return this.entries.length;
  }

  add(entry: Behind): void {
    this.entries.push(entry);
    if (this.entries.length === 1) this.wheel.set(this, entry.terms.firstByteMs);
  }

  /** The one whose answer is next now. */
  shift(): Behind | undefined {
    const entry = this.entries.shift();
    const next = this.entries[0];
    if (next) this.wheel.set(this, next.terms.firstByteMs);
    else this.wheel.clear(this);
    return entry;
  }

  /** The user waits no more: its answer is read and thrown away. False when it was not here. */
  forget(user: UpstreamUser): boolean {
    const entry = this.entries.find((one) => one.user === user);
    if (entry) entry.user = this.nobody;
    return entry !== undefined;
  }

  /** Whom to give the answer in progress to when its user has left; undefined when nobody waits behind it either. */
  get heir(): UpstreamUser | undefined {
    return this.entries.some(({ user }) => user !== this.nobody) ? this.nobody : undefined;
  }

  /** True when the answer in progress is nobody's, and those behind it neither. */
  isForNobody(user: UpstreamUser | undefined): boolean {
    return user === this.nobody && this.heir === undefined;
  }

  /** Takes them all out. */
  takeAll(): Behind[] {
    this.wheel.clear(this);
    const all = this.entries;
    this.entries = [];
    return all;
  }

  onDeadline(): void {
    this.onLate();
  }
}

function nobody(heads: HeadPool): UpstreamUser {
  return {
    onConnection() {},
    onInterim() {},
    onResponse: (_, head) => heads.give(head),
    onBody() {},
    onDrain() {},
    giveWay: () => false,
    onFailure() {},
  };
}

/** Memory that requests are put together in, so that they cost one write. */
export class Together {
  private memory: Buffer | undefined = undefined;

  /** One message of all of them, in memory that is used again once `sent` was told that it is out. */
  join(first: Buffer, others: readonly Buffer[]): Buffer {
    const length = others.reduce((sum, one) => sum + one.length, first.length);
    if (length > JOINED_BYTES) return Buffer.concat([first, ...others], length);
    const memory = (this.memory ??= Buffer.allocUnsafeSlow(JOINED_BYTES));
    let at = first.copy(memory, 0);
    for (const one of others) at += one.copy(memory, at);
    return memory.subarray(0, length);
  }

  /** The last message was written; `isOut`: nothing of it waits. */
  sent(isOut: boolean): void {
    if (!isOut) this.memory = undefined;
  }
}

const JOINED_BYTES = 64 * 1024;
