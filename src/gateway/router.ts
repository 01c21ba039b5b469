/**
 * Which route a request belongs to: an immutable trie over path segments, one per priority and host pattern.
 * In: host, path, method, and the facts conditions ask for. Out: the route with its parameters, or 404, 405 with `Allow`,
 * or a refused path. The cost depends on the path's length, not on the number of routes (regular expressions that begin
 * with the same literals are tried one after another). `withChanges` copies only the nodes on the changed paths, so a
 * route can change under load. Rules of precedence: sdk/route-pattern.ts.
 */
import { Told } from '../base/problem.ts';
import { type Text } from '../base/text.ts';
import { PATH_STEPS_MAX, regexPath } from '../sdk/path-regex.ts';
import { normaliseHost, type PathFault, readRequestPath, type RequestPath } from '../sdk/request-path.ts';
import type { RouteFacts } from '../sdk/route-conditions.ts';
import { encodeSegment, parseHostPattern, parsePathPattern, type PathPattern, type Rewrite } from '../sdk/route-pattern.ts';
import { LayeredMap } from './layered-map.ts';
import { changeLeaf, type Entry, entryOf, type Leaf, pick, type Routable } from './router-leaf.ts';

export type { Routable } from './router-leaf.ts';

export type RouteFound<R> =
  | { readonly kind: 'found'; readonly route: R; readonly pattern: PathPattern; readonly path: RequestPath }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'method-not-allowed'; readonly allow: readonly string[] }
  | { readonly kind: 'refused'; readonly fault: PathFault };

export interface Router<R extends Routable> {
  /** Matches; `host` and `path` as they came (port, case, percent-encoding), `path` without the query. */
  match(host: string, path: string, method: string, facts: RouteFacts): RouteFound<R>;
  /** A router with `remove` taken out and `put` set in; this one stays as it is. Throws on a pattern that does not parse. */
  withChanges(remove: readonly R[], put: readonly R[]): Router<R>;
  /** The same one route at a time: first those to take out, then those to set in. */
  edit(): RouterEdit<R>;
}

/** A router in the making. */
export interface RouterEdit<R extends Routable> {
  remove(route: R): void;
  put(route: R): void;
  /** The router with all of it; nothing can be changed then. */
  finish(): Router<R>;
}

/** `edit` names the change that made the node and may still write to it; a finished change owns nothing. */
interface Node<R> {
  edit: object;
  literals: LayeredMap<Node<R>>;
  parameter: Node<R> | undefined;
  end: Leaf<R> | undefined;
  rest: Leaf<R> | undefined;
  /** Expressions that begin with the literals down to here; the longer text first. */
  regexes: readonly RegexSlot<R>[];
  /** Of a root: how many expressions stand in its tree. */
  regexesBelow: number;
}
interface RegexSlot<R> {
  readonly pattern: PathPattern;
  readonly leaf: Leaf<R>;
}
interface Hosts<R> {
  readonly exact: LayeredMap<Node<R>>;
  readonly wildcard: LayeredMap<Node<R>>;
  any: Node<R>;
}

/** All routes of one priority. */
interface Level<R> {
  readonly priority: number;
  readonly hosts: Hosts<R>;
}

/** Makes an empty router. */
export function createRouter<R extends Routable>(): Router<R> {
  return routerOver([]);
}

/** `levels` are sorted, the highest priority first. */
function routerOver<R extends Routable>(levels: readonly Level<R>[]): Router<R> {
  const withHosts = levels.some(({ hosts }) => hosts.exact.size > 0 || hosts.wildcard.size > 0);
  return {
    match: (host, path, method, facts) => matchIn(levels, withHosts ? normaliseHost(host) : '', path, method, facts),
    edit: () => editOf(levels),
    withChanges(remove, put) {
      const edit = editOf(levels);
      for (const route of remove) edit.remove(route);
      for (const route of put) edit.put(route);
      return edit.finish();
    },
  };
}

function editOf<R extends Routable>(levels: readonly Level<R>[]): RouterEdit<R> {
  const edit = {};
  const next = new Map(levels.map((level) => [level.priority, level]));
  const touched = new Set<number>();
  const hostsOf = ({ priority = 0 }: R): Hosts<R> => {
    if (!touched.has(priority)) next.set(priority, { priority, hosts: copyHosts(next.get(priority)?.hosts) });
    touched.add(priority);
    return next.get(priority)!.hosts;
  };
  return {
    remove: (route) => place(hostsOf(route), route, edit, false),
    put: (route) => place(hostsOf(route), route, edit, true),
    finish() {
      const kept = [...next.values()].filter(({ hosts }) => hosts.exact.size > 0 || hosts.wildcard.size > 0 || !isEmpty(hosts.any));
      return routerOver(kept.sort((a, b) => b.priority - a.priority));
    },
  };
}

function copyHosts<R>(hosts: Hosts<R> | undefined): Hosts<R> {
  return {
    exact: hosts?.exact.copy() ?? new LayeredMap(),
    wildcard: hosts?.wildcard.copy() ?? new LayeredMap(),
    any: hosts?.any ?? newNode({}),
  };
}

function matchIn<R extends Routable>(
  levels: readonly Level<R>[],
  host: string,
  path: string,
  method: string,
  facts: RouteFacts,
): RouteFound<R> {
  const read = knownPath(path);
  if (typeof read === 'string') return { kind: 'refused', fault: read };
  const asked: Asked = { path: read.decoded, method, facts, allow: undefined, steps: PATH_STEPS_MAX };
  const entry = first(levels, host, asked);
  if (asked.steps < 0) return { kind: 'refused', fault: 'too-costly' };
  if (entry) {
    const { bare } = read;
    // An upstream that cuts parameters off would serve what another route guards.
    if (bare && first(levels, host, { ...asked, path: bare, steps: PATH_STEPS_MAX })?.route !== entry.route)
      return { kind: 'refused', fault: 'path-parameter' };
    return { kind: 'found', route: entry.route, pattern: entry.pattern, path: read };
  }
  const allow = new Set<string>(); // Only a request that nobody serves pays for the second look.
  const again: Asked = { ...asked, allow, steps: PATH_STEPS_MAX };
  for (const { hosts } of levels) search(hosts, host, again);
  return allow.size === 0 ? { kind: 'not-found' } : { kind: 'method-not-allowed', allow: [...allow].sort() };
}

/** From the highest priority down. */
function first<R extends Routable>(levels: readonly Level<R>[], host: string, asked: Asked): Entry<R> | undefined {
  for (const { hosts } of levels) {
    const entry = search(hosts, host, asked);
    if (entry) return entry;
  }
  return undefined;
}

const SLOTS = 256;
const LENGTH_MAX = 64;
/** Paths read lately: the same ones come again and again. */
const paths: string[] = Array.from({ length: SLOTS }, () => '');
const pathsRead: (RequestPath | PathFault)[] = Array.from({ length: SLOTS }, () => 'not-absolute' as const);

function knownPath(path: string): RequestPath | PathFault {
  const { length } = path;
  if (length === 0 || length > LENGTH_MAX) return readRequestPath(path);
  const slot = (length * 37 + path.charCodeAt(length >> 1) * 5 + path.charCodeAt(length - 1) * 3) & (SLOTS - 1);
  if (paths[slot] === path) return pathsRead[slot]!;
  paths[slot] = path;
  return (pathsRead[slot] = readRequestPath(path));
}

interface Asked {
  readonly path: readonly string[];
  readonly method: string;
  readonly facts: RouteFacts;
  readonly allow: Set<string> | undefined;
  /** Steps left for expressions; below 0 nothing more is found. */
  steps: number;
}

/** Exact host, then wildcards from the longest suffix, then routes without host. */
function search<R extends Routable>(hosts: Hosts<R>, name: string, asked: Asked): Entry<R> | undefined {
  if (asked.steps < 0) return undefined;
  const exact = hosts.exact.get(name);
  let found = exact && searchRoot(exact, asked);
  if (hosts.wildcard.size > 0) {
    for (let dot = name.indexOf('.'); !found && asked.steps >= 0 && dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const root = dot > 0 ? hosts.wildcard.get(name.slice(dot + 1)) : undefined;
      found = root && searchRoot(root, asked);
    }
  }
  return found ?? (asked.steps < 0 ? undefined : searchRoot(hosts.any, asked));
}

function searchRoot<R extends Routable>(root: Node<R>, asked: Asked): Entry<R> | undefined {
  const found = root.regexesBelow > 0 ? walkLiterals(root, asked) : undefined;
  return found ?? (asked.steps < 0 ? undefined : walk(root, asked, 0));
}

/** Where there are expressions: the path of literals only, then expressions from the longest literal beginning. */
function walkLiterals<R extends Routable>(root: Node<R>, asked: Asked): Entry<R> | undefined {
  const { path, method, facts, allow } = asked;
  const nodes: Node<R>[] = [root];
  for (let at = 0; at < path.length; at++) {
    const next = nodes[at]!.literals.get(path[at]!);
    if (!next) break;
    nodes.push(next);
  }
  const { end } = nodes[path.length] ?? {};
  const exact = end && pick(end, method, facts, allow);
  if (exact) return exact;
  const text = regexPath(path);
  for (const { regexes } of nodes.reverse()) {
    for (const { pattern, leaf } of regexes) {
      const regex = pattern.regex!;
      if (!text.startsWith(regex.beginning)) continue;
      asked.steps -= regex.pattern.size * text.length;
      if (asked.steps < 0) return undefined;
      const found = regex.pattern.matches(text) ? pick(leaf, method, facts, allow) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

/** Depth first, literal before parameter before rest: the first leaf that takes the request is the most specific. */
function walk<R extends Routable>(node: Node<R>, asked: Asked, at: number): Entry<R> | undefined {
  const { path, method, facts, allow } = asked;
  if (at === path.length) {
    const own = node.end && pick(node.end, method, facts, allow);
    if (own) return own;
  } else {
    const literal = node.literals.get(path[at]!);
    const found = (literal && walk(literal, asked, at + 1)) ?? (node.parameter && walk(node.parameter, asked, at + 1));
    if (found) return found;
  }
  return node.rest && pick(node.rest, method, facts, allow);
}

function place<R extends Routable>(hosts: Hosts<R>, route: R, edit: object, put: boolean): void {
  const patterns = new Map(route.paths.map((text) => [must(parsePathPattern(text)).shape, must(parsePathPattern(text))]));
  for (const [table, name] of hostTables(hosts, route)) {
    const root = own(table.get(name) ?? newNode<R>(edit), edit);
    for (const pattern of patterns.values()) root.regexesBelow += placePath(root, 0, entryOf(route, pattern), edit, put);
    if (isEmpty(root)) table.delete(name);
    else table.set(name, root);
  }
}

interface Slot<R> {
  get(name: string): Node<R> | undefined;
  set(name: string, node: Node<R>): unknown;
  delete(name: string): unknown;
}

function hostTables<R extends Routable>(hosts: Hosts<R>, route: R): [Slot<R>, string][] {
  const any: Slot<R> = { get: () => hosts.any, set: (_, node) => (hosts.any = node), delete: () => (hosts.any = newNode({})) };
  if (route.hosts.length === 0) return [[any, '']];
  const names = new Map(route.hosts.map((host) => [host.toLowerCase(), must(parseHostPattern(host))]));
  return [...names.values()].map((host) => [host.kind === 'wildcard' ? hosts.wildcard : hosts.exact, host.name]);
}

/** Sets the entry below `node`, which this edit owns; children are copied before they are written. Answers how many expressions came. */
function placePath<R extends Routable>(node: Node<R>, at: number, entry: Entry<R>, edit: object, put: boolean): number {
  const { segments, rest, regex } = entry.pattern;
  if (at === segments.length) {
    if (regex) return placeRegex(node, entry, edit, put);
    const slot = rest ? 'rest' : 'end';
    node[slot] = changeLeaf(node[slot], entry, edit, put);
    return 0;
  }
  const segment = segments[at]!;
  const child = own((segment.kind === 'literal' ? node.literals.get(segment.text) : node.parameter) ?? newNode<R>(edit), edit);
  const came = placePath(child, at + 1, entry, edit, put);
  const kept = isEmpty(child) ? undefined : child;
  if (segment.kind === 'parameter') node.parameter = kept;
  else if (kept) node.literals.set(segment.text, kept);
  else node.literals.delete(segment.text);
  return came;
}

function placeRegex<R extends Routable>(node: Node<R>, entry: Entry<R>, edit: object, put: boolean): number {
  const { text } = entry.pattern;
  const leaf = changeLeaf(node.regexes.find((slot) => slot.pattern.text === text)?.leaf, entry, edit, put);
  const others = node.regexes.filter((slot) => slot.pattern.text !== text);
  const before = node.regexes.length;
  node.regexes = leaf ? [...others, { pattern: entry.pattern, leaf }].sort(byText) : others;
  return node.regexes.length - before;
}

function byText<R>({ pattern: { text: a } }: RegexSlot<R>, { pattern: { text: b } }: RegexSlot<R>): number {
  return a.length === b.length ? (a < b ? -1 : 1) : b.length - a.length;
}

function newNode<R>(edit: object): Node<R> {
  return { edit, literals: new LayeredMap(), parameter: undefined, end: undefined, rest: undefined, regexes: [], regexesBelow: 0 };
}

function own<R>(node: Node<R>, edit: object): Node<R> {
  return node.edit === edit ? node : { ...node, edit, literals: node.literals.copy() };
}

function isEmpty<R>(node: Node<R>): boolean {
  return node.literals.size === 0 && !node.parameter && !node.end && !node.rest && node.regexes.length === 0;
}

function must<V>(parsed: { ok: true; value: V } | { ok: false; error: Text }): V {
  if (!parsed.ok) throw new Told(parsed.error);
  return parsed.value;
}

/** Values of a pattern's parameters in a path it matched, percent-decoded. */
export function readParameters(pattern: PathPattern, path: RequestPath): Readonly<Record<string, string>> {
  if (pattern.regex) return pattern.regex.pattern.groups.length === 0 ? NO_PARAMETERS : readGroups(pattern, path);
  let params: Record<string, string> | undefined;
  for (let i = 0; i < pattern.segments.length; i++) {
    const segment = pattern.segments[i]!;
    if (segment.kind === 'parameter') (params ??= {})[segment.name] = path.decoded[i]!;
  }
  return params ?? NO_PARAMETERS;
}

function readGroups(pattern: PathPattern, path: RequestPath): Readonly<Record<string, string>> {
  return pattern.regex?.pattern.read(regexPath(path.decoded)) ?? NO_PARAMETERS;
}

const NO_PARAMETERS: Readonly<Record<string, string>> = Object.freeze({});

/**
 * The path to send upstream: a rewrite filled with the caller's own (still encoded) segments, or with the groups of an
 * expression. What groups make must itself be a path that routes would take: else the answer is its fault.
 */
export function rewritePath(rewrite: Rewrite, pattern: PathPattern, path: RequestPath): { readonly path: string } | PathFault {
  if (pattern.regex) return rewriteGroups(rewrite, readGroups(pattern, path));
  let text = '';
  for (const segment of rewrite.segments) {
    if (segment.kind === 'literal') text += `/${segment.text}`;
    else text += `/${path.raw[pattern.segments.findIndex((s) => s.kind === 'parameter' && s.name === segment.name)]!}`;
  }
  if (!rewrite.rest) return { path: text || '/' };
  for (let i = pattern.segments.length; i < path.raw.length; i++) text += `/${path.raw[i]!}`;
  if (path.slashAtEnd && path.raw.length > 0) text += '/';
  return { path: text || '/' };
}

/** A group may hold slashes; an empty one leaves no segment. */
function rewriteGroups(rewrite: Rewrite, groups: Readonly<Record<string, string>>): { readonly path: string } | PathFault {
  const parts = rewrite.segments.flatMap((segment) => {
    if (segment.kind === 'literal') return [segment.text];
    const value = groups[segment.name] ?? '';
    return value === ''
      ? []
      : [
          value
            .replace(/^\/|\/$/g, '')
            .split('/')
            .map(encodeSegment)
            .join('/'),
        ];
  });
  const text = `/${parts.join('/')}`;
  const read = readRequestPath(text);
  return typeof read === 'string' ? read : { path: text };
}
