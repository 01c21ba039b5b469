/**
 * The one face of both databases. Statements are written once with `?` marks; times and booleans are
 * numbers, JSON is text. In: SQL and values. Out: rows with numbers (or bigint beyond 2^53), text, null.
 */
export type Value = string | number | bigint | null;
export type Row = Readonly<Record<string, Value>>;

export interface Database {
  readonly dialect: 'sqlite' | 'postgres';
  all(sql: string, values?: readonly Value[]): Promise<Row[]>;
  /** Answers how many rows changed. */
  run(sql: string, values?: readonly Value[]): Promise<number>;
  /** One transaction: all of `work` or nothing. The inner database must not be kept; its own `transaction` joins this one. */
  transaction<V>(work: (inner: Database) => Promise<V>): Promise<V>;
  close(): Promise<void>;
}

/** The first row, or null. */
export async function one(db: Pick<Database, 'all'>, sql: string, values: readonly Value[] = []): Promise<Row | null> {
  return (await db.all(sql, values))[0] ?? null;
}

/** Builds `WHERE a = ? AND …` from the conditions whose value is given; a condition of several marks has a list of values. */
export function where(conditions: readonly (readonly [string, Value | readonly Value[] | undefined])[]): { sql: string; values: Value[] } {
  const given = conditions.filter((c): c is [string, Value | readonly Value[]] => c[1] !== undefined);
  return {
    sql: given.length > 0 ? `WHERE ${given.map(([text]) => text).join(' AND ')}` : '',
    values: given.flatMap(([, value]) => value as Value | Value[]),
  };
}

/** The condition that `column` is one of `values`, for `where`; none of an empty list, no condition without a list. */
export function anyOf(column: string, values: readonly Value[] | undefined): readonly [string, readonly Value[] | undefined] {
  return [values && values.length > 0 ? `${column} IN (${values.map(() => '?').join(', ')})` : '1 = 0', values];
}

/** Values as both databases can hold them: PostgreSQL's text has no NUL, so neither has SQLite's here. */
export function storable(values: readonly Value[]): Value[] {
  return values.map((value) => (typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value));
}

export const flag = (value: boolean): number => (value ? 1 : 0);
export const text = (row: Row, name: string): string => String(row[name]);
export const textOrNull = (row: Row, name: string): string | null =>
  row[name] === null || row[name] === undefined ? null : String(row[name]);
export const number = (row: Row, name: string): number => Number(row[name]);
export const numberOrNull = (row: Row, name: string): number | null =>
  row[name] === null || row[name] === undefined ? null : Number(row[name]);
export const json = <V>(row: Row, name: string): V => JSON.parse(String(row[name])) as V;
export const jsonOrNull = <V>(row: Row, name: string): V | null =>
  row[name] === null || row[name] === undefined ? null : json<V>(row, name);
