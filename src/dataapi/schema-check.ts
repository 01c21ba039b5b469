/**
 * JSON Schema of parameters: which schemas may be published, and their compiled checks.
 * Only single values are taken (string, integer, number, boolean); lists are not bound in this release.
 * Source: JSON Schema 2020-12 (validation and format-annotation vocabularies).
 */
import { createRequire } from 'node:module';
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import { type Text, tell } from '../base/text.ts';
import type { ColumnType } from '../sdk/record.ts';

export type ValueSchema = Readonly<Record<string, unknown>>;

const TYPES = ['string', 'integer', 'number', 'boolean'];
const KEYWORDS_REFUSED = ['$ref', '$dynamicRef', '$id', '$anchor', '$dynamicAnchor', '$defs', '$async', 'nullable', 'if', 'then', 'else'];
const FORMATS: Readonly<Record<string, ColumnType>> = { date: 'date', 'date-time': 'timestamptz', time: 'time', uuid: 'uuid' };

/** Compiles a parameter's schema; throws ajv's error on a schema that is none. */
export function compileValueCheck(schema: ValueSchema): ValidateFunction {
  if (!shared || shared.left === 0) shared = { ajv: newCompiler(), left: COMPILES_MAX };
  shared.left -= 1;
  try {
    return shared.ajv.compile(schema);
  } finally {
    shared.ajv.removeSchema(schema);
  }
}

/** Makes what compiles schemas; a spare does so ahead, for it is most of the time that the first schemas of a process take. */
export function prepareValueChecks(): void {
  compileValueCheck({ type: 'string', format: 'date' });
}

/** A compiler keeps something of each schema, so a new one takes its place after so many. */
const COMPILES_MAX = 500;
let shared: { readonly ajv: Ajv2020; left: number } | undefined;

function newCompiler(): Ajv2020 {
  // Loaded with the first parameter: a gateway thread without data APIs never needs it, and starts sooner.
  const load = createRequire(import.meta.url);
  const library = load('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const addFormats = load('ajv-formats') as (to: Ajv2020) => void;
  const ajv = new library.Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictNumbers: true,
    messages: true,
    logger: false,
  });
  addFormats(ajv);
  ajv.addVocabulary(['example', 'x-zh']);
  return ajv;
}

/** The type a parameter is bound as. */
export function bindTypeOf(schema: ValueSchema): ColumnType {
  switch (schema['type']) {
    case 'integer':
      return 'int64';
    case 'number':
      return 'decimal';
    case 'boolean':
      return 'boolean';
    default:
      return FORMATS[String(schema['format'])] ?? 'text';
  }
}

/** What is wrong with a schema as that of a parameter; empty when it may be published. */
export function schemaMistakes(schema: ValueSchema): Text[] {
  const type = schema['type'];
  if (type === 'array') return [{ en: 'is a list; this release binds single values only', zh: '是列表；此版本只能绑定单个值' }];
  if (typeof type !== 'string' || !TYPES.includes(type))
    return [{ en: `needs a \`type\`: one of ${TYPES.join(', ')}`, zh: `需要 \`type\`，可选值：${TYPES.join(', ')}` }];
  const mistakes = refusedKeywords(schema);
  if (type === 'integer') mistakes.push(...unsafeNumbers(schema));
  const length = charactersMax(schema);
  for (const pattern of findPatterns(schema)) {
    const shown = JSON.stringify(pattern.slice(0, 60));
    if (canExplode(pattern)) mistakes.push(tell(EXPLODES, { pattern: shown }));
    else if (patternSteps(pattern, length!) > STEPS_MAX) mistakes.push(tell(TOO_SLOW, { pattern: shown, length }));
  }
  if (mistakes.length > 0) return mistakes;
  try {
    const check = compileValueCheck(schema);
    if (schema['default'] !== undefined && !check(schema['default']))
      mistakes.push({ en: 'has a default that does not fit the schema', zh: '默认值不符合该 schema' });
  } catch (error) {
    mistakes.push(
      tell({ en: 'is not a JSON Schema: {words}', zh: '不是 JSON Schema：{words}' }, { words: (error as Error).message.slice(0, 300) }),
    );
  }
  return mistakes;
}

const EXPLODES: Text = {
  en: 'has the pattern {pattern}, which repeats a repetition and can take exponential time',
  zh: '的模式 {pattern} 在重复中又有重复，耗时可能呈指数增长',
};
const TOO_SLOW: Text = {
  en: 'has the pattern {pattern}, which can take too long on {length} characters; set a smaller `maxLength`, begin it with ^, or repeat less in it',
  zh: '的模式 {pattern} 匹配 {length} 个字符时可能耗时过长；请减小 `maxLength`、以 ^ 开头，或减少其中的重复',
};

function refusedKeywords(schema: unknown, depth = 0): Text[] {
  if (depth > 10) return [{ en: 'is nested too deeply', zh: '嵌套过深' }];
  if (typeof schema !== 'object' || schema === null) return [];
  const own = Array.isArray(schema) ? [] : Object.keys(schema).filter((k) => KEYWORDS_REFUSED.includes(k));
  return [
    ...own.map((k) => ({ en: `uses \`${k}\`, which parameters may not`, zh: `使用了 \`${k}\`，参数中不允许` })),
    ...Object.values(schema).flatMap((v) => refusedKeywords(v, depth + 1)),
  ];
}

/** A bound above 2⁵³ was already rounded when the document was read: refused, so that no check is off by one. */
function unsafeNumbers(schema: ValueSchema): Text[] {
  return Object.entries(schema).flatMap(([key, value]) => {
    const numbers = (Array.isArray(value) ? value : [value]).filter((v): v is number => typeof v === 'number');
    return numbers.some((n) => Math.abs(n) > Number.MAX_SAFE_INTEGER)
      ? [tell({ en: 'has a `{key}` beyond 2^53, which is not exact', zh: '的 `{key}` 超过 2^53，无法精确表示' }, { key })]
      : [];
  });
}

function findPatterns(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => (key === 'pattern' && typeof value === 'string' ? [value] : findPatterns(value)));
}

/** Longest value with a pattern when its schema has no `maxLength`; longer ones are refused. */
const PATTERN_CHARACTERS_MAX = 1024;
/** Steps that a match may take at most: about 0.1 s of the thread that serves everybody. */
const STEPS_MAX = 20_000_000;

/** Characters of a value up to which its patterns may be tried; undefined for a schema without patterns. */
export function charactersMax(schema: ValueSchema): number | undefined {
  if (findPatterns(schema).length === 0) return undefined;
  const own = schema['maxLength'];
  return typeof own === 'number' ? own : PATTERN_CHARACTERS_MAX;
}

/**
 * How many ways a pattern without nested repetition has to try `length` characters, at most: the product of
 * where it may begin, how often each part may repeat, and the choices it has.
 */
export function patternSteps(pattern: string, length: number): number {
  let steps = 1;
  let depth = 0;
  let fixedStart = pattern.startsWith('^');
  for (let i = 0; i < pattern.length; i++) {
    const ch = pattern[i]!;
    if (ch === '\\') i += 1;
    else if (ch === '[') i = endOfClass(pattern, i);
    else if (ch === '(') depth += 1;
    else if (ch === ')') depth -= 1;
    else if (ch === '*' || ch === '+') steps *= length + 1;
    else if (ch === '{') steps *= timesOf(pattern.slice(i), length);
    else if (ch === '|' || (ch === '?' && pattern[i - 1] !== '(')) steps *= 2;
    if (ch === '|' && depth === 0) fixedStart = false;
  }
  return fixedStart ? steps : steps * (length + 1);
}

/** In how many ways `{2,5}` can be met: four; `{3}` has one. */
function timesOf(rest: string, length: number): number {
  const match = /^\{(\d+),(\d*)\}/.exec(rest);
  if (!match) return 1;
  return Math.min(length, match[2] === '' ? length : Number(match[2]) - Number(match[1])) + 1;
}

/** A group that repeats inside and is repeated itself, such as `(a+)+` or `(a|a?)*`: the usual exponential shape. */
export function canExplode(pattern: string): boolean {
  const groups: boolean[] = [];
  let closedRepeats = false;
  for (let i = 0; i < pattern.length; i++) {
    const ch = pattern[i]!;
    const repeats = ch === '*' || ch === '+' || (ch === '{' && /^\{\d+(,\d*)?\}/.test(pattern.slice(i)));
    if (repeats && closedRepeats) return true;
    closedRepeats = false;
    if (ch === '\\') i += 1;
    else if (ch === '[') i = endOfClass(pattern, i);
    else if (ch === '(') groups.push(false);
    else if (ch === ')') {
      closedRepeats = groups.pop() ?? false;
      if (closedRepeats && groups.length > 0) groups[groups.length - 1] = true;
    } else if ((repeats || ch === '|' || (ch === '?' && pattern[i - 1] !== '(')) && groups.length > 0) groups[groups.length - 1] = true;
  }
  return false;
}

function endOfClass(pattern: string, open: number): number {
  for (let i = open + 1; i < pattern.length; i++) {
    if (pattern[i] === '\\') i += 1;
    else if (pattern[i] === ']') return i;
  }
  return pattern.length;
}
