/**
 * Checks a single value (no list, no object with members) against its schema: what is wrong with it, in words.
 * Lengths count code points. Source: JSON Schema 2020-12, validation vocabulary.
 */
import { assert } from './assert.ts';
import type { JsonSchema } from './schema.ts';
import { schemaMistake } from './schema-words.ts';
import type { Text } from './text.ts';

/** What is wrong with a value, such as `must be string`; undefined when it fits. */
export type LeafCheck = (value: unknown) => Text | undefined;

type Rule = LeafCheck;

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** In the order they are tried: a text that is too long meets no pattern. */
const RULES: Readonly<Record<string, (wanted: never) => Rule>> = {
  type: (type: string) => (value) => (TYPES[type]!(value) ? undefined : schemaMistake('type', `must be ${type}`, { type })),
  const: (wanted: unknown) => (value) => (value === wanted ? undefined : schemaMistake('const', 'must be equal to constant')),
  enum: (allowed: readonly unknown[]) => (value) =>
    allowed.includes(value) ? undefined : schemaMistake('enum', 'must be equal to one of the allowed values'),
  minimum: (least: number) => (value) => (typeof value === 'number' && value < least ? compared('minimum', '>=', least) : undefined),
  maximum: (most: number) => (value) => (typeof value === 'number' && value > most ? compared('maximum', '<=', most) : undefined),
  maxLength: (most: number) => (value) =>
    // Counted only when it matters: a text has never more characters than code units.
    typeof value === 'string' && value.length > most && characters(value) > most
      ? schemaMistake('maxLength', `must not have more than ${most} characters`, { limit: most })
      : undefined,
  minLength: (least: number) => (value) =>
    typeof value === 'string' && characters(value) < least
      ? schemaMistake('minLength', `must not have fewer than ${least} characters`, { limit: least })
      : undefined,
  pattern: (pattern: string) => {
    const form = new RegExp(pattern, 'u');
    return (value) =>
      typeof value === 'string' && !form.test(value) ? schemaMistake('pattern', `must match pattern "${pattern}"`, { pattern }) : undefined;
  },
};
const compared = (keyword: string, comparison: string, limit: number): Text =>
  schemaMistake(keyword, `must be ${comparison} ${limit}`, { comparison, limit });

const NOTES = /^(description|default|examples|title|x-.*)$/;

/** Compiles a schema. A keyword that would not be checked is a mistake of ours, and fails here. */
export function leafCheck(schema: JsonSchema): LeafCheck {
  const { type } = schema;
  assert(type === undefined || (typeof type === 'string' && Object.hasOwn(TYPES, type)), 'a schema names one type, a known one');
  for (const keyword of Object.keys(schema))
    assert(NOTES.test(keyword) || Object.hasOwn(RULES, keyword), `base/schema-leaf.ts does not check the keyword ${keyword}`);
  const rules = Object.entries(RULES).flatMap(([keyword, rule]) =>
    Object.hasOwn(schema, keyword) ? [rule(schema[keyword] as never)] : [],
  );
  return (value) => {
    for (const rule of rules) {
      const wrong = rule(value);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
