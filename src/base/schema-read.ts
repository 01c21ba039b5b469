/**
 * Reads a value people wrote into the value code uses: defaults filled in, durations and sizes turned
 * into numbers, every mistake (up to 1,000) reported at once with its JSON pointer and a "did you mean".
 * In: a schema and an untrusted value. Out: `{ value }` or `{ errors }`; the input is not changed.
 */
import { mistake, type ProblemPointer } from './problem.ts';
import { type JsonSchema, type Static, type TSchema } from './schema.ts';
import { type LeafCheck, leafCheck } from './schema-leaf.ts';
import { nearest } from './suggest.ts';
import { joined, type Text } from './text.ts';
import { parseBytes, parseDuration } from './units.ts';

/** `errors` is empty exactly when `value` may be used. */
export interface ReadResult<V> {
  readonly value: V;
  readonly errors: ProblemPointer[];
}

const DEPTH_MAX = 40;
/** Nobody mends more at once, and a document of nothing but mistakes would take seconds. */
const MISTAKES_MAX = 1000;
const leafChecks = new WeakMap<object, LeafCheck>();

/**
 * Reads `input` by `schema`.
 * @example readValue(T.Object({ window: duration({ default: '1m', ...help('…', '…') }) }), {}).value.window === 60000
 */
export function readValue<S extends TSchema>(schema: S, input: unknown, pointer = ''): ReadResult<Static<S>> {
  const errors: ProblemPointer[] = [];
  const value = read(schema as unknown as JsonSchema, input, pointer, errors, 0);
  return { value: value as Static<S>, errors };
}

function read(schema: JsonSchema, input: unknown, at: string, errors: ProblemPointer[], depth: number): unknown {
  if (depth > DEPTH_MAX) return fail(errors, at, { en: 'is nested too deeply', zh: '嵌套过深' });
  if (errors.length >= MISTAKES_MAX) return more(errors, at);
  if (schema['x-discriminator']) return readVariant(schema, input, at, errors, depth);
  if (schema.anyOf) return readAnyOf(schema.anyOf, input, at, errors, depth);
  if (schema.properties) return readObject(schema, input, at, errors, depth);
  if (schema.type === 'array' && schema.items) return readArray(schema, input, at, errors, depth);
  if (schema.type === 'object' && (schema.patternProperties || typeof schema.additionalProperties === 'object')) {
    return readRecord(schema, input, at, errors, depth);
  }
  return readLeaf(schema, input, at, errors);
}

function readObject(schema: JsonSchema, input: unknown, at: string, errors: ProblemPointer[], depth: number): unknown {
  if (!isObject(input)) return fail(errors, at, NO_OBJECT, { got: describe(input) });
  const properties = schema.properties!;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(input)) {
    if (Object.hasOwn(properties, key)) continue;
    if (errors.length >= MISTAKES_MAX) return more(errors, at);
    if (schema.additionalProperties === false) {
      fail(errors, `${at}/${escapePointer(key)}`, NOT_KNOWN, { hint: knownHere(key, Object.keys(properties)) });
    } else if (schema.additionalProperties === undefined || schema.additionalProperties === true) {
      setOwn(result, key, input[key]);
    }
  }
  const required = new Set(schema.required);
  for (const [key, field] of Object.entries(properties)) {
    const given = Object.hasOwn(input, key) ? input[key] : undefined;
    const place = `${at}/${escapePointer(key)}`;
    if (given !== undefined) setOwn(result, key, read(field, given, place, errors, depth + 1));
    else if (field.default !== undefined) setOwn(result, key, read(field, structuredClone(field.default), place, errors, depth + 1));
    else if (required.has(key)) fail(errors, place, { en: 'is required', zh: '为必填项' });
  }
  return result;
}

function readRecord(schema: JsonSchema, input: unknown, at: string, errors: ProblemPointer[], depth: number): unknown {
  if (!isObject(input)) return fail(errors, at, NO_OBJECT, { got: describe(input) });
  const patterns = Object.entries(schema.patternProperties ?? {}).map(([p, s]) => [new RegExp(p), s] as const);
  const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(input)) {
    const field = patterns.find(([pattern]) => pattern.test(key))?.[1] ?? rest;
    const place = `${at}/${escapePointer(key)}`;
    if (field) setOwn(result, key, read(field, value, place, errors, depth + 1));
    else fail(errors, place, { en: 'is not an allowed name', zh: '不是允许的名称' });
  }
  const most = schema['maxProperties'];
  if (typeof most === 'number' && Object.keys(result).length > most)
    fail(errors, at, { en: 'has more than {most} members', zh: '成员多于 {most} 个' }, { most });
  return result;
}

function readArray(schema: JsonSchema, input: unknown, at: string, errors: ProblemPointer[], depth: number): unknown {
  if (!Array.isArray(input))
    return fail(errors, at, { en: 'must be a list, not {got}', zh: '必须是列表，而不是{got}' }, { got: describe(input) });
  const { minItems, maxItems } = schema as { minItems?: number; maxItems?: number };
  if (minItems !== undefined && input.length < minItems)
    fail(errors, at, { en: 'must have at least {minItems} item(s)', zh: '至少要有 {minItems} 项' }, { minItems });
  if (maxItems !== undefined && input.length > maxItems)
    fail(errors, at, { en: 'must have at most {maxItems} item(s)', zh: '最多只能有 {maxItems} 项' }, { maxItems });
  return input.map((item, index) => read(schema.items!, item, `${at}/${index}`, errors, depth + 1));
}

/** The variant named by the discriminator gives the messages, so they speak of what was meant. */
function readVariant(schema: JsonSchema, input: unknown, at: string, errors: ProblemPointer[], depth: number): unknown {
  const member = String(schema['x-discriminator']);
  if (!isObject(input)) {
    const text = { en: 'must be an object with a "{member}", not {got}', zh: '必须是含“{member}”的对象，而不是{got}' };
    return fail(errors, at, text, { member, got: describe(input) });
  }
  const known = new Map(schema.anyOf!.map((v) => [v.properties?.[member]?.const, v]));
  const chosen = known.get(input[member]);
  if (chosen) return read(chosen, input, at, errors, depth + 1);
  const names = [...known.keys()].map(String);
  const allowed = names.join(', ');
  if (input[member] === undefined)
    return fail(errors, `${at}/${member}`, { en: 'is required; one of: {allowed}', zh: '为必填项，可选值：{allowed}' }, { allowed });
  const near = nearest(String(input[member]), names);
  const hint = near ? { en: `did you mean "${near}"?`, zh: `是否指“${near}”？` } : { en: `one of: ${allowed}`, zh: `可选值：${allowed}` };
  const given = String(input[member]).slice(0, 60);
  return fail(errors, `${at}/${member}`, { en: '"{given}" is not known; {hint}', zh: '未知的值“{given}”；{hint}' }, { given, hint });
}

function readAnyOf(options: readonly JsonSchema[], input: unknown, at: string, errors: ProblemPointer[], depth: number): unknown {
  let best: ProblemPointer[] | undefined;
  for (const option of options) {
    const own: ProblemPointer[] = [];
    const value = read(option, input, at, own, depth + 1);
    if (own.length === 0) return value;
    if (!best || rank(own, at) < rank(best, at)) best = own;
  }
  if (options.every((o) => o.const !== undefined)) {
    return fail(errors, at, ONE_OF, { allowed: options.map((o) => JSON.stringify(o.const)).join(', '), got: describe(input) });
  }
  if (best?.every((e) => e.pointer === at) && options.some((o) => o.const !== undefined && typeof o.const === typeof input)) {
    const asked = joined(options.map(inWords), { en: ', or ', zh: '，或' });
    return fail(errors, at, { en: 'must be {asked}; got {got}', zh: '必须是{asked}；当前为 {got}' }, { asked, got: describe(input) });
  }
  errors.push(...(best ?? []));
  return undefined;
}

/** What an option asks for, in few words. */
function inWords(option: JsonSchema): Text {
  if (option.const !== undefined) return { en: JSON.stringify(option.const), zh: JSON.stringify(option.const) };
  const keys = option.required ?? Object.keys(option.properties ?? {});
  if (keys.length > 0)
    return {
      en: `an object with ${keys.map((key) => `"${key}"`).join(' and ')}`,
      zh: `含${keys.map((key) => `“${key}”`).join('和')}的对象`,
    };
  return { en: `a value of the type ${String(option.type ?? 'given')}`, zh: `${String(option.type ?? '给定')} 类型的值` };
}

/** An option that failed inside is nearer to what was meant than one of the wrong type. */
function rank(errors: ProblemPointer[], at: string): number {
  return errors.length + (errors.some((e) => e.pointer === at) ? 1000 : 0);
}

function readLeaf(schema: JsonSchema, input: unknown, at: string, errors: ProblemPointer[]): unknown {
  if (schema['x-duration'] || schema['x-bytes']) return readUnit(schema, input, at, errors);
  let check = leafChecks.get(schema);
  if (!check) leafChecks.set(schema, (check = leafCheck(schema)));
  const fault = check(input);
  if (fault === undefined) return input;
  const got = schema['x-secret'] ? { en: 'a value that is not shown', zh: '不显示的值' } : describe(input);
  if (schema.enum) return fail(errors, at, ONE_OF, { allowed: schema.enum.map((v) => JSON.stringify(v)).join(', '), got });
  return fail(errors, at, GOT, { fault, got });
}

function readUnit(schema: JsonSchema, input: unknown, at: string, errors: ProblemPointer[]): unknown {
  const isDuration = Boolean(schema['x-duration']);
  const parse = isDuration ? parseDuration : parseBytes;
  const value = typeof input === 'string' ? parse(input) : undefined;
  if (value === undefined) {
    const example = isDuration ? '"30s", "5m", "1h30m"' : '"512B", "64KiB", "10MiB"';
    const text = isDuration
      ? { en: 'must be a duration such as {example}; got {got}', zh: '必须是时长，例如 {example}；当前为 {got}' }
      : { en: 'must be a size such as {example}; got {got}', zh: '必须是大小，例如 {example}；当前为 {got}' };
    return fail(errors, at, text, { example, got: describe(input) });
  }
  const least = schema['x-minimum'] as string | undefined;
  const most = schema['x-maximum'] as string | undefined;
  if (least !== undefined && value < parse(least)!)
    return fail(
      errors,
      at,
      { en: 'must be at least {least}; got {got}', zh: '不能小于 {least}；当前为 {got}' },
      { least, got: describe(input) },
    );
  if (most !== undefined && value > parse(most)!)
    return fail(
      errors,
      at,
      { en: 'must be at most {most}; got {got}', zh: '不能大于 {most}；当前为 {got}' },
      { most, got: describe(input) },
    );
  return value;
}

/** A value as a message may show it: short, and never a whole document. */
function describe(value: unknown): Text | string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return { en: 'a list', zh: '列表' };
  if (typeof value === 'object') return { en: 'an object', zh: '对象' };
  if (value === undefined) return { en: 'nothing', zh: '空' };
  const text = (JSON.stringify(value) ?? String(value)).replace(/\/\/[^/]*@/, '//…@'); // No password of a URL.
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

const NOT_KNOWN: Text = { en: 'is not known here; {hint}', zh: '此处没有这个名称；{hint}' };
const ONE_OF: Text = { en: 'must be one of: {allowed}; got {got}', zh: '必须是以下之一：{allowed}；当前为 {got}' };
const NO_OBJECT: Text = { en: 'must be an object, not {got}', zh: '必须是对象，而不是{got}' };
const GOT: Text = { en: '{fault}; got {got}', zh: '{fault}；当前为 {got}' };

function knownHere(key: string, known: readonly string[]): Text {
  const near = nearest(key, known);
  if (near) return { en: `did you mean "${near}"?`, zh: `是否指“${near}”？` };
  return { en: `known are: ${known.join(', ')}`, zh: `可用的有：${known.join(', ')}` };
}

function fail(errors: ProblemPointer[], pointer: string, text: Text, values?: Record<string, unknown>): undefined {
  errors.push(mistake(pointer, text, values));
  return undefined;
}

/** Says once that what follows is not read. */
function more(errors: ProblemPointer[], at: string): undefined {
  if (errors.length === MISTAKES_MAX) fail(errors, at, MORE, { limit: MISTAKES_MAX });
  return undefined;
}

const MORE: Text = {
  en: 'and what follows was not read: there are {limit} mistakes before it',
  zh: '及其后的内容未再检查：前面已有 {limit} 处错误',
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a member even when it is called `__proto__`. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Escapes one step of a JSON pointer. Source: RFC 6901 §3. */
export function escapePointer(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Visits every field present in `value` with its schema; used to find secrets, references and variables. */
export function visitFields(
  schema: JsonSchema,
  value: unknown,
  visit: (field: { schema: JsonSchema; value: unknown; pointer: string }) => void,
  pointer = '',
): void {
  visit({ schema, value, pointer });
  if (schema['x-discriminator'] && isObject(value)) {
    const member = String(schema['x-discriminator']);
    const chosen = schema.anyOf!.find((v) => v.properties?.[member]?.const === value[member]);
    if (chosen) visitFields(chosen, value, visit, pointer);
  } else if (schema.anyOf) {
    const chosen = schema.anyOf.find((option) => readValue(option as unknown as TSchema, value).errors.length === 0);
    if (chosen) visitFields(chosen, value, visit, pointer);
  } else if (Array.isArray(value)) {
    if (schema.items) value.forEach((item, i) => visitFields(schema.items!, item, visit, `${pointer}/${i}`));
  } else if (isObject(value)) {
    const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    for (const [key, item] of Object.entries(value)) {
      const field =
        schema.properties?.[key] ?? Object.entries(schema.patternProperties ?? {}).find(([p]) => new RegExp(p).test(key))?.[1] ?? rest;
      if (field) visitFields(field, item, visit, `${pointer}/${escapePointer(key)}`);
    }
  }
}
