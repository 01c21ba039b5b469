/**
 * One request and its response in flight, as policies and auth methods see it: heads only.
 *
 *   head parsed ─▶ request phase (auth, then policies in order) ─▶ upstream or data API
 *               ─▶ response phase (policies in reverse order)   ─▶ log phase (after the last byte)
 *
 * Bodies stream past and are never read by a policy of this release.
 */
import type { Problem } from '../base/problem.ts';
import type { ClientCertificate } from './listener.ts';

/** The caller an auth method recognised. */
export interface ConsumerIdentity {
  /** `project/name`; whoever knows it beforehand spares each call the joining. */
  readonly id?: string;
  /** Name of the Consumer resource. */
  readonly name: string;
  readonly project: string;
  /** Name of its Plan, if it has one. */
  readonly plan: string | undefined;
  /** Id of the credential used; never the credential itself. */
  readonly credentialId: string;
}

/** Header fields of one direction. Names are compared without case; `get` joins repeated fields with `, `. */
export interface HeaderFields {
  get(name: string): string | undefined;
  /** Replaces every field of this name. Throws on a name or value HTTP does not allow. */
  set(name: string, value: string): void;
  /** Adds one more field of this name. */
  add(name: string, value: string): void;
  remove(name: string): void;
}

export interface Exchange {
  /** Request id: UUIDv7 or the caller's own sane `x-request-id`. */
  readonly id: string;
  readonly method: string;
  /** Path as matched (percent-encoding kept), without the query. */
  readonly path: string;
  /** Raw query without `?`, or an empty text. */
  readonly query: string;
  readonly host: string;
  /** Address of the client: of its socket, or what a trusted proxy says of it. */
  readonly clientAddress: string;
  /** The verified certificate of the connection; undefined when the client showed none. */
  readonly clientCertificate: ClientCertificate | undefined;
  /** Name of the listener it came in by. */
  readonly listener: string;
  /** Path parameters of the route, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly route: { readonly name: string; readonly project: string; readonly release: string };
  /** 32 hex digits of the W3C trace context. */
  readonly traceId: string;
  /** Set by auth; undefined on a route without auth. */
  consumer: ConsumerIdentity | undefined;
  /** Fields that go to the upstream or data API. */
  readonly request: HeaderFields;
  /** Fields that go to the client; complete from the response phase on. */
  readonly response: HeaderFields;
  /** Status of the answer; 0 before there is one. */
  readonly status: number;
  /** Aborted when the client goes away or a deadline passes. */
  readonly signal: AbortSignal;
  /** Per-exchange notes of a policy, keyed by the policy instance; undefined until set. */
  note(owner: object): unknown;
  setNote(owner: object, value: unknown): void;
}

/** An answer given without going on. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * What a step says of itself in call records. `facts` hold for every call of this configuration, `tells` is read once
 * per call, after its last byte. Short, and never a caller's values, a credential or an address.
 */
export interface Telling {
  readonly facts?: Readonly<Record<string, string | number>>;
  readonly tells?: { readonly name: string; read(exchange: Exchange): string | number | undefined };
}

/** What a step of the request phase says: nothing (go on), a problem, or an answer of its own. */
export type Verdict = undefined | Problem | Answer;
