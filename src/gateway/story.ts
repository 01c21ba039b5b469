/**
 * What the steps of one exchange decided, noted as they run. On the path of every request: a step costs one
 * reading of the clock and one letter with a number; everything that can be known before stands in the chain's text.
 * In: marks of chain.ts. Out: two short texts for the call ring; sdk/call-story.ts reads them.
 */
import type { Clock } from '../base/clock.ts';
import { Problem } from '../base/problem.ts';
import type { AuthMethod } from '../sdk/auth.ts';
import { type ChainStep, chainText, factText } from '../sdk/call-story.ts';
import type { Exchange } from '../sdk/exchange.ts';
import type { Policy } from '../sdk/policy.ts';

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

/** The steps of one exchange: how far the request phase got, and what each step did. */
export class Steps {
  chain: Chain;
  /** Policies whose turn came; the others see neither response nor log. */
  reached = 0;
  /** Auth methods that answered. */
  asked = 0;
  private readonly clock: Clock;
  private at = 0;
  private changes = 0;
  private told = '';
  private phase = 0;

  constructor(chain: Chain, clock: Clock) {
    this.chain = chain;
    this.clock = clock;
  }

  /** The next step begins now. */
  begin(exchange: { readonly changes: number }): void {
    this.at = this.clock.monotonic();
    this.changes = exchange.changes;
  }

  /** An auth method has answered. */
  authDone(answer: unknown): void {
    this.asked++;
    this.mark(0, answer === 'absent' ? 'n' : answer instanceof Problem ? 'r' : 'p', answer);
  }

  /** The request phase of a policy is through. */
  requestDone(verdict: unknown, exchange: { readonly changes: number }): void {
    this.mark(1, verdict === undefined ? this.outcomeOf(exchange) : verdict instanceof Problem ? 'r' : 'a', verdict);
  }

  /** The response phase of a policy is through. */
  responseDone(result: unknown, exchange: { readonly changes: number }): void {
    this.mark(2, result instanceof Problem ? 'r' : this.outcomeOf(exchange), result);
  }

  /** Line 2 of the story. */
  get marks(): string {
    return this.told;
  }

  /** Line 3 of the story: asks each step that ran. `onError` is told of one that throws. */
  said(exchange: Exchange, onError: (error: unknown) => void): string {
    const { auth, policies, speaks } = this.chain;
    if (!speaks) return '';
    let text = '';
    for (let i = 0; i < this.asked; i++) text = join(text, auth[i]!.method, exchange, onError);
    for (let i = 0; i < this.reached; i++) text = join(text, policies[i]!.policy, exchange, onError);
    return text;
  }

  private outcomeOf(exchange: { readonly changes: number }): 'p' | 'c' {
    const { changes } = exchange;
    if (changes === this.changes) return 'p';
    this.changes = changes;
    return 'c';
  }

  private mark(phase: number, letter: string, answer: unknown): void {
    const now = this.clock.monotonic();
    const before = phase === this.phase ? ' ' : phase === 1 ? ',' : this.phase === 0 ? ',;' : ';';
    this.phase = phase;
    this.told += before + letter + Math.round((now - this.at) * 1000);
    this.at = now; // The next step follows at once; after a wait `begin` says when.
    if (answer instanceof Problem) this.told += `=${answer.code}`;
  }
}

/** Adds what a step says of this call; a step that says nothing keeps its place. */
function join(text: string, step: AuthMethod | Policy, exchange: Exchange, onError: (error: unknown) => void): string {
  if (!step.tells) return text;
  let said = '';
  try {
    said = factText(step.tells.read(exchange));
  } catch (error) {
    onError(error);
  }
  return `${text}|${said}`;
}
