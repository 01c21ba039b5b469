/**
 * From one revision of a thread to the next, in small steps: what really differs, the instances made of it, the new maps.
 * Nothing here changes what serves. Each `yield` is a place to stop at, so that who drives this can serve requests in
 * between. In: what is held, and a delta. Out: the next revision, what left, and what could not be made.
 */
import { deserialize, serialize } from 'node:v8';
import { wordsOf } from '../base/problem.ts';
import type { Text } from '../base/text.ts';
import type { CompiledCertificate } from '../sdk/listener.ts';
import {
  type AnyEntry,
  type CompiledCredential,
  EMPTY_REVISION_HASH,
  type Entry,
  type EntryType,
  type EntryValues,
  type RevisionDelta,
  toggleEntry,
} from '../sdk/revision.ts';
import { type Held, type InstanceTools, type LivePlan, type LiveRoute, makePlan, makeRoute } from './instances.ts';
import { LayeredMap } from './layered-map.ts';
import { credentialKey, noMemory } from './revision-memory.ts';
import type { LiveRevision } from './revision-state.ts';
import type { Steps } from './steps.ts';

/** A delta whose entries beyond its own travel packed: reading all of them at once would take a thread's time. */
export interface DeltaOrder {
  readonly delta: RevisionDelta;
  readonly pieces: readonly Uint8Array[];
}

const PIECE_ENTRIES = 50;
/** Letters of the entries of a piece: certificates may make a listener's entry megabytes. */
const PIECE_LETTERS = 1_000_000;
const PIECE_CERTIFICATES = 8;

/** What a piece holds: entries, or certificates that belong to the listener of the piece before. */
type Piece = readonly AnyEntry[] | { readonly certificates: readonly CompiledCertificate[] };

/** A delta as it travels to threads; what is large is packed, once for all threads, into memory that they share. */
export function packDelta(delta: RevisionDelta): DeltaOrder {
  const pieces = cut(delta.put).flatMap(withoutCertificates);
  return pieces.length < 2 ? { delta, pieces: [] } : { delta: { ...delta, put: [] }, pieces: pieces.map(pack) };
}

/** One listener may have fifteen megabytes of certificates, which take a hundred milliseconds to read at once. */
function withoutCertificates(entries: readonly AnyEntry[]): Piece[] {
  const [entry] = entries;
  const tls = entry?.type === 'listener' && entries.length === 1 ? entry.value.tls : undefined;
  if (!tls || lettersOf(tls.certificates) < PIECE_LETTERS) return [entries];
  const bare = { ...entry, value: { ...entry!.value, tls: { ...tls, certificates: [] } } } as AnyEntry;
  const parts: Piece[] = [];
  for (let at = 0; at < tls.certificates.length; at += PIECE_CERTIFICATES)
    parts.push({ certificates: tls.certificates.slice(at, at + PIECE_CERTIFICATES) });
  return [[bare], ...parts];
}

/** Adds what a piece holds to the entries read so far. */
function unpack(piece: Uint8Array, all: AnyEntry[]): void {
  const held = deserialize(piece) as Piece;
  if (!('certificates' in held)) return void all.push(...held);
  const last = all.at(-1) as Entry<'listener'>;
  (last.value.tls!.certificates as CompiledCertificate[]).push(...held.certificates);
}

function cut(put: readonly AnyEntry[]): AnyEntry[][] {
  const pieces: AnyEntry[][] = [];
  let room = 0;
  for (const entry of put) {
    const letters = lettersOf(entry.value);
    const last = pieces.at(-1);
    if (last && last.length < PIECE_ENTRIES && letters <= room) last.push(entry);
    else {
      pieces.push([entry]);
      room = PIECE_LETTERS;
    }
    room -= letters;
  }
  return pieces;
}

function pack(held: Piece): Uint8Array {
  const bytes = serialize(held);
  const piece = new Uint8Array(new SharedArrayBuffer(bytes.length));
  piece.set(bytes);
  return piece;
}

/** All texts of a value together. */
function lettersOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let sum = 0;
  for (const part of Object.values(value)) sum += lettersOf(part);
  return sum;
}

/** What differs from what is held: a delta from 0 names everything, and most of it is known. */
export interface Change {
  readonly put: readonly AnyEntry[];
  readonly removed: readonly AnyEntry[];
  readonly hash: string;
  readonly to: number;
}

/** Reads a delta. The hash of one from 0 is reckoned anew, so that nothing that went wrong before stays in it. */
export function* planChange(entries: ReadonlyMap<string, AnyEntry>, { delta, pieces }: DeltaOrder, from: string): Steps<Change> {
  const all = [...delta.put];
  for (const piece of pieces) {
    unpack(piece, all);
    yield;
  }
  const named = new Set<string>();
  const put: AnyEntry[] = [];
  let hash = delta.from === 0 ? EMPTY_REVISION_HASH : from;
  for (const entry of all) {
    const held = entries.get(entry.key);
    named.add(entry.key);
    if (held?.hash !== entry.hash) put.push(entry);
    if (delta.from === 0) hash = toggleEntry(hash, entry.key, entry.hash);
    else if (held?.hash !== entry.hash) hash = replaced(hash, held, entry);
    yield;
  }
  const removed: AnyEntry[] = [];
  for (const key of delta.from === 0 ? entries.keys() : delta.remove) {
    const held = named.has(key) ? undefined : entries.get(key);
    if (!held) continue;
    removed.push(held);
    if (delta.from !== 0) hash = toggleEntry(hash, held.key, held.hash);
    yield;
  }
  return { put, removed, hash, to: delta.to };
}

function replaced(hash: string, held: AnyEntry | undefined, entry: AnyEntry): string {
  const without = held ? toggleEntry(hash, held.key, held.hash) : hash;
  return toggleEntry(without, entry.key, entry.hash);
}

/** What a change comes to. */
export interface NextRevision {
  readonly next: LiveRevision;
  /** Instances that serve no more. */
  readonly left: readonly Instance[];
  /** Reasons of entries that could not be made; entries that are well, or gone. */
  readonly failed: ReadonlyMap<string, Text>;
  readonly well: readonly string[];
}

interface Instance {
  readonly held: Held;
}

/** Makes the next revision. Instances are added to `made` as they are made: who gives up half-way retires them. */
export function* nextRevision(
  current: LiveRevision,
  change: Change,
  entries: ReadonlyMap<string, AnyEntry>,
  tools: InstanceTools,
  made: Instance['held'][],
): Steps<NextRevision> {
  const failed = new Map<string, Text>();
  const well: string[] = change.removed.map((entry) => entry.key);
  const maker = { change, failed, well, made };
  const routes = yield* changeInstances<LiveRoute, 'route'>(current.routes, 'route', maker, (value) => makeRoute(value, tools));
  const plans = yield* changeInstances<LivePlan, 'plan'>(current.plans, 'plan', maker, (value) => makePlan(value, tools));
  const edit = routes.map === current.routes ? undefined : current.router.edit();
  for (const route of edit ? routes.left : []) yield void edit!.remove(route);
  for (const route of edit ? routes.came : []) yield void edit!.put(route);
  const next: LiveRevision = Object.freeze({
    number: change.to,
    hash: change.hash,
    router: edit ? edit.finish() : current.router,
    routes: routes.map,
    plans: plans.map,
    consumers: yield* changedMap(current.consumers, 'consumer', change, entries, nameOf),
    credentials: yield* changedMap(current.credentials, 'credential', change, entries, (e) => credentialKey(e.value as CompiledCredential)),
    dataApis: yield* changedMap(current.dataApis, 'dataapi', change, entries, nameOf),
    upstreams: yield* changedMap(current.upstreams, 'upstream', change, entries, nameOf),
    listeners: yield* changedMap(current.listeners, 'listener', change, entries, nameOf),
    memory: noMemory(),
  });
  return { next, left: [...routes.left, ...plans.left], failed, well };
}

interface Maker {
  readonly change: Change;
  readonly failed: Map<string, Text>;
  readonly well: string[];
  readonly made: Instance['held'][];
}

interface InstanceChange<I> {
  readonly map: LayeredMap<I>;
  readonly left: readonly I[];
  readonly came: readonly I[];
}

/** Makes the changed instances of one type. One that cannot be made leaves the old one where it is. */
function* changeInstances<I extends Instance, K extends 'route' | 'plan'>(
  map: LayeredMap<I>,
  type: K,
  { change, failed, well, made }: Maker,
  make: (value: EntryValues[K]) => I,
): Steps<InstanceChange<I>> {
  const next = change.put.some((entry) => entry.type === type) || change.removed.some((entry) => entry.type === type) ? map.copy() : map;
  const came: I[] = [];
  const left: I[] = [];
  const leave = (name: string): void => {
    const old = next.get(name);
    if (old !== undefined) left.push(old);
    next.delete(name);
  };
  for (const entry of change.removed) if (entry.type === type) leave(nameOf(entry));
  for (const entry of change.put) {
    if (entry.type !== type) continue;
    try {
      const instance = make(entry.value as EntryValues[K]);
      made.push(instance.held);
      well.push(entry.key);
      leave(nameOf(entry));
      next.set(nameOf(entry), instance);
      came.push(instance);
    } catch (error) {
      failed.set(entry.key, wordsOf(error));
    }
    yield;
  }
  return came.length + left.length === 0 ? { map, left, came } : { map: next, left, came };
}

/** A copy with the changes of one type, or the same map when there are none. */
function* changedMap<K extends EntryType>(
  map: LayeredMap<EntryValues[K]>,
  type: K,
  { put, removed }: Change,
  entries: ReadonlyMap<string, AnyEntry>,
  keyOf: (entry: AnyEntry) => string,
): Steps<LayeredMap<EntryValues[K]>> {
  const changed = [...removed, ...put].filter((entry) => entry.type === type);
  if (changed.length === 0) return map;
  const next = map.copy();
  for (const entry of changed) {
    const held = entries.get(entry.key);
    if (held) next.delete(keyOf(held));
    yield;
  }
  for (const entry of put) if (entry.type === type) yield void next.set(keyOf(entry), entry.value as EntryValues[K]);
  return next;
}

/** `project/name` of an entry, from its key `type/project/name`. */
export function nameOf(entry: AnyEntry): string {
  return entry.key.slice(entry.key.indexOf('/') + 1);
}
