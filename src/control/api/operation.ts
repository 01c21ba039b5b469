/**
 * The one form of an admin operation. From it come the route, validation, the permission check, the
 * OpenAPI part, the typed client and (through that) CLI and console.
 *
 *   request ─▶ Host, Origin ─▶ caller ─▶ permission ─▶ params, query, body by schema ─▶ handler ─▶ answer
 *
 * Operations stand in `operations/<area>.ts`, each file exporting a list as default.
 */
import type { Static, TSchema } from '../../base/schema.ts';
import type { Language, Text } from '../../base/text.ts';
import type { Caller, Permission } from './caller.ts';
import type { Parts } from './parts.ts';
import type { Reply } from './reply.ts';

/** Who may call: holders of a permission, anybody logged in (own account only), or everybody (login alone). */
export type Access = Permission | 'signed-in' | 'public';

/** One call as its handler sees it, already checked. */
export interface Call<P extends TSchema = TSchema, Q extends TSchema = TSchema, B extends TSchema = TSchema> {
  readonly params: Static<P>;
  readonly query: Static<Q>;
  /** The body by its schema. */
  readonly body: Static<B>;
  /** Who calls; a caller without rights on a `public` operation. */
  readonly caller: Caller;
  readonly language: Language;
  readonly requestId: string;
  /** Address of the caller's socket. */
  readonly address: string;
  header(name: 'if-match' | 'if-none-match' | 'accept' | 'user-agent' | 'last-event-id'): string | undefined;
  /** Whether the caller would still be let in: for answers that go on for long. */
  stillAllowed(): Promise<boolean>;
  /** Aborted when the caller goes away or the operation's time is over. */
  readonly signal: AbortSignal;
}

/** An operation without its types: what server and generators walk over. */
export interface Operation {
  /** camelCase verb and noun; the name of the client's function. Never changes. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, with `{name}` parameters. A `{project}` in it (or in the query) is what permission is asked for. */
  readonly path: string;
  readonly area: string;
  readonly summary: Text;
  readonly access: Access;
  /** The handler shows only what the caller's projects hold; without it, a caller limited to projects is refused unless one is named. */
  readonly filtered?: boolean;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Takes `application/yaml` besides JSON: makes the body's value from the text, unparsed, so that lines and comments survive. */
  readonly fromYaml?: (text: string) => unknown;
  /** Schema of a 2xx answer; left out when there is no body. */
  readonly response?: TSchema;
  /** Other media types an answer may have, besides JSON. */
  readonly answers?: readonly string[];
  /** Status of a good answer, for docs; 200 with a response schema, else 204. */
  readonly status?: number;
  /** Name that a caller without a credential claims in the body: refusals are audited as logins under it. */
  readonly claims?: (body: never) => string;
  /** Longest time it may take, in milliseconds; the server's default when left out. */
  readonly timeoutMs?: number;
  handler(call: Call, parts: Parts): Promise<unknown>;
}

type Spec<P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema> = Omit<
  Operation,
  'params' | 'query' | 'body' | 'response' | 'handler' | 'fromYaml' | 'claims'
> & {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly response?: R;
  readonly fromYaml?: (text: string) => Static<B>;
  readonly claims?: (body: Static<B>) => string;
  handler(call: Call<P, Q, B>, parts: Parts): Promise<Static<R> | Reply>;
};

/** Declares an operation. The handler may return the answer's JSON value or a `reply(…)`. */
export function defineOperation<P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema>(
  spec: Spec<P, Q, B, R>,
): Operation {
  return Object.freeze(spec) as unknown as Operation;
}

/** Where all operations live. */
export const API_PREFIX = '/api/v1';
