/** Columns of a plan: which are carried, which is the cursor, which identify a row. Each choice is checked. */
import { nearest } from '../base/suggest.ts';
import { type Text, verbatim } from '../base/text.ts';
import type { Column, ColumnType, StreamSchema } from '../sdk/record.ts';
import problems from './problems.ts';

/** What a column is needed for. */
const COLUMNS: Text = verbatim('`columns`');
const CURSOR: Text = { en: 'the cursor', zh: '游标' };
const ORDER: Text = { en: 'the order of equal cursors', zh: '相同游标的排序' };
const KEY: Text = { en: 'the key', zh: '键' };

const UNORDERED: ReadonlySet<ColumnType> = new Set<ColumnType>(['boolean', 'json', 'bytes']);

/** True for types no cursor can be of: their values have no useful order. */
export function isUnordered(type: ColumnType): boolean {
  return UNORDERED.has(type);
}

/** The stream with only `names`, in its own order; keys that lose a column go. Raises `no-column`. */
export function selectColumns(stream: StreamSchema, names: readonly string[] | undefined): StreamSchema {
  if (!names) return stream;
  for (const name of names) columnOf(stream, name, COLUMNS);
  const columns = stream.columns.filter((c) => names.includes(c.name));
  const whole = (key: readonly string[]) => key.every((k) => names.includes(k));
  return {
    ...stream,
    columns,
    primaryKey: whole(stream.primaryKey) ? stream.primaryKey : [],
    uniqueKeys: stream.uniqueKeys.filter(whole),
  };
}

/** Checks the cursor column. Raises `no-column`, `column-not-carried`, `cursor-type`. */
export function cursorOf(whole: StreamSchema, carried: StreamSchema, name: string): string {
  const column = carriedColumn(whole, carried, name, CURSOR);
  if (UNORDERED.has(column.type)) {
    throw problems.raise['cursor-type']({ values: { stream: whole.name, column: name, type: column.sourceType } });
  }
  return name;
}

/** Columns that order rows of equal cursor: as named, else the primary key, else any unique key, else none. */
export function orderOf(whole: StreamSchema, carried: StreamSchema, named: readonly string[] | undefined): readonly string[] {
  for (const name of named ?? []) carriedColumn(whole, carried, name, ORDER);
  return named ?? ownKey(carried) ?? [];
}

/** Columns that identify a row for upsert. Raises `upsert-without-key`, `no-column`, `column-not-carried`. */
export function upsertKeyOf(whole: StreamSchema, carried: StreamSchema, named: readonly string[] | undefined): readonly string[] {
  for (const name of named ?? []) carriedColumn(whole, carried, name, KEY);
  const key = named ?? ownKey(carried);
  if (key) return key;
  const lost = ownKey(whole)?.find((name) => !carried.columns.some((c) => c.name === name));
  if (lost) throw problems.raise['column-not-carried']({ values: { stream: whole.name, column: lost, use: KEY } });
  throw problems.raise['upsert-without-key']({ values: { stream: whole.name } });
}

/** True when the stream itself says that these columns, or some of them, are unique. */
export function isDeclaredUnique(stream: StreamSchema, key: readonly string[]): boolean {
  const declared = stream.primaryKey.length > 0 ? [stream.primaryKey, ...stream.uniqueKeys] : stream.uniqueKeys;
  return declared.some((unique) => unique.length > 0 && unique.every((name) => key.includes(name)));
}

function ownKey(stream: StreamSchema): readonly string[] | undefined {
  if (stream.primaryKey.length > 0) return stream.primaryKey;
  return stream.uniqueKeys.find((key) => key.length > 0);
}

function carriedColumn(whole: StreamSchema, carried: StreamSchema, name: string, use: Text): Column {
  const column = columnOf(whole, name, use);
  if (!carried.columns.includes(column)) throw problems.raise['column-not-carried']({ values: { stream: whole.name, column: name, use } });
  return column;
}

function columnOf(stream: StreamSchema, name: string, use: Text): Column {
  const column = stream.columns.find((c) => c.name === name);
  if (column) return column;
  const near = nearest(
    name,
    stream.columns.map((c) => c.name),
  );
  throw problems.raise['no-column']({
    values: { stream: stream.name, column: name, use, hint: near ? { en: ` (did you mean ${near}?)`, zh: `（是否指 ${near}？）` } : '' },
  });
}
