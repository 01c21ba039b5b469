/**
 * The compiled configuration: immutable, numbered, made of content-hashed entries. Control compiles
 * resources into entries; gateway threads and workers receive deltas and swap one pointer (DESIGN D5).
 * Entries hold resolved secrets: they travel only over the local channel and are never written to disk.
 */
import { hash } from 'node:crypto';
import type { BoundParameter, CompiledDataApi } from './dataapi.ts';
import type { RouteMatch } from './route-pattern.ts';
import type { CompiledListener } from './listener.ts';
import type { CompiledUpstream } from './upstream.ts';

export type { BoundParameter, CompiledDataApi, CompiledListener, CompiledUpstream };

export interface NamedConfig {
  /** Component id, for example `rate-limit`. */
  readonly type: string;
  /** The configuration in people's form (validated; defaults not filled in), without `type`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Conditions and priority are left out when there are none. */
export interface CompiledRoute extends RouteMatch {
  readonly project: string;
  readonly name: string;
  /** Content hash of the release: stands in every call record. */
  readonly release: string;
  readonly hosts: readonly string[];
  /** `/orders/**`, `/orders/{id}`, `/health`, `~/v[0-9]+/.*`: see sdk/route-pattern.ts. */
  readonly paths: readonly string[];
  /** Empty = any method. */
  readonly methods: readonly string[];
  readonly target: { readonly kind: 'upstream' | 'dataapi'; readonly name: string };
  /** Replaces the path before the request goes upstream: `/v2/{id}` or `/base/**`; undefined keeps it. */
  readonly rewrite: string | undefined;
  readonly preserveHost: boolean;
  /** Sends the caller's credential on to the upstream. */
  readonly keepCredential: boolean;
  readonly timeouts: { readonly connectMs: number; readonly firstByteMs: number; readonly idleMs: number };
  readonly bodyBytesMax: number;
  /** Protocols clients may switch to; left out for `websocket` alone. */
  readonly upgrades?: readonly string[];
  /** Longest silence of a connection that switched; left out for ten minutes. */
  readonly tunnelIdleMs?: number;
  readonly auth: readonly NamedConfig[];
  readonly policies: readonly (NamedConfig & { readonly identity: string })[];
}

export interface CompiledConsumer {
  readonly project: string;
  readonly name: string;
  readonly plan: string | undefined;
  readonly enabled: boolean;
}

export interface CompiledPlan {
  readonly project: string;
  readonly name: string;
  /** Policies that apply to every call of the plan's consumers, counted per consumer over all routes. */
  readonly policies: readonly (NamedConfig & { readonly identity: string })[];
}

export interface CompiledCredential {
  readonly project: string;
  readonly id: string;
  /** Auth method's id, for example `api-key`. */
  readonly type: string;
  readonly sha256: string;
  readonly consumer: string;
  readonly expiresAt: number | undefined;
}

export interface CompiledConnection {
  readonly project: string;
  readonly name: string;
  /** Connector id. */
  readonly type: string;
  /** People's form with secrets resolved. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly poolMax: number;
}

export interface CompiledPipeline {
  readonly project: string;
  readonly name: string;
  readonly release: string;
  /** The canonical, validated spec of the Pipeline resource (people's form). */
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface EntryValues {
  route: CompiledRoute;
  upstream: CompiledUpstream;
  consumer: CompiledConsumer;
  plan: CompiledPlan;
  credential: CompiledCredential;
  dataapi: CompiledDataApi;
  connection: CompiledConnection;
  pipeline: CompiledPipeline;
  listener: CompiledListener;
}
export type EntryType = keyof EntryValues;

/** One entry; `key` is `<type>/<project>/<name>`, `hash` changes exactly when `value` does. */
export interface Entry<K extends EntryType = EntryType> {
  readonly type: K;
  readonly key: string;
  readonly hash: string;
  readonly value: EntryValues[K];
}
export type AnyEntry = { [K in EntryType]: Entry<K> }[EntryType];

/** From revision `from` (0 = from nothing) to `to`. `hash` is of the whole result: see `revisionHash`. */
export interface RevisionDelta {
  readonly from: number;
  readonly to: number;
  readonly hash: string;
  readonly put: readonly AnyEntry[];
  readonly remove: readonly string[];
  /** Ports of the listeners in the configuration, for roles that get no listener entries (those hold keys of TLS). */
  readonly listenerPorts?: readonly number[];
}

/** Which entries a role needs; a worker never sees credentials, a gateway never sees pipelines. */
export const ENTRIES_OF_ROLE: Readonly<Record<'gateway' | 'worker', readonly EntryType[]>> = {
  gateway: ['listener', 'route', 'upstream', 'consumer', 'plan', 'credential', 'dataapi', 'connection'],
  worker: ['pipeline', 'connection'],
};

/** Key of an entry. */
export function entryKey(type: EntryType, project: string, name: string): string {
  return `${type}/${project}/${name}`;
}

/** Hash of a revision without entries. */
export const EMPTY_REVISION_HASH = '0'.repeat(64);

/**
 * Hash of a whole revision: the same for the same entries in any order, so that control and every thread
 * can compare. It is the exclusive or of SHA-256(key, hash) over the entries, 64 hex digits; keys must be
 * unique. It finds divergence, it does not defend against a forger.
 */
export function revisionHash(entries: Iterable<{ readonly key: string; readonly hash: string }>): string {
  let sum = EMPTY_REVISION_HASH;
  for (const entry of entries) sum = toggleEntry(sum, entry.key, entry.hash);
  return sum;
}

/** Puts an entry into a revision's hash, or takes it out again: the same operation. */
export function toggleEntry(revision: string, key: string, entryHash: string): string {
  const sum = Buffer.from(revision, 'hex');
  const one = hash('sha256', `${key}\n${entryHash}`, 'buffer');
  for (let i = 0; i < sum.length; i++) sum[i]! ^= one[i]!;
  return sum.toString('hex');
}
