/** Quoting and types of PostgreSQL: identifiers and literals are kept exactly. */
import type { Column, ColumnType } from '../../../sdk/index.ts';

/** An identifier, quoted: case, blanks and quotes survive. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table of a schema, quoted. */
export function quoteTable(namespace: string, table: string): string {
  return `${quoteName(namespace)}.${quoteName(table)}`;
}

/** A list of quoted identifiers, each behind an optional alias. */
export function quoteList(names: readonly string[], alias = ''): string {
  return names.map((name) => `${alias}${quoteName(name)}`).join(', ');
}

/** A text literal; safe because sessions set `standard_conforming_strings`. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const TYPES: Readonly<Record<string, ColumnType>> = {
  bool: 'boolean',
  int2: 'int16',
  int4: 'int32',
  int8: 'int64',
  numeric: 'decimal',
  float4: 'float32',
  float8: 'float64',
  bytea: 'bytes',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  json: 'json',
  jsonb: 'json',
  uuid: 'uuid',
};

/** The column type of a base type (`pg_type.typname`); a type not known here travels as its text. */
export function columnType(typeName: string): ColumnType {
  return TYPES[typeName] ?? 'text';
}

/** Precision, scale and length of a type modifier. Source: PostgreSQL source, numeric.c and varchar.c. */
export function modifiers(typeName: string, typmod: number): { precision?: number; scale?: number; length?: number } {
  if (typmod < 4) return {};
  if (typeName === 'varchar' || typeName === 'bpchar') return { length: typmod - 4 };
  if (typeName !== 'numeric') return {};
  const precision = ((typmod - 4) >> 16) & 0xffff;
  const scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
  // A scale below 0 or above the precision (PostgreSQL 15) has no equal elsewhere: the column is left unbounded.
  return scale < 0 || scale > precision ? {} : { precision, scale };
}

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  boolean: 'boolean',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  decimal: 'numeric',
  float32: 'real',
  float64: 'double precision',
  text: 'text',
  bytes: 'bytea',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  json: 'json',
  uuid: 'uuid',
};

/** The type a column is created with. JSON keeps its exact text unless the source itself had `jsonb`. */
export function sqlType(column: Column): string {
  if (column.type === 'decimal' && column.precision !== undefined && column.precision <= 1000) {
    return `numeric(${column.precision},${column.scale ?? 0})`;
  }
  if (column.type === 'text' && column.length !== undefined && column.length >= 1 && column.length <= 10_485_760)
    return `varchar(${column.length})`;
  if (column.type === 'json' && column.sourceType === 'jsonb') return 'jsonb';
  return SQL_TYPES[column.type];
}
