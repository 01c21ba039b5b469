/**
 * Lists as CSV. In: the schema of a list's answer and its items. Out: lines of RFC 4180, UTF-8 with a byte order
 * mark, so that spreadsheets show Chinese. One line per item; a cell never starts a formula.
 *
 *   response schema ─▶ columns ─▶ header line
 *   item ─▶ value of each column ─▶ text ─▶ quoted cell
 */
import { csvCell, csvLine } from '../../base/csv-line.ts';
import type { JsonSchema, TSchema } from '../../base/schema.ts';

/** One column: `status.state` is the member `state` of an item's member `status`. */
export interface CsvColumn {
  readonly name: string;
  readonly path: readonly string[];
  /** True when its numbers are milliseconds since 1970: the cell shows them as ISO 8601, UTC. */
  readonly isTime: boolean;
}

/** What a schema may say about its column, as `x-csv`: a time, or that there is none. */
export type CsvHint = 'time' | 'none';

type HintedSchema = JsonSchema & { readonly 'x-csv'?: CsvHint };

/** Leaves a member of an item out of CSV: one that repeats others or has no place in a table. */
export function notInCsv<S extends TSchema>(schema: S): S {
  return Object.assign(schema, { 'x-csv': 'none' satisfies CsvHint });
}

/** Columns of a page `{ items, next }`, in the order of the schema; members of known shape get a column each. */
export function columnsOf(response: TSchema): CsvColumn[] {
  const items = (response as JsonSchema).properties?.['items'] as JsonSchema | undefined;
  return columnsBelow(items?.items as HintedSchema | undefined, []);
}

function columnsBelow(schema: HintedSchema | undefined, path: readonly string[]): CsvColumn[] {
  if (schema?.['x-csv'] === 'none') return [];
  const choices = (schema?.anyOf ?? [schema]) as readonly (HintedSchema | undefined)[];
  const shape = choices.find((choice) => choice?.properties)?.properties;
  if (shape) return Object.entries(shape).flatMap(([name, member]) => columnsBelow(member as HintedSchema, [...path, name]));
  return [{ name: path.join('.'), path, isTime: choices.some((choice) => choice?.['x-csv'] === 'time') }];
}

/** The line of names. */
export function csvHead(columns: readonly CsvColumn[]): string {
  return csvLine(columns.map(({ name }) => name));
}

/** The line of one item. Lists and maps stand as JSON in their cell; null and what is missing are empty. */
export function csvRow(columns: readonly CsvColumn[], item: unknown): string {
  return csvLine(columns.map((column) => cellText(valueAt(item, column.path), column.isTime)));
}

function valueAt(item: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], item);
}

/** Numbers and booleans are ours and go as they are; words may be anybody's. */
function cellText(value: unknown, isTime: boolean): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return isTime && Number.isFinite(value) ? new Date(value).toISOString() : String(value);
  if (typeof value === 'boolean') return String(value);
  return csvCell(typeof value === 'string' ? value : JSON.stringify(value));
}
