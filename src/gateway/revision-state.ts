/**
 * The revision one gateway thread serves, and how it moves to the next (DESIGN D5).
 *
 *   delta ─▶ instantiate what changed ─▶ new frozen `LiveRevision` ─▶ swap one pointer ─▶ retire what left
 *
 * An entry that cannot be instantiated keeps its last good instance, and its reason is reported; the rest
 * of the delta is applied. An exchange keeps the revision it began with.
 */
import { wordsOf } from '../base/problem.ts';
import type { Text } from '../base/text.ts';
import type { ThreadState } from '../sdk/channel.ts';
import type { CompiledDataApi } from '../sdk/dataapi.ts';
import {
  type AnyEntry,
  type CompiledConsumer,
  type CompiledCredential,
  type CompiledListener,
  type CompiledUpstream,
  EMPTY_REVISION_HASH,
  type EntryType,
  type EntryValues,
  type RevisionDelta,
  toggleEntry,
} from '../sdk/revision.ts';
import { type InstanceTools, type LivePlan, type LiveRoute, makePlan, makeRoute } from './instances.ts';
import { credentialKey, findCredential, noMemory, type RevisionMemory } from './revision-memory.ts';
import { createRouter, type Router } from './router.ts';

/** All that requests read; never changed once it serves. Keys are `project/name` unless said otherwise. */
export interface LiveRevision {
  readonly number: number;
  readonly hash: string;
  readonly router: Router<LiveRoute>;
  /** Routes that serve. */
  readonly routes: ReadonlyMap<string, LiveRoute>;
  readonly consumers: ReadonlyMap<string, CompiledConsumer>;
  readonly plans: ReadonlyMap<string, LivePlan>;
  /** By `project type sha256`. */
  readonly credentials: ReadonlyMap<string, CompiledCredential>;
  readonly dataApis: ReadonlyMap<string, CompiledDataApi>;
  readonly upstreams: ReadonlyMap<string, CompiledUpstream>;
  readonly listeners: ReadonlyMap<string, CompiledListener>;
  /** What was looked up in this revision; see revision-memory.ts. */
  readonly memory: RevisionMemory;
}

export type Applied = { readonly ok: true } | { readonly ok: false; readonly reason: 'out-of-order' | 'diverged' };

export interface RevisionState {
  readonly current: LiveRevision;
  /**
   * Moves to the delta's revision. `out-of-order` (nothing was changed) and `diverged` (what is held is not
   * what control holds) ask for a delta from 0.
   */
  apply(delta: RevisionDelta): Applied;
  /** Entries whose newest value could not be instantiated. */
  failed(): ThreadState['failed'];
}

export interface RevisionStateOptions {
  readonly tools: Omit<InstanceTools, 'credential'>;
  /** Told after the swap, so that pools follow. */
  onUpstreams(changed: readonly CompiledUpstream[], removed: readonly string[]): void;
  /** Told after the swap: listeners to open or change, names of those to close. */
  onListeners?(changed: readonly CompiledListener[], removed: readonly string[]): void;
}

/** Makes the state of a thread that serves nothing yet. */
export function createRevisionState(options: RevisionStateOptions): RevisionState {
  const entries = new Map<string, AnyEntry>();
  const failures = new Map<string, Text>();
  let current = emptyRevision();
  const tools: InstanceTools = {
    ...options.tools,
    credential: (project, type, sha256) => findCredential(current, project, type, sha256),
  };
  return {
    get current() {
      return current;
    },
    failed: () => [...failures].map(([key, reason]) => ({ key, reason })),
    apply(delta) {
      if (delta.from !== 0 && delta.from !== current.number) return { ok: false, reason: 'out-of-order' };
      const change = planChange(entries, delta);
      const step = buildStep(current, change, entries, failures, tools);
      const before = current;
      current = step.next;
      for (const entry of change.removed) entries.delete(entry.key);
      for (const entry of change.put) entries.set(entry.key, entry);
      for (const retired of step.retired) retired.held.retire();
      notifyUpstreams(before, current, change, options);
      notifyListeners(before, current, change, options);
      return current.hash === delta.hash ? { ok: true } : { ok: false, reason: 'diverged' };
    },
  };
}

interface Change {
  readonly put: readonly AnyEntry[];
  readonly removed: readonly AnyEntry[];
  readonly hash: (from: string) => string;
  readonly to: number;
}

/** What really differs from what is held: a delta from 0 names everything, and most of it is known. */
function planChange(entries: ReadonlyMap<string, AnyEntry>, delta: RevisionDelta): Change {
  const put = delta.put.filter((entry) => entries.get(entry.key)?.hash !== entry.hash);
  const named = new Set(delta.put.map((entry) => entry.key));
  const gone = delta.from === 0 ? [...entries.keys()].filter((key) => !named.has(key)) : delta.remove;
  const removed = gone.flatMap((key) => (named.has(key) ? [] : (entries.get(key) ?? [])));
  const hash = (from: string): string => {
    let sum = from;
    for (const entry of [...removed, ...put]) {
      const held = entries.get(entry.key);
      if (held) sum = toggleEntry(sum, held.key, held.hash);
    }
    for (const entry of put) sum = toggleEntry(sum, entry.key, entry.hash);
    return sum;
  };
  return { put, removed, hash, to: delta.to };
}

interface Step {
  readonly next: LiveRevision;
  readonly retired: readonly { readonly held: { retire(): void } }[];
}

function buildStep(
  current: LiveRevision,
  change: Change,
  entries: ReadonlyMap<string, AnyEntry>,
  failures: Map<string, Text>,
  tools: InstanceTools,
): Step {
  const routes = changeInstances<LiveRoute, 'route'>(current.routes, 'route', change, failures, (value) => makeRoute(value, tools));
  const plans = changeInstances<LivePlan, 'plan'>(current.plans, 'plan', change, failures, (value) => makePlan(value, tools));
  const next: LiveRevision = Object.freeze({
    number: change.to,
    hash: change.hash(current.hash),
    router: routes.map === current.routes ? current.router : current.router.withChanges(routes.left, routes.came),
    routes: routes.map,
    plans: plans.map,
    consumers: changedMap(current.consumers, 'consumer', change, entries, nameOf),
    credentials: changedMap(current.credentials, 'credential', change, entries, (e) => credentialKey(e.value as CompiledCredential)),
    dataApis: changedMap(current.dataApis, 'dataapi', change, entries, nameOf),
    upstreams: changedMap(current.upstreams, 'upstream', change, entries, nameOf),
    listeners: changedMap(current.listeners, 'listener', change, entries, nameOf),
    memory: noMemory(),
  });
  return { next, retired: [...routes.left, ...plans.left] };
}

interface InstanceChange<I> {
  readonly map: ReadonlyMap<string, I>;
  readonly left: readonly I[];
  readonly came: readonly I[];
}

/** Makes the changed instances of one type. One that cannot be made leaves the old one where it is, and its reason in `failures`. */
function changeInstances<I, K extends 'route' | 'plan'>(
  map: ReadonlyMap<string, I>,
  type: K,
  change: Change,
  failures: Map<string, Text>,
  make: (value: EntryValues[K]) => I,
): InstanceChange<I> {
  const next = new Map(map);
  const came: I[] = [];
  const left: I[] = [];
  const leave = (name: string): void => {
    const old = next.get(name);
    if (old !== undefined) left.push(old);
    next.delete(name);
  };
  for (const entry of change.removed) {
    failures.delete(entry.key);
    if (entry.type === type) leave(nameOf(entry));
  }
  for (const entry of change.put) {
    if (entry.type !== type) continue;
    try {
      const instance = make(entry.value as EntryValues[K]);
      failures.delete(entry.key);
      leave(nameOf(entry));
      next.set(nameOf(entry), instance);
      came.push(instance);
    } catch (error) {
      failures.set(entry.key, wordsOf(error));
    }
  }
  return came.length + left.length === 0 ? { map, left, came } : { map: next, left, came };
}

/** A copy with the changes of one type, or the same map when there are none. */
function changedMap<K extends EntryType>(
  map: ReadonlyMap<string, EntryValues[K]>,
  type: K,
  change: Change,
  entries: ReadonlyMap<string, AnyEntry>,
  keyOf: (entry: AnyEntry) => string,
): ReadonlyMap<string, EntryValues[K]> {
  const put = change.put.filter((e) => e.type === type);
  const removed = change.removed.filter((e) => e.type === type);
  if (put.length + removed.length === 0) return map;
  const next = new Map(map);
  for (const entry of [...removed, ...put]) {
    const held = entries.get(entry.key);
    if (held) next.delete(keyOf(held));
  }
  for (const entry of put) next.set(keyOf(entry), entry.value as EntryValues[K]);
  return next;
}

function notifyUpstreams(before: LiveRevision, now: LiveRevision, change: Change, options: RevisionStateOptions): void {
  if (before.upstreams === now.upstreams) return;
  const changed = change.put.flatMap((e) => (e.type === 'upstream' ? [e.value] : []));
  const removed = change.removed.flatMap((e) => (e.type === 'upstream' ? [nameOf(e)] : []));
  options.onUpstreams(changed, removed);
}

function notifyListeners(before: LiveRevision, now: LiveRevision, change: Change, options: RevisionStateOptions): void {
  if (before.listeners === now.listeners) return;
  const changed = change.put.flatMap((e) => (e.type === 'listener' ? [e.value] : []));
  const removed = change.removed.flatMap((e) => (e.type === 'listener' ? [e.value.name] : []));
  options.onListeners?.(changed, removed);
}

/** `project/name` of an entry, from its key `type/project/name`. */
function nameOf(entry: AnyEntry): string {
  return entry.key.slice(entry.key.indexOf('/') + 1);
}

function emptyRevision(): LiveRevision {
  return Object.freeze({
    number: 0,
    hash: EMPTY_REVISION_HASH,
    router: createRouter<LiveRoute>(),
    routes: new Map(),
    consumers: new Map(),
    plans: new Map(),
    credentials: new Map(),
    dataApis: new Map(),
    upstreams: new Map(),
    listeners: new Map(),
    memory: noMemory(),
  });
}
