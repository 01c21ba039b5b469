/**
 * Which route a request belongs to: an immutable trie over path segments, one per host pattern.
 * In: host, path, method. Out: the route with its parameters, or 404, 405 with `Allow`, or a refused path.
 * The cost depends on the path's length, not on the number of routes. `withChanges` copies only the nodes on
 * the changed paths, so a route can change under load. Rules of precedence: sdk/route-pattern.ts.
 */
import { Told } from '../base/problem.ts';
import { type Text } from '../base/text.ts';
import { normaliseHost, type PathFault, readRequestPath, type RequestPath } from '../sdk/request-path.ts';
import { parseHostPattern, parsePathPattern, type PathPattern, type Rewrite } from '../sdk/route-pattern.ts';

/** What the router needs of a route; the gateway's own compiled route has more. */
export interface Routable {
  /** `project/name`: unique; of two routes that conflict the smaller one wins. */
  readonly id: string;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly methods: readonly string[];
}

export type RouteFound<R> =
  | { readonly kind: 'found'; readonly route: R; readonly pattern: PathPattern; readonly path: RequestPath }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'method-not-allowed'; readonly allow: readonly string[] }
  | { readonly kind: 'refused'; readonly fault: PathFault };

export interface Router<R extends Routable> {
  /** Matches; `host` and `path` as they came (port, case, percent-encoding), `path` without the query. */
  match(host: string, path: string, method: string): RouteFound<R>;
  /** A router with `remove` taken out and `put` set in; this one stays as it is. Throws on a pattern that does not parse. */
  withChanges(remove: readonly R[], put: readonly R[]): Router<R>;
}

/** The routes of one exact pattern: by method, then any. Each list is sorted by id, the first one serves. */
interface Leaf<R> {
  readonly any: readonly Entry<R>[];
  readonly byMethod: ReadonlyMap<string, readonly Entry<R>[]>;
}
interface Entry<R> {
  readonly route: R;
  readonly pattern: PathPattern;
}

/** `edit` names the change that made the node and may still write to it; a finished change owns nothing. */
interface Node<R> {
  edit: object;
  literals: Map<string, Node<R>>;
  parameter: Node<R> | undefined;
  end: Leaf<R> | undefined;
  rest: Leaf<R> | undefined;
}
interface Hosts<R> {
  readonly exact: Map<string, Node<R>>;
  readonly wildcard: Map<string, Node<R>>;
  any: Node<R>;
}

/** Makes an empty router. */
export function createRouter<R extends Routable>(): Router<R> {
  return routerOver({ exact: new Map(), wildcard: new Map(), any: newNode({}) });
}

function routerOver<R extends Routable>(hosts: Hosts<R>): Router<R> {
  return {
    match: (host, path, method) => matchIn(hosts, host, path, method),
    withChanges(remove, put) {
      const next: Hosts<R> = { exact: new Map(hosts.exact), wildcard: new Map(hosts.wildcard), any: hosts.any };
      const edit = {};
      for (const route of remove) place(next, route, edit, false);
      for (const route of put) place(next, route, edit, true);
      return routerOver(next);
    },
  };
}

function matchIn<R extends Routable>(hosts: Hosts<R>, host: string, path: string, method: string): RouteFound<R> {
  const read = readRequestPath(path);
  if (typeof read === 'string') return { kind: 'refused', fault: read };
  const name = hosts.exact.size > 0 || hosts.wildcard.size > 0 ? normaliseHost(host) : '';
  const entry = search(hosts, name, read.decoded, method, undefined);
  if (entry) return { kind: 'found', route: entry.route, pattern: entry.pattern, path: read };
  const allow = new Set<string>(); // Only a request that nobody serves pays for the second look.
  search(hosts, name, read.decoded, method, allow);
  return allow.size === 0 ? { kind: 'not-found' } : { kind: 'method-not-allowed', allow: [...allow].sort() };
}

/** Exact host, then wildcards from the longest suffix, then routes without host. */
function search<R>(
  hosts: Hosts<R>,
  name: string,
  path: readonly string[],
  method: string,
  allow: Set<string> | undefined,
): Entry<R> | undefined {
  const exact = hosts.exact.get(name);
  let found = exact && walk(exact, path, 0, method, allow);
  if (hosts.wildcard.size > 0) {
    for (let dot = name.indexOf('.'); !found && dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const root = dot > 0 ? hosts.wildcard.get(name.slice(dot + 1)) : undefined;
      found = root && walk(root, path, 0, method, allow);
    }
  }
  return found ?? walk(hosts.any, path, 0, method, allow);
}

/** Depth first, literal before parameter before rest: the first leaf that takes the method is the most specific. */
function walk<R>(node: Node<R>, path: readonly string[], at: number, method: string, allow: Set<string> | undefined): Entry<R> | undefined {
  if (at === path.length) {
    const own = node.end && pick(node.end, method, allow);
    if (own) return own;
  } else {
    const literal = node.literals.get(path[at]!);
    const found =
      (literal && walk(literal, path, at + 1, method, allow)) ?? (node.parameter && walk(node.parameter, path, at + 1, method, allow));
    if (found) return found;
  }
  return node.rest && pick(node.rest, method, allow);
}

function pick<R>(leaf: Leaf<R>, method: string, allow: Set<string> | undefined): Entry<R> | undefined {
  const named = leaf.byMethod.get(method) ?? (method === 'HEAD' ? leaf.byMethod.get('GET') : undefined);
  const entry = named?.[0] ?? leaf.any[0];
  if (entry || !allow) return entry;
  for (const name of leaf.byMethod.keys()) {
    allow.add(name);
    if (name === 'GET') allow.add('HEAD');
  }
  return undefined;
}

function place<R extends Routable>(hosts: Hosts<R>, route: R, edit: object, put: boolean): void {
  const patterns = new Map(route.paths.map((text) => [must(parsePathPattern(text)).shape, must(parsePathPattern(text))]));
  for (const [table, name] of hostTables(hosts, route)) {
    const root = own(table.get(name) ?? newNode<R>(edit), edit);
    for (const pattern of patterns.values()) placePath(root, 0, { route, pattern }, edit, put);
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

/** Sets the entry below `node`, which this edit owns; children are copied before they are written. */
function placePath<R extends Routable>(node: Node<R>, at: number, entry: Entry<R>, edit: object, put: boolean): void {
  const { segments, rest } = entry.pattern;
  if (at === segments.length) {
    const slot = rest ? 'rest' : 'end';
    node[slot] = changeLeaf(node[slot], entry, put);
    return;
  }
  const segment = segments[at]!;
  const child = own((segment.kind === 'literal' ? node.literals.get(segment.text) : node.parameter) ?? newNode<R>(edit), edit);
  placePath(child, at + 1, entry, edit, put);
  const kept = isEmpty(child) ? undefined : child;
  if (segment.kind === 'parameter') node.parameter = kept;
  else if (kept) node.literals.set(segment.text, kept);
  else node.literals.delete(segment.text);
}

function changeLeaf<R extends Routable>(leaf: Leaf<R> | undefined, entry: Entry<R>, put: boolean): Leaf<R> | undefined {
  const { methods, id } = entry.route;
  const change = (list: readonly Entry<R>[] = []): readonly Entry<R>[] => {
    const others = list.filter((e) => e.route.id !== id);
    return put ? [...others, entry].sort((a, b) => (a.route.id < b.route.id ? -1 : 1)) : others;
  };
  const byMethod = new Map(leaf?.byMethod);
  for (const method of new Set(methods)) {
    const list = change(byMethod.get(method));
    if (list.length > 0) byMethod.set(method, list);
    else byMethod.delete(method);
  }
  const any = methods.length === 0 ? change(leaf?.any) : (leaf?.any ?? []);
  return any.length === 0 && byMethod.size === 0 ? undefined : { any, byMethod };
}

function newNode<R>(edit: object): Node<R> {
  return { edit, literals: new Map(), parameter: undefined, end: undefined, rest: undefined };
}

function own<R>(node: Node<R>, edit: object): Node<R> {
  return node.edit === edit ? node : { ...node, edit, literals: new Map(node.literals) };
}

function isEmpty<R>(node: Node<R>): boolean {
  return node.literals.size === 0 && !node.parameter && !node.end && !node.rest;
}

function must<V>(parsed: { ok: true; value: V } | { ok: false; error: Text }): V {
  if (!parsed.ok) throw new Told(parsed.error);
  return parsed.value;
}

/** Values of a pattern's parameters in a path it matched, percent-decoded. */
export function readParameters(pattern: PathPattern, path: RequestPath): Readonly<Record<string, string>> {
  let params: Record<string, string> | undefined;
  for (let i = 0; i < pattern.segments.length; i++) {
    const segment = pattern.segments[i]!;
    if (segment.kind === 'parameter') (params ??= {})[segment.name] = path.decoded[i]!;
  }
  return params ?? NO_PARAMETERS;
}
const NO_PARAMETERS: Readonly<Record<string, string>> = Object.freeze({});

/** The path to send upstream: a rewrite filled with the caller's own (still encoded) segments. */
export function rewritePath(rewrite: Rewrite, pattern: PathPattern, path: RequestPath): string {
  let text = '';
  for (const segment of rewrite.segments) {
    if (segment.kind === 'literal') text += `/${segment.text}`;
    else text += `/${path.raw[pattern.segments.findIndex((s) => s.kind === 'parameter' && s.name === segment.name)]!}`;
  }
  if (!rewrite.rest) return text || '/';
  for (let i = pattern.segments.length; i < path.raw.length; i++) text += `/${path.raw[i]!}`;
  if (path.slashAtEnd && path.raw.length > 0) text += '/';
  return text || '/';
}
