/**
 * Auth methods: who is calling. The first phase of a route's chain, before every policy.
 *
 * A route may list several; the first that finds its credential decides. Each answers
 * `absent` (try the next), an identity, or one of its declared problems.
 */
import type { Clock } from '../base/clock.ts';
import type { Problem, ProblemFactory, ProblemSpecs } from '../base/problem.ts';
import type { TSchema } from '../base/schema.ts';
import { type Component, type ComponentSpec, type ConfigOf, makeComponent } from './component.ts';
import type { ConsumerIdentity, Exchange, Telling } from './exchange.ts';

/** A credential as the gateway knows it: never in the clear. */
export interface StoredCredential {
  readonly consumer: ConsumerIdentity;
  /** Milliseconds since 1970, or undefined for one that does not expire. */
  readonly expiresAt: number | undefined;
  readonly enabled: boolean;
}

export interface AuthTools<P extends ProblemSpecs = ProblemSpecs> {
  readonly problems: ProblemFactory<P>;
  readonly clock: Clock;
  /** Project of the route: only its credentials are known here. */
  readonly project: string;
  /** True when the route sends the credential on: the method then leaves it in the request. */
  readonly keepCredential: boolean;
  /** Finds a credential of `type` by the SHA-256 (hex) of what the caller sent. */
  credential(type: string, sha256: string): StoredCredential | undefined;
}

export interface AuthMethod extends Telling {
  /** Reads the credential, removes it from the request unless told to keep it, and says who it is. */
  authenticate(exchange: Exchange): 'absent' | ConsumerIdentity | Problem | Promise<'absent' | ConsumerIdentity | Problem>;
  /** `WWW-Authenticate` challenge sent with 401 when no method found a credential (RFC 9110 §11.6.1). */
  readonly challenge: string;
  /** A query parameter that holds the credential: the gateway takes it out of what goes on, unless the route keeps it. */
  readonly queryParameter?: string;
}

export interface AuthSpec<C extends TSchema, P extends ProblemSpecs> extends ComponentSpec<C, P> {
  create(config: ConfigOf<C>, tools: AuthTools<P>): AuthMethod;
  /** The OpenAPI security scheme of a configuration, for published data APIs. */
  securityScheme(config: ConfigOf<C>): Record<string, unknown>;
}
export type AuthComponent<C extends TSchema = TSchema, P extends ProblemSpecs = ProblemSpecs> = Component<'auth', C, P> & AuthSpec<C, P>;

/** Declares an auth method; the file's default export. */
export function defineAuth<C extends TSchema, const P extends ProblemSpecs>(spec: AuthSpec<C, P>): AuthComponent<C, P> {
  return makeComponent<'auth', C, P, AuthSpec<C, P>>('auth', spec);
}
