/** Finds the row and column behind an error of the server, so that a person knows what to correct. */
import {
  asBuffer,
  type Batch,
  cellEnds,
  decodeRow,
  decodeRows,
  describeKey,
  type Problem,
  rowRange,
  type SinkTarget,
  type Text,
  verbatim,
} from '../../../sdk/index.ts';
import { quoteName } from './names.ts';
import type { PostgresProblems, ServerError } from './problems-of.ts';
import type { Session } from './session.ts';
import { keyOf, STAGE } from './target.ts';

/** The problem of a row that `COPY` refused, or undefined when the error is of another kind. */
export function copyMisfit(
  error: ServerError,
  batch: Batch,
  target: SinkTarget,
  table: string,
  problems: PostgresProblems,
): Problem | undefined {
  const code = error.code ?? '';
  if (!isMisfit(code)) return undefined;
  const place = placeOf(error.where ?? '', table);
  const range = place ? rowRange(batch.data, place.line - 1) : rowOfKey(batch, error.detail ?? '');
  const row = range ? decodeRow(batch.data, range.start, range.end) : [];
  const key = range ? describeKey(batch.columns, keyOf(target), row) : 'unknown';
  const column = place?.column ?? error.column ?? (range ? nulColumn(batch, range) : undefined) ?? 'unknown';
  return misfitProblem(error, target, key, column, problems);
}

/** The problem of a row that the merge refused; its key is looked up in the stage, after the roll-back. */
export async function mergeMisfit(
  error: ServerError,
  session: Session,
  target: SinkTarget,
  staged: boolean,
  problems: PostgresProblems,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  if (!isMisfit(error.code ?? '')) return undefined;
  const named = /\((.+?)\)=\((.*)\)/.exec(error.detail ?? '');
  const names = keyOf(target);
  const columns = named?.[1]?.split(', ') ?? [];
  let key = named
    ? columns.map((name, i) => `${name}=${columns.length === 1 ? named[2] : named[2]!.split(', ')[i]}`).join(', ')
    : (error.detail ?? 'unknown');
  const column = target.schema.columns.find((c) => c.name === columns[0] && columns.length === 1);
  if (staged && column && !names.includes(column.name) && names.length > 0) {
    const shown = names.map((name) => `${quoteName(name)}::text AS ${quoteName(name)}`).join(', ');
    const [row] = await session.query(
      `SELECT ${shown} FROM ${STAGE} WHERE ${quoteName(column.name)}::text = $1 LIMIT 1`,
      [named![2]],
      signal,
    );
    if (row) key = names.map((name) => `${name}=${row[name]}`).join(', ');
  }
  return misfitProblem(error, target, key, error.column ?? columns.join(', '), problems);
}

function misfitProblem(error: ServerError, target: SinkTarget, key: string, column: string, problems: PostgresProblems): Problem {
  const values = { stream: target.schema.name, key, column, reason: reasonOf(error) };
  if (error.code === '23505') return problems['duplicate-key']({ values, cause: error });
  if (error.code === '23514' || error.code === '23503' || error.code === 'P0001')
    return problems['constraint-violated']({ values, cause: error });
  return problems['value-does-not-fit']({ values, cause: error });
}

function isMisfit(code: string): boolean {
  return code.startsWith('22') || code.startsWith('23') || code === 'P0001';
}

const HOLDS_NUL: Text = { en: 'the text holds a NUL character, which PostgreSQL cannot store', zh: '文本含 NUL 字符，PostgreSQL 无法存储' };

function reasonOf(error: ServerError): Text {
  if (error.code === '22021' && error.message.includes('0x00')) return HOLDS_NUL;
  const more = error.detail && error.code?.startsWith('23') ? ` (${error.detail.slice(0, 300)})` : '';
  return verbatim(`${error.message.slice(0, 500)}${more}`);
}

/** The row a broken foreign key speaks of: it is checked after the rows are in, so only its values are told. */
function rowOfKey(batch: Batch, detail: string): { start: number; end: number } | undefined {
  const named = /\((.+?)\)=\((.*)\)/.exec(detail);
  const columns = named?.[1]?.split(', ').map((name) => batch.columns.findIndex((column) => column.name === name)) ?? [];
  if (columns.length === 0 || columns.includes(-1)) return undefined;
  let index = 0;
  for (const row of decodeRows(batch.data)) {
    if (columns.map((column) => row[column]).join(', ') === named![2]) return rowRange(batch.data, index);
    index++;
  }
  return undefined;
}

/** Line and column of `COPY t, line 3, column amount: "abc"`; the words between may be in any language. */
function placeOf(where: string, table: string): { line: number; column: string | undefined } | undefined {
  const start = `COPY ${table}, `;
  const line = where.split('\n').find((text) => text.startsWith(start));
  const match = line && /^\D*(\d+)(?:, \S+ ([^:]+?))?(?::|$)/.exec(line.slice(start.length));
  return match ? { line: Number(match[1]), column: match[2] } : undefined;
}

/** The column with a NUL byte, which the server names only by its row. */
function nulColumn(batch: Batch, range: { start: number; end: number }): string | undefined {
  const at = asBuffer(batch.data).indexOf(0, range.start);
  if (at === -1 || at >= range.end) return undefined;
  return batch.columns[cellEnds(batch.data, range.start, range.end).findIndex((end) => at < end)]?.name;
}
