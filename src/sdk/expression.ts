/**
 * Expressions of this release: one path into the exchange, such as `consumer.id` or `request.header.x-tenant`.
 * Nothing is evaluated: a path is looked up, so it can neither loop, call nor fail at run time. Control
 * checks fields marked `x-expression` with it; policies get the compiled form.
 */
import { nearest } from '../base/suggest.ts';
import { type Text, tell } from '../base/text.ts';
import { trimSpace } from '../base/trim-space.ts';
import type { Exchange } from './exchange.ts';

/** Reads the value of an expression; undefined when the exchange has none (an empty header counts as a value). */
export type ReadExpression = (exchange: Exchange) => string | undefined;

export type CompiledExpression = { readonly ok: true; readonly read: ReadExpression } | { readonly ok: false; readonly error: Text };

const PLAIN: Readonly<Record<string, ReadExpression>> = {
  'consumer.id': (x) => x.consumer && (x.consumer.id ?? `${x.consumer.project}/${x.consumer.name}`),
  'consumer.name': (x) => x.consumer?.name,
  'consumer.plan': (x) => x.consumer?.plan,
  'client.address': (x) => x.clientAddress,
  'route.name': (x) => x.route.name,
  'request.method': (x) => x.method,
  'request.path': (x) => x.path,
  'request.host': (x) => x.host,
};

const NAMED: Readonly<Record<string, { readonly name: RegExp; readonly make: (name: string) => ReadExpression }>> = {
  'request.header.': { name: /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}$/, make: (name) => (x) => x.request.get(name) },
  'request.cookie.': { name: /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}$/, make: (name) => (x) => cookieValue(x.request.get('cookie'), name) },
  'request.query.': { name: /^[A-Za-z0-9_.~[\]-]{1,80}$/, make: (name) => (x) => queryValue(x.query, name) },
  'params.': { name: /^[A-Za-z_][A-Za-z0-9_]{0,62}$/, make: (name) => (x) => (Object.hasOwn(x.params, name) ? x.params[name] : undefined) },
};

/** The forms there are, as messages and docs list them. */
export const EXPRESSION_FORMS: readonly string[] = [...Object.keys(PLAIN), ...Object.keys(NAMED).map((prefix) => `${prefix}<name>`)];

const NO_NAME: Text = { en: '"{text}" lacks a valid name after "{prefix}"', zh: '“{text}”在“{prefix}”之后缺少有效的名称' };
const NOT_KNOWN: Text = { en: '"{text}" is not a known expression; {hint}', zh: '“{text}”不是已知的表达式；{hint}' };

/** Compiles an expression; `error` says what is wrong with it and what was perhaps meant. */
export function compileExpression(text: string): CompiledExpression {
  if (Object.hasOwn(PLAIN, text)) return { ok: true, read: PLAIN[text]! };
  for (const [prefix, form] of Object.entries(NAMED)) {
    if (!text.startsWith(prefix)) continue;
    const name = text.slice(prefix.length);
    if (form.name.test(name)) return { ok: true, read: form.make(name) };
    return { ok: false, error: tell(NO_NAME, { text: text.slice(0, 60), prefix }) };
  }
  const near = nearest(text, Object.keys(PLAIN)) ?? nearPrefix(text);
  const forms = EXPRESSION_FORMS.join(', ');
  const hint = near ? { en: `did you mean "${near}"?`, zh: `是否指“${near}”？` } : { en: `known are: ${forms}`, zh: `可用的有：${forms}` };
  return { ok: false, error: tell(NOT_KNOWN, { text: text.slice(0, 60), hint }) };
}

function nearPrefix(text: string): string | undefined {
  const dot = text.lastIndexOf('.');
  const prefix = dot < 0 ? undefined : nearest(text.slice(0, dot + 1), Object.keys(NAMED));
  return prefix && `${prefix}${text.slice(dot + 1, dot + 61)}`;
}

/** First value of a query parameter, decoded as forms are (as sent where it is no valid percent-encoding); undefined when absent. */
export function queryValue(query: string, name: string): string | undefined {
  return query === '' ? undefined : queries.valueOf(query, name);
}

/** The query without every occurrence of the parameter `name`; other bytes stay as they are. */
export function withoutQueryParameter(query: string, name: string): string {
  if (query === '') return query;
  const keep = query.split('&').filter((pair) => {
    const at = pair.indexOf('=');
    return decodeQuery(at < 0 ? pair : pair.slice(0, at)) !== name;
  });
  return keep.join('&');
}

/** What cannot be decoded stands for itself: it is there all the same, and upstreams see it. */
function decodeQuery(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** First value of a cookie, as sent; undefined when there is none of this name. Source: RFC 6265 §4.2.1. */
export function cookieValue(cookies: string | undefined, name: string): string | undefined {
  return cookies === undefined ? undefined : jars.valueOf(cookies, name);
}

/** Between the values of a field that came several times. Source: RFC 9110 §5.3, RFC 9113 §8.2.3. */
export function fieldSeparator(lowerName: string): string {
  return lowerName === 'cookie' ? '; ' : ', ';
}

/** Pairs of the text looked at last: whoever asks thousands of things of one request has it read once, not for each. */
class Pairs {
  private text: string | undefined = undefined;
  private first: ReadonlyMap<string, string> | undefined = undefined;
  private readonly read: (text: string) => Iterable<readonly [name: string, value: string]>;

  constructor(read: (text: string) => Iterable<readonly [name: string, value: string]>) {
    this.read = read;
  }

  /** The first value of `name`. */
  valueOf(text: string, name: string): string | undefined {
    if (text === this.text) return (this.first ??= this.all(text)).get(name);
    this.text = text;
    this.first = undefined;
    for (const [own, value] of this.read(text)) if (own === name) return value;
    return undefined;
  }

  private all(text: string): Map<string, string> {
    const first = new Map<string, string>();
    for (const [name, value] of this.read(text)) if (!first.has(name)) first.set(name, value);
    return first;
  }
}

const queries = new Pairs(function* (query) {
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=');
    yield at < 0 ? [decodeQuery(pair), ''] : [decodeQuery(pair.slice(0, at)), decodeQuery(pair.slice(at + 1))];
  }
});

const jars = new Pairs(function* (cookies) {
  for (const pair of cookies.split(';')) {
    const at = pair.indexOf('=');
    if (at >= 0) yield [trimSpace(pair.slice(0, at)), trimSpace(pair.slice(at + 1))];
  }
});
