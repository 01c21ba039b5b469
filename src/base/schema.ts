/**
 * The one vocabulary of schemas: TypeBox's types plus Weir's own field kinds. Nothing else names TypeBox.
 * A schema is JSON Schema 2020-12; own keywords (`x-duration`, `x-bytes`, `x-secret`, `x-expression`,
 * `x-ref`, `x-zh`, `x-zh-title`, `x-advanced`) pass through to editors, docs and forms. A duration is `'1m'` for
 * people and milliseconds for code; a size is `'1MiB'` and bytes.
 */
import type { Static as TypeStatic, TSchema as TypeSchema } from 'typebox';
import { T } from './schema-build.ts';
import { BYTES_PATTERN, DURATION_PATTERN } from './units.ts';

export { T };
export type TSchema = TypeSchema;
export type Static<S extends TSchema> = TypeStatic<S>;

/** A schema seen as plain JSON Schema: what walkers and generators read. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly [keyword: string]: unknown;
}

/** What a schema says to people: `description` and `x-zh` explain a field, `title` and `x-zh-title` name it. */
export type Words = {
  readonly description: string;
  readonly 'x-zh': string;
  readonly title?: string;
  readonly 'x-zh-title'?: string;
};

/**
 * Field help in both languages; spread it into a field's options. `name` is what forms call the field: its Chinese name
 * alone where the key says it in English (`poolMax` is "Pool max"), else both. Every field of a kind or extension has one.
 */
export function help(en: string, zh: string, name?: string | { readonly en: string; readonly zh: string }): Words {
  if (name === undefined) return { description: en, 'x-zh': zh };
  const named = typeof name === 'string' ? { 'x-zh-title': name } : { title: name.en, 'x-zh-title': name.zh };
  return { ...named, description: en, 'x-zh': zh };
}

interface FieldOptions<V> extends Words {
  readonly default?: V;
  readonly examples?: readonly V[];
  /** Folded away in forms. */
  readonly 'x-advanced'?: boolean;
  /** A text of several lines. */
  readonly 'x-multiline'?: boolean;
}

/** A length of time: `'30s'` outside, milliseconds inside. */
export const duration = (options: FieldOptions<string> & { readonly 'x-minimum'?: string; readonly 'x-maximum'?: string }) =>
  T.Unsafe<number>({ type: 'string', pattern: DURATION_PATTERN, 'x-duration': true, ...options });

/** A size: `'10MiB'` outside, bytes inside. */
export const bytes = (options: FieldOptions<string> & { readonly 'x-minimum'?: string; readonly 'x-maximum'?: string }) =>
  T.Unsafe<number>({ type: 'string', pattern: BYTES_PATTERN, 'x-bytes': true, ...options });

/** A value that is never shown, dumped, logged or hashed in the clear. May be `${secret:name}`. */
export const secret = (options: FieldOptions<string>) => T.Unsafe<string>({ type: 'string', minLength: 1, 'x-secret': true, ...options });

/** A small path into the exchange, such as `consumer.id` or `request.header.x-tenant`. */
export const expression = (options: FieldOptions<string>) =>
  T.Unsafe<string>({ type: 'string', minLength: 1, maxLength: 200, 'x-expression': true, ...options });

/** The name of a resource of `kind` in the same project. */
export const ref = (kind: string, options: FieldOptions<string>) =>
  T.Unsafe<string>({ type: 'string', pattern: NAME_PATTERN, 'x-ref': kind, ...options });

/** The name of a resource of `kind` that belongs to the whole installation; `builtIn` names exist without a document. */
export const refOfInstallation = (kind: string, builtIn: readonly string[], options: FieldOptions<string>) =>
  T.Unsafe<string>({
    type: 'string',
    pattern: NAME_PATTERN,
    'x-ref': kind,
    'x-ref-project': 'default',
    ...(builtIn.length > 0 ? { 'x-ref-built-in': [...builtIn] } : {}),
    ...options,
  });

/** Names of resources and projects: lower case, digits and dashes, at most 63 characters (RFC 1123 label). */
export const NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';

/** A choice by a `type` member: each variant is an object schema that names its `type` as a constant. */
export const variants = <S extends readonly TSchema[]>(schemas: readonly [...S], options: Record<string, unknown> = {}) =>
  T.Unsafe<Static<S[number]>>({ anyOf: schemas, 'x-discriminator': 'type', ...options });

/** An object that refuses unknown members. */
export const strictObject = <P extends Record<string, TSchema>>(properties: P, options: Record<string, unknown> = {}) =>
  T.Object(properties, { additionalProperties: false, ...options });
