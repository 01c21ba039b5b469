/**
 * Reads PostgreSQL: `COPY (SELECT …) TO STDOUT`, its bytes cut at row boundaries and handed on unread.
 * Every read is one REPEATABLE READ READ ONLY transaction on a session of its own.
 */
import {
  type Batch,
  type Column,
  endOfRows,
  countRows,
  emptyBatch,
  lastPosition,
  Problem,
  type ReadMode,
  type ReadRequest,
  type Source,
  type StreamSchema,
  type Text,
  verbatim,
  noSuchColumn,
} from '../../../sdk/index.ts';
import { readBound } from './bound.ts';
import type { PostgresConfig } from './config.ts';
import { quoteList, quoteName, quoteTable, quoteText } from './names.ts';
import { openSession, type PostgresTools, type Session, withSession } from './session.ts';

type Incremental = Extract<ReadMode, { type: 'incremental' }>;
const ROW_BYTES_MAX = 256 * 1024 * 1024;

/** The source of a connection. */
export function createSource(config: PostgresConfig, tools: PostgresTools): Source {
  return {
    bound: (stream, cursor, lookbackMs, signal) =>
      withSession(config, tools, 'bound', signal, (session) => readBound(session, tools, stream, cursor, lookbackMs, signal)).catch(
        (error: unknown) => {
          throw aboutStream(error, tools, stream);
        },
      ),
    read: (request, signal) => readBatches(config, tools, request, signal),
  };
}

/** The first rows of a stream. */
export async function previewRows(
  config: PostgresConfig,
  tools: PostgresTools,
  stream: StreamSchema,
  rows: number,
  signal: AbortSignal,
): Promise<Batch> {
  return withSession(config, tools, 'read', signal, async (session) => {
    const pieces: Buffer[] = [];
    for await (const piece of session.copyOut(`COPY (${selectAll(stream)} LIMIT ${Math.max(0, Math.floor(rows))}) TO STDOUT`, signal))
      pieces.push(piece);
    const data = new Uint8Array(Buffer.concat(pieces));
    return { stream: stream.name, columns: stream.columns, data, rows: countRows(data) };
  });
}

async function* readBatches(
  config: PostgresConfig,
  tools: PostgresTools,
  request: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const session = await openSession(config, tools, 'read', signal);
  try {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', [], signal);
    const sql = await selectOf(session, tools, request, signal);
    for await (const data of cutRows(session.copyOut(`COPY (${sql}) TO STDOUT`, signal), request, tools)) {
      yield batchOf(request, data);
    }
    await session.query('COMMIT', [], signal);
    await session.end();
  } catch (error) {
    throw aboutStream(error, tools, request.stream);
  } finally {
    session.destroy();
  }
}

/** Gathers pieces into batches of about `batchBytes` that end at a row's end. Each batch owns its buffer. */
async function* cutRows(pieces: AsyncIterable<Buffer>, request: ReadRequest, tools: PostgresTools): AsyncGenerator<Uint8Array> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < request.batchBytes) continue;
    const end = endOfRows(piece);
    if (end === 0) {
      if (bytes > ROW_BYTES_MAX) throw tools.problems['server-error']({ values: { reason: tooLongRow(request.stream.name) } });
      continue;
    }
    const rest = Buffer.from(piece.subarray(end));
    held[held.length - 1] = piece.subarray(0, end);
    yield join(held, bytes - rest.length);
    held = rest.length > 0 ? [rest] : [];
    bytes = rest.length;
  }
  if (bytes > 0) yield join(held, bytes);
}

const tooLongRow = (stream: string): Text => ({
  en: `a row of ${stream} is longer than 256 MiB`,
  zh: `${stream} 的一行超过 256 MiB`,
});

function join(pieces: readonly Buffer[], bytes: number): Uint8Array {
  const data = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.length;
  }
  return data;
}

function batchOf({ stream, mode }: ReadRequest, data: Uint8Array): Batch {
  const batch = { ...emptyBatch(stream.name, stream.columns), data, rows: countRows(data) };
  if (mode.type === 'full') return batch;
  const index = (name: string) => stream.columns.findIndex((column) => column.name === name);
  const last = lastPosition(data, index(mode.cursor), mode.key.map(index));
  return last ? { ...batch, last } : batch;
}

async function selectOf(session: Session, tools: PostgresTools, { stream, mode }: ReadRequest, signal: AbortSignal): Promise<string> {
  if (mode.type === 'full') return selectAll(stream);
  const types = await literalTypes(session, tools, stream, [mode.cursor, ...mode.key], signal);
  return `${selectAll(stream)} WHERE ${rangeOf(mode, types)} ORDER BY ${quoteList([mode.cursor, ...mode.key])}`;
}

function selectAll(stream: StreamSchema): string {
  return `SELECT ${quoteList(stream.columns.map((c: Column) => c.name))} FROM ${quoteTable(stream.namespace ?? 'public', stream.table)}`;
}

/** Row comparison keeps (cursor, key) order exact and lets an index on them serve it. */
function rangeOf(mode: Incremental, types: ReadonlyMap<string, string>): string {
  const literal = (name: string, text: string) => `${quoteText(text)}::${types.get(name)!}`;
  const upTo = `${quoteName(mode.cursor)} <= ${literal(mode.cursor, mode.upTo)}`;
  if (mode.after === null) return upTo;
  const names = [mode.cursor, ...mode.key];
  const values = [mode.after.cursor, ...mode.after.key];
  if (mode.key.length !== mode.after.key.length) return upTo;
  const after = names.map((name, i) => literal(name, values[i]!));
  return `(${quoteList(names)}) > (${after.join(', ')}) AND ${upTo}`;
}

/** The server's own spelling of each column's type, so that a literal is compared as the column is. */
async function literalTypes(
  session: Session,
  tools: PostgresTools,
  stream: StreamSchema,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const rows = await session.query(
    `SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type FROM pg_attribute a
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY ($2::text[])`,
    [quoteTable(stream.namespace ?? 'public', stream.table), names],
    signal,
  );
  const types = new Map(rows.map((row) => [row['name']!, row['type']!]));
  const gone = names.find((name) => !types.has(name));
  if (rows.length === 0) throw tools.problems['stream-gone']({ values: { stream: stream.name } });
  if (gone !== undefined) {
    throw tools.problems['column-gone']({ values: { stream: stream.name, reason: noSuchColumn(gone) } });
  }
  return types;
}

/** Names the stream in errors that only the server worded. */
function aboutStream(error: unknown, tools: PostgresTools, stream: StreamSchema): unknown {
  if (!(error instanceof Problem) || !(error.options.cause instanceof Error)) return error;
  const { code } = error;
  const reason = verbatim(error.options.cause.message);
  if (code.endsWith('/stream-gone')) return tools.problems['stream-gone']({ values: { stream: stream.name }, cause: error });
  if (code.endsWith('/column-gone')) return tools.problems['column-gone']({ values: { stream: stream.name, reason }, cause: error });
  return error;
}
