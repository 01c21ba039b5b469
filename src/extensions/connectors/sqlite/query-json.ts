/**
 * SQLite values as JSON: 64-bit integers keep their digits, reals are shortest round-trip digits (an
 * infinite one is a string), text is a string, a blob `\x` + hex. A column declared BOOLEAN answers true
 * and false for 1 and 0; one declared JSON answers its text as JSON when it is valid, else as a string.
 */
import type { ColumnType } from '../../../sdk/index.ts';

/** A value as node:sqlite gives it with `setReadBigInts`. */
export type SqliteValue = null | bigint | number | string | Uint8Array;

/** The column type a declared type stands for. Source: SQLite "Datatypes", 3.1 (affinity), and the names people use. */
export function columnTypeOf(declared: string | null): ColumnType {
  const type = (declared ?? '').toUpperCase();
  if (/BOOL/.test(type)) return 'boolean';
  if (/JSON/.test(type)) return 'json';
  if (/INT/.test(type)) return 'int64';
  if (/CHAR|CLOB|TEXT|UUID/.test(type)) return 'text';
  if (/BLOB/.test(type)) return 'bytes';
  if (/REAL|FLOA|DOUB/.test(type)) return 'float64';
  if (/NUMERIC|DECIMAL/.test(type)) return 'decimal';
  return 'text';
}

/** Writes one value of a column of `type`. The value's own storage class decides; the type only refines it. */
export function toJson(value: SqliteValue, type: ColumnType): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'bigint':
      return type === 'boolean' && (value === 0n || value === 1n) ? String(value === 1n) : value.toString();
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`;
    case 'string':
      return type === 'json' && isJson(value) ? value : JSON.stringify(value.toWellFormed());
    default:
      return `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}"`;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // Not every text in such a column is JSON; it is then an ordinary string.
  }
}
