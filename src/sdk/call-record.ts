/**
 * How a client spoke: the version of its request, or what the connection switched to (`upgrade`: something else than a
 * WebSocket). A call that is still a number names its place here.
 */
export const CALL_PROTOCOLS = ['http/1.0', 'http/1.1', 'h2', 'websocket', 'upgrade'] as const;

/** What is kept of each gateway call: who asked what, when, and how it ended. Never the query string, never a body. */
export interface CallRecord {
  /** The request id; when the caller chose it, followed by `~` and a UUID, since it may choose the same again. */
  readonly id: string;
  /** Milliseconds since 1970 at the first byte of the request. */
  readonly time: number;
  readonly project: string;
  readonly consumer: string;
  readonly clientAddress: string;
  readonly route: string;
  readonly method: string;
  /** One of `CALL_PROTOCOLS`; empty in records older than the column. */
  readonly protocol: string;
  readonly path: string;
  readonly release: string;
  readonly status: number;
  /** Problem code, `client-closed`, or empty for a plain answer. */
  readonly reason: string;
  readonly durationMs: number;
  readonly upstreamMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly traceId: string;
}

/** One step of a call's chain and what it decided. */
export interface CallStep {
  readonly kind: 'auth' | 'policy';
  /** Component id, for example `rate-limit`. */
  readonly id: string;
  /** Where it stands: `plan`, `route`, `data-api`; the second of its type there is `plan-2`. */
  readonly place: string;
  readonly phase: 'request' | 'response';
  /** `absent`: found no credential of its kind; `answered`: gave an answer of its own; `not-reached`: an earlier step ended the chain. */
  readonly outcome: 'passed' | 'changed' | 'refused' | 'answered' | 'absent' | 'not-reached';
  /** Problem code of a refusal, else empty. */
  readonly code: string;
  /** Microseconds it took; the first one’s with finding the route. */
  readonly us: number;
  /** What the step says of itself (limit, remaining …): never a caller's values or a secret. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Where the time of a call went, in milliseconds; 0 for what did not happen. */
export interface CallPhases {
  /** From the first byte of the request to the last of its head. */
  readonly headMs: number;
  /** Finding the route, auth and the request phase of policies. */
  readonly chainMs: number;
  /** Waiting for a connection: the upstream's name was asked for, or all connections were busy. */
  readonly waitMs: number;
  readonly connectMs: number;
  /** From the request being sent over a standing connection to the first byte of the answer; for data APIs, the query. */
  readonly firstByteMs: number;
  /** The response phase of policies. */
  readonly responseMs: number;
  readonly totalMs: number;
}

/** What happened inside a call. */
export interface CallStory {
  /** The upstream's target that was asked last: its place in the list, and `host:port`; null when none was. */
  readonly target: { readonly index: number; readonly address: string } | null;
  /** How often the request was sent. */
  readonly tries: number;
  /** Why each try before the last was given up: a status or a failure, such as `503` or `closed`. */
  readonly retried: readonly string[];
  /** True when an earlier request used the connection. */
  readonly reused: boolean;
  readonly phases: CallPhases;
  /** In the order they ran. */
  readonly steps: readonly CallStep[];
}

/** A call record as it travels and is stored: the story as text, see call-story.ts. */
export interface ToldCall extends CallRecord {
  readonly story: string;
}
