/**
 * Repeats of one exchange, when its upstream says how: which failures and statuses, how often, within which times and which
 * budget, and the body that is kept to be sent again. Owned by a relay and used for one exchange after the other.
 *
 *   begin ─▶ (try ─▶ offer: no │ yes ─▶ backoff ─▶ onRetry)* ─▶ settle
 */
import type { Cancel, Clock } from '../../base/clock.ts';
import type { RetryCondition } from '../../sdk/upstream.ts';
import { backoffMs } from '../upstream/balance/retry-budget.ts';
import type { PoolRetries } from '../upstream/pool.ts';
import type { UpstreamFailure } from '../upstream/terms.ts';
import type { UpstreamCounts } from '../upstream/upstream-counts.ts';
import type { EngineExchange } from './exchange.ts';
import { noDeadline, type Timed, type Wheel } from './wheel.ts';

/** What repeats ask of their relay. */
export interface RetryUser {
  /** The wait before a repeat is over. */
  onRetry(): void;
  /** The time of this try is over. */
  onTryLate(): void;
}

const CONDITIONS: Partial<Readonly<Record<UpstreamFailure['fault'], RetryCondition>>> = {
  'upstream-unreachable': 'connect',
  'upstream-connect-timeout': 'connect',
  'upstream-tls': 'connect',
  'upstream-closed': 'closed',
  'upstream-timeout': 'timeout',
  'upstream-malformed': 'malformed',
};

const NOTHING = Buffer.alloc(0);
/** Memory of a kept body begins with this and doubles. */
const FIRST_BYTES = 4096;

export class Retries implements Timed {
  readonly deadline = noDeadline();
  /** Why each earlier try was given up, `,` between them: `503,closed`. Empty when there was none. */
  reasons = '';
  private readonly user: RetryUser;
  private readonly wheel: Wheel;
  private readonly clock: Clock;
  private plan!: PoolRetries;
  private counts!: UpstreamCounts;
  private attempts = 0;
  private endsAt = 0;
  private mayRepeatMethod = false;
  /** Memory of the body so far, which may come in tiny pieces; undefined when it is not kept, since it is too large. */
  private kept: Buffer | undefined = undefined;
  private keptBytes = 0;
  private cancelWait: Cancel | undefined = undefined;

  constructor(user: RetryUser, wheel: Wheel, clock: Clock) {
    this.user = user;
    this.wheel = wheel;
    this.clock = clock;
  }

  /** The first try of an exchange begins. */
  begin(plan: PoolRetries, counts: UpstreamCounts, exchange: EngineExchange): void {
    this.plan = plan;
    this.counts = counts;
    this.reasons = '';
    this.attempts = 1;
    this.endsAt = this.wheel.now + plan.rules.deadlineMs;
    this.mayRepeatMethod = exchange.isIdempotent || plan.rules.allMethods;
    this.keptBytes = 0;
    this.kept = NOTHING;
    if (exchange.head.contentLength > plan.rules.bodyBytesMax) this.dropBody('bodies-too-large');
    plan.budget.began(this.wheel.now);
    this.time();
  }

  /** Keeps bytes of the body that go out, as they go out. */
  keep(b: Buffer, start: number, end: number): void {
    if (!this.kept || end <= start) return;
    const from = this.keptBytes;
    this.keptBytes += end - start;
    if (this.keptBytes > this.plan.rules.bodyBytesMax) return this.dropBody('bodies-too-large');
    if (this.kept.length < this.keptBytes) {
      const { bodies } = this.plan;
      const size = Math.max(this.keptBytes, this.kept.length * 2, FIRST_BYTES);
      if (bodies.bytes + size - this.kept.length > bodies.max) return this.dropBody('bodies-full');
      bodies.bytes += size - this.kept.length;
      const larger = Buffer.allocUnsafe(size);
      this.kept.copy(larger, 0, 0, from);
      this.kept = larger;
    }
    b.copy(this.kept, from, start, end);
  }

  /** What was kept of the body. */
  get body(): Buffer {
    return this.kept?.subarray(0, this.keptBytes) ?? NOTHING;
  }

  /** True when whatever was sent could be sent again. */
  get hasBody(): boolean {
    return this.kept !== undefined;
  }

  /** Says whether a failure will be repeated; if so, `onRetry` follows. */
  failed({ fault }: UpstreamFailure): boolean {
    const condition = CONDITIONS[fault];
    if (condition === undefined || !this.plan.rules.conditions.includes(condition)) return false;
    // Without a connection no byte of the request can have left: then even a POST was not done.
    return (this.mayRepeatMethod || condition === 'connect') && this.offer(fault.slice('upstream-'.length));
  }

  /** Says whether an answer of this status is thrown away and the request repeated; if so, `onRetry` follows. */
  answered(status: number): boolean {
    return this.plan.rules.statuses.includes(status) && this.mayRepeatMethod && this.offer(String(status));
  }

  /** The exchange has its answer, or ends without. */
  settle(): void {
    this.wheel.clear(this);
    this.cancelWait?.();
    this.cancelWait = undefined;
    this.forgetBody();
  }

  onDeadline(): void {
    this.user.onTryLate();
  }

  private offer(reason: string): boolean {
    const { rules, budget, random } = this.plan;
    const { now } = this.wheel;
    if (this.attempts >= rules.attempts || !this.kept) return false;
    const wait = backoffMs(this.attempts, { baseMs: rules.backoffMs, maxMs: rules.backoffMaxMs }, random.float());
    if (now + wait >= this.endsAt) return false;
    if (!budget.take(now)) {
      this.counts.add('repeats-refused');
      return false;
    }
    this.counts.add('repeats');
    this.attempts++;
    this.reasons += this.reasons === '' ? reason : `,${reason}`;
    this.wheel.clear(this);
    // A timer of its own: the wheel's ticks are longer than such waits.
    this.cancelWait = this.clock.after(wait, () => this.again());
    return true;
  }

  private again(): void {
    this.cancelWait = undefined;
    this.time();
    this.user.onRetry();
  }

  /** A try may last as long as its own time and what is left of all. */
  private time(): void {
    const left = Math.max(1, this.endsAt - this.wheel.now);
    this.wheel.set(this, Math.min(left, this.plan.rules.perTryMs ?? left));
  }

  private dropBody(why: 'bodies-too-large' | 'bodies-full'): void {
    this.forgetBody();
    this.counts.add(why);
  }

  private forgetBody(): void {
    if (this.kept) this.plan.bodies.bytes -= this.kept.length;
    this.kept = undefined;
  }
}
