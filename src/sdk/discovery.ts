/**
 * Discovery: where an upstream's targets are now. Runs once per gateway process, beside the threads that serve requests;
 * what it finds goes to all of them.
 *
 *   create(config, tools) once per upstream ─▶ find(signal) ─▶ wait until it is due again ─▶ find … ─▶ close
 *
 * Guarantees: one `find` at a time, with a deadline. While it fails the targets found last stay, and the reason is shown;
 * targets that go finish the exchanges they have. An answer without targets is an answer: none are left.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ProblemFactory, ProblemSpecs } from '../base/problem.ts';
import type { TSchema } from '../base/schema.ts';
import { type Component, type ComponentSpec, type ConfigOf, makeComponent } from './component.ts';
import type { CompiledTarget } from './upstream.ts';

/** What a discovery may use; everything else is out of its reach. */
export interface DiscoveryTools<P extends ProblemSpecs = ProblemSpecs> {
  readonly problems: ProblemFactory<P>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Targets of one answer that are used. */
export const FOUND_MAX = 1000;

/** What was found. */
export interface Found {
  /** At most `FOUND_MAX` are used, in this order; more are counted and told; the same host and port twice counts once. Weights are 1 to 1000. */
  readonly targets: readonly CompiledTarget[];
  /** How long this holds, in milliseconds; infinite for always. Asked again no earlier than after a second. */
  readonly holdsMs: number;
}

/** A configured discovery. */
export interface Discovery {
  /** Finds the targets; raises one of its problems when it cannot. Ends soon after `signal` fires. */
  find(signal: AbortSignal): Promise<Found>;
  close?(): void;
}

export interface DiscoverySpec<C extends TSchema, P extends ProblemSpecs> extends ComponentSpec<C, P> {
  create(config: ConfigOf<C>, tools: DiscoveryTools<P>): Discovery;
}
export type DiscoveryComponent<C extends TSchema = TSchema, P extends ProblemSpecs = ProblemSpecs> = Component<'discovery', C, P> &
  DiscoverySpec<C, P>;

/** Declares a discovery; the file's default export. */
export function defineDiscovery<C extends TSchema, const P extends ProblemSpecs>(spec: DiscoverySpec<C, P>): DiscoveryComponent<C, P> {
  return makeComponent<'discovery', C, P, DiscoverySpec<C, P>>('discovery', spec);
}
