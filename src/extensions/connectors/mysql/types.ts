/**
 * Types of MariaDB and MySQL, how each is asked for, and how its text becomes a cell.
 *
 * tinyint smallint year → int16 · mediumint int, smallint unsigned → int32 · bigint, int unsigned → int64
 * · bigint unsigned → decimal(20,0) · decimal → decimal(p,s) · float, double → float32, float64
 * · bit(1) → boolean, wider → decimal · date time → date time · datetime → timestamp · timestamp → timestamptz (UTC)
 * · json (MariaDB: longtext with `json_valid`) → json · uuid → uuid · char, text, enum, set → text
 * · binary, blob, geometry → bytes · all others → text
 */
import { bytesCell, type Column, type ColumnType, escapeCell, NULL_CELL } from '../../../sdk/index.ts';
import type { CellReader } from './session.ts';

/** A column as the catalogue tells it. */
export interface CatalogueColumn {
  readonly name: string;
  /** `DATA_TYPE`, for example `int`. */
  readonly dataType: string;
  /** `COLUMN_TYPE`, for example `int(10) unsigned`. */
  readonly columnType: string;
  readonly nullable: boolean;
  readonly length: number | undefined;
  readonly precision: number | undefined;
  readonly scale: number | undefined;
  readonly isJson: boolean;
}

const PLAIN: Readonly<Record<string, ColumnType>> = {
  tinyint: 'int16',
  smallint: 'int16',
  year: 'int16',
  mediumint: 'int32',
  int: 'int32',
  bigint: 'int64',
  float: 'float32',
  double: 'float64',
  date: 'date',
  time: 'time',
  datetime: 'timestamp',
  timestamp: 'timestamptz',
  json: 'json',
  uuid: 'uuid',
  decimal: 'decimal',
  binary: 'bytes',
  varbinary: 'bytes',
  tinyblob: 'bytes',
  blob: 'bytes',
  mediumblob: 'bytes',
  longblob: 'bytes',
  geometry: 'bytes',
  point: 'bytes',
  linestring: 'bytes',
  polygon: 'bytes',
  multipoint: 'bytes',
  multilinestring: 'bytes',
  multipolygon: 'bytes',
  geometrycollection: 'bytes',
};
const UNSIGNED: Readonly<Record<string, ColumnType>> = { smallint: 'int32', int: 'int64', bigint: 'decimal' };

/** The column of a batch for a column of the catalogue. */
export function columnOf(from: CatalogueColumn): Column {
  const unsigned = / unsigned/.test(from.columnType);
  const base = { name: from.name, nullable: from.nullable, sourceType: from.columnType };
  if (from.isJson) return { ...base, type: 'json' };
  if (from.dataType === 'bit')
    return from.columnType === 'bit(1)' ? { ...base, type: 'boolean' } : { ...base, type: 'decimal', precision: 20, scale: 0 };
  if (unsigned && from.dataType === 'bigint') return { ...base, type: 'decimal', precision: 20, scale: 0 };
  const type = (unsigned ? UNSIGNED[from.dataType] : undefined) ?? PLAIN[from.dataType] ?? 'text';
  if (type === 'decimal' && from.precision !== undefined) return { ...base, type, precision: from.precision, scale: from.scale ?? 0 };
  const bounded = type === 'text' && /^(char|varchar)$/.test(from.dataType) && from.length !== undefined;
  return bounded ? { ...base, type, length: from.length! } : { ...base, type };
}

/** An identifier, quoted. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A text literal; safe because sessions set NO_BACKSLASH_ESCAPES. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** How a column is selected. A FLOAT would be printed with six digits, so it is widened; a BIT is printed as raw bytes. */
export function selectItem(column: Column): string {
  const name = quoteName(column.name);
  if (column.type === 'float32') return `CAST(${name} AS DOUBLE) AS ${name}`;
  return column.sourceType.startsWith('bit(') ? `CAST(${name} AS UNSIGNED) AS ${name}` : name;
}

/** A value of a column as a literal that compares as the column does: numbers bare, never as text (which compares as a double). */
export function literalOf(column: Column, text: string): string {
  switch (column.type) {
    case 'int16':
    case 'int32':
    case 'int64':
    case 'decimal':
    case 'float32':
    case 'float64':
      if (!/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) throw new RangeError(`"${text.slice(0, 40)}" is not a number`);
      return text;
    case 'bytes':
      if (!/^\\x([0-9a-f]{2})*$/i.test(text)) throw new RangeError('not hexadecimal bytes');
      return `X'${text.slice(2)}'`;
    case 'timestamptz':
      return `TIMESTAMP${quoteText(text.replace(/\+00(:?00)?$/, ''))}`;
    case 'timestamp':
      return `TIMESTAMP${quoteText(text)}`;
    default:
      return quoteText(text);
  }
}

const ZERO = /^0000-|-00/;

/** How the text of each field becomes a cell: no number or Date is made on the way. */
export function readerOf(column: Column, zeroDates: 'fail' | 'null'): CellReader {
  const dated = column.type === 'date' || column.type === 'timestamp' || column.type === 'timestamptz';
  const suffix = column.type === 'timestamptz' ? '+00' : '';
  switch (column.type) {
    case 'bytes':
      return (field) => {
        const bytes = field.buffer();
        return bytes === null ? NULL_CELL : bytesCell(bytes);
      };
    case 'boolean':
      return (field) => {
        const text = field.string('latin1');
        return text === null ? NULL_CELL : text === '0' ? 'f' : 't';
      };
    case 'text':
    case 'json':
      return (field) => {
        const text = field.string('utf8');
        return text === null ? NULL_CELL : escapeCell(text);
      };
    default:
      return (field) => {
        const text = field.string('latin1');
        if (text === null) return NULL_CELL;
        if (!dated || !ZERO.test(text)) return text + suffix;
        return zeroDates === 'null' ? NULL_CELL : ZERO_MARK + text;
      };
  }
}

/** Marks a refused date, found again once the whole row and its key are known. */
export const ZERO_MARK = '\u0000zero:';
