/**
 * The target of a stream in an SQLite file: Weir's own two tables, the fence, and the target table. All of
 * it runs inside the caller's transaction. A table is ours by name: SQLite gives tables no lasting identity.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Checkpoint, Position, SinkTarget } from '../../../sdk/index.ts';
import { quoteList, quoteName, type SqliteTools } from './file.ts';
import { uniqueKeys } from './source.ts';
import { sqliteType, type SqliteValue } from './types.ts';

export interface TargetTable {
  readonly exists: boolean;
  readonly owned: boolean;
  /** Columns with their declared types. */
  readonly columns: ReadonlyMap<string, string>;
  readonly uniqueKeys: readonly (readonly string[])[];
}

/** Makes Weir's own tables when missing. */
export function makeOwnTables(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS _weir_checkpoint (pipeline TEXT NOT NULL, stream TEXT NOT NULL, epoch INTEGER NOT NULL, position TEXT,
      rows INTEGER NOT NULL DEFAULT 0, run TEXT NOT NULL, saved_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
      PRIMARY KEY (pipeline, stream));
    CREATE TABLE IF NOT EXISTS _weir_owned (table_name TEXT PRIMARY KEY, columns TEXT NOT NULL, pipeline TEXT NOT NULL,
      stream TEXT NOT NULL,
      made_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')))`);
}

/** Raises the stored epoch to ours, or raises `fenced`. Answers the stored position. */
export function fence(database: DatabaseSync, tools: SqliteTools, target: SinkTarget): Checkpoint | null {
  const row = database
    .prepare(
      `INSERT INTO _weir_checkpoint (pipeline, stream, epoch, run) VALUES (?, ?, ?, '')
     ON CONFLICT (pipeline, stream) DO UPDATE SET epoch = excluded.epoch WHERE epoch <= excluded.epoch RETURNING position, rows, run`,
    )
    .get(target.pipeline, target.stream, target.epoch) as unknown as SqliteValue[] | undefined;
  if (!row) throw fencedOff(tools, target);
  const [position, rows, run] = row;
  if (run === '') return null;
  return {
    pipeline: target.pipeline,
    stream: target.stream,
    epoch: target.epoch,
    rows: Number(rows),
    run: String(run),
    position: position === null ? null : (JSON.parse(String(position)) as Position),
  };
}

/** Stores the position in the open transaction. Raises `fenced` when a newer run has opened the target. */
export function saveCheckpoint(
  database: DatabaseSync,
  tools: SqliteTools,
  target: SinkTarget,
  position: Position | null,
  rows: number,
): Checkpoint {
  const { changes } = database
    .prepare(
      `UPDATE _weir_checkpoint SET position = ?, rows = ?, run = ?, saved_at = strftime('%Y-%m-%d %H:%M:%f', 'now')
     WHERE pipeline = ? AND stream = ? AND epoch = ?`,
    )
    .run(position === null ? null : JSON.stringify(position), rows, target.run, target.pipeline, target.stream, target.epoch);
  if (Number(changes) === 0) throw fencedOff(tools, target);
  return { pipeline: target.pipeline, stream: target.stream, epoch: target.epoch, position, rows, run: target.run };
}

function fencedOff(tools: SqliteTools, target: SinkTarget): Error {
  return tools.problems.fenced({ values: { stream: target.schema.name, epoch: target.epoch } });
}

/** What is known of the target table now. */
export function inspect(database: DatabaseSync, table: string): TargetTable {
  const info = database.prepare('SELECT name, type, pk FROM pragma_table_info(?)').all(table) as unknown as SqliteValue[][];
  const primary = info.filter((row) => row[2] !== 0n).map((row) => String(row[0]));
  const owned = database.prepare('SELECT 1 FROM _weir_owned WHERE table_name = ?').get(table) !== undefined;
  return {
    exists: info.length > 0,
    owned: owned && info.length > 0,
    columns: new Map(info.map((row) => [String(row[0]), String(row[1])])),
    uniqueKeys: primary.length > 0 ? [primary, ...uniqueKeys(database, table)] : uniqueKeys(database, table),
  };
}

/** Adds columns the source gained; refuses when it lost some, or when the table is not ours to change. */
export function fitColumns(database: DatabaseSync, tools: SqliteTools, table: TargetTable, target: SinkTarget): void {
  const offered = target.schema.columns;
  const record = database.prepare('SELECT columns FROM _weir_owned WHERE table_name = ?').get(target.table) as unknown as
    | SqliteValue[]
    | undefined;
  const made = table.owned && record ? (JSON.parse(String(record[0])) as string[]) : [];
  const lost = made.filter((name) => table.columns.has(name) && !offered.some((column) => column.name === name));
  if (lost.length > 0) {
    throw tools.problems['column-dropped']({ values: { stream: target.schema.name, table: target.table, columns: lost.join(', ') } });
  }
  const gained = offered.filter((column) => !table.columns.has(column.name));
  if (gained.length > 0 && !table.owned && !target.adopt) {
    const names = gained.map((column) => column.name).join(', ');
    const action = { en: `adding column(s) ${names}`, zh: `添加列 ${names}` };
    throw tools.problems['not-owned']({ values: { table: target.table, action } });
  }
  for (const column of gained)
    database.exec(`ALTER TABLE main.${quoteName(target.table)} ADD COLUMN ${quoteName(column.name)} ${sqliteType(column)}`);
  if (table.owned) database.prepare('UPDATE _weir_owned SET columns = ? WHERE table_name = ?').run(columnNames(target), target.table);
}

/** Makes the target table and records it as ours. */
export function createTable(database: DatabaseSync, target: SinkTarget): void {
  const key = keyOf(target);
  const columns = target.schema.columns.map(
    (column) => `${quoteName(column.name)} ${sqliteType(column)}${key.includes(column.name) ? ' NOT NULL' : ''}`,
  );
  const primary = key.length > 0 ? [`PRIMARY KEY (${quoteList(key)})`] : [];
  database.exec(`CREATE TABLE main.${quoteName(target.table)} (${[...columns, ...primary].join(', ')})`);
  database
    .prepare(
      `INSERT INTO _weir_owned (table_name, columns, pipeline, stream) VALUES (?, ?, ?, ?)
     ON CONFLICT (table_name) DO UPDATE SET columns = excluded.columns, pipeline = excluded.pipeline, stream = excluded.stream`,
    )
    .run(target.table, columnNames(target), target.pipeline, target.schema.name);
}

/** Columns that identify a row: as told, else the source's primary key. */
export function keyOf(target: SinkTarget): readonly string[] {
  return target.key.length > 0 ? target.key : target.schema.primaryKey;
}

/** True when a unique index of the target is exactly on these columns. */
export function hasUniqueKey(table: TargetTable, key: readonly string[]): boolean {
  return table.uniqueKeys.some((unique) => unique.length === key.length && unique.every((name) => key.includes(name)));
}

function columnNames(target: SinkTarget): string {
  return JSON.stringify(target.schema.columns.map((column) => column.name));
}
