/** How fast a client sends a body, counted while it could: waiting for the upstream is not its fault. */

/** A body is not called slow before. */
const GRACE_MS = 1000;

/** One per client connection. */
export class Pace {
  private since = 0;
  private from = 0;

  /** From `now`, in ms, the client can send; `bytes` came before. */
  start(now: number, bytes: number): void {
    this.since = now;
    this.from = bytes;
  }

  /** True when it sent fewer than `rateMin` bytes a second since. `bytes`: all so far. */
  isSlow(now: number, bytes: number, rateMin: number): boolean {
    const ms = now - this.since;
    return ms >= GRACE_MS && (bytes - this.from) * 1000 < rateMin * ms;
  }
}
