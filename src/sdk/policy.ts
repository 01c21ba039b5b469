/**
 * Policies: one step of a route's chain.
 *
 *   create(config, tools) once per compiled route ─▶ request? ─▶ … ─▶ response? ─▶ log? ─▶ close when unused
 *
 * Guarantees: `request` runs at most once per exchange and before any upstream byte; `response` runs
 * only when a head came back; `log` runs once, after the last byte, and cannot change anything.
 * A step may return a promise, but one that answers synchronously costs nothing.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ProblemFactory, ProblemSpecs } from '../base/problem.ts';
import type { TSchema } from '../base/schema.ts';
import { type Component, type ComponentSpec, type ConfigOf, makeComponent } from './component.ts';
import type { Counters } from './counters.ts';
import type { Exchange, Telling, Verdict } from './exchange.ts';

export type Phase = 'request' | 'response' | 'log';

/** What a policy may use; everything else is out of its reach. */
export interface PolicyTools<P extends ProblemSpecs = ProblemSpecs> {
  readonly problems: ProblemFactory<P>;
  readonly clock: Clock;
  readonly log: Log;
  /** Exact, node-wide counters that outlive revisions. */
  readonly counters: Counters;
  /** Names this use of the policy (project, route, position): stable while the route keeps it. */
  readonly identity: string;
  /** What callers may be told this use is called: `plan`, `route`, `data-api`, then `plan-2` …: one chain has no two alike of a type. */
  readonly label: string;
  /** Compiles an expression such as `consumer.id` once; the result reads it from an exchange. */
  expression(text: string): (exchange: Exchange) => string | undefined;
}

/** The `label` of a use from its identity, `<place>/<project>/<name>/<type>/<turn>`. */
export function policyLabel(identity: string): string {
  const parts = identity.split('/');
  const turn = Number(parts.at(-1));
  return turn > 0 ? `${parts[0]}-${turn + 1}` : parts[0]!;
}

/** A configured policy. Has the functions its `phases` name. */
export interface Policy extends Telling {
  request?(exchange: Exchange): Verdict | Promise<Verdict>;
  response?(exchange: Exchange): void | Promise<void>;
  log?(exchange: Exchange): void;
  close?(): void;
}

export interface PolicySpec<C extends TSchema, P extends ProblemSpecs> extends ComponentSpec<C, P> {
  readonly phases: readonly Phase[];
  /** Which bodies it may read. `none` is the only value of this release. */
  readonly bodies: 'none';
  create(config: ConfigOf<C>, tools: PolicyTools<P>): Policy;
}
export type PolicyComponent<C extends TSchema = TSchema, P extends ProblemSpecs = ProblemSpecs> = Component<'policy', C, P> &
  PolicySpec<C, P>;

/** Declares a policy; the file's default export. */
export function definePolicy<C extends TSchema, const P extends ProblemSpecs>(spec: PolicySpec<C, P>): PolicyComponent<C, P> {
  return makeComponent<'policy', C, P, PolicySpec<C, P>>('policy', spec);
}
