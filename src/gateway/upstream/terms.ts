/**
 * What a connection to a target, its pool and whoever sends a request over it say to each other.
 * In: requests with their deadlines. Out: answers piece by piece, or the reason why there is none.
 */
import type { Clock } from '../../base/clock.ts';
import type { Head, HeadFault, HeadPool } from '../http/head.ts';
import type { Outbox } from '../http/outbox.ts';
import type { Wheel } from '../http/wheel.ts';
import type { UpstreamConnection } from './connection.ts';
import type { Http2Sessions } from './http2-sessions.ts';
import type { Together } from './pipeline.ts';
import type { TargetStats } from './target-stats.ts';

/** Why there is no (complete) answer; names of problems in http/problems.ts. */
export interface UpstreamFailure {
  readonly fault:
    | 'upstream-busy'
    | 'upstream-unreachable'
    | 'upstream-refused'
    | 'upstream-connect-timeout'
    | 'upstream-timeout'
    | 'upstream-closed'
    | 'upstream-malformed'
    | 'upstream-tls'
    | 'upstream-unhealthy';
  /** What was wrong with a malformed answer. */
  readonly malformed?: HeadFault | 'chunk' | 'interim' | 'body' | 'flood';
  /** Why TLS failed: `expired`, `unknown-issuer`, `name-mismatch`, `handshake` … */
  readonly tls?: string;
  /** The target says that it did nothing for the request. */
  readonly refused?: boolean;
}

/** Whoever sent the request. Calls come in this order: `onInterim`*, `onResponse`, `onBody`*; or `onFailure` at any time. */
export interface UpstreamUser {
  /** A connection was found for a user that had to wait. */
  onConnection(connection: UpstreamConnection): void;
  /** An informational answer; `connection.head` holds it during the call. */
  onInterim(connection: UpstreamConnection): void;
  /** The answer's head, now the user's, and the first bytes of its body. `done`: all but `connection.trailers` is here, and the connection gone. */
  onResponse(connection: UpstreamConnection, head: Head, b: Buffer, start: number, end: number, done: boolean): void;
  onBody(connection: UpstreamConnection, b: Buffer, start: number, end: number, done: boolean): void;
  /** The socket takes bytes again after `write` answered false. */
  onDrain(connection: UpstreamConnection): void;
  /** Others wait for the place: ends the exchange when its client sends the request's body too slowly; true when it did. */
  giveWay(): boolean;
  /** No more will come; the connection is closed. `connection` is undefined when there never was one. */
  onFailure(connection: UpstreamConnection | undefined, failure: UpstreamFailure): void;
}

/** Who owns the bytes given to the user: `shared` must be copied, `private` renewed if kept, `lasting` may be kept. */
export type Memory = 'shared' | 'private' | 'lasting';

/** Where a connection leads. `index` is the place among the upstream's targets and follows its changes. */
export interface ConnectionTarget {
  /** `host:port`. */
  readonly id: string;
  readonly index: number;
  readonly hostLines: Buffer;
  /** Name for TLS; empty when it has only an address. */
  readonly serverName: string;
  readonly stats: TargetStats;
  /** The newest TLS session. */
  session: Buffer | undefined;
  /** Its connections of HTTP/2; undefined when it speaks HTTP/1.1. */
  readonly sessions: Http2Sessions | undefined;
}

/** What a connection needs from its pool. */
export interface ConnectionHost {
  readonly wheel: Wheel;
  readonly heads: HeadPool;
  readonly sharedBuffer: Buffer;
  readonly outbox: Outbox;
  readonly together: Together;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** The connection may serve another request. */
  onReusable(connection: UpstreamConnection): void;
  onClosed(connection: UpstreamConnection): void;
  onConnectFailed(connection: UpstreamConnection): void;
  /** True when `onAnswered` and `onFailed` are to be called. */
  readonly observes: boolean;
  /** The head of an answer has come, `ms` after the request began. */
  onAnswered(connection: UpstreamConnection, status: number, ms: number): void;
  onFailed(connection: UpstreamConnection, failure: UpstreamFailure): void;
}

/** Deadlines and manners of one request. */
export interface RequestTerms {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly isHead: boolean;
  /** Gives the user content without chunk framing (for HTTP/1.0 clients). */
  readonly dechunk: boolean;
  /** Keeps trailer fields of a chunked body for the user. */
  readonly trailers: boolean;
  /** May go out together with others that may; needs an upstream that allows it. */
  readonly pipelines: boolean;
  /** When the answer is complete before the request, the rest of it is sent all the same, if the target stays. */
  readonly sendsOn: boolean;
  /** Hash of what equal requests share; 0 when nothing is hashed. */
  readonly key: number;
  /** The target of the last try, which another is preferred to. */
  avoid: ConnectionTarget | undefined;
  /** The protocol that is asked for: a 101 that agrees to it is an answer. Empty for none. */
  readonly upgrade: string;
  /** Longest silence after such an answer. */
  readonly tunnelIdleMs: number;
}
