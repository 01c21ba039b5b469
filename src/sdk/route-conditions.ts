/**
 * What a route asks of a request besides host, path and method: header fields, query parameters, cookies, the client's
 * address. All of them must hold. Control checks with it, the gateway routes with it. Pure.
 */
import { compileLinearPattern } from '../base/linear-pattern.ts';
import { mistake, type ProblemPointer } from '../base/problem.ts';
import type { Text } from '../base/text.ts';
import { cookieValue, queryValue } from './expression.ts';
import { DEFAULT_LISTENER } from './listener.ts';
import { createTrust, isNetwork } from './networks.ts';

/** One field of a request: there at all, absent, equal to `value`, or matching all of `pattern`. */
export interface FieldCondition {
  readonly name: string;
  readonly value?: string | undefined;
  readonly pattern?: string | undefined;
  readonly absent?: boolean | undefined;
}

export interface RouteConditions {
  readonly headers?: readonly FieldCondition[];
  readonly query?: readonly FieldCondition[];
  readonly cookies?: readonly FieldCondition[];
  /** Addresses or networks (`10.0.0.0/8`); one of them must hold the client. */
  readonly clientAddresses?: readonly string[];
  /** Names of listeners; the request must have come in by one of them. */
  readonly listeners?: readonly string[];
}

/** What conditions read of a request; an exchange is one. */
export interface RouteFacts {
  readonly query: string;
  readonly clientAddress: string;
  readonly listener?: string;
  readonly request: { get(name: string): string | undefined };
}

/** A condition brought to life. */
export interface LiveCondition {
  holds(facts: RouteFacts): boolean;
  /** For people: `header x-tenant = acme`. */
  readonly told: Text;
  /** Set when it asks for one value of one field, parameter or cookie: routers index by it. */
  readonly field: { readonly key: string; readonly value: string; read(facts: RouteFacts): string | undefined } | undefined;
}

type FieldSource = 'headers' | 'query' | 'cookies';
const SOURCES: readonly FieldSource[] = ['headers', 'query', 'cookies'];
const TOLD: Readonly<Record<FieldSource, Text>> = {
  headers: { en: 'header', zh: '请求头' },
  query: { en: 'query parameter', zh: '查询参数' },
  cookies: { en: 'cookie', zh: 'Cookie' },
};
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}$/;
const QUERY_NAME = /^[^&=#\s]{1,80}$/;
/** Fields the gateway writes itself: what a caller sends in them means nothing. */
const OWN_FIELDS = new Set(['x-weir-consumer']);

/** Everything wrong with a route's conditions, with pointers into its spec. */
export function checkConditions(conditions: RouteConditions): ProblemPointer[] {
  const fields = SOURCES.flatMap((source) =>
    (conditions[source] ?? []).flatMap((field, i) => checkField(source, field, `/match/${source}/${i}`)),
  );
  const addresses = (conditions.clientAddresses ?? []).flatMap((text, i) =>
    isNetwork(text) ? [] : [mistake(`/match/clientAddresses/${i}`, NO_NETWORK, { got: text.slice(0, 60) })],
  );
  return [...fields, ...addresses];
}

function checkField(source: FieldSource, field: FieldCondition, pointer: string): ProblemPointer[] {
  const { name, value, pattern, absent } = field;
  const errors: ProblemPointer[] = [];
  const form = source === 'query' ? QUERY_NAME : TOKEN;
  if (!form.test(name)) errors.push(mistake(`${pointer}/name`, NO_NAME, { got: name.slice(0, 60) }));
  if (source === 'headers' && OWN_FIELDS.has(name.toLowerCase())) errors.push(mistake(`${pointer}/name`, OWN_FIELD, { name }));
  if ([value !== undefined, pattern !== undefined, absent === true].filter(Boolean).length > 1) errors.push(mistake(pointer, ONE_OF));
  const compiled = pattern === undefined ? undefined : compileLinearPattern(pattern);
  if (compiled && !compiled.ok) errors.push({ pointer: `${pointer}/pattern`, detail: compiled.error });
  return errors;
}

const NO_NAME: Text = { en: 'is not a name that a request can carry; got "{got}"', zh: '不是请求中可用的名称；当前为“{got}”' };
const OWN_FIELD: Text = {
  en: '{name} is written by the gateway after routing; what a caller sends in it means nothing',
  zh: '{name} 由网关在路由之后写入；调用方发送的值没有意义',
};
const ONE_OF: Text = {
  en: 'may have one of "value", "pattern" and "absent"; with none of them the field must be there',
  zh: '“value”“pattern”“absent”只能选一个；都不写时表示该字段必须存在',
};
const NO_NETWORK: Text = {
  en: 'must be an IP address or a network such as "10.0.0.0/8" or "2001:db8::/32"; got "{got}"',
  zh: '必须是 IP 地址或网段，例如“10.0.0.0/8”或“2001:db8::/32”；当前为“{got}”',
};

/** Brings conditions to life; leaves out what `checkConditions` refuses. */
export function compileConditions(conditions: RouteConditions): LiveCondition[] {
  const fields = SOURCES.flatMap((source) => (conditions[source] ?? []).map((field) => fieldCondition(source, field)));
  const { clientAddresses = [], listeners = [] } = conditions;
  const all = clientAddresses.length === 0 ? fields : [...fields, clientCondition(clientAddresses)];
  return listeners.length === 0 ? all : [...all, listenerCondition(listeners)];
}

/** How many conditions there are: of two routes that else match alike, the one with more goes first. */
export function countConditions(conditions: RouteConditions): number {
  const fields = SOURCES.reduce((sum, source) => sum + (conditions[source]?.length ?? 0), 0);
  const some = (list: readonly string[] | undefined) => ((list?.length ?? 0) > 0 ? 1 : 0);
  return fields + some(conditions.clientAddresses) + some(conditions.listeners);
}

/** One text for conditions that hold for the same requests, in whatever order they are written. Empty for none. */
export function conditionsKey(conditions: RouteConditions): string {
  const parts = SOURCES.flatMap((source) => (conditions[source] ?? []).map((field) => fieldKey(source, field)));
  const clients = [...(conditions.clientAddresses ?? [])].sort().join(',');
  const listeners = [...(conditions.listeners ?? [])].sort().join(',');
  const lists = [...(clients === '' ? [] : [`client ${clients}`]), ...(listeners === '' ? [] : [`listener ${listeners}`])];
  return [...parts.sort(), ...lists].join('\n');
}

function fieldKey(source: FieldSource, { name, value, pattern, absent }: FieldCondition): string {
  const asked = absent ? ['absent'] : value !== undefined ? ['=', value] : pattern !== undefined ? ['~', pattern] : ['there'];
  return JSON.stringify([source, source === 'headers' ? name.toLowerCase() : name, ...asked]);
}

function fieldCondition(source: FieldSource, { name, value, pattern, absent }: FieldCondition): LiveCondition {
  const key = source === 'headers' ? name.toLowerCase() : name;
  const read = READERS[source];
  const kind = TOLD[source];
  const told = (en: string, zh: string): Text => ({ en: `${kind.en} ${name} ${en}`, zh: `${kind.zh} ${name} ${zh}` });
  if (absent) return { holds: (facts) => read(facts, key) === undefined, told: told('is absent', '不存在'), field: undefined };
  if (value !== undefined) {
    const field = { key: `${source} ${key}`, value, read: (facts: RouteFacts) => read(facts, key) };
    return { holds: (facts) => read(facts, key) === value, told: told(`is "${value}"`, `为“${value}”`), field };
  }
  if (pattern === undefined) return { holds: (facts) => read(facts, key) !== undefined, told: told('is there', '存在'), field: undefined };
  const compiled = compileLinearPattern(pattern);
  const matches = (text: string | undefined) => text !== undefined && compiled.ok && compiled.value.matches(text);
  return { holds: (facts) => matches(read(facts, key)), told: told(`matches ${pattern}`, `匹配 ${pattern}`), field: undefined };
}

const READERS: Readonly<Record<FieldSource, (facts: RouteFacts, name: string) => string | undefined>> = {
  headers: (facts, name) => facts.request.get(name),
  query: (facts, name) => queryValue(facts.query, name),
  cookies: (facts, name) => cookieValue(facts.request.get('cookie'), name),
};

function listenerCondition(names: readonly string[]): LiveCondition {
  const shown = names.join(', ');
  return {
    holds: ({ listener = DEFAULT_LISTENER }) => names.includes(listener),
    told: { en: `listener ${shown}`, zh: `监听器 ${shown}` },
    field: undefined,
  };
}

function clientCondition(networks: readonly string[]): LiveCondition {
  const holds = createTrust(networks.filter(isNetwork));
  const shown = networks.join(', ');
  return {
    holds: ({ clientAddress }) => holds?.(clientAddress) ?? false,
    told: { en: `client address in ${shown}`, zh: `客户端地址属于 ${shown}` },
    field: undefined,
  };
}
