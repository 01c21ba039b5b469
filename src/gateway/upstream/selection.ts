/**
 * Which target of an upstream gets a request, on one thread: the configured way to choose among those that may be chosen
 * now. In: answers and failures. Out: a target, or none when none is healthy and panic is off.
 * With one target, or nothing configured, this is a field read.
 */
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { compileExpression, type ReadExpression } from '../../sdk/expression.ts';
import type { CompiledOutliers, CompiledUpstream } from '../../sdk/upstream.ts';
import type { Balancer } from './balance/balancer.ts';
import { candidatesOf } from './balance/candidates.ts';
import { hashed } from './balance/hashed.ts';
import { leastRequests } from './balance/least-requests.ts';
import { lowestLatency, observeLatency } from './balance/lowest-latency.ts';
import { mayEject } from './balance/outlier.ts';
import { roundRobin } from './balance/round-robin.ts';
import type { Target } from './target.ts';
import type { UpstreamCounts } from './upstream-counts.ts';

export interface SelectionTools {
  readonly key: string;
  readonly counts: UpstreamCounts;
  readonly random: Random;
  readonly log: Log;
}

export class Selection {
  targets: readonly Target[] = [];
  /** The only one there is to choose. */
  only: Target | undefined = undefined;
  /** True when the state of a target can change. */
  isWatched = false;
  /** True when answers and failures matter to the choice. */
  observes = false;
  /** True when how long answers take matters. */
  measures = false;
  /** Reads what equal requests share; undefined when nothing is hashed. */
  keyOf: ReadExpression | undefined = undefined;
  private readonly tools: SelectionTools;
  private choose: Balancer = roundRobin;
  private balance = '';
  private outliers: CompiledOutliers | undefined = undefined;
  private panicPercent = 0;
  private candidates: readonly Target[] = [];
  private isPanic = false;
  private until = Number.NEGATIVE_INFINITY;

  constructor(tools: SelectionTools) {
    this.tools = tools;
  }

  /** Takes new targets and rules over. */
  configure(upstream: CompiledUpstream, targets: readonly Target[], now: number): void {
    const balance = JSON.stringify(upstream.balance ?? null);
    if (balance !== this.balance) this.useBalance(upstream.balance);
    this.balance = balance;
    this.outliers = upstream.outliers;
    this.observes = this.measures || upstream.outliers !== undefined;
    this.panicPercent = upstream.panicPercent ?? 100;
    this.isWatched = upstream.health !== undefined || upstream.outliers !== undefined || upstream.slowStartMs !== undefined;
    this.targets = targets;
    for (const target of targets) target.slowStartMs = upstream.slowStartMs ?? 0;
    const alone = targets.length === 1 && this.panicPercent > 0 ? targets[0] : undefined;
    this.only = alone;
    this.settle(now);
  }

  /** Brings the states of all targets and the choice among them up to date. */
  settle(now: number): void {
    let isChanged = false;
    for (const target of this.targets) isChanged = target.settle(now) || isChanged;
    const { list, isPanic, until } = candidatesOf(this.targets, now, this.panicPercent);
    if (isChanged && isPanic && !this.isPanic) {
      this.tools.counts.add('panics');
      this.tools.log.warn('too few targets are healthy: all of them are used', { upstream: this.tools.key });
    }
    const known = new Set(this.candidates);
    for (const target of list) if (!known.has(target)) target.credit = 0; // What it saved up while it was away is no claim.
    this.candidates = list;
    this.isPanic = isPanic;
    this.until = until;
  }

  /** Something happened that the next choice must know of. */
  touch(): void {
    this.until = Number.NEGATIVE_INFINITY;
  }

  /** Chooses; undefined when there is nobody. `avoid` only when there is no other. */
  pick(now: number, key: number, avoid: Target | undefined): Target | undefined {
    if (this.only) return this.only;
    if (now >= this.until) this.settle(now);
    const { candidates } = this;
    return candidates.length === 0 ? undefined : (this.choose(candidates, now, key, avoid) as Target);
  }

  /** One with room for a request, when `full` has none. */
  other(hasRoom: (target: Target) => boolean): Target | undefined {
    return this.candidates.find(hasRoom);
  }

  /** The head of an answer came after `ms`. */
  answered(target: Target, status: number, ms: number, now: number): void {
    if (this.measures) observeLatency(target, ms, now);
    if (this.outliers && target.outlier.answered(status, this.outliers)) this.eject(target, this.outliers, now);
  }

  /** There was no complete answer. */
  failed(target: Target, now: number): void {
    if (this.outliers && target.outlier.failed(this.outliers)) this.eject(target, this.outliers, now);
  }

  private eject(target: Target, rules: CompiledOutliers, now: number): void {
    if (target.isGone || target.outlier.isEjected(now)) return;
    const ejected = this.targets.filter((other) => other.outlier.isEjected(now)).length;
    if (!mayEject(ejected, this.targets.length, rules)) return this.tools.counts.add('ejections-refused');
    target.outlier.eject(now, rules);
    this.tools.counts.add('ejections');
    const { reason, ejectedUntil } = target.outlier;
    this.tools.log.warn('a target was ejected', { upstream: this.tools.key, target: target.id, reason, ms: ejectedUntil - now });
    this.settle(now);
  }

  private useBalance(balance: CompiledUpstream['balance']): void {
    const compiled = balance?.type === 'hash' ? compileExpression(balance.key) : undefined;
    this.keyOf = compiled?.ok ? compiled.read : undefined;
    this.measures = balance?.type === 'lowest-latency';
    switch (balance?.type) {
      case 'least-requests':
        this.choose = leastRequests;
        break;
      case 'lowest-latency':
        this.choose = lowestLatency(this.tools.random);
        break;
      case 'hash':
        this.choose = hashed(balance.boundedLoad);
        break;
      default:
        this.choose = roundRobin;
    }
  }
}
