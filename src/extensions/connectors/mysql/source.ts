/** Reads MariaDB and MySQL: preview, bound, and rows streamed into COPY text, in one consistent snapshot. */
import {
  type Batch,
  type Column,
  copyWriter,
  describeKey,
  emptyBatch,
  lastPosition,
  Problem,
  type ReadBound,
  type ReadMode,
  type ReadRequest,
  type Source,
  type StreamSchema,
  type Text,
  noSuchColumn,
} from '../../../sdk/index.ts';
import type { MysqlConfig } from './config.ts';
import { handOver } from './hand-over.ts';
import { type MysqlTools, openSession, toProblem, withSession } from './session.ts';
import { literalOf, quoteName, readerOf, selectItem, ZERO_MARK } from './types.ts';

type Incremental = Extract<ReadMode, { type: 'incremental' }>;
const TIME_TYPES = new Set(['date', 'timestamp', 'timestamptz']);
/** Columns whose literals do not compare in the order they are sorted in. */
const UNORDERED = /^(enum|set|bit|float|geometry|json)/i;

/** The source of a database. */
export function createSource(config: MysqlConfig, tools: MysqlTools): Source {
  return {
    bound: (stream, cursor, lookbackMs, signal) => boundOf(config, tools, stream, cursor, lookbackMs, signal),
    read: (request, signal) => readBatches(config, tools, request, signal),
  };
}

/** The first rows of a stream. */
export async function previewRows(
  config: MysqlConfig,
  tools: MysqlTools,
  stream: StreamSchema,
  rows: number,
  signal: AbortSignal,
): Promise<Batch> {
  const writer = copyWriter();
  await withSession(config, tools, signal, (session) =>
    session
      .stream(
        `${selectAll(config, stream)} LIMIT ${Math.max(0, Math.floor(rows))}`,
        readersOf(config, stream),
        (cells) => {
          writer.add(checked(cells, stream, stream.primaryKey, tools).join('\t'));
          return undefined;
        },
        signal,
      )
      .catch((error: unknown) => {
        throw namingStream(error, tools, config, stream);
      }),
  );
  return { ...emptyBatch(stream.name, stream.columns), ...writer.take() };
}

/** The server pushes rows and the reader pulls batches: one batch waits between them, then the socket pauses. */
async function* readBatches(config: MysqlConfig, tools: MysqlTools, request: ReadRequest, signal: AbortSignal): AsyncGenerator<Batch> {
  const { stream, mode } = request;
  const session = await openSession(config, tools, signal);
  try {
    await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY', signal);
    const key = mode.type === 'full' ? stream.primaryKey : mode.key;
    const writer = copyWriter();
    const hand = handOver<Batch>();
    const running = session
      .stream(
        selectOf(config, tools, request),
        readersOf(config, stream),
        (cells) => {
          writer.add(checked(cells, stream, key, tools).join('\t'));
          return writer.bytes >= request.batchBytes ? hand.give(batchOf(request, writer.take())) : undefined;
        },
        signal,
      )
      .then(async () => {
        if (writer.rows > 0) await hand.give(batchOf(request, writer.take()));
        hand.end();
      });
    running.catch((error: unknown) => hand.fail(error));
    for (;;) {
      const batch = await hand.take();
      if (!batch) break;
      yield batch;
      signal.throwIfAborted();
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : namingStream(error, tools, config, stream);
  } finally {
    session.destroy();
  }
}

function batchOf({ stream, mode }: ReadRequest, taken: { data: Uint8Array; rows: number }): Batch {
  const batch = { ...emptyBatch(stream.name, stream.columns), ...taken };
  if (mode.type === 'full') return batch;
  const index = (name: string) => stream.columns.findIndex((column) => column.name === name);
  const last = lastPosition(batch.data, index(mode.cursor), mode.key.map(index));
  return last ? { ...batch, last } : batch;
}

function readersOf(config: MysqlConfig, stream: StreamSchema) {
  return stream.columns.map((column) => readerOf(column, config.zeroDates));
}

/** Raises the problem of a zero date with the row's key; other rows pass unread. */
function checked(cells: string[], stream: StreamSchema, key: readonly string[], tools: MysqlTools): string[] {
  for (let i = 0; i < cells.length; i++) {
    if (!cells[i]!.startsWith(ZERO_MARK)) continue;
    const value = cells[i]!.slice(ZERO_MARK.length);
    const reason = {
      en: `"${value}" is no date; correct it, or say \`zeroDates: null\` in the connection`,
      zh: `“${value}”不是日期；请修正，或在连接中设置 \`zeroDates: null\``,
    };
    throw tools.problems['value-unreadable']({
      values: { stream: stream.name, key: describeKey(stream.columns, key, cells), column: stream.columns[i]!.name, reason },
    });
  }
  return cells;
}

function selectAll(config: MysqlConfig, stream: StreamSchema): string {
  return `SELECT ${stream.columns.map(selectItem).join(', ')} FROM ${quoteName(config.database)}.${quoteName(stream.table)}`;
}

function selectOf(config: MysqlConfig, tools: MysqlTools, { stream, mode }: ReadRequest): string {
  if (mode.type === 'full') return selectAll(config, stream);
  const columns = [mode.cursor, ...mode.key].map((name) => orderedColumn(stream, name, tools));
  const order = columns.map((column) => quoteName(column.name)).join(', ');
  return `${selectAll(config, stream)} WHERE ${rangeOf(mode, columns)} ORDER BY ${order}`;
}

/** (a, b) > (x, y) spelled out: `a >= x AND (a > x OR (a = x AND b > y))`, which an index on `a` can serve. */
function rangeOf(mode: Incremental, columns: readonly Column[]): string {
  const upTo = `${quoteName(mode.cursor)} <= ${literalOf(columns[0]!, mode.upTo)}`;
  const after = mode.after;
  if (!after || after.key.length !== mode.key.length) return upTo;
  const values = [after.cursor, ...after.key].map((text, i) => literalOf(columns[i]!, text));
  const later = (i: number): string => {
    const name = quoteName(columns[i]!.name);
    return i === columns.length - 1 ? `${name} > ${values[i]}` : `(${name} > ${values[i]} OR (${name} = ${values[i]} AND ${later(i + 1)}))`;
  };
  return `${upTo} AND ${quoteName(mode.cursor)} >= ${values[0]} AND ${later(0)}`;
}

function orderedColumn(stream: StreamSchema, name: string, tools: MysqlTools): Column {
  const column = stream.columns.find((c) => c.name === name);
  if (!column) throw tools.problems['column-gone']({ values: { stream: stream.name, reason: noSuchColumn(name) } });
  if (UNORDERED.test(column.sourceType)) {
    throw tools.problems['incremental-impossible']({
      values: { stream: stream.name, reason: noOrder(name, column.sourceType) },
    });
  }
  return column;
}

const noOrder = (name: string, type: string): Text => ({
  en: `column "${name}" is ${type}, whose order is not that of its text`,
  zh: `列“${name}”的类型是 ${type}，其顺序与文本顺序不同`,
});

/**
 * The newest cursor at least `lookback` old, by the server's clock: it does not tell when open transactions
 * began, so those open for longer can still add rows below. A cursor that is no time cannot be held back.
 */
async function boundOf(
  config: MysqlConfig,
  tools: MysqlTools,
  stream: StreamSchema,
  cursor: string,
  lookbackMs: number,
  signal: AbortSignal,
): Promise<ReadBound> {
  const column = orderedColumn(stream, cursor, tools);
  const name = quoteName(cursor);
  const table = `${quoteName(config.database)}.${quoteName(stream.table)}`;
  const timed = TIME_TYPES.has(column.type);
  // DATETIME holds what the writers' clocks showed, so it is compared in the server's own zone; TIMESTAMP holds UTC.
  return withSession(
    config,
    tools,
    signal,
    async (session) => {
      // Fractions are cut off: a row of this very second may still come, unless the column keeps microseconds.
      const step = 10 ** (6 - Number(/\((\d)\)/.exec(column.sourceType)?.[1] ?? 0));
      const now =
        column.type === 'date' ? 'CURDATE() - INTERVAL 1 DAY' : `NOW(6) - INTERVAL ${Math.round(lookbackMs * 1000) + step} MICROSECOND`;
      const [row] = await session.query(
        `SELECT (SELECT max(${name}) FROM ${table}${timed ? ` WHERE ${name} <= ${now}` : ''}),
      ${column.nullable ? `(SELECT count(*) FROM ${table} WHERE ${name} IS NULL)` : '0'}`,
        signal,
      );
      const top = row![0] ?? null;
      const warning = timed
        ? undefined
        : {
            en:
              `cursor "${cursor}" is no time: rows of transactions still open now can end up below ` +
              'what was read and be missed; prefer a time column',
            zh: `游标“${cursor}”不是时间列：此刻未提交事务的行可能落在已读位置之前而被漏掉；建议使用时间列`,
          };
      return {
        upTo: top === null ? null : column.type === 'timestamptz' ? `${top}+00` : top,
        nullCursors: Number(row![1]),
        ...(warning ? { warning } : {}),
      };
    },
    column.type !== 'timestamptz',
  ).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : namingStream(error, tools, config, stream);
  });
}

function namingStream(error: unknown, tools: MysqlTools, config: MysqlConfig, stream: StreamSchema): unknown {
  if (error instanceof Problem && error.options.cause instanceof Error && /\/(stream|column)-gone$/.test(error.code)) {
    return toProblem(error.options.cause, tools.problems, config, stream.name);
  }
  return toProblem(error, tools.problems, config, stream.name);
}
