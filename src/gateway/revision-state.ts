/**
 * The revision one gateway thread serves, and how it moves to the next (DESIGN D5).
 *
 *   delta ─▶ instantiate what changed ─▶ new frozen `LiveRevision` ─▶ swap one pointer ─▶ retire what left
 *
 * An entry that cannot be instantiated keeps its last good instance, and its reason is reported; the rest
 * of the delta is applied. An exchange keeps the revision it began with. A big change is made in steps
 * (revision-turns.ts) while the revision before it serves.
 */
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
  type RevisionDelta,
} from '../sdk/revision.ts';
import type { InstanceTools, LivePlan, LiveRoute } from './instances.ts';
import { LayeredMap } from './layered-map.ts';
import { type Change, type DeltaOrder, nameOf, nextRevision, type NextRevision, planChange } from './revision-change.ts';
import { findCredential, noMemory, type RevisionMemory } from './revision-memory.ts';
import { createRouter, type Router } from './router.ts';
import { finish, type Steps } from './steps.ts';

/** All that requests read; never changed once it serves. Keys are `project/name` unless said otherwise. */
export interface LiveRevision {
  readonly number: number;
  readonly hash: string;
  readonly router: Router<LiveRoute>;
  /** Routes that serve. */
  readonly routes: LayeredMap<LiveRoute>;
  readonly consumers: LayeredMap<CompiledConsumer>;
  readonly plans: LayeredMap<LivePlan>;
  /** By `project type sha256`. */
  readonly credentials: LayeredMap<CompiledCredential>;
  readonly dataApis: LayeredMap<CompiledDataApi>;
  readonly upstreams: LayeredMap<CompiledUpstream>;
  readonly listeners: LayeredMap<CompiledListener>;
  /** What was looked up in this revision; see revision-memory.ts. */
  readonly memory: RevisionMemory;
}

export type Applied = { readonly ok: true } | { readonly ok: false; readonly reason: 'out-of-order' | 'diverged' };

export interface RevisionState {
  readonly current: LiveRevision;
  /**
   * Moves to the delta's revision at once. `out-of-order` (nothing was changed) and `diverged` (what is held is not
   * what control holds) ask for a delta from 0.
   */
  apply(delta: RevisionDelta): Applied;
  /**
   * The same in steps: the revision before serves until the last one, and giving up (`return`) leaves nothing behind.
   * Only one at a time.
   */
  begin(order: DeltaOrder): Steps<Applied>;
  /** Entries whose newest value could not be instantiated. */
  failed(): ThreadState['failed'];
}

export interface RevisionStateOptions {
  readonly tools: Omit<InstanceTools, 'credential'>;
  /** Told what changed or came before the swap, bit by bit; what left after it. */
  onUpstreams(changed: readonly CompiledUpstream[], removed: readonly string[]): void;
  /**
   * What is to be done after the swap for one listener that is opened or changed, or for the name of one that is closed. Whoever
   * overtakes the change does the rest of it, in its own steps.
   */
  onListener?(changed: CompiledListener | undefined, removed: string | undefined): Steps<void>;
}

/** Makes the state of a thread that serves nothing yet. */
export function createRevisionState(options: RevisionStateOptions): RevisionState {
  const entries = new Map<string, AnyEntry>();
  const failures = new Map<string, Text>();
  /** What listeners were not told of yet; outlives a change that is overtaken. */
  const owed: Steps<void>[] = [];
  const tools: InstanceTools = {
    ...options.tools,
    credential: (project, type, sha256) => findCredential(state.current, project, type, sha256),
  };
  const commit = (change: Change, { next, failed, well }: NextRevision): void => {
    state.current = next;
    for (const entry of change.removed) entries.delete(entry.key);
    for (const entry of change.put) entries.set(entry.key, entry);
    for (const key of well) failures.delete(key);
    for (const [key, reason] of failed) failures.set(key, reason);
    const removed = change.removed.flatMap((entry) => (entry.type === 'upstream' ? [nameOf(entry)] : []));
    if (removed.length > 0) options.onUpstreams([], removed);
  };
  function* begin(order: DeltaOrder): Steps<Applied> {
    const { delta } = order;
    if (delta.from !== 0 && delta.from !== state.current.number) return { ok: false, reason: 'out-of-order' };
    const made: LiveRoute['held'][] = [];
    const told: AnyEntry[] = [];
    let left: NextRevision['left'] = [];
    let isDone = false;
    try {
      const change = yield* planChange(entries, order, state.current.hash);
      const step = yield* nextRevision(state.current, change, entries, tools, made);
      for (const entry of change.put) {
        if (entry.type !== 'upstream') continue;
        told.push(entry);
        options.onUpstreams([entry.value], []);
        yield;
      }
      isDone = true;
      commit(change, step);
      left = step.left;
      owed.push(...listenerChanges(change, options));
      for (; owed.length > 0; yield) if (owed[0]!.next().done) owed.shift();
      for (const { held } of left) yield void held.retire();
    } finally {
      if (isDone) for (const { held } of left) held.retire();
      else giveUp(made, told, entries, options);
    }
    return state.current.hash === delta.hash ? { ok: true } : { ok: false, reason: 'diverged' };
  }
  // A field and no getter: each call reads it, and an object literal with a getter is a slow dictionary to the engine.
  const state = {
    current: emptyRevision(),
    failed: () => [...failures].map(([key, reason]) => ({ key, reason })),
    begin,
    apply: (delta: RevisionDelta) => finish(begin({ delta, pieces: [] })),
  };
  return state;
}

/** Closes what was made for a change that will not be, and tells pools again what is held. */
function giveUp(
  made: readonly LiveRoute['held'][],
  told: readonly AnyEntry[],
  entries: ReadonlyMap<string, AnyEntry>,
  { onUpstreams }: Pick<RevisionStateOptions, 'onUpstreams'>,
): void {
  for (const held of made) held.retire();
  for (const { key } of told) {
    const held = entries.get(key);
    if (held?.type === 'upstream') onUpstreams([held.value], []);
    else onUpstreams([], [key.slice(key.indexOf('/') + 1)]);
  }
}

/** What there is to tell of listeners, first of those that go: one that comes may want their address. Opening one may take milliseconds. */
function listenerChanges({ put, removed }: Change, { onListener }: RevisionStateOptions): Steps<void>[] {
  if (!onListener) return [];
  const gone = removed.flatMap((entry) => (entry.type === 'listener' ? [onListener(undefined, entry.value.name)] : []));
  const changed = put.flatMap((entry) => (entry.type === 'listener' ? [onListener(entry.value, undefined)] : []));
  return [...gone, ...changed];
}

function emptyRevision(): LiveRevision {
  return Object.freeze({
    number: 0,
    hash: EMPTY_REVISION_HASH,
    router: createRouter<LiveRoute>(),
    routes: new LayeredMap<LiveRoute>(),
    consumers: new LayeredMap<CompiledConsumer>(),
    plans: new LayeredMap<LivePlan>(),
    credentials: new LayeredMap<CompiledCredential>(),
    dataApis: new LayeredMap<CompiledDataApi>(),
    upstreams: new LayeredMap<CompiledUpstream>(),
    listeners: new LayeredMap<CompiledListener>(),
    memory: noMemory(),
  });
}
