/** Reads CSV: bytes ─▶ text ─▶ rows ─▶ COPY text. The whole file each time; a file has no cursor to go on from. */
import {
  type Batch,
  type Column,
  copyWriter,
  emptyBatch,
  escapeCell,
  misfit,
  NULL_CELL,
  Problem,
  type ReadRequest,
  type Source,
  type StreamSchema,
  type Text,
  tell,
  noSuchColumn,
} from '../../../sdk/index.ts';
import { type CsvTools, readBytes } from './bytes.ts';
import type { CsvConfig } from './config.ts';
import { type Cell, CsvError, csvScanner, type Row } from './scanner.ts';

/** The source of a file or export. */
export function createSource(config: CsvConfig, tools: CsvTools): Source {
  return {
    async bound(stream) {
      throw tools.problems['incremental-impossible']({
        values: { stream: stream.name, reason: WHOLE_ONLY },
      });
    },
    read: (request, signal) => readBatches(config, tools, request, signal),
  };
}

/** The one stream of the connection, its columns taken from the header row. */
export async function discoverStream(config: CsvConfig, tools: CsvTools, signal: AbortSignal): Promise<StreamSchema> {
  for await (const row of rowsOf(config, tools, signal)) return streamOf(config, headerOf(row, config, tools));
  throw tools.problems['bad-header']({ values: { source: sourceName(config), reason: { en: 'it is empty', zh: '文件为空' } } });
}

/** The first rows. */
export async function previewRows(
  config: CsvConfig,
  tools: CsvTools,
  stream: StreamSchema,
  rows: number,
  signal: AbortSignal,
): Promise<Batch> {
  const writer = copyWriter();
  if (rows > 0) {
    for await (const line of linesOf(config, tools, stream, signal)) {
      writer.add(line);
      if (writer.rows >= rows) break;
    }
  }
  return { ...emptyBatch(stream.name, stream.columns), ...writer.take() };
}

async function* readBatches(
  config: CsvConfig,
  tools: CsvTools,
  { stream, mode, batchBytes }: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  if (mode.type !== 'full') {
    throw tools.problems['incremental-impossible']({
      values: { stream: stream.name, reason: WHOLE_ONLY },
    });
  }
  const writer = copyWriter();
  for await (const line of linesOf(config, tools, stream, signal)) {
    writer.add(line);
    if (writer.bytes < batchBytes) continue;
    yield { ...emptyBatch(stream.name, stream.columns), ...writer.take() };
    signal.throwIfAborted();
  }
  if (writer.rows > 0) yield { ...emptyBatch(stream.name, stream.columns), ...writer.take() };
}

/** Encoded rows with the stream's columns, in its order. */
async function* linesOf(config: CsvConfig, tools: CsvTools, stream: StreamSchema, signal: AbortSignal): AsyncGenerator<string> {
  if (stream.name !== streamName(config)) throw tools.problems['stream-gone']({ values: { stream: stream.name } });
  let header: string[] | undefined;
  let places: number[] = [];
  for await (const row of rowsOf(config, tools, signal)) {
    if (!header) {
      header = headerOf(row, config, tools);
      places = stream.columns.map((column) => placeOf(column, header!, stream, tools));
      continue;
    }
    if (row.cells.length === 1 && header.length > 1 && row.cells[0]!.text === '' && !row.cells[0]!.quoted) continue; // A blank line.
    if (row.cells.length !== header.length) {
      throw badLine(config, tools, row.line, {
        en: `it has ${row.cells.length} cell(s), the header has ${header.length}`,
        zh: `有 ${row.cells.length} 个单元格，而表头有 ${header.length} 个`,
      });
    }
    yield stream.columns.map((column, i) => cellOf(row.cells[places[i]!]!, column, row.line, config, tools)).join('\t');
  }
}

async function* rowsOf(config: CsvConfig, tools: CsvTools, signal: AbortSignal): AsyncGenerator<Row> {
  const decoder = new TextDecoder(config.encoding, { fatal: true });
  const scanner = csvScanner({ delimiter: config.delimiter, quote: config.quote, rowMax: config.rowMax });
  try {
    for await (const piece of readBytes(config, tools, signal)) yield* scanner.push(decoder.decode(piece, { stream: true }), false);
    yield* scanner.push(decoder.decode(), true);
  } catch (error) {
    if (error instanceof CsvError) throw badLine(config, tools, error.line, error.detail);
    if (error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw badLine(config, tools, scanner.line, {
        en: `the text is not ${config.encoding} (at this line or shortly after); set \`encoding\``,
        zh: `文本不是 ${config.encoding} 编码（位于该行或稍后）；请设置 \`encoding\``,
      });
    }
    const { code } = error as { code?: string };
    if (error instanceof Problem || signal.aborted || code === undefined) throw error;
    throw tools.problems['server-error']({
      values: { reason: { en: `the file cannot be read (${code})`, zh: `无法读取文件（${code}）` } },
      cause: error,
    });
  }
}

function headerOf({ cells }: Row, config: CsvConfig, tools: CsvTools): string[] {
  const names = cells.map((cell) => cell.text.trim());
  const fail = (reason: Text) => tools.problems['bad-header']({ values: { source: sourceName(config), reason } });
  if (names.includes('')) throw fail({ en: `column ${names.indexOf('') + 1} has no name`, zh: `第 ${names.indexOf('') + 1} 列没有名称` });
  const double = names.find((name, i) => names.indexOf(name) !== i);
  if (double !== undefined) throw fail({ en: `two columns are called "${double}"`, zh: `有两列都叫“${double}”` });
  const unknown = Object.keys(config.columns).find((name) => !names.includes(name));
  const all = names.join(', ').slice(0, 500);
  if (unknown !== undefined)
    throw fail({
      en: `\`columns\` speaks of "${unknown}", which is not there; there are: ${all}`,
      zh: `\`columns\` 提到的“${unknown}”不存在；现有：${all}`,
    });
  return names;
}

function placeOf(column: Column, header: readonly string[], stream: StreamSchema, tools: CsvTools): number {
  const place = header.indexOf(column.name);
  if (place === -1) throw tools.problems['column-gone']({ values: { stream: stream.name, reason: noSuchColumn(column.name) } });
  return place;
}

function cellOf(cell: Cell, column: Column, line: number, config: CsvConfig, tools: CsvTools): string {
  if (!cell.quoted && cell.text === config.nullText) return NULL_CELL;
  if (column.type === 'text') return escapeCell(cell.text);
  const text = cell.text.trim();
  const wrong = misfit(column, text);
  if (wrong) throw badLine(config, tools, line, tell(WRONG_CELL, { column: column.name, text: text.slice(0, 80), wrong }));
  if (column.type === 'boolean') return /^(t|true|1)$/i.test(text) ? 't' : 'f';
  return escapeCell(text);
}

const WRONG_CELL: Text = { en: 'column "{column}": "{text}" {wrong}', zh: '列“{column}”：“{text}”{wrong}' };
const WHOLE_ONLY: Text = { en: 'a CSV file is read as a whole; use mode full', zh: 'CSV 文件只能整体读取；请使用 full 模式' };

function badLine(config: CsvConfig, tools: CsvTools, line: number, reason: Text): Error {
  return tools.problems['bad-line']({ values: { source: sourceName(config), line, reason } });
}

function streamOf(config: CsvConfig, header: readonly string[]): StreamSchema {
  const columns = header.map((name): Column => {
    const type = config.columns[name] ?? 'text';
    return { name, type, nullable: true, sourceType: type };
  });
  const name = streamName(config);
  return { name, namespace: undefined, table: name, columns, primaryKey: [], uniqueKeys: [], rowsEstimate: undefined };
}

/** As told, else the last part of the path without its ending. */
function streamName(config: CsvConfig): string {
  if (config.stream !== undefined) return config.stream;
  const last = sourceName(config).split('/').at(-1)!;
  return last.replace(/\.[^.]*$/, '') || 'csv';
}

/** The file or address as people wrote it, without a query string, which may hold a secret. */
function sourceName(config: CsvConfig): string {
  return config.file ?? config.url!.replace(/[?#].*$/, '');
}
