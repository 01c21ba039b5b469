/**
 * The last step of the control path: changed resources ─▶ compiled ─▶ (data APIs: checked) ─▶ revision n+1,
 * stored by its hashes and told to listeners. What cannot be compiled or checked leaves the last good
 * entries of its resource in place and says why.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { CompiledDataApi, DataApiChecker } from '../../sdk/dataapi.ts';
import { type AnyEntry, type CompiledConnection, entryKey, type RevisionDelta } from '../../sdk/revision.ts';
import type { Store } from '../../store/types.ts';
import { type CompileOutcome, type Compiler, createCompiler, type CompilerParts } from '../compile/compile.ts';
import type { LiveResource } from '../resources/catalog.ts';
import type { CheckEnvironment } from '../resources/check.ts';
import problems from '../resources/problems.ts';
import { createTurnQueue, type TurnQueue } from '../resources/queue.ts';
import { keyText } from '../resources/seal.ts';
import type { ResourceStatus } from '../resources/types.ts';
import { createCheckedApis } from './checked-apis.ts';
import { type CheckOutcome, type CheckRequest, type Checks, createChecks, type QueryLender } from './checks.ts';
import { credentialChanges, type CredentialScope } from './credentials.ts';
import { createLastServed } from './last-served.ts';
import { createLedger, type EntryChanges, type Hashes, type Ledger, type Role } from './ledger.ts';
import { createOwed } from './owed.ts';
import { createPlacer, distinct, replaced, withColumns } from './placer.ts';
import { createRecorder } from './recorder.ts';
import { createStandings, type Place, type PublishedDataApi, type Standing, type Standings, type Waiting } from './standings.ts';

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
  /** Compiles what changed and publishes it. `keys` are key texts. When the store fails, it is tried again later; never rejects. */
  changed(keys: Iterable<string>): Promise<void>;
  /** Takes in keys that were made, revoked or deleted. */
  refreshCredentials(scope?: CredentialScope): Promise<void>;
  /** Where a role at revision `from` with hash `knownHash` has to go. */
  deltaFor(role: Role, from: number, knownHash: string | undefined): RevisionDelta;
  /** What stands under `key` in the newest revision. */
  entry(key: string): AnyEntry | undefined;
  /** Ports of the listeners in the newest revision. */
  readonly listenerPorts: readonly number[];
  /** Calls back after each new revision; the answer stops it. */
  onRevision(listener: (news: RevisionNews) => void): () => void;
  /** Tries data APIs that wait for a connection or table again; called when a pipeline run ends. */
  retryPending(): void;
  /** What compiling and checking say of it; whether every thread has it yet, `placeOf` lets one find out. */
  statusOf(live: LiveResource): ResourceStatus;
  placeOf(live: LiveResource): Place;
  /** Data APIs that serve now, with their paths. */
  published(): readonly PublishedDataApi[];
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
  const turns = createTurnQueue(WAITING_MAX, () => problems.raise.busy({ values: { limit: WAITING_MAX } }));
  const listeners = new Set<(news: RevisionNews) => void>();
  const publish = async (changes: EntryChanges, stored?: string): Promise<void> => {
    const isNew = await recorder.record(changes, stored);
    standings.stands(ledger.number);
    if (!isNew) return;
    for (const listener of listeners) listener({ number: ledger.number, hashes: ledger.hashes });
  };
  const stage = createStage({ parts, compiler, ledger, standings, turns, publish });
  const owed = createOwed({
    clock,
    log,
    turn: (attempt) => turns.run(attempt),
    work: async (keys) => publish(await stage.compile(keys)),
  });
  const credentials = async (scope: CredentialScope): Promise<EntryChanges> =>
    credentialChanges(ledger, await store.credentials.list(scope), scope, clock.now());
  await turns.run(async () => {
    const compiled = await stage.compile([...parts.catalog.all()].map((live) => keyText(live.key)));
    await publish({ put: [...compiled.put, ...(await credentials({})).put], remove: [] }, last?.hash);
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
    changed: (keys) => owed.add(keys),
    refreshCredentials: (scope = {}) => turns.run(async () => publish(await credentials(scope))),
    deltaFor: (role, from, knownHash) => ledger.deltaFor(role, from, knownHash),
    entry: (key) => ledger.entry(key),
    get listenerPorts() {
      return ledger.listenerPorts;
    },
    onRevision(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    retryPending: () => stage.checks.retryNow(),
    statusOf: (live) => standings.statusOf(keyText(live.key), live.stored.version),
    placeOf: (live) => standings.placeOf(keyText(live.key)),
    published: () => standings.published(),
    async close() {
      listeners.clear();
      owed.close();
      await stage.checks.close();
    },
  };
}

const WAITING_MAX = 10_000;

interface Placed {
  readonly id: string;
  readonly outcome: CompileOutcome;
  readonly before: Standing | undefined;
  readonly after: Standing | undefined;
}

interface StageParts {
  readonly parts: PublisherParts;
  readonly compiler: Compiler;
  readonly ledger: Ledger;
  readonly standings: Standings;
  readonly turns: TurnQueue;
  publish(changes: EntryChanges): Promise<void>;
}

/** Between compiling and publishing: what each resource stands for now, and the checks that data APIs wait for. */
function createStage({ parts, compiler, ledger, standings, turns, publish }: StageParts): {
  checks: Checks;
  compile(keys: Iterable<string>): Promise<EntryChanges>;
} {
  const checkedApis = createCheckedApis(parts.store);
  let fresh = new Map<string, AnyEntry>();
  const connectionOf = (project: string, name: string): AnyEntry | undefined => {
    const key = entryKey('connection', project, name);
    return fresh.get(key) ?? ledger.entry(key);
  };
  const placer = createPlacer({ ...parts, compiler, checkedApis, lastServed: createLastServed(parts.store, parts.box), connectionOf });
  const checks = createChecks({
    ...parts,
    onOutcome: (request, outcome) => turns.run(() => takeOutcome(request, outcome)),
    onError: (error) => parts.log.error('the outcome of a data API check could not be taken in', { error: String(error) }),
  });
  return {
    checks,
    async compile(keys) {
      const outcomes = compiler.update(keys);
      fresh = new Map([...outcomes.values()].flatMap((outcome) => outcome.entries.map((entry) => [entry.key, entry] as const)));
      const placed: Placed[] = [];
      for (const [id, outcome] of outcomes) {
        const before = standings.get(id);
        placed.push({ id, outcome, before, after: await placer.place(id, outcome, before) });
      }
      // From here on nothing waits: all standings change together, or (a store that fails above) none.
      return settleAll(placed);
    },
  };

  function settleAll(placed: readonly Placed[]): EntryChanges {
    const put: AnyEntry[] = [];
    const remove: string[] = [];
    for (const { id, outcome, before, after } of placed) {
      if (after) standings.set(id, after);
      else standings.delete(id);
      if (after?.waiting) checks.request(requestOf(id, after.waiting, connectionOf(outcome.live!.key.project, outcome.check!.connection)!));
      else checks.cancel(id);
      if (!after && before?.checked)
        void checkedApis
          .forget(id)
          .catch((error: unknown) => parts.log.warn('the check of a deleted data API is still remembered', { id, error: String(error) }));
      const changes = replaced(before?.entries ?? [], after?.entries ?? []);
      put.push(...changes.put);
      remove.push(...changes.remove);
    }
    return { put, remove };
  }

  async function takeOutcome(request: CheckRequest, outcome: CheckOutcome): Promise<void> {
    const standing = standings.get(request.id);
    const waiting = standing?.waiting;
    if (!waiting || apiOf(waiting.entries) !== request.api) return; // A newer version took its place meanwhile.
    if (!outcome.ok) return standings.set(request.id, { ...standing, reason: outcome.reason });
    const { live, draft, connection } = waiting;
    const warnings = distinct([...waiting.warnings, ...outcome.warnings]);
    const checked = { version: live.stored.version, draft, connection, columns: outcome.api.columns, warnings };
    await checkedApis.put(request.id, checked);
    const entries = withColumns(waiting.entries, checked);
    const serving = live.stored.release;
    standings.set(request.id, { live, entries, serving, reason: undefined, warnings, state: 'ready', waiting: undefined, checked });
    await publish(replaced(standing.entries, entries));
  }
}

function apiOf(entries: readonly AnyEntry[]): CompiledDataApi {
  return entries.find((entry) => entry.type === 'dataapi')!.value as CompiledDataApi;
}

function requestOf(id: string, waiting: Waiting, connection: AnyEntry): CheckRequest {
  return { id, api: apiOf(waiting.entries), connection: connection.value as CompiledConnection };
}
