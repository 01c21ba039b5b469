/**
 * The rules of a Route's match, as values: what people write in `hosts`, `paths` and `rewrite`, read once.
 * Control checks with them, the gateway routes with them. Pure.
 *
 * Which route wins: the higher `priority`; then most specific first: exact host, `*.suffix` (longer first), no host;
 * then the path: one of literals only; regular expressions (`~…`, the longer literal beginning first, then the longer
 * text); then segment by segment from the left: literal, `{parameter}`, `**`; then more conditions before fewer; then a
 * method that is named, then `any method`. A request that conditions or method do not fit goes on to the next less
 * specific path; when only the method fits nowhere the answer is 405 with `Allow`. HEAD is served by a route for GET
 * unless one names HEAD.
 */
import { mistake, type ProblemPointer } from '../base/problem.ts';
import type { Text } from '../base/text.ts';
import { type PathRegex, parsePathRegex, REGEX_MARK } from './path-regex.ts';
import { readRequestPath } from './request-path.ts';
import { checkConditions, conditionsKey, type RouteConditions } from './route-conditions.ts';

export type PatternSegment = { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'parameter'; readonly name: string };

export interface PathPattern {
  readonly text: string;
  /** Literals are percent-decoded. */
  readonly segments: readonly PatternSegment[];
  /** True when it ends in `**`, which stands for any number of segments, also none. */
  readonly rest: boolean;
  /** Equal for patterns that match exactly the same paths. */
  readonly shape: string;
  /** Set for a regular expression; `segments` are then the literals it begins with, and `rest` is false. */
  readonly regex: PathRegex | undefined;
}

export interface HostPattern {
  readonly kind: 'exact' | 'wildcard' | 'any';
  /** The host, or for a wildcard what follows `*.`; empty for any. */
  readonly name: string;
}

/** What stands upstream instead of the path: literals as they are sent, parameters of the route's paths, at the end `**`. */
export interface Rewrite {
  readonly segments: readonly PatternSegment[];
  readonly rest: boolean;
}

export type Parsed<V> = { readonly ok: true; readonly value: V } | { readonly ok: false; readonly error: Text };

/** What a route needs for matching. */
export interface RouteMatch extends RouteConditions {
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly methods: readonly string[];
  /** Higher goes first; 0 when left out. */
  readonly priority?: number;
}

const SEGMENTS_MAX = 64;
const PARAMETER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST = new RegExp(`^(\\*\\.)?${LABEL}(\\.${LABEL})*$`);
const METHOD = /^[A-Z][A-Z0-9-]{0,30}$/;

/** Reads a path pattern such as `/orders/{id}`, `/files/**` or `~/v[0-9]+/.*`. */
export function parsePathPattern(text: string): Parsed<PathPattern> {
  if (text.startsWith(REGEX_MARK)) return parseExpression(text);
  if (!text.startsWith('/')) return failed({ en: 'must start with "/"', zh: '必须以“/”开头' });
  if (text.length > 1024) return failed({ en: 'is longer than 1024 characters', zh: '超过 1024 个字符' });
  if (/[?#]/.test(text))
    return failed({ en: 'must not hold "?" or "#"; the query is not part of the match', zh: '不能含“?”或“#”；查询部分不参与匹配' });
  const parts = text === '/' ? [] : text.slice(1).split('/');
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  if (parts.length > SEGMENTS_MAX) return failed({ en: `has more than ${SEGMENTS_MAX} segments`, zh: `多于 ${SEGMENTS_MAX} 段` });
  const rest = parts.at(-1) === '**';
  if (rest) parts.pop();
  const segments: PatternSegment[] = [];
  for (const part of parts) {
    const segment = parseSegment(part);
    if (!segment.ok) return segment;
    segments.push(segment.value);
  }
  const names = segments.flatMap((s) => (s.kind === 'parameter' ? [s.name] : []));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) return failed({ en: `uses the parameter {${twice}} twice`, zh: `两次使用了参数 {${twice}}` });
  const shape = segments.map((s) => (s.kind === 'literal' ? `/${encodeURIComponent(s.text)}` : '/{}')).join('') + (rest ? '/**' : '');
  return { ok: true, value: { text, segments, rest, shape: shape || '/', regex: undefined } };
}

function parseExpression(text: string): Parsed<PathPattern> {
  const parsed = parsePathRegex(text.slice(REGEX_MARK.length));
  if (!parsed.ok) return parsed;
  const segments = parsed.value.prefix.map((literal) => ({ kind: 'literal', text: literal }) as const);
  return { ok: true, value: { text, segments, rest: false, shape: text, regex: parsed.value } };
}

/** Names a rewrite may use. */
function parametersOf({ segments, regex }: PathPattern): readonly string[] {
  return regex ? regex.pattern.groups : segments.flatMap((s) => (s.kind === 'parameter' ? [s.name] : []));
}

function parseSegment(part: string): Parsed<PatternSegment> {
  if (part === '**') return failed({ en: 'may hold "**" only as its last segment', zh: '只能在最后一段使用“**”' });
  if (part.startsWith('{') && part.endsWith('}')) {
    const name = part.slice(1, -1);
    if (!PARAMETER.test(name))
      return failed({
        en: `has the parameter "${part}"; a name is letters, digits and "_", at most 63`,
        zh: `含有参数“${part}”；名称只能由字母、数字和“_”组成，最多 63 个字符`,
      });
    return { ok: true, value: { kind: 'parameter', name } };
  }
  if (/[{}*]/.test(part))
    return failed({ en: `has "${part}"; "{name}" and "**" must be whole segments`, zh: `含有“${part}”；“{name}”和“**”必须独占一段` });
  // Written in Unicode or percent-encoded: the same literal.
  const read = readRequestPath(`/${part.replace(/[^\x21-\x7e]/gu, (c) => encodeURIComponent(c))}`);
  if (part === '' || read === 'empty-segment') return failed({ en: 'has an empty segment ("//")', zh: '含有空段（“//”）' });
  if (typeof read === 'string')
    return failed({
      en: `has the segment "${part}", which no request can match (${read})`,
      zh: `含有段“${part}”，没有请求能匹配它（${read}）`,
    });
  return { ok: true, value: { kind: 'literal', text: read.decoded[0]! } };
}

/** Reads `api.example.com` or `*.example.com` (one or more labels in front of the suffix). */
export function parseHostPattern(text: string): Parsed<HostPattern> {
  const name = text.toLowerCase();
  if (/^\[[0-9a-f:.]+\]$/.test(name)) return { ok: true, value: { kind: 'exact', name } };
  if (name.length > 253 || !HOST.test(name)) {
    return failed({
      en: 'must be a host name such as "api.example.com" or "*.example.com", without scheme and port',
      zh: '必须是主机名，例如“api.example.com”或“*.example.com”，不含协议和端口',
    });
  }
  return { ok: true, value: name.startsWith('*.') ? { kind: 'wildcard', name: name.slice(2) } : { kind: 'exact', name } };
}

/** Reads a `rewrite`; each of `paths` must have every parameter it uses, and end in `**` when it does. */
export function parseRewrite(text: string, paths: readonly PathPattern[]): Parsed<Rewrite> {
  const parsed = parsePathPattern(text);
  if (!parsed.ok) return parsed;
  if (parsed.value.regex) return failed({ en: 'must be a path, not a regular expression', zh: '必须是路径，不能是正则表达式' });
  for (const segment of parsed.value.segments) {
    if (segment.kind === 'literal') continue;
    const lacking = paths.find((p) => !parametersOf(p).includes(segment.name));
    if (lacking)
      return failed({
        en: `uses {${segment.name}}, which the path "${lacking.text}" does not have`,
        zh: `使用了 {${segment.name}}，但路径“${lacking.text}”中没有它`,
      });
  }
  const lacking = parsed.value.rest ? paths.find((p) => !p.rest) : undefined;
  if (lacking)
    return failed({ en: `ends in "**", but the path "${lacking.text}" does not`, zh: `以“**”结尾，但路径“${lacking.text}”不是` });
  const segments = parsed.value.segments.map((s) => (s.kind === 'literal' ? { ...s, text: encodeSegment(s.text) } : s));
  return { ok: true, value: { segments, rest: parsed.value.rest } };
}

/** A segment as it is sent: what RFC 3986 §3.3 allows in one stays, the rest is percent-encoded. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(/%(3A|40|24|26|2B|2C|3B|3D)/g, (code) => decodeURIComponent(code));
}

/** Everything wrong with a route's match and rewrite, with pointers into its spec. Empty when it can be routed. */
export function checkRouteMatch(match: RouteMatch, rewrite: string | undefined): ProblemPointer[] {
  const errors: ProblemPointer[] = [];
  const patterns: PathPattern[] = [];
  match.hosts.forEach((host, i) => {
    const parsed = parseHostPattern(host);
    if (!parsed.ok) errors.push(mistake(`/match/hosts/${i}`, WITH_VALUE, { fault: parsed.error, got: host.slice(0, 60) }));
  });
  match.paths.forEach((path, i) => {
    const parsed = parsePathPattern(path);
    if (parsed.ok) patterns.push(parsed.value);
    else errors.push(mistake(`/match/paths/${i}`, WITH_VALUE, { fault: parsed.error, got: path.slice(0, 60) }));
  });
  if (match.paths.length === 0)
    errors.push(mistake('/match/paths', { en: 'must have at least one path, for example "/**"', zh: '至少要有一个路径，例如“/**”' }));
  match.methods.forEach((method, i) => {
    if (!METHOD.test(method)) errors.push(mistake(`/match/methods/${i}`, NO_METHOD, { got: method.slice(0, 40) }));
  });
  errors.push(...checkConditions(match));
  if (rewrite !== undefined && patterns.length === match.paths.length) {
    const parsed = parseRewrite(rewrite, patterns);
    if (!parsed.ok) errors.push({ pointer: '/rewrite', detail: parsed.error });
  }
  return errors;
}

/** What is wrong with a pattern, and which one it was. */
export const WITH_VALUE: Text = { en: '{fault}; got "{got}"', zh: '{fault}；当前为“{got}”' };
const NO_METHOD: Text = {
  en: 'must be a method in capitals such as "GET"; got "{got}"',
  zh: '必须是大写的请求方法，例如“GET”；当前为“{got}”',
};

/** Two routes that would answer the same requests with nothing to choose between them. */
export interface RouteConflict {
  /** `project/name` of the two; `first` sorts before `second` and would win. */
  readonly first: string;
  readonly second: string;
  readonly host: string;
  readonly path: string;
  /** `*` when both take any method. */
  readonly method: string;
}

/**
 * Finds pairs of routes with equal priority, host, path shape, method and conditions. Routes of different projects share the
 * listener and can conflict. At most one conflict per pair; cost grows with the number of patterns.
 */
export function findConflicts(routes: Iterable<RouteMatch & { readonly project: string; readonly name: string }>): RouteConflict[] {
  const sorted = [...routes].map((r) => ({ route: r, id: `${r.project}/${r.name}` })).sort((a, b) => (a.id < b.id ? -1 : 1));
  const owners = new Map<string, string>();
  const found = new Map<string, RouteConflict>();
  for (const { route, id } of sorted) {
    const hosts = route.hosts.length > 0 ? route.hosts.map((h) => h.toLowerCase()) : ['*'];
    const methods = route.methods.length > 0 ? route.methods : ['*'];
    const terms = `${route.priority ?? 0} ${conditionsKey(route)}`;
    for (const path of route.paths) {
      const parsed = parsePathPattern(path);
      if (!parsed.ok) continue;
      for (const host of hosts) {
        for (const method of methods) {
          const place = `${host} ${method} ${parsed.value.shape} ${terms}`;
          const owner = owners.get(place);
          if (owner === undefined) owners.set(place, id);
          else if (owner !== id && !found.has(`${owner} ${id}`))
            found.set(`${owner} ${id}`, { first: owner, second: id, host, path, method });
        }
      }
    }
  }
  return [...found.values()];
}

/**
 * True when some request could be taken by both: hosts, methods and at least one pair of paths meet. Conditions keep no
 * two apart here, and of regular expressions only the literal beginning counts. Says nothing about which of them would win.
 */
export function routesOverlap(a: RouteMatch, b: RouteMatch): boolean {
  const meet = (one: readonly string[], other: readonly string[], same: (x: string, y: string) => boolean) =>
    one.length === 0 || other.length === 0 || one.some((x) => other.some((y) => same(x, y)));
  if (!meet(a.hosts, b.hosts, hostsMeet) || !meet(a.methods, b.methods, (x, y) => x === y)) return false;
  return a.paths.some((x) => b.paths.some((y) => pathsMeet(x, y)));
}

function hostsMeet(a: string, b: string): boolean {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  const under = (host: string, wildcard: string) => wildcard.startsWith('*') && (host.endsWith(wildcard.slice(1)) || host === '*');
  return x === y || under(x, y) || under(y, x);
}

function pathsMeet(a: string, b: string): boolean {
  const [x, y] = [parsePathPattern(a), parsePathPattern(b)];
  if (!x.ok || !y.ok) return false;
  const [one, other] = [x.value, y.value];
  const common = Math.min(one.segments.length, other.segments.length);
  for (let i = 0; i < common; i++) {
    const [p, q] = [one.segments[i]!, other.segments[i]!];
    if (p.kind === 'literal' && q.kind === 'literal' && p.text !== q.text) return false;
  }
  if (one.regex && other.regex) return true;
  if (one.regex || other.regex) {
    const [regex, plain] = one.regex ? [one, other] : [other, one];
    return plain.rest || plain.segments.length >= regex.segments.length;
  }
  if (one.segments.length === other.segments.length) return true;
  return one.segments.length < other.segments.length ? one.rest : other.rest;
}

function failed(error: Text): { ok: false; error: Text } {
  return { ok: false, error };
}
