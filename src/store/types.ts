/**
 * The store as the rest of control and the worker see it: one object per table, the same over SQLite
 * and PostgreSQL. Times are milliseconds since 1970 UTC. Every method may raise problems of `core/store`.
 */
import type { PackedCalls } from '../sdk/call-batch.ts';
import type { CallRecord } from '../sdk/call-record.ts';
import type { ListOrder, ListPlace } from '../sdk/list-order.ts';
import type { Manager, ResourceKey, StoredResource } from '../sdk/resource.ts';
import type { RunStore, ScheduleStore } from '../sdk/run.ts';

/** A version of a resource as history keeps it. */
export interface HistoryEntry extends ResourceKey {
  readonly version: number;
  readonly change: 'created' | 'updated' | 'rolled-back' | 'deleted';
  readonly manager: Manager;
  readonly release: string;
  readonly text: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly at: number;
  readonly by: string;
}

export interface ResourceTable {
  get(key: ResourceKey): Promise<StoredResource | null>;
  /** All resources, or those of a project or kind, in key order. */
  all(filter?: { project?: string; kind?: string }): Promise<StoredResource[]>;
  /** Inserts or replaces the resource and adds its history entry; keeps the newest `historyMax` entries. */
  put(resource: StoredResource, change: Exclude<HistoryEntry['change'], 'deleted'>, historyMax: number): Promise<void>;
  /** Deletes it and adds a `deleted` history entry of `version`. */
  delete(resource: StoredResource, version: number, at: number, by: string, historyMax: number): Promise<void>;
  /** Newest first. Histories of deleted resources stay. */
  history(key: ResourceKey, limit: number): Promise<HistoryEntry[]>;
  historyEntry(key: ResourceKey, version: number): Promise<HistoryEntry | null>;
  /** The newest version number ever used for this key; 0 when it never existed. */
  lastVersion(key: ResourceKey): Promise<number>;
}

/** A numbered revision: which entry hashes it changed. Never the entries' values. */
export interface RevisionRow {
  readonly number: number;
  readonly hash: string;
  readonly at: number;
  readonly changes: { readonly put: Readonly<Record<string, string>>; readonly remove: readonly string[] };
}
export interface RevisionTable {
  last(): Promise<RevisionRow | null>;
  /** Fails with `changed-meanwhile` when the number exists. Keeps the newest `keep` rows. */
  add(row: RevisionRow, keep: number): Promise<void>;
}

export interface CredentialRow {
  readonly id: string;
  readonly project: string;
  readonly type: string;
  readonly consumer: string;
  readonly sha256: string;
  /** First characters of the key, for people to tell keys apart. */
  readonly hint: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}
export interface CredentialTable {
  add(row: CredentialRow): Promise<void>;
  get(id: string): Promise<CredentialRow | null>;
  list(filter: { project?: string; consumer?: string }): Promise<CredentialRow[]>;
  /** False when there is none, or it was revoked before. */
  revoke(id: string, at: number): Promise<boolean>;
  /** Deletes one that was only lent. */
  delete(id: string): Promise<void>;
  /** Deletes all credentials of a consumer that was deleted. */
  deleteOf(project: string, consumer: string): Promise<void>;
}

export interface AccountRow {
  readonly name: string;
  readonly displayName: string;
  readonly role: string;
  readonly language: string;
  /** PHC string; null = cannot log in by password. */
  readonly passwordHash: string | null;
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}
export interface AccountTable {
  get(name: string): Promise<AccountRow | null>;
  all(): Promise<AccountRow[]>;
  count(): Promise<number>;
  put(row: AccountRow): Promise<void>;
  delete(name: string): Promise<boolean>;
}

export interface SessionRow {
  readonly sha256: string;
  readonly account: string;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly expiresAt: number;
  readonly address: string;
}
export interface SessionTable {
  add(row: SessionRow): Promise<void>;
  get(sha256: string): Promise<SessionRow | null>;
  touch(sha256: string, usedAt: number): Promise<void>;
  delete(sha256: string): Promise<void>;
  deleteOf(account: string): Promise<void>;
  trim(now: number): Promise<void>;
}

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
  readonly role: string;
  /** Permissions it is narrowed to; empty = all of its role. */
  readonly permissions: readonly string[];
  /** Projects it is narrowed to; null = all. */
  readonly projects: readonly string[] | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | null;
  readonly revokedAt: number | null;
}
export interface TokenTable {
  add(row: TokenRow): Promise<void>;
  bySha256(sha256: string): Promise<TokenRow | null>;
  all(): Promise<TokenRow[]>;
  touch(id: string, usedAt: number): Promise<void>;
  revoke(id: string, at: number): Promise<boolean>;
}

export interface LoginFailures {
  readonly failures: number;
  readonly lastAt: number;
  readonly lockedUntil: number;
}
export interface LoginFailureTable {
  get(subject: string): Promise<LoginFailures | null>;
  put(subject: string, failures: LoginFailures): Promise<void>;
  clear(subject: string): Promise<void>;
  /** Forgets all subjects that begin so. */
  clearAll(prefix: string): Promise<void>;
  /** The latest lock of all subjects that begin so; 0 when there is none. */
  lockedUntil(prefix: string): Promise<number>;
  /** Forgets subjects that last failed before `before`. */
  trim(before: number): Promise<void>;
}

/** One line of the audit trail. Append-only: there is no way to change or delete one. */
export interface AuditRow {
  readonly id: string;
  readonly time: number;
  readonly actor: string;
  readonly actorKind: 'user' | 'token' | 'local-cli' | 'folder' | 'system' | 'nobody';
  readonly address: string;
  /** For example `resource.update`, `login`, `key.create`, `denied`. */
  readonly action: string;
  /** For example `default/Route/orders`. */
  readonly subject: string;
  readonly beforeHash: string | null;
  readonly afterHash: string | null;
  readonly outcome: 'done' | 'refused';
  readonly detail: string;
}
export type AuditOrderField = 'time' | 'actor' | 'action' | 'subject';

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly outcome?: AuditRow['outcome'];
  readonly address?: string;
  readonly from?: number;
  readonly to?: number;
  readonly order?: ListOrder<AuditOrderField>;
  readonly after?: ListPlace;
  readonly limit: number;
}

export interface AuditTable {
  add(row: AuditRow): Promise<void>;
  /** Newest first unless `order` says otherwise; strictly after the place `after` of that order. */
  list(filter: AuditFilter): Promise<AuditRow[]>;
}

/** A durable event, written in the transaction of what it tells of. */
export interface OutboxRow {
  readonly id: string;
  readonly time: number;
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}
export interface OutboxTable {
  add(row: OutboxRow): Promise<void>;
  /** Oldest first, not yet delivered. */
  waiting(limit: number): Promise<OutboxRow[]>;
  delivered(ids: readonly string[], at: number): Promise<void>;
  /** Deletes what was delivered before `before`, and the oldest beyond `keep` rows, delivered or not. */
  trim(before: number, keep: number): Promise<void>;
}

export type CallOrderField = 'time' | 'duration' | 'status';

export interface CallFilter {
  readonly project?: string;
  readonly consumer?: string;
  readonly route?: string;
  /** Any of these routes. */
  readonly routes?: readonly string[];
  readonly method?: string;
  /** One of `CALL_PROTOCOLS`. */
  readonly protocol?: string;
  /** A prefix of the path. */
  readonly path?: string;
  /** The release hash, or its beginning. */
  readonly release?: string;
  readonly status?: number;
  readonly statusFrom?: number;
  readonly statusTo?: number;
  readonly reason?: string;
  readonly clientAddress?: string;
  readonly traceId?: string;
  readonly id?: string;
  readonly from?: number;
  readonly to?: number;
  /** Took at least this long. */
  readonly slowerThanMs?: number;
  /** The upstream took at least this long. */
  readonly upstreamSlowerThanMs?: number;
  /** At least this many bytes of request body. */
  readonly requestBytesFrom?: number;
  /** At least this many bytes of answer. */
  readonly responseBytesFrom?: number;
  readonly projects?: readonly string[];
  /** Newest first when left out; durations are in microseconds. */
  readonly order?: ListOrder<CallOrderField>;
  /** Strictly after this place of the order. */
  readonly after?: ListPlace;
  readonly limit: number;
}
export interface CallTotalsFilter {
  /** Milliseconds since 1970; `to` is not part of it. */
  readonly from: number;
  readonly to: number;
  readonly spanMs: number;
  readonly projects?: readonly string[];
  readonly consumer?: string;
  readonly route?: string;
  /** Newest calls looked at, at most. */
  readonly rowsMax: number;
}
export interface CallTotal {
  /** Start of the span. */
  readonly time: number;
  /** First digit of the status; 0 for a call without an answer. */
  readonly class: number;
  /** Status 429. */
  readonly limited: boolean;
  /** Index into `DURATION_BOUNDS_MS`; one more than the last for longer calls. */
  readonly bucket: number;
  readonly calls: number;
}

export interface RouteTotalsFilter {
  /** Milliseconds since 1970; `to` is not part of it. */
  readonly from: number;
  readonly to: number;
  readonly projects?: readonly string[];
  /** What a route's name begins with. */
  readonly prefix: string;
  /** Newest calls looked at, at most. */
  readonly rowsMax: number;
}
export interface RouteTotal {
  readonly project: string;
  readonly route: string;
  readonly calls: number;
  /** Status 5xx, or no answer. */
  readonly failed: number;
  /** Status 429. */
  readonly limited: number;
}

export interface CallTable {
  /** Stores batches, all or none of them; answers the bytes that all calls take now, or 0 where that is reckoned by `trim` only. */
  add(batches: readonly PackedCalls[]): Promise<number>;
  /** Newest first. */
  search(filter: CallFilter): Promise<CallRecord[]>;
  /** The newest call of a request id, with its story unless it was recorded before stories were. */
  find(id: string): Promise<(CallRecord & { readonly story: string | null }) | null>;
  /** Sums by span, status class and duration class. */
  totals(filter: CallTotalsFilter): Promise<CallTotal[]>;
  /** Sums by route; routes without calls are left out. */
  totalsByRoute(filter: RouteTotalsFilter): Promise<RouteTotal[]>;
  /** Deletes what is older than `before`, then the oldest while all take more than `bytesMax`; answers how many. */
  trim(before: number, bytesMax: number): Promise<number>;
  /** Calls that were stored and are deleted since they could not be read any more, since the start. */
  readonly lost: number;
}

export interface Incident {
  readonly id: string;
  /** For example `folder-held`, `folder-unreadable`. */
  readonly kind: string;
  readonly subject: string;
  readonly detail: { readonly en: string; readonly zh: string };
  readonly data: Readonly<Record<string, unknown>>;
  readonly openedAt: number;
  readonly closedAt: number | null;
}
export type IncidentOrderField = 'opened' | 'kind' | 'subject';

export interface IncidentFilter {
  readonly open?: boolean;
  readonly kind?: string;
  readonly order?: ListOrder<IncidentOrderField>;
  readonly after?: ListPlace;
  readonly limit: number;
}

export interface IncidentTable {
  /** Opens one, unless an open one of this kind and subject exists: then its detail and data are replaced. */
  open(incident: Omit<Incident, 'closedAt'>): Promise<Incident>;
  close(kind: string, subject: string, at: number): Promise<boolean>;
  get(id: string): Promise<Incident | null>;
  /** Newest first unless `order` says otherwise; strictly after the place `after` of that order. */
  list(filter: IncidentFilter): Promise<Incident[]>;
  /** Deletes the oldest closed ones beyond `keep`. */
  trim(keep: number): Promise<void>;
}

export interface SettingTable {
  get(name: string): Promise<string | null>;
  put(name: string, value: string): Promise<void>;
  /** Writes only when absent; answers the value that stands. */
  putOnce(name: string, value: string): Promise<string>;
}

export interface Tables {
  readonly resources: ResourceTable;
  readonly revisions: RevisionTable;
  readonly credentials: CredentialTable;
  readonly accounts: AccountTable;
  readonly sessions: SessionTable;
  readonly tokens: TokenTable;
  readonly loginFailures: LoginFailureTable;
  readonly audit: AuditTable;
  readonly outbox: OutboxTable;
  readonly incidents: IncidentTable;
  readonly settings: SettingTable;
  /** Runs as they are asked for; the rest of a run is the worker's. */
  readonly runs: Pick<RunStore, 'enqueue' | 'requestCancel'>;
}

export interface Store extends Tables {
  readonly runs: RunStore;
  readonly schedules: ScheduleStore;
  /** On SQLite in a file of its own, with threads of its own; no part of transactions. */
  readonly calls: CallTable;
  /**
   * Runs `work` in one transaction: all of it or nothing, and one after another over all processes. Inside,
   * only the tables handed in may be used: the store's own would wait for this very transaction, so they fail.
   */
  transaction<V>(work: (tables: Tables) => Promise<V>): Promise<V>;
  /** Resolves when the store answers; raises otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
