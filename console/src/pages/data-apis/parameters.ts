/**
 * Parameters of a data API as the builder shows them: those the document declares, joined with those that stand in SQL
 * and path. In: spec, and what a trial inferred. Out: one row each, and the changes that put them into the document. Pure.
 */
import type { Change } from '../../forms/change.ts';
import type { ApiSpec, ParameterSpec } from './api-spec.ts';
import { parameterNames, pathNames } from './sql-names.ts';

export interface ParameterRow {
  readonly name: string;
  readonly declared: boolean;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly description: string;
  /** Lines of the SQL; empty for one that stands nowhere. */
  readonly lines: readonly number[];
  /** Type as the database names it. */
  readonly inferred: string | undefined;
}

export interface Inferred {
  readonly name: string;
  readonly inferred: string | null;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** Rows in the order of the document, then of the SQL. */
export function parameterRows(spec: ApiSpec, trial: readonly Inferred[] = []): ParameterRow[] {
  const declared = Object.entries(spec.parameters ?? {});
  const places = new Map(parameterNames(spec.sql ?? '').map(({ name, lines }) => [name, lines]));
  const inPath = new Set(pathNames(spec.path ?? ''));
  const known = new Set(declared.map(([name]) => name));
  const found = [...new Set([...inPath, ...places.keys()])].filter((name) => !known.has(name));
  const guess = new Map(trial.map((one) => [one.name, one]));
  const rowOf = (name: string, own: ParameterSpec | undefined): ParameterRow => {
    const place = own?.in ?? (inPath.has(name) ? 'path' : 'query');
    return {
      name,
      declared: own !== undefined,
      in: place,
      required: place === 'path' || own?.required === true,
      schema: own?.schema ?? (own ? {} : (guess.get(name)?.schema ?? { type: 'string' })),
      description: own?.description ?? '',
      lines: places.get(name) ?? [],
      inferred: guess.get(name)?.inferred ?? undefined,
    };
  };
  return [...declared.map(([name, own]) => rowOf(name, own)), ...found.map((name) => rowOf(name, undefined))];
}

/** The row with changes, as one change of the document. */
export function declareChange(
  row: ParameterRow,
  changes: Partial<Pick<ParameterRow, 'in' | 'required' | 'schema' | 'description'>> = {},
): Change {
  const { in: place, required, schema, description } = { ...row, ...changes };
  const value = {
    in: place,
    schema,
    ...(required && place !== 'path' ? { required } : {}),
    ...(description === '' ? {} : { description }),
  };
  return { pointer: `/spec/parameters/${row.name}`, value };
}

/** Changes that declare what was only found. */
export function declareAll(rows: readonly ParameterRow[]): Change[] {
  return rows.filter((row) => !row.declared).map((row) => declareChange(row));
}

export const TYPE_NAMES = ['string', 'integer', 'number', 'boolean', 'date', 'date-time', 'time', 'uuid'] as const;
export type TypeName = (typeof TYPE_NAMES)[number];

/** What people call the type: formats of texts that stand for types of their own count as types. */
export function typeName(schema: Readonly<Record<string, unknown>>): TypeName {
  const format = String(schema['format'] ?? '');
  const name =
    schema['type'] === 'string' && (TYPE_NAMES as readonly string[]).includes(format) ? format : String(schema['type'] ?? 'string');
  return (TYPE_NAMES as readonly string[]).includes(name) ? (name as TypeName) : 'string';
}

/** The schema with another type: bounds, choices and examples of the old one go, since they may not fit. */
export function withType(name: TypeName): Record<string, unknown> {
  return FORMATS.has(name) ? { type: 'string', format: name } : { type: name };
}

const FORMATS = new Set<string>(['date', 'date-time', 'time', 'uuid']);

/** The schema with a default or an example typed as text; an empty text removes it. */
export function withValue(
  schema: Readonly<Record<string, unknown>>,
  member: 'default' | 'examples',
  typed: string,
): Record<string, unknown> {
  const { [member]: _before, ...rest } = schema;
  if (typed === '') return rest;
  const value = typedValue(schema['type'], typed);
  return { ...rest, [member]: member === 'examples' ? [value] : value };
}

function typedValue(type: unknown, typed: string): unknown {
  if (type === 'boolean') return typed === 'true' ? true : typed === 'false' ? false : typed;
  if (type !== 'integer' && type !== 'number') return typed;
  const value = Number(typed);
  return typed.trim() !== '' && Number.isFinite(value) && !(type === 'integer' && !Number.isSafeInteger(value)) ? value : typed;
}

/** The example as text; empty for none. */
export function exampleOf(schema: Readonly<Record<string, unknown>>): string {
  const examples = schema['examples'];
  return Array.isArray(examples) && examples.length > 0 ? String(examples[0]) : '';
}

/** Values a trial runs with: the examples. */
export function trialValues(rows: readonly ParameterRow[]): Record<string, string> {
  return Object.fromEntries(rows.flatMap((row) => (exampleOf(row.schema) === '' ? [] : [[row.name, exampleOf(row.schema)]])));
}
