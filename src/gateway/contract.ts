/**
 * Where the HTTP engine and the gateway's decisions meet. The engine (gateway/http, gateway/upstream)
 * knows bytes, sockets and deadlines; the core (router, chain, call records) knows routes and policies.
 *
 *   engine: head complete ─▶ core.onRequest(exchange) ─▶ Disposition ─▶ engine forwards or answers
 *   engine: response head complete ─▶ core.onResponse(exchange) ─▶ engine writes the head
 *   engine: last byte, or failure ─▶ core.onDone(exchange, outcome)      exactly once per onRequest
 *   engine: a request that never became an exchange (bad head, timeout, 431 …) ─▶ core.onRejected(…)
 */
import type { Problem } from '../base/problem.ts';
import type { Answer, Exchange } from '../sdk/exchange.ts';
import type { ClientLimits, CompiledListener, ForwardedForm, ListenerState } from '../sdk/listener.ts';
import type { CompiledUpstream, UpstreamFacts } from '../sdk/upstream.ts';
import type { UpstreamHealth } from '../sdk/target-health.ts';
import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Steps } from './steps.ts';
import type { UpstreamCountRow } from './upstream/upstream-counts.ts';

/** Where single-byte (latin1) texts are added one after the other: the writer of messages, the ring of call records. */
export interface TextSink {
  bytes(b: Buffer, start: number, end: number): void;
  text(text: string): void;
}

/** The engine's exchange: what policies see plus what only the core may touch. */
export interface GatewayExchange extends Exchange {
  /** The core fills these while routing; policies read them through `Exchange`. */
  params: Readonly<Record<string, string>>;
  route: { readonly name: string; readonly project: string; readonly release: string };
  /** What the core keeps with the exchange (its compiled route, pinned revision …). */
  state: unknown;
  /** Monotonic milliseconds at the first byte of the request. */
  readonly startedAt: number;
  /**
   * Monotonic milliseconds now, when somebody read the clock for this exchange just before; negative or undefined else.
   * A measurement begins with it, and an exchange that ends in the same turn ended then. Who begins one, and whatever goes on
   * in a later turn, takes it away.
   */
  clockAt?: number;
  /** Trace context of the caller, or a new one; goes upstream as `traceparent` (W3C Trace Context). */
  readonly traceparent: string;
  /** True when the caller chose `id`, which it may choose again. */
  readonly hasCallersId: boolean;
  /** Adds `id`, or the digits of `traceId`, to what is written: most are never needed as texts. */
  writeId(out: TextSink): void;
  writeTraceId(out: TextSink): void;
  /** Grows with each header field that is set, added or really taken away, in either direction. */
  readonly changes: number;
}

/**
 * What to do with a request. Fields the core sets on `exchange.response` before it answers (`allow`,
 * `www-authenticate`, `retry-after`, RateLimit fields …) are sent with an answer or a problem, and give way
 * to the upstream's own head. The engine calls `onResponse` for upstream heads and for `answer`s, not for
 * a `problem`.
 */
export type Disposition =
  | { readonly kind: 'upstream'; readonly forward: Forward }
  | { readonly kind: 'answer'; readonly answer: Answer | RawAnswer }
  | { readonly kind: 'problem'; readonly problem: Problem };

/** An answer whose body is already bytes (data APIs). The response phase still runs. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** How to pass a request on. */
export interface Forward {
  readonly pool: TargetPool;
  /** Origin-form target to send (path and query), or undefined to send the caller's own. */
  readonly target: string | undefined;
  /** Value of the `host` field to send; undefined = the target's `host:port`. */
  readonly host: string | undefined;
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly bodyBytesMax: number;
  /** Protocols a client may switch to, in lower case. */
  readonly upgrades: readonly string[];
  /** Longest silence of a connection that switched. */
  readonly tunnelIdleMs: number;
}

/**
 * The connections to one upstream, on one thread; lives outside revisions, keyed by project and name.
 * Made by the engine's `createPools`; `update` changes targets without touching exchanges in flight.
 */
export interface TargetPool {
  readonly key: string;
}

/** A request's way to the upstream, of its last try. Valid during `onDone` only. */
export interface Trip {
  /** How often the request was sent. */
  readonly tries: number;
  /** The target's place among the upstream's, and its `host:port`. */
  readonly targetIndex: number;
  readonly targetId: string;
  /** True when an earlier request used the connection. */
  readonly reused: boolean;
  /** Why earlier tries were given up, `,` between them: `503,closed`. Empty when there was none. */
  readonly retried: string;
  readonly waitMs: number;
  /** 0 on a connection that stood already. */
  readonly connectMs: number;
}

/** How an exchange ended; valid during `onDone` only. Byte counts are of what crossed the client's socket. */
export interface Outcome {
  readonly status: number;
  /** Empty for an ordinary end; else a problem code or `client-closed`, `upstream-…`, `idle-timeout`. */
  readonly reason: string;
  readonly durationMs: number;
  /** From the first byte of the request to the last of its head. */
  readonly headMs: number;
  /** Undefined when no upstream was asked. */
  readonly trip: Trip | undefined;
  /** From the request being sent upstream to its first response byte; 0 without upstream. */
  readonly upstreamMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** How the client spoke: the place in `CALL_PROTOCOLS` of sdk/call-record.ts. */
  readonly protocol: number;
}

/** The decisions, handed to the engine once per thread. Throwing or rejecting is a 500 for that exchange only. */
export interface Core {
  onRequest(exchange: GatewayExchange): Disposition | Promise<Disposition>;
  /** Runs the response phase; a returned Problem replaces the answer. */
  onResponse(exchange: GatewayExchange): Problem | undefined | Promise<Problem | undefined>;
  onDone(exchange: GatewayExchange, outcome: Outcome): void;
  onRejected(rejection: Rejection): void;
}

/** A request that never became an exchange, or a connection that never came to one. */
export interface Rejection {
  readonly clientAddress: string;
  /** 0 when no answer was sent. */
  readonly status: number;
  readonly reason: string;
  /** Undefined when nothing of a request was there: then it is counted and not recorded. */
  readonly request: RejectedRequest | undefined;
}

/** What is known of a refused request: the method and path are empty when it was refused before they were read. */
export interface RejectedRequest {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** The place in `CALL_PROTOCOLS` of sdk/call-record.ts. */
  readonly protocol: number;
  /** Monotonic milliseconds at the first byte. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Of its whole lines, as far as they were read. */
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** Limits of the engine, from process config; a listener may have its own. All have defaults in `gateway/config.ts`. */
export type EngineLimits = ClientLimits;

/** The engine of one thread as the thread's entry uses it: listener and pools behind one handle. */
export interface Engine {
  /** Pool of `project/upstream`; undefined when there is none. */
  pool(key: string): TargetPool | undefined;
  /** Makes or changes a pool; exchanges in flight keep their connection. */
  putUpstream(upstream: CompiledUpstream): void;
  removeUpstream(key: string): void;
  /** What the process found out about upstreams. */
  learn(facts: readonly UpstreamFacts[]): void;
  /** Counts of every upstream. */
  upstreamCounts(): readonly UpstreamCountRow[];
  /** Upstreams of whose targets something is new since the last call: a bounded number, the others the next time. */
  targetNews(): readonly UpstreamHealth[];
  /**
   * Opens the listener of the process configuration: resolves with the port listened on, rejects with the system's
   * error. From then on the listeners of `putListener` are opened too, one by one.
   */
  listen(where: DefaultListener & { readonly reusePort: boolean }): Promise<number>;
  /** Makes in steps what `putListener` of the same listener would have to make at once: TLS of many certificates. */
  prepareListener(listener: CompiledListener): Steps<void>;
  /** Opens or changes a listener. What cannot be opened is tried again from time to time; see `listeners`. */
  putListener(listener: CompiledListener): void;
  /** Closes a listener; its connections end after their present answer. */
  removeListener(name: string): void;
  /** Where every listener stands. */
  listeners(): readonly ListenerState[];
  /** Numbers of every listener since the thread began. */
  listenerNumbers(): readonly ListenerNumbers[];
  /** The key under which TLS session tickets are made from now on, 48 random bytes, the same on all threads. */
  useTicketKey(key: Uint8Array): void;
  /** Stops accepting, lets exchanges in flight end for at most `graceMs`, then closes everything. */
  drain(graceMs: number): Promise<void>;
}

/** Numbers of one listener on one thread. */
export interface ListenerNumbers {
  readonly name: string;
  /** Connections open now. */
  readonly connections: number;
  /** Since the start. */
  readonly accepted: number;
  readonly requests: number;
  /** Connections refused or ended by the gateway, by reason. */
  readonly ended: readonly (readonly [reason: string, count: number])[];
}

/** The listener of the process configuration. */
export interface DefaultListener {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly proxyProtocol: 'off' | 'required';
  readonly trustedProxies: readonly string[];
  readonly forwarded: ForwardedForm;
  readonly via: boolean;
  /** Speaks HTTP/2 with clients that want it; true when left out. */
  readonly http2?: boolean;
}

export type CreateEngine = (options: {
  readonly core: Core;
  readonly limits: EngineLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly log: Log;
  /** Counts connections over all threads; own counts when left out. See http/admission.ts. */
  readonly admission?: AdmissionTable;
  /** How long connections of a closed listener may take to end. */
  readonly drainMs?: number;
  /** Told when `listeners` has something new to say. */
  readonly onListeners?: () => void;
}) => Engine;

/** Shared memory of connection counts, and the thread's place in it. */
export interface AdmissionTable {
  readonly memory: Int32Array<SharedArrayBuffer>;
  readonly thread: number;
}
