/**
 * Types between SQLite and batches. SQLite enforces no declared type but in STRICT tables: what a column is
 * said to hold decides the type here, what a value is decides its text. Declared lengths and precisions are
 * not enforced by SQLite either, so a source does not pass them on; a sink checks them strictly.
 *
 * declared                                   type         made by a sink for
 * …INT…                                      int64        int16 SMALLINT, int32 INTEGER, int64 BIGINT
 * BOOL BOOLEAN                               boolean      BOOLEAN (0 or 1)
 * DECIMAL NUMERIC NUMBER MONEY               decimal      DECIMAL(p,s), exact up to 15 digits; wider ones `DECIMAL TEXT(p,s)`
 * REAL FLOAT DOUBLE                          float64      REAL
 * DATE / TIME / DATETIME TIMESTAMP / …TZ     their types  DATE TIME TIMESTAMP TIMESTAMPTZ, as ISO text
 * JSON JSONB / UUID GUID                     json / uuid  `JSON TEXT` `UUID TEXT` (so that digits stay text)
 * BLOB                                       bytes        BLOB
 * all others                                 text         TEXT VARCHAR(n)
 * Source: sqlite.org/datatype3.html §3.
 */
import { bytesCell, type Column, type ColumnType, escapeCell, misfit, NULL_CELL, type Text, Told } from '../../../sdk/index.ts';

/** A value as `node:sqlite` gives it with `readBigInts`. */
export type SqliteValue = null | bigint | number | string | Uint8Array;

const NAMED: readonly (readonly [RegExp, ColumnType])[] = [
  [/^BOOL(EAN)?\b/, 'boolean'],
  [/^JSONB?\b/, 'json'],
  [/^(UUID|GUID|UNIQUEIDENTIFIER)\b/, 'uuid'],
  [/^(TIMESTAMPTZ|TIMESTAMP WITH TIME ZONE|DATETIMEOFFSET)/, 'timestamptz'],
  [/^(DATETIME|TIMESTAMP)/, 'timestamp'],
  [/^DATE\b/, 'date'],
  [/^TIME\b/, 'time'],
  [/^(DECIMAL|NUMERIC|NUMBER|MONEY)\b/, 'decimal'],
  [/INT/, 'int64'],
  [/CHAR|CLOB|TEXT/, 'text'],
  [/BLOB/, 'bytes'],
  [/REAL|FLOA|DOUB/, 'float64'],
];

/** What a declared type says: its column type and the bounds in brackets. */
export function declaredType(declared: string): Pick<Column, 'type' | 'length' | 'precision' | 'scale'> {
  const upper = declared.trim().toUpperCase();
  const type = NAMED.find(([pattern]) => pattern.test(upper))?.[1] ?? 'text';
  const bounds = /\((\d+)(?:\s*,\s*(\d+))?\)/.exec(upper);
  if (!bounds) return { type };
  if (type === 'text') return { type, length: Number(bounds[1]) };
  return type === 'decimal' ? { type, precision: Number(bounds[1]), scale: Number(bounds[2] ?? 0) } : { type };
}

/** True when values of the column are stored as text whatever they look like (TEXT affinity). */
export function isTextAffinity(declared: string): boolean {
  const upper = declared.toUpperCase();
  return !upper.includes('INT') && /CHAR|CLOB|TEXT/.test(upper);
}

/** The type a sink declares. */
export function sqliteType(column: Column): string {
  switch (column.type) {
    case 'decimal': {
      if (column.precision === undefined) return 'DECIMAL';
      return `DECIMAL${column.precision > 15 ? ' TEXT' : ''}(${column.precision},${column.scale ?? 0})`;
    }
    case 'text':
      return column.length === undefined ? 'TEXT' : `VARCHAR(${column.length})`;
    case 'boolean':
      return 'BOOLEAN';
    case 'int16':
      return 'SMALLINT';
    case 'int32':
      return 'INTEGER';
    case 'int64':
      return 'BIGINT';
    case 'float32':
    case 'float64':
      return 'REAL';
    case 'bytes':
      return 'BLOB';
    case 'json':
      return 'JSON TEXT';
    case 'uuid':
      return 'UUID TEXT';
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return column.type.toUpperCase();
  }
}

/** Says why a value cannot be read, to be made a problem with its row. */
export class Unreadable extends Told {}

/** A stored value as an encoded cell. Throws `Unreadable` for bytes that are no text where text is declared. */
export function cellOf(type: ColumnType, value: SqliteValue): string {
  if (value === null) return NULL_CELL;
  if (type === 'bytes') return bytesCell(value instanceof Uint8Array ? value : Buffer.from(String(value), 'utf8'));
  if (type === 'boolean' && (value === 0n || value === 1n)) return value === 1n ? 't' : 'f';
  return typeof value === 'bigint' ? String(value) : escapeCell(textOf(value));
}

/** A stored value as text: the form positions are kept in. */
export function textOf(value: Exclude<SqliteValue, null>): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value !== 'object') return String(value);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    throw new Unreadable({
      en: 'it holds bytes that are not UTF-8 text; declare the column BLOB to carry bytes',
      zh: '含有不是 UTF-8 文本的字节；如需传送字节，请将列声明为 BLOB',
    });
  }
}

/** How a sink binds the text of a column. */
export type Binder = (text: string) => { readonly value: SqliteValue } | { readonly misfit: Text };

/** Makes the binder of a column: strict by the stream's type and by what the target declares. */
export function binderOf(column: Column, declared: string): Binder {
  const bounds = declaredType(declared);
  const numeric = !isTextAffinity(declared);
  const { length, precision, scale } = bounds;
  return (text) => {
    const wrong =
      misfit(column, text) ??
      (bounds.type === column.type ? misfit({ type: column.type, ...only({ length, precision, scale }) }, text) : undefined);
    if (wrong) return { misfit: wrong };
    if (text.includes('\0'))
      return { misfit: { en: 'holds a NUL character, which SQL functions cut off', zh: '含 NUL 字符，SQL 函数会在此截断' } };
    switch (column.type) {
      case 'boolean':
        return { value: /^(t|true|1)$/i.test(text) ? 1n : 0n };
      case 'int16':
      case 'int32':
      case 'int64':
        return { value: BigInt(text.replace('+', '')) };
      case 'decimal':
        return numeric ? decimalValue(text) : { value: text };
      case 'float32':
      case 'float64':
        return text === 'NaN'
          ? { misfit: { en: 'is NaN, which SQLite stores as NULL', zh: '是 NaN，SQLite 会存为 NULL' } }
          : { value: Number(text) };
      case 'bytes':
        return { value: Buffer.from(text.slice(2), 'hex') };
      default:
        return { value: text };
    }
  };
}

/** A decimal where numbers are stored as integers or doubles: only if nothing of it is lost. */
function decimalValue(text: string): ReturnType<Binder> {
  if (/^[+-]?\d+(\.0*)?$/.test(text)) {
    const whole = BigInt(text.replace(/\.0*$/, '').replace('+', ''));
    if (whole >= -(2n ** 63n) && whole < 2n ** 63n) return { value: whole };
  }
  const value = Number(text);
  if (Number.isFinite(value) && digits(String(value)) === digits(text)) return { value };
  return {
    misfit: {
      en: 'has more digits than SQLite keeps in a number; make the target column TEXT',
      zh: '的位数超过 SQLite 数字能保存的位数；请将目标列改为 TEXT',
    },
  };
}

/** Significant digits and exponent, one form per value. */
function digits(text: string): string {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const all = (whole + fraction).replace(/^0+/, '');
  const kept = all.replace(/0+$/, '');
  return kept === '' ? '0' : `${sign === '-' ? '-' : ''}${kept}e${Number(exponent) - fraction.length + (all.length - kept.length)}`;
}

function only(bounds: {
  length: number | undefined;
  precision: number | undefined;
  scale: number | undefined;
}): Pick<Column, 'length' | 'precision' | 'scale'> {
  return Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined));
}
