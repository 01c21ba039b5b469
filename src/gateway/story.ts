/**
 * What the steps of one exchange decided, noted as they run. On the path of every request: a step costs one
 * reading of the clock and one number; everything that can be known before stands in the chain's text.
 * In: marks of chain.ts. Out: numbers and values for the call ring; sdk/call-batch.ts makes texts of them.
 */
import type { Clock } from '../base/clock.ts';
import { Problem } from '../base/problem.ts';
import type { AuthMethod } from '../sdk/auth.ts';
import { type ChainStep, chainText, type Fact, MARK_LETTERS } from '../sdk/call-story.ts';
import type { Policy } from '../sdk/policy.ts';
import type { CallMarks } from './call-ring.ts';
import type { GatewayExchange } from './contract.ts';

/** A policy in its place. */
export interface LivePolicy {
  readonly policy: Policy;
  readonly told: ChainStep;
}

/** An auth method in its place. */
export interface LiveAuth {
  readonly method: AuthMethod;
  readonly told: ChainStep;
}

/** All steps around an exchange: those of its plan stand before those of its route. */
export interface Chain {
  readonly auth: readonly LiveAuth[];
  readonly policies: readonly LivePolicy[];
  readonly text: string;
  /** True when a step says something of each call. */
  readonly speaks: boolean;
}

/** How a step is described. */
export function describeStep(kind: ChainStep['kind'], id: string, place: string, step: AuthMethod | Policy): ChainStep {
  const { request, response } = step as Policy;
  const phases = { hasRequest: kind === 'auth' || request !== undefined, hasResponse: response !== undefined };
  return { kind, id, place, ...phases, tells: step.tells?.name ?? '', facts: step.facts ?? {} };
}

/** Joins steps to a chain. */
export function makeChain(auth: readonly LiveAuth[], policies: readonly LivePolicy[]): Chain {
  const all = [...auth, ...policies].map((step) => step.told);
  return Object.freeze({ auth, policies, text: chainText(all), speaks: all.some((step) => step.tells !== '') });
}

const [PASSED, CHANGED, REFUSED, ANSWERED, ABSENT] = [...'pcran'].map((letter) => MARK_LETTERS.indexOf(letter)) as number[];
const NOTHING: readonly never[] = Object.freeze([]);

/** Is told of a step that throws after the call. */
type OnError = (error: unknown, exchange: GatewayExchange) => void;

/** What a measurement of a step begins with. */
type Measured = Pick<GatewayExchange, 'clockAt' | 'changes'>;

/** The steps of one exchange: how far the request phase got, and what each step did. */
export class Steps implements CallMarks {
  steps: Chain;
  /** Policies whose turn came; the others see neither response nor log. */
  reached = 0;
  /** Auth methods that answered. */
  asked = 0;
  readonly marks: number[] = [0, 0, 0, 0, 0, 0];
  marked = 0;
  codes: string[] | typeof NOTHING = NOTHING;
  said: (Fact | undefined)[] | typeof NOTHING = NOTHING;
  saidCount = 0;
  /** Monotonic milliseconds when the last step was through, or the present one began; negative before the first. */
  at = -0.5;
  private readonly clock: Clock;
  private changes = 0;

  constructor(chain: Chain, clock: Clock) {
    this.steps = chain;
    this.clock = clock;
  }

  get chain(): string {
    return this.steps.text;
  }

  /** The next step begins now. */
  begin(exchange: Measured): void {
    const { clockAt = -1 } = exchange;
    this.at = clockAt >= 0 ? clockAt : this.clock.monotonic();
    exchange.clockAt = -1;
    this.changes = exchange.changes;
  }

  /** The same right after a step that answered at once: no other reading of the clock. */
  goOn(exchange: { readonly changes: number }): void {
    this.changes = exchange.changes;
  }

  /** An auth method has answered. */
  authDone(answer: unknown): void {
    this.asked++;
    this.mark(0, answer === 'absent' ? ABSENT! : answer instanceof Problem ? REFUSED! : PASSED!, answer);
  }

  /** The request phase of a policy is through. */
  requestDone(verdict: unknown, exchange: { readonly changes: number }): void {
    this.mark(1, verdict === undefined ? this.outcomeOf(exchange) : verdict instanceof Problem ? REFUSED! : ANSWERED!, verdict);
  }

  /** The response phase of a policy is through. */
  responseDone(result: unknown, exchange: { readonly changes: number }): void {
    this.mark(2, result instanceof Problem ? REFUSED! : this.outcomeOf(exchange), result);
  }

  /** After the last byte: asks each step that ran what it says of this call. `onError` is told of one that throws. */
  ask(exchange: GatewayExchange, onError: OnError): void {
    const { auth, policies, speaks } = this.steps;
    if (!speaks) return;
    const said: (Fact | undefined)[] = (this.said = [undefined, undefined]); // Room for what most have to say.
    let count = 0;
    for (let i = 0; i < this.asked; i++) if (auth[i]!.method.tells) said[count++] = hear(auth[i]!.method, exchange, onError);
    for (let i = 0; i < this.reached; i++) if (policies[i]!.policy.tells) said[count++] = hear(policies[i]!.policy, exchange, onError);
    this.saidCount = count;
  }

  private outcomeOf(exchange: { readonly changes: number }): number {
    const { changes } = exchange;
    if (changes === this.changes) return PASSED!;
    this.changes = changes;
    return CHANGED!;
  }

  private mark(phase: number, letter: number, answer: unknown): void {
    const now = this.clock.monotonic();
    this.marks[this.marked++] = Math.round((now - this.at) * 1000) * 32 + phase * 8 + letter;
    this.at = now; // The next step follows at once; after a wait `begin` says when.
    if (answer instanceof Problem) this.codes = [...this.codes, answer.code];
  }
}

/** What a step says of this call. */
function hear(step: AuthMethod | Policy, exchange: GatewayExchange, onError: OnError): Fact | undefined {
  try {
    return step.tells!.read(exchange);
  } catch (error) {
    onError(error, exchange);
    return undefined;
  }
}
