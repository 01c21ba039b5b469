/**
 * An upstream as the gateway gets it. What is left out is off, and costs nothing: an upstream without any of it keeps
 * the entry, and the hash, it always had. Times are milliseconds.
 */
import type { NamedConfig } from './revision.ts';

/** A target that requests can be sent to. */
export interface CompiledTarget {
  /** Name or address to connect to. */
  readonly host: string;
  readonly port: number;
  readonly weight: number;
  /** Name it is called by in the `host` field and in TLS; undefined = `host`. */
  readonly name?: string;
}

export type CompiledBalance =
  | { readonly type: 'round-robin' | 'least-requests' | 'lowest-latency' }
  /** `key` is an expression; `boundedLoad` how many times its fair part a target may have, at least 1. */
  | { readonly type: 'hash'; readonly key: string; readonly boundedLoad: number };

export interface CompiledHealthCheck {
  readonly path: string;
  readonly method: string;
  /** Value of the `host` field; undefined = the target's own. */
  readonly host: string | undefined;
  /** Ranges of statuses, both ends included, that say that a target is well. */
  readonly statuses: readonly (readonly [number, number])[];
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
  /** Asks over HTTP/2. */
  readonly http2?: boolean;
}

/** See gateway/upstream/balance/outlier.ts. */
export interface CompiledOutliers {
  readonly errors: number;
  readonly gatewayErrors: number;
  readonly localErrors: number;
  readonly ejectMs: number;
  readonly ejectMaxMs: number;
  readonly ejectedPercentMax: number;
}

/** Why a call without answer may be repeated. */
export type RetryCondition = 'connect' | 'closed' | 'timeout' | 'malformed';

/** What kept bodies may take on a thread unless an upstream says otherwise. */
export const BODIES_BYTES_MAX = 64 * 2 ** 20;

export interface CompiledRetries {
  /** Tries of one request, the first among them. */
  readonly attempts: number;
  readonly conditions: readonly RetryCondition[];
  readonly statuses: readonly number[];
  /** Also repeats methods that are not idempotent. */
  readonly allMethods: boolean;
  /** Longest wait for the head of one try's answer; undefined = the route's own deadlines only. */
  readonly perTryMs: number | undefined;
  /** From the first try until the last one must have an answer. */
  readonly deadlineMs: number;
  /** Bodies up to here are kept to be sent again; requests with larger ones are never repeated. */
  readonly bodyBytesMax: number;
  /** Memory of all bodies kept at once on a thread; `BODIES_BYTES_MAX` when left out. */
  readonly bodiesBytesMax?: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  readonly budget: { readonly percent: number; readonly least: number; readonly windowMs: number };
}

/** TLS towards targets. Texts are PEM. */
export interface CompiledUpstreamTls {
  /** Name asked for and verified; undefined = the target's own host. */
  readonly serverName: string | undefined;
  /** Certificates that are trusted instead of the system's. */
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly verify: boolean;
}

/** HTTP/2 towards targets; sizes in bytes. */
export interface CompiledHttp2 {
  /** Connections to each target, per thread. */
  readonly connectionsMax: number;
  /** Requests at once on each of them. */
  readonly streamsMax: number;
  /** Bytes of an answer that may come before they are read. */
  readonly windowBytes: number;
  /** How often a connection in use is asked whether it still stands. */
  readonly pingMs: number;
}

export interface CompiledUpstream {
  readonly project: string;
  readonly name: string;
  /** In their order; may be empty when `discovery` finds them. */
  readonly targets: readonly CompiledTarget[];
  /** Open connections to each target, per thread. */
  readonly connectionsMax: number;
  readonly idleMs: number;
  /** Requests that may wait for a connection, per thread. */
  readonly pendingMax?: number;
  readonly requestsPerConnectionMax?: number;
  /** Safe requests that may go out together on one connection. */
  readonly pipelining?: number;
  readonly balance?: CompiledBalance;
  readonly health?: CompiledHealthCheck;
  readonly outliers?: CompiledOutliers;
  /** Below this share of healthy targets all are used; 0 never. */
  readonly panicPercent?: number;
  readonly slowStartMs?: number;
  readonly retries?: CompiledRetries;
  readonly tls?: CompiledUpstreamTls;
  /** Speaks HTTP/2 only: over TLS with `tls`, else by prior knowledge. */
  readonly http2?: CompiledHttp2;
  /** Trailers of requests are passed on; else they are dropped. */
  readonly requestTrailers?: boolean;
  readonly discovery?: NamedConfig;
}

/** What a gateway process found out about an upstream for all its threads. */
export interface UpstreamFacts {
  /** `project/name`. */
  readonly key: string;
  /** Targets that were discovered, besides the configured ones. */
  readonly found: readonly CompiledTarget[];
  /** Targets whose health check fails. */
  readonly unhealthy: readonly { readonly address: string; readonly reason: string }[];
  /** Why discovery does not get an answer now; the targets found last stay. Empty when it does. */
  readonly discoveryFailure: string;
}
