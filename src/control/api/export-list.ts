/**
 * Sends a whole list as one CSV file: the list operation is asked page by page, each page written before the next is
 * asked for, so memory holds one page and a slow reader slows the reading. Filters and order are the caller's.
 *
 *   first page ─▶ head of the answer ─▶ lines ─▶ next page ─▶ … ─▶ trailer `x-weir-truncated`
 */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { CSV_MARK } from '../../base/csv-line.ts';
import type { JsonSchema } from '../../base/schema.ts';
import { type CsvColumn, columnsOf, csvHead, csvRow } from './csv.ts';
import type { Call, Operation } from './operation.ts';
import type { Parts } from './parts.ts';
import problems from './problems.ts';

interface Page {
  readonly items: readonly unknown[];
  readonly next: string | null;
}

/** Asks for the page after a place, of at most so many items. */
type Ask = (after: string | null, most: number) => Promise<Page>;

/** True for an operation whose pages may be had as one CSV file: it takes `format`. */
export function isExportable(operation: Pick<Operation, 'query'>): boolean {
  return queryFields(operation)['format'] !== undefined;
}

/** True when this call asks for CSV: by `format=csv`, or by `Accept: text/csv` without a `format`. */
export function wantsCsv(operation: Pick<Operation, 'query'>, format: unknown, accept: string | undefined): boolean {
  return isExportable(operation) && (format === undefined ? /\btext\/csv\b/i.test(accept ?? '') : format === 'csv');
}

/**
 * Answers the list as CSV. Raises what the first page raises; a later page that fails resets the connection, so that
 * half a file never looks whole. Resolves when the last byte is written. The call's signal ends it.
 */
export async function exportList(
  operation: Operation,
  call: Call,
  parts: Parts,
  rowsMax: number,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const pageMax = Number(queryFields(operation)['limit']?.maximum ?? rowsMax);
  const ask: Ask = async (after, most) => {
    call.signal.throwIfAborted();
    if (after !== null && !(await call.stillAllowed())) throw problems.raise['token-not-valid']();
    const query = { ...(call.query as object), limit: Math.min(pageMax, most), ...(after === null ? {} : { after }) };
    return (await operation.handler({ ...call, query }, parts)) as Page;
  };
  const first = await ask(null, rowsMax);
  const progress = { truncated: false };
  const lines = linesOf(columnsOf(operation.response!), first, ask, rowsMax, progress);
  const stream = Readable.from(lines, { signal: call.signal, objectMode: false });
  void reply
    .header('content-disposition', `attachment; filename="${fileName(operation, parts.clock.now())}"`)
    .header('x-weir-rows-max', String(rowsMax))
    .trailer('x-weir-truncated', (_reply, _payload, done) => done(null, String(progress.truncated)))
    .type('text/csv; charset=utf-8; header=present');
  stream.once('error', (error) => parts.log.warn('a list as CSV broke off', { requestId: call.requestId, operation: operation.id, error }));
  const written = new Promise<void>((resolve) => stream.once('close', resolve));
  void reply.send(stream);
  await written;
  return reply;
}

async function* linesOf(
  columns: readonly CsvColumn[],
  first: Page,
  ask: Ask,
  rowsMax: number,
  progress: { truncated: boolean },
): AsyncGenerator<string> {
  yield CSV_MARK + csvHead(columns);
  let page = first;
  for (let room = rowsMax; ; page = await ask(page.next, room)) {
    yield* chunksOf(page.items.map((item) => csvRow(columns, item)));
    room -= page.items.length;
    if (page.next === null) return;
    if (room > 0) continue;
    // A full page names a next one before it knows whether that has items.
    progress.truncated = (await ask(page.next, 1)).items.length > 0;
    return;
  }
}

/** Few writes, none of them large. */
const CHUNK_CHARACTERS = 64 * 1024;

function* chunksOf(lines: readonly string[]): Generator<string> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

/** `weir-runs-20261121T084958Z.csv`. */
function fileName({ path }: Operation, now: number): string {
  const moment = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  return `weir-${path.split('/').at(-1)!}-${moment}.csv`;
}

function queryFields({ query }: Pick<Operation, 'query'>): Readonly<Record<string, JsonSchema>> {
  return (query as JsonSchema | undefined)?.properties ?? {};
}
