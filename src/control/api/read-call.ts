/**
 * From the raw parts of a request to the values a handler gets: path and query texts become numbers,
 * booleans and lists by their schema, bodies are parsed, and every mistake is told at once.
 */
import { mistake, type ProblemPointer } from '../../base/problem.ts';
import { escapePointer, readValue } from '../../base/schema-read.ts';
import type { Text } from '../../base/text.ts';
import type { JsonSchema, TSchema } from '../../base/schema.ts';
import type { Operation } from './operation.ts';
import problems from './problems.ts';

/** What arrived, still as text. */
export interface RawCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Media type without parameters, lower case; empty when there is none. */
  readonly contentType: string;
  readonly body: string | undefined;
}

/** What a handler receives of them. */
export interface ReadCall {
  readonly params: Record<string, unknown>;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
}

const YAML_TYPES: readonly string[] = ['application/yaml', 'application/x-yaml', 'text/yaml'];

/** True for a media type of YAML. Source: RFC 9512. */
export function isYamlType(contentType: string): boolean {
  return YAML_TYPES.includes(contentType);
}

/** Reads all parts by the operation's schemas; throws one `invalid-request` that lists every mistake. */
export function readCall(operation: Operation, raw: RawCall): ReadCall {
  const errors: ProblemPointer[] = [];
  const params = readPart(operation.params, texts(operation.params, Object.entries(raw.params)), '/params', errors);
  const query = readPart(operation.query, queryTexts(operation.query, raw.query, errors), '/query', errors);
  const body = readBody(operation, raw, errors);
  if (errors.length > 0) throw problems.raise['invalid-request']({ errors });
  return { params: params as Record<string, unknown>, query: query as Record<string, unknown>, body };
}

function readPart(schema: TSchema | undefined, value: unknown, pointer: string, errors: ProblemPointer[]): unknown {
  if (!schema) {
    for (const key of Object.keys(value as object))
      errors.push(mistake(`${pointer}/${escapePointer(key)}`, { en: 'is not known here', zh: '此处没有这个名称' }));
    return {};
  }
  const result = readValue(schema, value, pointer);
  errors.push(...result.errors);
  return result.value;
}

function queryTexts(schema: TSchema | undefined, query: URLSearchParams, errors: ProblemPointer[]): Record<string, unknown> {
  const properties = fields(schema);
  const entries: [string, string | string[]][] = [];
  for (const key of new Set(query.keys())) {
    const values = query.getAll(key);
    if (properties[key]?.type === 'array') entries.push([key, values]);
    else if (values.length > 1) errors.push(mistake(`/query/${escapePointer(key)}`, { en: 'may be given only once', zh: '只能给出一次' }));
    else entries.push([key, values[0]!]);
  }
  return texts(schema, entries);
}

/** Texts turned into what the schema asks for where that is possible; the rest is left for the schema to refuse. */
function texts(schema: TSchema | undefined, entries: readonly (readonly [string, string | readonly string[]])[]): Record<string, unknown> {
  const properties = fields(schema);
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries) {
    const field = properties[key];
    result[key] = typeof value === 'string' ? fromText(field, value) : value.map((item) => fromText(field?.items, item));
  }
  return result;
}

function fromText(schema: JsonSchema | undefined, text: string): unknown {
  if ((schema?.type === 'integer' || schema?.type === 'number') && /^-?\d{1,15}(\.\d{1,10})?$/.test(text)) return Number(text);
  if (schema?.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function fields(schema: TSchema | undefined): Readonly<Record<string, JsonSchema>> {
  return (schema as JsonSchema | undefined)?.properties ?? {};
}

function readBody(operation: Operation, raw: RawCall, errors: ProblemPointer[]): unknown {
  if (!operation.body) {
    if (raw.body) errors.push(mistake('/body', { en: 'is not expected here', zh: '此处不需要正文' }));
    return undefined;
  }
  const result = readValue(operation.body, parseBody(operation, raw), '/body');
  errors.push(...result.errors);
  return result.value;
}

function parseBody(operation: Operation, raw: RawCall): unknown {
  if (operation.fromYaml && isYamlType(raw.contentType)) return operation.fromYaml(raw.body ?? '');
  if (!raw.body) return {};
  if (raw.contentType === 'application/json') return parseJson(raw.body);
  const allowed = operation.fromYaml ? 'application/json, application/yaml' : 'application/json';
  throw problems.raise['unsupported-type']({ values: { allowed } });
}

/** Deeper than any configuration; what walks a value later does so on the stack. */
const JSON_DEPTH_MAX = 200;
const TOO_DEEP: Text = { en: `nested more than ${JSON_DEPTH_MAX} deep`, zh: `嵌套超过 ${JSON_DEPTH_MAX} 层` };

function parseJson(text: string): unknown {
  if (depthOf(text) > JSON_DEPTH_MAX) throw problems.raise['malformed-body']({ values: { format: 'JSON', reason: TOO_DEEP } });
  try {
    return JSON.parse(text);
  } catch (cause) {
    const at = cause instanceof Error ? /at position (\d+)/.exec(cause.message)?.[1] : undefined;
    const words = cause instanceof Error ? (cause.message.split('"')[0] ?? '').replace(/[ ,.]+$/, '') : '';
    const reason = { en: words || 'unexpected character', zh: at === undefined ? '意外的字符或过早结束' : `位置 ${at} 处有意外的字符` };
    throw problems.raise['malformed-body']({ values: { format: 'JSON', reason }, cause });
  }
}

/** How deep lists and objects of a JSON text stand in each other; of a text that is none, some number. */
function depthOf(text: string): number {
  let [open, deepest, quoted] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === LIST || code === OBJECT) deepest = Math.max(deepest, ++open);
    else if (code === LIST + 2 || code === OBJECT + 2) open--;
  }
  return deepest;
}

const [QUOTE, BACKSLASH, LIST, OBJECT] = [0x22, 0x5c, 0x5b, 0x7b];
