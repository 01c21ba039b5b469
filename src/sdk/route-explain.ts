/**
 * Why a request gets the route it gets, or none: for `weir explain` and the console. Pure, and made by asking each
 * route on its own, so it also checks the gateway's trie. Not for the request path.
 */
import { joined, type Text, tell } from '../base/text.ts';
import { PATH_STEPS_MAX, regexPath } from './path-regex.ts';
import { compileConditions, type RouteFacts } from './route-conditions.ts';
import { normaliseHost, type PathFault, readRequestPath } from './request-path.ts';
import { type HostPattern, parseHostPattern, parsePathPattern, type PathPattern, type RouteMatch } from './route-pattern.ts';

export interface ExplainedRequest {
  readonly method: string;
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  /** What conditions ask for; a request without query, fields and address when left out. */
  readonly facts?: RouteFacts;
}

const NO_FACTS: RouteFacts = { query: '', clientAddress: '', request: { get: () => undefined } };

export interface ConsideredRoute {
  /** `project/name`; undefined for a route the asker may not see. */
  readonly id: string | undefined;
  readonly matches: boolean;
  readonly why: Text;
}

export interface MatchExplanation {
  readonly outcome: 'matched' | 'not-found' | 'method-not-allowed' | 'refused';
  readonly summary: Text;
  /** `project/name` of the route that serves; undefined when none does, or one the asker may not see. */
  readonly route: string | undefined;
  /** Path of the route that fits; undefined as `route` is. */
  readonly pattern: string | undefined;
  readonly params: Readonly<Record<string, string>>;
  /** Methods that would do, for `method-not-allowed`. */
  readonly allow: readonly string[];
  /** The routes that came nearest, the serving one first; at most 20. */
  readonly considered: readonly ConsideredRoute[];
}

type Named = RouteMatch & { readonly project: string; readonly name: string };
interface Candidate {
  readonly id: string;
  readonly open: boolean;
  readonly rank: string;
  readonly pattern: PathPattern;
  /** Its path, and what else speaks for it. */
  readonly text: Text;
}

const UNMET: Text = {
  en: 'host and path fit, but it asks that its {condition}, which is not so',
  zh: '主机和路径匹配，但要求{condition}，请求不满足',
};

const CONSIDERED_MAX = 20;

/**
 * Explains the match of `request` over `routes`. Routes of projects that `maySee` refuses still win and lose as they do
 * in the gateway, but neither their names nor their paths, hosts or parameters are told.
 */
export function explainMatch(
  routes: Iterable<Named>,
  request: ExplainedRequest,
  maySee: (project: string) => boolean = () => true,
): MatchExplanation {
  const { facts = NO_FACTS } = request;
  const read = readRequestPath(request.path);
  if (typeof read === 'string') return refused(read);
  const all = [...routes];
  const { fits, near, allow, isCostly } = candidatesOf(all, request, facts, maySee, read.decoded);
  if (isCostly) return refused('too-costly');
  // An upstream that cuts parameters off would serve what another route guards.
  const bare = read.bare && fits[0] && candidatesOf(all, request, facts, maySee, read.bare);
  if (bare && (bare.isCostly || bare.fits[0]?.id !== fits[0]!.id)) return refused('path-parameter');
  return conclude(fits, near, allow, read.decoded, request);
}

/** The routes that fit `path`, the serving one first; those that nearly do; methods that would do; too many expressions to try. */
function candidatesOf(
  routes: readonly Named[],
  request: ExplainedRequest,
  facts: RouteFacts,
  maySee: (project: string) => boolean,
  path: readonly string[],
) {
  const host = normaliseHost(request.host);
  const fits: Candidate[] = [];
  const near: ConsideredRoute[] = [];
  const allow = new Set<string>();
  const tried = new Map<string, number>();
  for (const route of routes) {
    const id = `${route.project}/${route.name}`;
    const open = maySee(route.project);
    const say = (why: Text) => open && near.push({ id, matches: false, why });
    const hosts = route.hosts.length === 0 ? [ANY] : route.hosts.flatMap((text) => valueOf(parseHostPattern(text)));
    const all = route.paths.flatMap((text) => valueOf(parsePathPattern(text)));
    const hostRanks = hosts.flatMap((pattern) => hostRank(pattern, host) ?? []).sort();
    noteTries(tried, all, hostRanks, route, path);
    const patterns = all.filter((p) => pathFits(p, path));
    if (patterns.length === 0) continue;
    if (hostRanks.length === 0) {
      say({
        en: `its path fits, but it serves only the hosts ${route.hosts.join(', ')}`,
        zh: `路径匹配，但仅服务于主机 ${route.hosts.join('、')}`,
      });
      continue;
    }
    const conditions = compileConditions(route);
    const unmet = conditions.find((condition) => !condition.holds(facts));
    if (unmet) {
      say(tell(UNMET, { condition: unmet.told }));
      continue;
    }
    const method = methodRank(route.methods, request.method);
    if (method === undefined) {
      for (const name of route.methods) allow.add(name);
      if (route.methods.includes('GET')) allow.add('HEAD');
      say({
        en: `host and path fit, but it takes only ${route.methods.join(', ')}`,
        zh: `主机和路径匹配，但只接受 ${route.methods.join('、')}`,
      });
      continue;
    }
    const pattern = [...patterns].sort((a, b) => (pathRank(a) < pathRank(b) ? -1 : 1))[0]!;
    const rank = `${priorityRank(route.priority ?? 0)} ${hostRanks[0]} ${pathRank(pattern)} ${2000 - conditions.length} ${method} ${id}`;
    fits.push({ id, open, rank, pattern, text: shownText(pattern, route.priority ?? 0, conditions) });
  }
  fits.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  let steps = 0;
  for (const [rank, own] of tried) if (!fits[0] || rank <= fits[0].rank) steps += own;
  return { fits, near, allow, isCostly: steps > PATH_STEPS_MAX };
}

/** Notes what each expression that begins as the path does would take, by when the router comes to it: in the order of ranks. */
function noteTries(
  tried: Map<string, number>,
  patterns: readonly PathPattern[],
  hostRanks: readonly string[],
  { priority = 0 }: Named,
  path: readonly string[],
): void {
  const text = regexPath(path);
  for (const pattern of patterns) {
    if (!pattern.regex || !text.startsWith(pattern.regex.beginning)) continue;
    const steps = pattern.regex.pattern.size * text.length;
    for (const rank of hostRanks) tried.set(`${priorityRank(priority)} ${rank} ${pathRank(pattern)}`, steps);
  }
}

function conclude(
  fits: readonly Candidate[],
  near: readonly ConsideredRoute[],
  allow: ReadonlySet<string>,
  path: readonly string[],
  request: ExplainedRequest,
): MatchExplanation {
  const [first, ...others] = fits;
  if (first) return won(first, others, near, path);
  const considered = near.slice(0, CONSIDERED_MAX);
  const methods = [...allow].sort();
  if (methods.length > 0) {
    const summary = {
      en: `The path is served for ${methods.join(', ')}, not for ${request.method}: 405.`,
      zh: `该路径只接受 ${methods.join('、')}，不接受 ${request.method}：405。`,
    };
    return { outcome: 'method-not-allowed', route: undefined, pattern: undefined, params: {}, allow: methods, considered, summary };
  }
  return {
    outcome: 'not-found',
    route: undefined,
    pattern: undefined,
    params: {},
    allow: [],
    considered,
    summary: { en: 'No route fits host and path: 404.', zh: '没有路由匹配该主机和路径：404。' },
  };
}

function won(first: Candidate, others: readonly Candidate[], near: readonly ConsideredRoute[], path: readonly string[]): MatchExplanation {
  const name: Text = first.open ? { en: first.id, zh: first.id } : HIDDEN;
  const beaten = others
    .filter((c) => c.open)
    .map(
      (c): ConsideredRoute => ({
        id: c.id,
        matches: false,
        why: tell(BEATEN, { text: c.text, name }),
      }),
    );
  const winner: ConsideredRoute = {
    id: first.open ? first.id : undefined,
    matches: true,
    why: first.open
      ? tell({ en: 'the first in order that fits, with {text}', zh: '按顺序最先匹配：{text}' }, { text: first.text })
      : tell({ en: '{name} is the first in order that fits', zh: '{name}按顺序最先匹配' }, { name: HIDDEN }),
  };
  return {
    outcome: 'matched',
    route: winner.id,
    pattern: first.open ? first.pattern.text : undefined,
    params: first.open ? paramsOf(first.pattern, path) : {},
    allow: [],
    considered: [winner, ...beaten, ...near].slice(0, CONSIDERED_MAX),
    summary: first.open
      ? { en: `Route ${first.id} serves it.`, zh: `由路由 ${first.id} 处理。` }
      : { en: 'A route of another project serves it.', zh: '由其他项目的路由处理。' },
  };
}

const BEATEN: Text = {
  en: 'fits with {text}, but {name} goes before it (priority, then the more specific)',
  zh: '以 {text} 匹配，但 {name} 排在其前（先比优先级，再比具体程度）',
};
const HIDDEN: Text = { en: 'a route of another project', zh: '其他项目的路由' };

function refused(fault: PathFault): MatchExplanation {
  const summary = { en: `The path is refused (${fault}): 400.`, zh: `该路径被拒绝（${fault}）：400。` };
  return { outcome: 'refused', route: undefined, pattern: undefined, params: {}, allow: [], considered: [], summary };
}

const ANY: HostPattern = { kind: 'any', name: '' };

/** Sorts exact before wildcard (longer first) before any; undefined when the host does not fit. */
function hostRank(pattern: HostPattern, host: string): string | undefined {
  if (pattern.kind === 'any') return 'c';
  if (pattern.kind === 'exact') return pattern.name === host ? 'a' : undefined;
  const fits = host.endsWith(`.${pattern.name}`) && host.length > pattern.name.length + 1;
  return fits ? `b${String(1000 - pattern.name.length)}` : undefined;
}

/** Higher first: a smaller text, of the same length, for a larger number. */
function priorityRank(priority: number): string {
  return String(2_000_000 - priority);
}

/** Literals only, then expressions (longer beginning, longer text), then one letter per segment: end, literal, parameter, rest. */
function pathRank(pattern: PathPattern): string {
  const { segments, rest, regex, text } = pattern;
  if (regex) return `2${2000 - segments.length} ${20_000 - text.length} ${text}`;
  return `${rest || segments.some((s) => s.kind === 'parameter') ? '3' : '1'}${segmentRank(pattern)}`;
}

function segmentRank(pattern: PathPattern): string {
  return pattern.segments.map((s) => (s.kind === 'literal' ? 'b' : 'c')).join('') + (pattern.rest ? 'd' : 'a');
}

function methodRank(methods: readonly string[], method: string): string | undefined {
  if (methods.length === 0) return '3';
  if (methods.includes(method)) return '1';
  return method === 'HEAD' && methods.includes('GET') ? '2' : undefined;
}

function pathFits(pattern: PathPattern, path: readonly string[]): boolean {
  if (pattern.regex) return pattern.regex.pattern.matches(regexPath(path));
  const { segments, rest } = pattern;
  if (rest ? path.length < segments.length : path.length !== segments.length) return false;
  return segments.every((s, i) => s.kind === 'parameter' || s.text === path[i]);
}

function paramsOf(pattern: PathPattern, path: readonly string[]): Record<string, string> {
  if (pattern.regex) return pattern.regex.pattern.read(regexPath(path)) ?? {};
  return Object.fromEntries(pattern.segments.flatMap((s, i) => (s.kind === 'parameter' ? [[s.name, path[i]!]] : [])));
}

function shownText(pattern: PathPattern, priority: number, conditions: readonly { readonly told: Text }[]): Text {
  const parts: Text[] = [{ en: pattern.text, zh: pattern.text }];
  if (priority !== 0) parts.push({ en: `priority ${priority}`, zh: `优先级 ${priority}` });
  return joined([...parts, ...conditions.map((condition) => condition.told)], { en: ', ', zh: '，' });
}

function valueOf<V>(parsed: { ok: true; value: V } | { ok: false; error: Text }): V[] {
  return parsed.ok ? [parsed.value] : [];
}
