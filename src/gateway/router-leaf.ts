/**
 * The routes of one exact path pattern of a router, and which of them takes a request: those with conditions first (more
 * before fewer), then by method. Conditions on one value of a header, cookie or query parameter are found by that value, so
 * thousands of tenants on one path cost no more than one.
 */
import { compileConditions, countConditions, type LiveCondition, type RouteFacts } from '../sdk/route-conditions.ts';
import type { RouteMatch, PathPattern } from '../sdk/route-pattern.ts';

/** What the router needs of a route; the gateway's own compiled route has more. */
export interface Routable extends RouteMatch {
  /** `project/name`: unique; of two routes that conflict the smaller one wins. */
  readonly id: string;
}

export interface Entry<R> {
  readonly route: R;
  readonly pattern: PathPattern;
  readonly conditions: readonly LiveCondition[];
}

/** `edit` names the change that made it and may still write to it; a finished change owns nothing. */
export interface Leaf<R> {
  readonly edit: object;
  any: readonly Entry<R>[];
  readonly byMethod: Map<string, readonly Entry<R>[]>;
  conditional: Conditional<R> | undefined;
}

interface Conditional<R> {
  readonly edit: object;
  /** By what is looked at (a header, cookie, parameter of one name), then by its value. */
  readonly byField: Map<string, FieldIndex<R>>;
  others: readonly Entry<R>[];
}
interface FieldIndex<R> {
  readonly edit: object;
  readonly read: (facts: RouteFacts) => string | undefined;
  readonly byValue: Map<string, readonly Entry<R>[]>;
}

/** Makes an entry; the conditions of a route are compiled once for all its patterns. */
export function entryOf<R extends Routable>(route: R, pattern: PathPattern): Entry<R> {
  return { route, pattern, conditions: countConditions(route) === 0 ? NONE : conditionsOf(route) };
}
const NONE: readonly LiveCondition[] = [];

const compiled = new WeakMap<object, readonly LiveCondition[]>();
function conditionsOf(route: Routable): readonly LiveCondition[] {
  let known = compiled.get(route);
  if (!known) compiled.set(route, (known = compileConditions(route)));
  return known;
}

/** The entry that takes the request; `allow` collects the methods of those that only the method keeps from it. */
export function pick<R extends Routable>(
  leaf: Leaf<R>,
  method: string,
  facts: RouteFacts,
  allow: Set<string> | undefined,
): Entry<R> | undefined {
  const special = leaf.conditional && pickConditional(leaf.conditional, method, facts, allow);
  if (special) return special;
  const named = leaf.byMethod.get(method) ?? (method === 'HEAD' ? leaf.byMethod.get('GET') : undefined);
  const entry = named?.[0] ?? leaf.any[0];
  if (entry || !allow) return entry;
  for (const name of leaf.byMethod.keys()) allowMethod(allow, name);
  return undefined;
}

function pickConditional<R extends Routable>(
  { byField, others }: Conditional<R>,
  method: string,
  facts: RouteFacts,
  allow: Set<string> | undefined,
): Entry<R> | undefined {
  let best = better(undefined, others, method, facts, allow);
  for (const { read, byValue } of byField.values()) {
    const value = read(facts);
    const list = value === undefined ? undefined : byValue.get(value);
    if (list) best = better(best, list, method, facts, allow);
  }
  return best;
}

/** The best of `best` and what of `list`, which is sorted, takes the request. */
function better<R extends Routable>(
  best: Entry<R> | undefined,
  list: readonly Entry<R>[],
  method: string,
  facts: RouteFacts,
  allow: Set<string> | undefined,
): Entry<R> | undefined {
  for (const entry of list) {
    if (best && entry.conditions.length < best.conditions.length) break;
    const rank = methodRank(entry.route.methods, method);
    if (rank === 0 && !allow) continue;
    if (!entry.conditions.every((condition) => condition.holds(facts))) continue;
    if (rank === 0) for (const name of entry.route.methods) allowMethod(allow!, name);
    else if (!best || precedes(entry, best, method)) best = entry;
  }
  return best;
}

function precedes<R extends Routable>(a: Entry<R>, b: Entry<R>, method: string): boolean {
  if (a.conditions.length !== b.conditions.length) return a.conditions.length > b.conditions.length;
  const ranks = methodRank(a.route.methods, method) - methodRank(b.route.methods, method);
  return ranks === 0 ? a.route.id < b.route.id : ranks < 0;
}

/** 1 named, 2 HEAD by GET, 3 any; 0 when the method is not taken. */
function methodRank(methods: readonly string[], method: string): 0 | 1 | 2 | 3 {
  if (methods.length === 0) return 3;
  if (methods.includes(method)) return 1;
  return method === 'HEAD' && methods.includes('GET') ? 2 : 0;
}

function allowMethod(allow: Set<string>, name: string): void {
  allow.add(name);
  if (name === 'GET') allow.add('HEAD');
}

/** The leaf with `entry` put in or taken out; undefined when nothing is left. Writes only to what `edit` owns. */
export function changeLeaf<R extends Routable>(
  leaf: Leaf<R> | undefined,
  entry: Entry<R>,
  edit: object,
  put: boolean,
): Leaf<R> | undefined {
  const next: Leaf<R> =
    leaf?.edit === edit ? leaf : { edit, any: leaf?.any ?? [], byMethod: new Map(leaf?.byMethod), conditional: leaf?.conditional };
  if (entry.conditions.length > 0) next.conditional = changeConditional(next.conditional, entry, edit, put);
  else if (entry.route.methods.length === 0) next.any = changeList(next.any, entry, put);
  else for (const method of new Set(entry.route.methods)) changeIn(next.byMethod, method, entry, put);
  return next.any.length === 0 && next.byMethod.size === 0 && !next.conditional ? undefined : next;
}

function changeConditional<R extends Routable>(
  was: Conditional<R> | undefined,
  entry: Entry<R>,
  edit: object,
  put: boolean,
): Conditional<R> | undefined {
  const next: Conditional<R> = was?.edit === edit ? was : { edit, byField: new Map(was?.byField), others: was?.others ?? [] };
  const field = entry.conditions.find((condition) => condition.field)?.field;
  if (!field) next.others = changeList(next.others, entry, put);
  else {
    const index = next.byField.get(field.key);
    const own = index?.edit === edit ? index : { edit, read: field.read, byValue: new Map(index?.byValue) };
    changeIn(own.byValue, field.value, entry, put);
    if (own.byValue.size > 0) next.byField.set(field.key, own);
    else next.byField.delete(field.key);
  }
  return next.byField.size === 0 && next.others.length === 0 ? undefined : next;
}

function changeIn<R extends Routable>(map: Map<string, readonly Entry<R>[]>, key: string, entry: Entry<R>, put: boolean): void {
  const list = changeList(map.get(key) ?? [], entry, put);
  if (list.length > 0) map.set(key, list);
  else map.delete(key);
}

/** Sorted: more conditions first, then by id. */
function changeList<R extends Routable>(list: readonly Entry<R>[], entry: Entry<R>, put: boolean): readonly Entry<R>[] {
  const others = list.filter((e) => e.route.id !== entry.route.id);
  if (!put) return others;
  const at = others.findIndex((e) => isBefore(entry, e));
  others.splice(at < 0 ? others.length : at, 0, entry);
  return others;
}

function isBefore<R extends Routable>(a: Entry<R>, b: Entry<R>): boolean {
  if (a.conditions.length !== b.conditions.length) return a.conditions.length > b.conditions.length;
  return a.route.id < b.route.id;
}
