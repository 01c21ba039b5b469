/** JSON Schema as forms read it: the keywords of our kinds and components, nothing else. Pure. */
import type { Language } from '../ui/language.tsx';

/** A schema of the admin API. Keywords a form does not know stay untouched. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly [keyword: string]: unknown;
}

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export type JsonObject = Readonly<Record<string, unknown>>;

/** True for `{…}`. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Help of a schema in the reader's language; English where there is no other. */
export function helpOf(schema: JsonSchema, language: Language): string | undefined {
  const zh = schema['x-zh'];
  return language === 'zh' && typeof zh === 'string' ? zh : schema.description;
}

/** What draws a value. */
export type Widget =
  | 'text'
  | 'long-text'
  | 'number'
  | 'boolean'
  | 'enum'
  | 'list'
  | 'record'
  | 'object'
  | 'variant'
  | 'secret'
  | 'duration'
  | 'bytes'
  | 'ref'
  | 'expression'
  | 'sql'
  | 'raw';

const LONG_TEXT = 5000;
const KEYWORDS = [
  ['x-secret', 'secret'],
  ['x-duration', 'duration'],
  ['x-bytes', 'bytes'],
  ['x-ref', 'ref'],
  ['x-expression', 'expression'],
  ['x-sql', 'sql'],
] as const;

/** The widget of a schema: own keywords first, then shape. A shape nothing draws is `raw`: its text can be edited. */
export function widgetOf(schema: JsonSchema): Widget {
  for (const [keyword, widget] of KEYWORDS) if (schema[keyword]) return widget;
  if (schema.enum) return 'enum';
  if (schema.const !== undefined) return 'enum';
  if (variantsOf(schema)) return 'variant';
  switch (schema.type) {
    case 'string':
      return (schema.maxLength ?? 0) > LONG_TEXT ? 'long-text' : 'text';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return schema.items ? 'list' : 'raw';
    case 'object':
      if (schema.properties && Object.keys(schema.properties).length > 0) return 'object';
      return recordItems(schema) ? 'record' : 'raw';
    default:
      return 'raw';
  }
}

/** Alternatives of a schema, or undefined. */
export function variantsOf(schema: JsonSchema): readonly JsonSchema[] | undefined {
  const found = schema.anyOf ?? schema.oneOf;
  return found && found.length > 0 ? found : undefined;
}

/** Schema of a record's values; undefined when names are fixed or anything goes. */
export function recordItems(schema: JsonSchema): JsonSchema | undefined {
  const patterns = Object.values(schema.patternProperties ?? {});
  if (patterns[0]) return patterns[0];
  return isObject(schema.additionalProperties) ? (schema.additionalProperties as JsonSchema) : undefined;
}

/** Pattern that names of a record must match, if any. */
export function recordNames(schema: JsonSchema): string | undefined {
  return Object.keys(schema.patternProperties ?? {})[0];
}

/** Adds a member to an RFC 6901 pointer. */
export function below(pointer: string, name: string | number): string {
  return `${pointer}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
