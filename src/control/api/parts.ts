/**
 * What operations work with. main.ts hands it over, so that an operation names what it needs and a
 * test can run the real rooms on a temporary store.
 */
import type { ThreadState } from '../../sdk/channel.ts';
import { type Text } from '../../base/text.ts';
import type { LiveCalls } from '../live-calls.ts';
import type { TargetSum } from '../target-health.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Problem, ProblemCatalogue } from '../../base/problem.ts';
import type { CheckStep } from '../../sdk/connector.ts';
import type { PipelinePreview } from '../../sdk/pipeline-plan.ts';
import type { DraftReport } from '../../sdk/dataapi-draft.ts';
import type { Batch, StreamSchema } from '../../sdk/record.ts';
import type { Registry } from '../../sdk/registry.ts';
import type { CompiledRoute } from '../../sdk/revision.ts';
import type { RunStore, ScheduleStore } from '../../sdk/run.ts';
import type { AccountRow, AuditTable, CallTable, CredentialRow, Incident, IncidentFilter, TokenRow } from '../../store/types.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import type { Actor, Resources } from '../resources/types.ts';
import type { RunRequests } from '../run-requests.ts';

/** Tries connections of the store, as the Connection resource says; every wait ends with the signal. */
export interface ConnectionProbe {
  check(project: string, name: string, signal: AbortSignal): Promise<readonly CheckStep[]>;
  /** Checks a connection that is not saved; audited before it is tried. Raises `invalid` with every mistake of the spec. */
  checkDraft(
    draft: { project: string; name: string; spec: Readonly<Record<string, unknown>>; actor: Actor },
    signal: AbortSignal,
  ): Promise<readonly CheckStep[]>;
  discover(project: string, name: string, signal: AbortSignal): Promise<readonly StreamSchema[]>;
  preview(project: string, name: string, stream: string, rows: number, signal: AbortSignal): Promise<Batch>;
}

/** Plans pipelines that are not saved, as a run would; opens both connections and reads schemas only. */
export interface PipelinePlans {
  /** Raises what the connections raise, `wrong-role`, and the planner's mistakes as `invalid-request` with pointers below `/body/spec`. */
  plan(
    project: string,
    name: string,
    spec: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<PipelinePreview & { readonly targetProblem: Problem | undefined }>;
}

/** Tries data APIs that are not saved, on connections of the newest revision. */
export interface Drafts {
  /** Raises `not-ready`, `cannot-query`, `busy` and `unreachable` of connections; all else stands in the report. */
  try(
    draft: {
      project: string;
      name: string;
      spec: Readonly<Record<string, unknown>>;
      values: Readonly<Record<string, string>>;
      rows: number;
    },
    signal: AbortSignal,
  ): Promise<DraftReport>;
}

/** One step of the sample's loading or removing, for people. */
export interface SampleReport {
  readonly state: 'absent' | 'loaded' | 'removed';
  /** What was done, one line each. */
  readonly notes: readonly Text[];
}

/** The sample project: loaded and removed by one call each; a removed one stays removed until loaded again. */
export interface Sample {
  status(): Promise<SampleReport>;
  load(actor: Actor, signal: AbortSignal): Promise<SampleReport>;
  remove(actor: Actor, signal: AbortSignal): Promise<SampleReport>;
}

/** One finding of `doctor`. */
export interface Finding {
  readonly check: string;
  /** What the check is about, for people. */
  readonly title: Text;
  readonly level: 'ok' | 'warning' | 'failed';
  /** What it is told of, when that is not the installation itself: a resource, or something an incident tells too. */
  readonly subject?: ResourceKey | 'incident';
  /** What was found and, unless all is well, what to do. No secret. */
  readonly detail: { readonly en: string; readonly zh: string };
}

/** A role process that is connected to control. */
export interface NodeStatus {
  readonly role: 'gateway' | 'worker';
  readonly instance: string;
  readonly pid: number;
  /** Milliseconds since 1970 at its hello. */
  readonly since: number;
  readonly threads: readonly ThreadState[];
}

/** What control holds now, and who has it. */
export interface FleetStatus {
  readonly revision: number;
  readonly hash: string;
  readonly nodes: readonly NodeStatus[];
}

/** An upstream over all gateways: `threads` of them have told of it. */
export interface UpstreamSum {
  readonly threads: number;
  readonly targets: readonly TargetSum[];
  /** Why discovery gets no answer now; null when it does, or there is none. */
  readonly discoveryFailure: string | null;
}

/** A published data API. */
export interface PublishedApi {
  readonly project: string;
  readonly name: string;
  readonly path: string;
  readonly release: string;
  readonly description: string | undefined;
  /** OpenAPI 3.1 path item. */
  readonly pathItem: Readonly<Record<string, unknown>>;
  readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A person who logs in: never the password's hash. */
export interface UserView extends Omit<AccountRow, 'passwordHash'> {
  /** Milliseconds since 1970 until which logins are refused after too many wrong passwords; null when they are not. */
  readonly lockedUntil: number | null;
}

/** A token as it is listed: never its secret or hash. */
export type TokenView = Omit<TokenRow, 'sha256'>;
/** A consumer's key as it is listed: `hint` is its first characters. */
export type KeyView = Omit<CredentialRow, 'sha256'>;

/** People and their sessions. Raises problems of `core/access`: wrong password, locked, last admin, weak password. */
export interface Accounts {
  login(
    name: string,
    password: string,
    from: { address: string; userAgent: string },
  ): Promise<{ session: string; expiresAt: number; user: UserView }>;
  logout(session: string, actor: Actor): Promise<void>;
  changePassword(name: string, before: string, after: string, actor: Actor): Promise<void>;
  list(): Promise<readonly UserView[]>;
  create(user: { name: string; role: string; password: string }, actor: Actor): Promise<UserView>;
  setRole(name: string, role: string, actor: Actor): Promise<UserView>;
  resetPassword(name: string, password: string, actor: Actor): Promise<void>;
  delete(name: string, actor: Actor): Promise<void>;
}

/** API tokens. `create` answers the secret once. */
export interface Tokens {
  list(): Promise<readonly TokenView[]>;
  create(
    token: { name: string; role: string; projects: readonly string[] | null; permissions: readonly string[]; expiresAt: number },
    actor: Actor,
  ): Promise<{ secret: string; token: TokenView }>;
  /** False when there is none. */
  revoke(id: string, actor: Actor): Promise<boolean>;
}

/** Keys of consumers. `create` answers the secret once. */
export interface Keys {
  list(project: string, consumer?: string): Promise<readonly KeyView[]>;
  create(key: { project: string; consumer: string; expiresAt: number | null }, actor: Actor): Promise<{ secret: string; key: KeyView }>;
  revoke(project: string, id: string, actor: Actor): Promise<boolean>;
}

/** Lends a key for one piece of work: it ends within a minute whatever happens, and is gone when the work is done. */
export interface KeyLender {
  /** Raises `no-such-consumer`. */
  lend<R>(key: { project: string; consumer: string }, work: (secret: string) => Promise<R>): Promise<R>;
}

export interface TryCallRequest {
  readonly project: string;
  /** Whose key is used; null for none. */
  readonly consumer: string | null;
  readonly method: string;
  /** Path and query as they stand in the request line. */
  readonly path: string;
  readonly host: string | undefined;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string;
  readonly timeoutMs: number;
}

export interface TryCallAnswer {
  readonly requestId: string;
  /** Whose key was used; null when none was asked for. */
  readonly consumer: string | null;
  /** `project/name`. */
  readonly route: string;
  readonly status: number;
  /** Names in small letters, in their order. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string;
  readonly encoding: 'utf8' | 'base64';
  /** True when the body goes on. */
  readonly truncated: boolean;
  readonly ms: number;
}

/** Calls what the gateway serves, through its own listener. Raises problems of `core/try-call`. */
export interface TryCalls {
  call(request: TryCallRequest, actor: Actor, signal: AbortSignal): Promise<TryCallAnswer>;
}

/** Things an operator should look at; `confirm` lets a held change of the watched folder through. */
export interface Incidents {
  list(filter: IncidentFilter): Promise<readonly Incident[]>;
  confirm(id: string, actor: Actor): Promise<void>;
}

export interface Parts {
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly keys: Keys;
  readonly tryCalls: TryCalls;
  readonly audit: Pick<AuditTable, 'list'>;
  readonly calls: Pick<CallTable, 'search' | 'find' | 'totals' | 'totalsByRoute'>;
  readonly incidents: Incidents;
  /** Calls as they come in. */
  readonly liveCalls: Pick<LiveCalls, 'watch'>;
  readonly projects: () => Promise<readonly string[]>;
  readonly secureCookie: boolean;
  readonly resources: Resources;
  /** File of the watched folder a resource comes from, where known; missing when no folder is watched. */
  readonly fileOf?: (key: ResourceKey) => string | undefined;
  readonly runs: Pick<RunStore, 'get' | 'list' | 'logs'>;
  readonly runRequests: RunRequests;
  readonly probe: ConnectionProbe;
  readonly schedules: Pick<ScheduleStore, 'next'>;
  readonly plans: PipelinePlans;
  readonly drafts: Drafts;
  readonly sample: Sample;
  readonly registry: Registry;
  readonly catalogues: readonly ProblemCatalogue[];
  readonly publications: (projects: readonly string[] | undefined) => readonly PublishedApi[];
  /** Routes of the newest revision, those of data APIs among them, of every project. */
  readonly routes: () => readonly CompiledRoute[];
  readonly fleet: () => FleetStatus;
  /** What the gateways know of the targets of `project/name` in the newest revision; no target when it is not there. */
  readonly upstreamHealth: (project: string, name: string) => UpstreamSum;
  readonly doctor: (signal: AbortSignal) => Promise<readonly Finding[]>;
  /** Tells workers that a run waits. */
  readonly runsWaiting: () => void;
  /** What the operation of this id does; undefined when there is none. */
  readonly operationWords: (id: string) => Text | undefined;
  readonly version: string;
  /** Port of the gateway's listener; undefined when it is not fixed. */
  readonly gatewayPort: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}
