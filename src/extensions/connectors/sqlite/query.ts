/**
 * The query engine of data APIs on SQLite. Runs on an engine thread, because node:sqlite blocks. It cannot
 * write: the file is opened `readOnly`, the handle is `query_only`, extension loading and ATTACH are off,
 * and an authorizer refuses everything but reading. The deadline is checked at each row; a query that
 * yields none is ended by the owner of the thread.
 */
import { constants, DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  type BoundValue,
  type Clock,
  QueryFailure,
  type QueryColumn,
  type QueryEngine,
  type QueryLimits,
  type QueryResult,
  type QueryShape,
  type Text,
  tell,
  verbatim,
  SORT_NOT_UNIQUE,
} from '../../../sdk/index.ts';
import { columnTypeOf, type SqliteValue, toJson } from './query-json.ts';

/** What the connector lends. */
export interface SqliteQueryOptions {
  /** Resolves to the real path of the database file, inside the allowed folders; asked at each opening. */
  readonly resolvePath: (signal: AbortSignal) => Promise<string>;
  readonly clock: Clock;
  /** How long a read waits for a writer's lock; milliseconds. */
  readonly busyMs?: number;
}

interface Handle {
  readonly database: DatabaseSync;
  /** Answers a number that changes with the schema: then statements are prepared anew. */
  readonly schemaVersion: StatementSync;
  schema: number;
  /** Prepared statements by SQL, oldest use first. */
  readonly statements: Map<string, Prepared>;
}

interface Prepared {
  readonly statement: StatementSync;
  readonly columns: readonly QueryColumn[];
  readonly heads: readonly string[];
}

const STATEMENTS_MAX = 256;
const VALUE_BYTES_MAX = 64 * 1024 * 1024;
const ALLOWED: ReadonlySet<number> = new Set([constants.SQLITE_SELECT, constants.SQLITE_READ, constants.SQLITE_RECURSIVE]);
const FUNCTIONS_DENIED = /^(load_extension|fts3_tokenizer|readfile|writefile|edit|eval)$/i;
const encoder = new TextEncoder();

/** Makes the engine; the file is opened by `warm` or the first use. */
export function createSqliteQuery(options: SqliteQueryOptions): QueryEngine {
  const { clock } = options;
  let opening: Promise<Handle> | undefined;
  const handle = (signal: AbortSignal): Promise<Handle> => {
    opening ??= openHandle(options, signal).catch((error: unknown) => {
      opening = undefined; // The next use tries again.
      throw error;
    });
    return opening;
  };
  return {
    dialect: 'sqlite',
    async describe(shape, signal) {
      const { database } = await handle(signal);
      return guard(() => {
        const { columns } = prepare(database, shape);
        database.prepare(`EXPLAIN QUERY PLAN ${shape.sql}`).all(bindings(shape.parameterTypes.map((type) => ({ type, value: null }))));
        return [...columns];
      });
    },
    async canWrite(signal) {
      await handle(signal);
      return null; // The handle itself cannot write, whoever owns the file.
    },
    async isUnique(table, columns, signal) {
      const { database } = await handle(signal);
      return guard(() => isUnique(database, table, columns));
    },
    async explain(shape, values, signal) {
      const { database } = await handle(signal);
      return guard(() => ({ lines: planLines(database, shape, values) }), values.length > 0);
    },
    async run(shape, values, limits, sortColumns, signal) {
      const open = await handle(signal);
      signal.throwIfAborted();
      return guard(() => read(cached(open, shape), values, limits, sortColumns, clock), values.length > 0);
    },
    async warm(_count, signal) {
      await handle(signal);
    },
    async close() {
      const open = await opening?.catch(() => undefined);
      opening = undefined;
      open?.database.close();
    },
  };
}

async function openHandle({ resolvePath, busyMs }: SqliteQueryOptions, signal: AbortSignal): Promise<Handle> {
  const path = await resolvePath(signal);
  try {
    const database = new DatabaseSync(path, {
      readOnly: true,
      allowExtension: false,
      enableDoubleQuotedStringLiterals: false,
      defensive: true,
      timeout: busyMs ?? 2_000,
      limits: { attach: 0, length: VALUE_BYTES_MAX },
    });
    database.exec('PRAGMA query_only = 1; PRAGMA trusted_schema = 0; PRAGMA cell_size_check = 1');
    const schemaVersion = database.prepare('PRAGMA schema_version');
    database.setAuthorizer(authorize);
    return { database, schemaVersion, schema: -1, statements: new Map() };
  } catch (error) {
    throw new QueryFailure('unavailable', tell(CANNOT_OPEN, { words: (error as Error).message }), { cause: error });
  }
}

const CANNOT_OPEN: Text = { en: 'the database file cannot be opened: {words}', zh: '无法打开数据库文件：{words}' };

/** Only reading is let through. Source: SQLite C interface, "Compile-Time Authorization Callbacks". */
function authorize(action: number, first: string | null, second: string | null): number {
  if (ALLOWED.has(action)) return constants.SQLITE_OK;
  if (action === constants.SQLITE_FUNCTION) return FUNCTIONS_DENIED.test(second ?? '') ? constants.SQLITE_DENY : constants.SQLITE_OK;
  if (action === constants.SQLITE_PRAGMA && first === 'schema_version' && second === null) return constants.SQLITE_OK;
  return constants.SQLITE_DENY;
}

function cached(handle: Handle, shape: QueryShape): Prepared {
  const { statements } = handle;
  const schema = Number((handle.schemaVersion.get() as { schema_version: number }).schema_version);
  if (schema !== handle.schema) {
    statements.clear();
    handle.database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get(); // Only a step makes SQLite read the schema anew.
    handle.schema = schema;
  }
  const known = statements.get(shape.sql);
  if (known) {
    statements.delete(shape.sql);
    statements.set(shape.sql, known);
    return known;
  }
  if (statements.size >= STATEMENTS_MAX) statements.delete(statements.keys().next().value!);
  const fresh = prepare(handle.database, shape);
  statements.set(shape.sql, fresh);
  return fresh;
}

/** Compiles one statement; node:sqlite would silently ignore what follows it, so a rest is refused. */
function prepare(database: DatabaseSync, shape: QueryShape): Prepared {
  const statement = database.prepare(shape.sql);
  if (shape.sql.trim() !== statement.sourceSQL.trim())
    throw new QueryFailure('refused', {
      en: 'there is a second statement; a data API is one SELECT',
      zh: '含有第二条语句；数据 API 只能是一条 SELECT',
    });
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const columns = statement.columns().map((c): QueryColumn => {
    const type = columnTypeOf(c.type);
    return c.table && c.column
      ? { name: c.name, type, origin: { namespace: c.database ?? undefined, table: c.table, column: c.column } }
      : { name: c.name, type };
  });
  if (columns.length === 0)
    throw new QueryFailure('refused', {
      en: 'the statement answers no columns; a data API is one SELECT',
      zh: '语句不返回任何列；数据 API 只能是一条 SELECT',
    });
  return { statement, columns, heads: columns.map((c, i) => `${i === 0 ? '' : ','}${JSON.stringify(c.name)}:`) };
}

function read(
  prepared: Prepared,
  values: readonly BoundValue[],
  limits: QueryLimits,
  sortColumns: readonly string[],
  clock: Clock,
): QueryResult {
  const { statement, columns, heads } = prepared;
  const deadline = clock.monotonic() + limits.timeoutMs;
  const sort = sortColumns.map((name) => columns.findIndex((c) => c.name === name));
  let json = '[';
  let bytes = 2;
  let rows = 0;
  let last: readonly SqliteValue[] | undefined;
  let more = false;
  for (const row of statement.iterate(bindings(values)) as unknown as Iterable<SqliteValue[]>) {
    if (clock.monotonic() > deadline)
      throw new QueryFailure('timeout', { en: `the query passed ${limits.timeoutMs} ms`, zh: `查询超过 ${limits.timeoutMs} 毫秒` });
    if (limits.firstRows && rows >= limits.firstRows) {
      more = true;
      break;
    }
    if (limits.pageRows && rows >= limits.pageRows) {
      if (sort.every((i) => isSame(row[i]!, last![i]!))) throw new QueryFailure('failed', SORT_NOT_UNIQUE);
      more = true;
      break;
    }
    if (rows >= limits.rowsMax)
      throw new QueryFailure('rows', { en: `the answer has more than ${limits.rowsMax} rows`, zh: `结果多于 ${limits.rowsMax} 行` });
    if (row.length !== heads.length)
      throw new QueryFailure('failed', { en: 'the table changed its columns during the call', zh: '调用期间表的列发生了变化' });
    let text = rows === 0 ? '{' : ',{';
    for (let i = 0; i < row.length; i++) text += heads[i]! + toJson(row[i]!, columns[i]!.type);
    text += '}';
    bytes += Buffer.byteLength(text);
    if (bytes > limits.bytesMax)
      throw new QueryFailure('bytes', { en: `the answer has more than ${limits.bytesMax} bytes`, zh: `结果超过 ${limits.bytesMax} 字节` });
    json += text;
    rows += 1;
    last = row;
  }
  return { json: encoder.encode(`${json}]`), rows, more, lastSort: last ? sort.map((i) => toBound(last[i]!)) : null };
}

/** Source: sqlite.org/eqp.html. */
function planLines(database: DatabaseSync, shape: QueryShape, values: readonly BoundValue[]): string[] {
  prepare(database, shape); // One SELECT and nothing after it, before its text is put behind another word.
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${shape.sql}`).all(bindings(values)) as {
    id: number;
    parent: number;
    detail: string;
  }[];
  const depth = new Map<number, number>([[0, -1]]);
  return rows.map(({ id, parent, detail }) => {
    const own = (depth.get(parent) ?? -1) + 1;
    depth.set(id, own);
    return `${'  '.repeat(own)}${detail}`;
  });
}

function bindings(values: readonly BoundValue[]): Record<string, SqliteValue> {
  return Object.fromEntries(values.map((v, i) => [`$${i + 1}`, fromBound(v)]));
}

/** Decimals beyond 64-bit integers become reals: SQLite has no exact decimal. */
function fromBound({ value, type }: BoundValue): SqliteValue {
  if (value === null) return null;
  switch (type) {
    case 'boolean':
      return value === 't' ? 1n : 0n;
    case 'int16':
    case 'int32':
    case 'int64':
      return BigInt(value);
    case 'decimal':
      return /^-?\d{1,18}$/.test(value) ? BigInt(value) : Number(value);
    case 'float32':
    case 'float64':
      return Number(value);
    case 'bytes':
      return Buffer.from(value.slice(2), 'hex');
    default:
      return value;
  }
}

/** A sort value as it can be bound again: its storage class is its type. */
function toBound(value: SqliteValue): BoundValue {
  if (value === null) return { value: null, type: 'text' };
  if (typeof value === 'bigint') return { value: value.toString(), type: 'int64' };
  if (typeof value === 'number') return { value: String(value), type: 'float64' };
  if (typeof value === 'string') return { value, type: 'text' };
  return { value: `\\x${Buffer.from(value).toString('hex')}`, type: 'bytes' };
}

function isSame(a: SqliteValue, b: SqliteValue): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.from(a).equals(b) : a === b;
}

/** Reads the schema with the authorizer lifted for this one synchronous call; the handle still cannot write. */
function isUnique(database: DatabaseSync, table: { table: string }, columns: readonly string[]): boolean {
  database.setAuthorizer(null);
  try {
    const wanted = new Set(columns.map((c) => c.toLowerCase()));
    const info = database.prepare('SELECT name, type, "notnull" AS required, pk FROM pragma_table_info(?)').all(table.table) as {
      name: string;
      type: string;
      required: number;
      pk: number;
    }[];
    const inside = (names: readonly string[]) => names.length > 0 && names.every((name) => wanted.has(name.toLowerCase()));
    const key = info.filter((c) => c.pk > 0);
    // INTEGER PRIMARY KEY is the rowid and never null; other primary keys may hold nulls unless declared NOT NULL.
    const isRowid = key.length === 1 && key[0]!.type.toUpperCase() === 'INTEGER';
    const isFilled = (name: string) => info.some((c) => c.name.toLowerCase() === name && (c.required === 1 || (isRowid && c === key[0])));
    if (![...wanted].every(isFilled)) return false;
    if (inside(key.map((c) => c.name))) return true;
    const indexes = database.prepare('SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0').all(table.table) as {
      name: string;
    }[];
    const columnsOf = database.prepare('SELECT name FROM pragma_index_info(?)');
    return indexes.some(({ name }) => {
      const names = (columnsOf.all(name) as { name: string | null }[]).map((c) => c.name);
      return names.every((n) => n !== null) && inside(names as string[]);
    });
  } finally {
    database.setAuthorizer(authorize);
  }
}

const UNAVAILABLE = [5, 6, 10, 11, 14, 26]; // BUSY LOCKED IOERR CORRUPT CANTOPEN NOTADB
const REFUSED = [8, 23]; // READONLY AUTH

/** Runs `work`, turning SQLite's errors into failures. The message is SQLite's, for authors and logs. */
function guard<T>(work: () => T, hasValues = false): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof QueryFailure || !(error instanceof Error)) throw error;
    const code = (error as { errcode?: number }).errcode;
    const primary = code === undefined ? -1 : code & 0xff;
    const reason = UNAVAILABLE.includes(primary)
      ? 'unavailable'
      : REFUSED.includes(primary) || /not authorized|prohibited/.test(error.message)
        ? 'refused'
        : primary === 18
          ? 'bytes'
          : primary === 20 && hasValues
            ? 'value'
            : 'failed';
    throw new QueryFailure(reason, verbatim(error.message), { cause: error });
  }
}
