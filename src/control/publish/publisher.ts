/**
 * The last step of the control path: changed resources ─▶ compiled ─▶ (data APIs: checked) ─▶ revision n+1,
 * stored by its hashes and told to listeners. What cannot be compiled or checked leaves the last good
 * entries of its resource in place and says why.
 */
import type { Clock } from '../../base/clock.ts';
import { contentHash } from '../../base/json.ts';
import type { Log } from '../../base/log.ts';
import type { CompiledDataApi, DataApiChecker } from '../../sdk/dataapi.ts';
import { type AnyEntry, type CompiledConnection, entryKey, type RevisionDelta } from '../../sdk/revision.ts';
import type { Store } from '../../store/types.ts';
import { type CompileOutcome, createCompiler, type CompilerParts } from '../compile/compile.ts';
import { type LiveResource, readLive } from '../resources/catalog.ts';
import type { CheckEnvironment } from '../resources/check.ts';
import problems from '../resources/problems.ts';
import { createTurnQueue } from '../resources/queue.ts';
import { keyText } from '../resources/seal.ts';
import type { ResourceStatus } from '../resources/types.ts';
import { type CheckedApi, createCheckedApis } from './checked-apis.ts';
import { type CheckOutcome, type CheckRequest, createChecks, type QueryLender } from './checks.ts';
import { credentialChanges, type CredentialScope } from './credentials.ts';
import { createLedger, type EntryChanges, type Hashes, type Role } from './ledger.ts';
import { createRecorder } from './recorder.ts';
import { createStandings, type Standing } from './standings.ts';

export interface PublisherParts extends CompilerParts, CheckEnvironment {
  readonly store: Store;
  readonly checker: DataApiChecker;
  readonly lender: QueryLender;
  readonly clock: Clock;
  readonly log: Log;
}

/** A revision as listeners hear of it. */
export interface RevisionNews {
  readonly number: number;
  readonly hashes: Hashes;
}

export interface Publisher {
  readonly number: number;
  readonly hashes: Hashes;
  /** Compiles what changed and publishes it. `keys` are key texts. */
  changed(keys: Iterable<string>): Promise<void>;
  /** Takes in keys that were made, revoked or deleted. */
  refreshCredentials(scope?: CredentialScope): Promise<void>;
  /** Where a role at revision `from` with hash `knownHash` has to go. */
  deltaFor(role: Role, from: number, knownHash: string | undefined): RevisionDelta;
  /** Calls back after each new revision; the answer stops it. */
  onRevision(listener: (news: RevisionNews) => void): () => void;
  /** Tries data APIs that wait for a connection or table again; called when a pipeline run ends. */
  retryPending(): void;
  statusOf(live: LiveResource): ResourceStatus;
  /** Data APIs that serve now, with their paths. */
  published(): readonly { readonly api: CompiledDataApi; readonly path: string; readonly auth: readonly { readonly type: string; readonly config: Readonly<Record<string, unknown>> }[] }[];
  /** Resources compiled since the start. */
  readonly compiled: number;
  close(): Promise<void>;
}

/** Compiles all of the catalog, and answers once it stands as a revision. */
export async function openPublisher(parts: PublisherParts): Promise<Publisher> {
  const { store, clock, log } = parts;
  const compiler = createCompiler(parts);
  const last = await store.revisions.last();
  const ledger = createLedger(last?.number ?? 0);
  const recorder = createRecorder({ store, clock, log, ledger });
  const standings = createStandings();
  const checkedApis = createCheckedApis(store);
  const turns = createTurnQueue(10_000, () => problems.raise.busy({ values: { limit: 10_000 } }));
  const listeners = new Set<(news: RevisionNews) => void>();
  const publish = async (changes: EntryChanges, force?: string): Promise<void> => {
    if (!(await recorder.record(changes, force))) return;
    for (const listener of listeners) listener({ number: ledger.number, hashes: ledger.hashes });
  };
  const checks = createChecks({
    checker: parts.checker, lender: parts.lender, clock,
    onOutcome: (request, outcome) => turns.run(() => takeOutcome(request, outcome)),
    onError: (error) => log.error('the outcome of a data API check could not be taken in', { error: String(error) }),
  });
  const takeOutcome = async (request: CheckRequest, outcome: CheckOutcome): Promise<void> => {
    const standing = standings.get(request.id);
    const waiting = standing?.waiting;
    if (!standing || !waiting) return;
    if (!outcome.ok) {
      standings.set(request.id, { ...standing, reason: outcome.reason });
      return;
    }
    const { version, release } = waiting.live.stored;
    const warnings = [...new Set([...waiting.warnings, ...outcome.warnings])];
    const checked: CheckedApi = { version, draft: waiting.draft, connection: waiting.connection, columns: outcome.api.columns, warnings };
    await checkedApis.put(request.id, checked);
    const entries = withColumns(waiting.entries, checked);
    await publish(replaced(standing.entries, entries));
    standings.set(request.id, { live: waiting.live, entries, serving: release, reason: '', warnings, state: 'ready', waiting: undefined, checked });
  };
  const place = async (text: string, outcome: CompileOutcome, starting: boolean): Promise<EntryChanges> => {
    const before = standings.get(text);
    const after = await standingAfter(text, outcome, before, starting);
    if (after) standings.set(text, after);
    else standings.delete(text);
    if (after?.waiting) checks.request(requestOf(text, after.waiting.entries, outcome, connectionOf));
    else checks.cancel(text);
    return replaced(before?.entries ?? [], after?.entries ?? []);
  };
  let fresh = new Map<string, AnyEntry>();
  const connectionOf = (project: string, name: string): AnyEntry | undefined => {
    const key = entryKey('connection', project, name);
    return fresh.get(key) ?? ledger.entry(key);
  };
  const standingAfter = async (text: string, outcome: CompileOutcome, before: Standing | undefined, starting: boolean): Promise<Standing | undefined> => {
    const { live, entries, failure, warnings, check } = outcome;
    if (!live) return undefined;
    const base = { live, warnings, reason: failure, waiting: undefined, checked: before?.checked };
    if (!live.stored.enabled) return { ...base, entries, serving: undefined, reason: '', state: 'disabled' };
    if (!check) {
      if (failure === '' || entries.length > 0) return { ...base, entries, serving: live.stored.release, state: failure === '' ? 'ready' : 'failed' };
      const good = before ?? (starting ? await lastGood(text, live) : undefined);
      return { ...base, entries: good?.entries ?? [], serving: good?.serving, checked: good?.checked, state: 'failed' };
    }
    const draft = entries.find((entry) => entry.type === 'dataapi')!.hash;
    const connection = connectionOf(live.key.project, check.connection)?.hash ?? '';
    const checked = before?.checked ?? (await checkedApis.get(text));
    const waiting = { live, entries, draft, connection, warnings };
    if (checked?.draft !== draft) {
      const good = before ?? (starting ? await lastGood(text, live) : undefined);
      return { ...base, checked: good?.checked, entries: good?.entries ?? [], serving: good?.serving, state: 'pending', reason: WAITS, waiting };
    }
    const serving = { ...base, checked, entries: withColumns(entries, checked), serving: live.stored.release, warnings: [...new Set([...warnings, ...checked.warnings])] };
    // The API is as it was checked; only its connection is another: it serves on while that is tried.
    return checked.connection === connection ? { ...serving, state: 'ready' } : { ...serving, state: 'pending', reason: WAITS, waiting };
  };
  /** The version that was checked last, compiled again: what served before this process started. */
  const lastGood = async (text: string, live: LiveResource): Promise<Pick<Standing, 'entries' | 'serving' | 'checked'> | undefined> => {
    const checked = await checkedApis.get(text);
    const old = checked && (await store.resources.historyEntry(live.key, checked.version));
    if (!old || old.change === 'deleted') return undefined;
    const outcome = compiler.compileAside(readLive({ ...live.stored, ...old, enabled: true }, parts));
    if (outcome.entries.find((entry) => entry.type === 'dataapi')?.hash !== checked.draft) return undefined;
    return { entries: withColumns(outcome.entries, checked), serving: old.release, checked };
  };
  const compileAll = async (keys: Iterable<string>, starting: boolean): Promise<EntryChanges> => {
    const outcomes = compiler.update(keys);
    fresh = new Map([...outcomes.values()].flatMap((outcome) => outcome.entries.map((entry) => [entry.key, entry] as const)));
    const all: EntryChanges[] = [];
    for (const [text, outcome] of outcomes) all.push(await place(text, outcome, starting));
    return { put: all.flatMap((changes) => changes.put), remove: all.flatMap((changes) => changes.remove) };
  };
  await turns.run(async () => {
    const compiled = await compileAll([...parts.catalog.all()].map((live) => keyText(live.key)), true);
    const credentials = credentialChanges(ledger, await store.credentials.list({}), {}, clock.now());
    await publish({ put: [...compiled.put, ...credentials.put], remove: [] }, last?.hash);
  });
  return {
    get number() {
      return ledger.number;
    },
    get hashes() {
      return ledger.hashes;
    },
    get compiled() {
      return compiler.compiled;
    },
    changed: (keys) => turns.run(async () => publish(await compileAll(keys, false))),
    refreshCredentials: (scope = {}) =>
      turns.run(async () => publish(credentialChanges(ledger, await store.credentials.list(scope), scope, clock.now()))),
    deltaFor: (role, from, knownHash) => ledger.deltaFor(role, from, knownHash),
    onRevision(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    retryPending: () => checks.retryNow(),
    statusOf: (live) => standings.statusOf(keyText(live.key)),
    published: () => standings.published(),
    async close() {
      listeners.clear();
      await checks.close();
    },
  };
}

const WAITS = 'is being checked on its connection';

/** Entries to put, and those of before that are not among them. */
function replaced(before: readonly AnyEntry[], after: readonly AnyEntry[]): EntryChanges {
  const kept = new Set(after.map((entry) => entry.key));
  return { put: after, remove: before.map((entry) => entry.key).filter((key) => !kept.has(key)) };
}

/** The API's entry with the columns its connection described. */
function withColumns(entries: readonly AnyEntry[], checked: CheckedApi): AnyEntry[] {
  return entries.map((entry) => {
    if (entry.type !== 'dataapi') return entry;
    const columns = checked.columns;
    return Object.freeze({ ...entry, hash: contentHash([entry.hash, columns.map((column) => ({ ...column }))]), value: { ...entry.value, columns } });
  });
}

function requestOf(id: string, entries: readonly AnyEntry[], outcome: CompileOutcome, connectionOf: (project: string, name: string) => AnyEntry | undefined): CheckRequest {
  const api = entries.find((entry) => entry.type === 'dataapi')!.value as CompiledDataApi;
  const connection = connectionOf(api.project, outcome.check!.connection)!.value as CompiledConnection;
  return { id, api, connection };
}
