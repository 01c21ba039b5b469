/**
 * Request side of parameters: path, query and header texts ─▶ checked values, or one 400 that names every
 * mistake. A value stays the text that will be bound: no number is parsed and printed again.
 */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { mistake, type ProblemPointer } from '../base/problem.ts';
import { schemaMistake } from '../base/schema-words.ts';
import { didYouMean } from '../base/suggest.ts';
import { type Text, tell } from '../base/text.ts';
import type { BoundParameter, CompiledDataApi, DataApiRequest } from '../sdk/dataapi.ts';
import { headerName, RESERVED_NAMES } from './parameters.ts';
import problems from './problems.ts';
import { charactersMax, compileValueCheck } from './schema-check.ts';

/** Texts to bind by parameter name; null = not given. */
export interface RequestValues {
  readonly values: ReadonlyMap<string, string | null>;
  /** Rows of the page asked for; 0 without paging. */
  readonly pageSize: number;
  readonly cursor: string | undefined;
  /** The query's own pairs, decoded, without `cursor`: what a link to the next page repeats. */
  readonly pairs: readonly (readonly [string, string])[];
}

/** Reads the values of a request; throws `parameters-invalid`. */
export type ValueReader = (request: Pick<DataApiRequest, 'params' | 'query' | 'header'>) => RequestValues;

const PAIRS_MAX = 128;
const PAGE_SIZE_SCHEMA = { type: 'integer', minimum: 1 };
const INT64_MAX = 2n ** 63n - 1n;

interface Check {
  readonly parameter: BoundParameter;
  readonly fallback: string | null;
  readonly validate: ValidateFunction;
  /** Longer values are refused before any pattern is tried on them: see schema-check.ts. */
  readonly charactersMax: number | undefined;
}

/** Compiles the checks of an API once; the reader may be used for every request of its release. */
export function createValueReader(api: CompiledDataApi): ValueReader {
  const checks = api.parameters.map(
    (parameter): Check => ({
      parameter,
      fallback: parameter.default === undefined ? null : defaultText(parameter),
      validate: compileValueCheck(parameter.schema),
      charactersMax: charactersMax(parameter.schema),
    }),
  );
  const sizeCheck = api.page && pageSizeCheck(api.page.sizeMax);
  const queryNames = [...api.parameters.filter((p) => p.in === 'query').map((p) => p.name), ...(api.page ? RESERVED_NAMES : [])];
  return (request) => {
    const errors: ProblemPointer[] = [];
    const query = readQuery(request.query, queryNames, errors);
    const values = new Map(checks.map((c) => [c.parameter.name, readOne(c, rawValue(c.parameter, request, query), errors)]));
    const size = sizeCheck ? readOne(sizeCheck, query.get('page_size'), errors) : null;
    if (errors.length > 0) throw problems.raise['parameters-invalid']({ values: { count: errors.length }, errors });
    const pairs = [...query].filter(([name]) => name !== 'cursor');
    return { values, pairs, cursor: query.get('cursor'), pageSize: api.page ? Number(size ?? api.page.sizeDefault) : 0 };
  };
}

function pageSizeCheck(sizeMax: number): Check {
  const schema = { ...PAGE_SIZE_SCHEMA, maximum: sizeMax };
  const parameter: BoundParameter = { name: 'page_size', in: 'query', required: false, schema, type: 'int64' };
  return { parameter, fallback: null, validate: compileValueCheck(schema), charactersMax: undefined };
}

function defaultText({ default: value, type }: BoundParameter): string {
  return type === 'boolean' ? (value ? 't' : 'f') : String(value);
}

function rawValue(
  parameter: BoundParameter,
  request: Pick<DataApiRequest, 'params' | 'header'>,
  query: ReadonlyMap<string, string>,
): string | undefined {
  if (parameter.in === 'query') return query.get(parameter.name);
  if (parameter.in === 'header') return request.header(headerName(parameter.name));
  return Object.hasOwn(request.params, parameter.name) ? request.params[parameter.name] : undefined;
}

/** Pairs of a query string. Source: WHATWG URL, application/x-www-form-urlencoded; malformed escapes are refused. */
function readQuery(text: string, known: readonly string[], errors: ProblemPointer[]): Map<string, string> {
  const found = new Map<string, string>();
  const parts = text.split('&', PAIRS_MAX + 1).filter((part) => part !== '');
  if (parts.length > PAIRS_MAX)
    errors.push(mistake('/query', { en: 'has more than {most} parameters', zh: '参数多于 {most} 个' }, { most: PAIRS_MAX }));
  for (const part of parts.slice(0, PAIRS_MAX)) {
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    const value = decode(equals < 0 ? '' : part.slice(equals + 1));
    if (name === undefined || value === undefined) errors.push(mistake('/query', NOT_ENCODED, { part: part.slice(0, 40) }));
    else if (!known.includes(name)) errors.push({ pointer: queryPointer(name), detail: unknown(name, known) });
    else if (found.has(name)) errors.push(mistake(queryPointer(name), GIVEN_TWICE));
    else found.set(name, value);
  }
  return found;
}

const NOT_ENCODED: Text = { en: '"{part}" is not valid percent-encoded UTF-8', zh: '“{part}”不是有效的百分号编码 UTF-8' };
const GIVEN_TWICE: Text = { en: 'is given more than once; it takes one value', zh: '出现了多次；只能给出一个值' };
const GOT: Text = { en: '{fault}; got "{got}"', zh: '{fault}；当前为“{got}”' };

function unknown(name: string, known: readonly string[]): Text {
  const hint = known.length > 0 ? didYouMean(name, known) : { en: 'it takes none in the query', zh: '它没有查询参数' };
  return tell({ en: 'is not a parameter of this API; {hint}', zh: '不是此 API 的参数；{hint}' }, { hint });
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined; // Malformed escapes become one of the request's mistakes.
  }
}

function readOne(
  { parameter, fallback, validate, charactersMax: most }: Check,
  raw: string | undefined,
  errors: ProblemPointer[],
): string | null {
  const pointer = pointerOf(parameter);
  if (raw === undefined) {
    if (parameter.required && fallback === null) errors.push(mistake(pointer, { en: 'is required', zh: '为必填项' }));
    return fallback;
  }
  const coerced = coerce(parameter, raw);
  if ('mistake' in coerced) {
    errors.push(mistake(pointer, GOT, { fault: coerced.mistake, got: shown(raw) }));
    return null;
  }
  if (most !== undefined && raw.length > most && [...raw].length > most) {
    const fault = { en: `must NOT have more than ${most} characters`, zh: `不能多于 ${most} 个字符` };
    errors.push(mistake(pointer, GOT, { fault, got: shown(raw) }));
  } else if (!validate(coerced.value)) {
    for (const error of validate.errors ?? []) errors.push(mistake(pointer, GOT, { fault: faultOf(error), got: shown(raw) }));
  } else if (!isMultiple(parameter, coerced.text)) {
    const step = String(parameter.schema['multipleOf']);
    errors.push(mistake(pointer, GOT, { fault: { en: `must be multiple of ${step}`, zh: `必须是 ${step} 的倍数` }, got: shown(raw) }));
  }
  return coerced.text;
}

type Coerced = { readonly value: unknown; readonly text: string } | { readonly mistake: Text };

/** From text to the value the schema speaks of, and the text that is bound. */
function coerce(parameter: BoundParameter, raw: string): Coerced {
  switch (parameter.type) {
    case 'int64': {
      if (!/^-?(0|[1-9]\d{0,18})$/.test(raw)) return { mistake: { en: 'must be an integer', zh: '必须是整数' } };
      const exact = BigInt(raw);
      if (exact > INT64_MAX || exact < -INT64_MAX - 1n)
        return { mistake: { en: 'must be an integer of at most 64 bits', zh: '必须是不超过 64 位的整数' } };
      return { value: Number(raw), text: exact.toString() };
    }
    case 'decimal':
      if (!/^-?(0|[1-9]\d{0,99})(\.\d{1,100})?([eE][+-]?\d{1,2})?$/.test(raw))
        return { mistake: { en: 'must be a number', zh: '必须是数字' } };
      return { value: Number(raw), text: raw };
    case 'boolean':
      if (raw !== 'true' && raw !== 'false') return { mistake: { en: 'must be true or false', zh: '必须是 true 或 false' } };
      return { value: raw === 'true', text: raw === 'true' ? 't' : 'f' };
    default:
      return raw.includes('\0')
        ? { mistake: { en: 'must not hold a NUL character', zh: '不能含 NUL 字符' } }
        : !raw.isWellFormed()
          ? { mistake: { en: 'must be well-formed Unicode', zh: '必须是合法的 Unicode 文本' } }
          : { value: raw, text: raw };
  }
}

/** Exact where JSON Schema's check through a floating-point number is not. Other bounds stay right: see schema-check.ts. */
function isMultiple(parameter: BoundParameter, text: string): boolean {
  const { multipleOf } = parameter.schema;
  if (parameter.type !== 'int64' || !Number.isSafeInteger(multipleOf)) return true;
  return BigInt(text) % BigInt(multipleOf as number) === 0n;
}

function faultOf(error: ErrorObject): Text {
  const { allowedValues } = error.params as { allowedValues?: unknown[] };
  const choices = allowedValues?.slice(0, 20).map((value) => JSON.stringify(value));
  const { en, zh } = schemaMistake(error.keyword, error.message ?? 'is not valid', error.params as Record<string, unknown>);
  return choices ? { en: `${en}: ${choices.join(', ')}`, zh: `${zh}：${choices.join(', ')}` } : { en, zh };
}

function shown(raw: string): string {
  return raw.length > 60 ? `${raw.slice(0, 57)}…` : raw;
}

function pointerOf(parameter: BoundParameter): string {
  return parameter.in === 'query'
    ? queryPointer(parameter.name)
    : `/${parameter.in}/${parameter.in === 'header' ? headerName(parameter.name) : parameter.name}`;
}

function queryPointer(name: string): string {
  return `/query/${name.slice(0, 60).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
