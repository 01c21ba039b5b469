/** Reads SQLite: discover, preview, and rows encoded straight into COPY text, in one read transaction. */
import type { DatabaseSync } from 'node:sqlite';
import {
  type Batch,
  type Column,
  copyWriter,
  describeKey,
  emptyBatch,
  type ReadBound,
  type ReadRequest,
  type Source,
  type StreamSchema,
  noSuchColumn,
} from '../../../sdk/index.ts';
import type { SqliteConfig } from './config.ts';
import { openFile, quoteList, quoteName, type SqliteTools, toProblem } from './file.ts';
import { cellOf, declaredType, type SqliteValue, textOf, Unreadable } from './types.ts';

const OWN_TABLES = new Set(['_weir_checkpoint', '_weir_owned']);
const TIME_TYPES = new Set(['date', 'timestamp', 'timestamptz']);
const ABORT_EVERY_ROWS = 1024;

/** The source of a file. */
export function createSource(config: SqliteConfig, tools: SqliteTools): Source {
  return {
    bound: (stream, cursor, lookbackMs, signal) =>
      reading(config, tools, stream.name, signal, (database) => boundOf(database, tools, stream, cursor, lookbackMs)),
    read: (request, signal) => readBatches(config, tools, request, signal),
  };
}

/** Runs `work` on a read-only handle of its own. */
export async function reading<T>(
  config: SqliteConfig,
  tools: SqliteTools,
  stream: string | undefined,
  signal: AbortSignal,
  work: (database: DatabaseSync) => T,
): Promise<T> {
  signal.throwIfAborted();
  const file = await openFile(config, tools, 'read');
  try {
    return work(file.database);
  } catch (error) {
    throw toProblem(error, tools.problems, { file: config.file, ...(stream === undefined ? {} : { stream }) });
  } finally {
    file.close();
  }
}

/** All tables and views. */
export function discoverStreams(database: DatabaseSync): StreamSchema[] {
  const tables = all(
    database,
    `SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
  );
  return tables
    .map(([name]) => String(name))
    .filter((name) => !OWN_TABLES.has(name))
    .map((name) => streamOf(database, name));
}

function streamOf(database: DatabaseSync, table: string): StreamSchema {
  const info = all(database, 'SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden IN (0, 2, 3) ORDER BY cid', table);
  const primaryKey = info
    .filter((row) => row[3] !== 0n)
    .sort((a, b) => Number(a[3]) - Number(b[3]))
    .map((row) => String(row[0]));
  const columns = info.map(([name, type, required, place]): Column => {
    const onlyKey = place !== 0n && primaryKey.length === 1 && /^INTEGER$/i.test(String(type));
    return { name: String(name), type: declaredType(String(type)).type, nullable: required === 0n && !onlyKey, sourceType: String(type) };
  });
  // SQLite lets a primary key hold NULL unless it is the row id or says NOT NULL: then it identifies nothing.
  const sure = (key: readonly string[]) => key.length > 0 && key.every((name) => columns.some((c) => c.name === name && !c.nullable));
  const isView = all(database, `SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = ?`, table).length > 0;
  const unique = isView ? [] : uniqueKeys(database, table).filter(sure);
  const main = sure(primaryKey) ? primaryKey : [];
  return {
    name: table,
    namespace: undefined,
    table,
    columns,
    primaryKey: main,
    uniqueKeys: main.length > 0 ? [main, ...unique.filter((key) => key.join('\0') !== main.join('\0'))] : unique,
    rowsEstimate: isView ? undefined : estimate(database, table),
  };
}

/** Columns of unique indexes without a condition or expression. */
export function uniqueKeys(database: DatabaseSync, table: string): string[][] {
  const indexes = all(database, 'SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0', table);
  return indexes
    .map(([index]) => all(database, 'SELECT name FROM pragma_index_info(?) ORDER BY seqno', index as string).map(([name]) => name))
    .filter((names): names is string[] => names.every((name) => name !== null));
}

/** The largest row id is a cheap upper estimate where rows are rarely deleted. */
function estimate(database: DatabaseSync, table: string): number | undefined {
  try {
    const [row] = all(database, `SELECT max(_rowid_) FROM ${quoteName(table)}`);
    return row?.[0] === null || row === undefined ? 0 : Number(row[0]);
  } catch {
    return undefined; // A table WITHOUT ROWID has none.
  }
}

/** The first rows of a stream. */
export function previewRows(database: DatabaseSync, tools: SqliteTools, stream: StreamSchema, rows: number): Batch {
  const writer = copyWriter();
  for (const row of all(database, `${selectAll(stream)} LIMIT ?`, BigInt(Math.max(0, Math.floor(rows)))))
    writer.add(lineOf(stream, tools, [], row));
  return { ...emptyBatch(stream.name, stream.columns), ...writer.take() };
}

async function* readBatches(config: SqliteConfig, tools: SqliteTools, request: ReadRequest, signal: AbortSignal): AsyncGenerator<Batch> {
  signal.throwIfAborted();
  const { stream, mode } = request;
  const file = await openFile(config, tools, 'read');
  try {
    file.database.exec('BEGIN');
    const { sql, values } = selectOf(request);
    const key = mode.type === 'full' ? stream.primaryKey : mode.key;
    const writer = copyWriter();
    let lastRow: SqliteValue[] | undefined;
    let count = 0;
    for (const row of file.database.prepare(sql).iterate(...values) as unknown as Iterable<SqliteValue[]>) {
      if (++count % ABORT_EVERY_ROWS === 0) signal.throwIfAborted();
      writer.add(lineOf(stream, tools, key, row));
      lastRow = row;
      if (writer.bytes < request.batchBytes) continue;
      yield batchOf(request, writer.take(), row);
      signal.throwIfAborted();
    }
    if (lastRow && writer.rows > 0) yield batchOf(request, writer.take(), lastRow);
  } catch (error) {
    throw signal.aborted ? signal.reason : toProblem(error, tools.problems, { file: config.file, stream: stream.name });
  } finally {
    file.close();
  }
}

function batchOf({ stream, mode }: ReadRequest, taken: { data: Uint8Array; rows: number }, last: readonly SqliteValue[]): Batch {
  const batch = { ...emptyBatch(stream.name, stream.columns), ...taken };
  if (mode.type === 'full') return batch;
  const text = (name: string) => {
    const value = last[stream.columns.findIndex((column) => column.name === name)];
    return value === null || value === undefined
      ? ''
      : value instanceof Uint8Array
        ? `\\x${Buffer.from(value).toString('hex')}`
        : textOf(value);
  };
  return { ...batch, last: { cursor: text(mode.cursor), key: mode.key.map(text) } };
}

function lineOf(stream: StreamSchema, tools: SqliteTools, key: readonly string[], row: readonly SqliteValue[]): string {
  let line = '';
  const { columns } = stream;
  for (let i = 0; i < columns.length; i++) {
    try {
      line += i === 0 ? cellOf(columns[i]!.type, row[i]!) : `\t${cellOf(columns[i]!.type, row[i]!)}`;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const texts = row.map((value) => (value === null || value instanceof Uint8Array ? null : textOf(value)));
      const values = { stream: stream.name, key: describeKey(columns, key, texts), column: columns[i]!.name, reason: error.detail };
      throw tools.problems['value-unreadable']({ values, cause: error });
    }
  }
  return line;
}

function selectAll(stream: StreamSchema): string {
  return `SELECT ${quoteList(stream.columns.map((column) => column.name))} FROM ${quoteName(stream.table)}`;
}

/** A bound text is compared as the column's affinity says, so numbers compare as numbers and times as text. */
function selectOf({ stream, mode }: ReadRequest): { sql: string; values: (string | Uint8Array)[] } {
  if (mode.type === 'full') return { sql: selectAll(stream), values: [] };
  const names = [mode.cursor, ...mode.key];
  const bound = (name: string, text: string) => (isBytes(stream, name) ? Buffer.from(text.slice(2), 'hex') : text);
  const parts = [`${quoteName(mode.cursor)} <= ?`];
  const values = [bound(mode.cursor, mode.upTo)];
  if (mode.after && mode.after.key.length === mode.key.length) {
    parts.push(`(${quoteList(names)}) > (${names.map(() => '?').join(', ')})`);
    values.push(...[mode.after.cursor, ...mode.after.key].map((text, i) => bound(names[i]!, text)));
  }
  return { sql: `${selectAll(stream)} WHERE ${parts.join(' AND ')} ORDER BY ${quoteList(names)}`, values };
}

function isBytes(stream: StreamSchema, name: string): boolean {
  return stream.columns.find((column) => column.name === name)?.type === 'bytes';
}

/**
 * SQLite has one writer at a time, so numbers drawn inside it grow with the commits and the newest is safe.
 * A time may be taken before the writer's turn came: rows of the last `lookback` are left for later.
 */
function boundOf(database: DatabaseSync, tools: SqliteTools, stream: StreamSchema, cursor: string, lookbackMs: number): ReadBound {
  const column = stream.columns.find((c) => c.name === cursor);
  if (!column) throw tools.problems['column-gone']({ values: { stream: stream.name, reason: noSuchColumn(cursor) } });
  const [name, table] = [quoteName(cursor), quoteName(stream.table)];
  const [nulls] = all(database, `SELECT count(*) FROM ${table} WHERE ${name} IS NULL`);
  const top = (limit: string, ...values: string[]) =>
    all(database, `SELECT max(${name}) FROM ${table} WHERE ${name} IS NOT NULL${limit}`, ...values)[0]?.[0] ?? null;
  let newest = top('');
  if (TIME_TYPES.has(column.type) && typeof newest === 'string') {
    newest = top(` AND ${name} <= ?`, timeLike(newest, column.type, tools.clock.now() - lookbackMs));
  }
  return { upTo: newest === null ? null : textOf(newest as Exclude<SqliteValue, null>), nullCursors: Number(nulls![0]) };
}

/** A moment in the form the column uses, since SQLite compares texts: with blank or `T`, with or without `Z`; of dates, the day before. */
function timeLike(sample: string, type: Column['type'], ms: number): string {
  if (type === 'date' || sample.length <= 10) return new Date(ms - 86_400_000).toISOString().slice(0, 10);
  // Without a fraction the running second is not over; rows of it may still come.
  const text = new Date(ms - (sample.includes('.') ? 1 : 1_000)).toISOString();
  const zone = /(Z|[+-]00(:?00)?)$/.exec(sample)?.[0] ?? '';
  return text.slice(0, 10) + sample[10] + text.slice(11, 23) + zone;
}

function all(database: DatabaseSync, sql: string, ...values: (string | bigint | null)[]): SqliteValue[][] {
  return database.prepare(sql).all(...values) as unknown as SqliteValue[][];
}
