/**
 * PostgreSQL's text values as JSON text, without passing through Number or Date: numbers keep their
 * digits, `json` its text, times become ISO 8601, bytes `\x…`; what JSON cannot say (`NaN`, `infinity`)
 * is a string. Arrays become JSON arrays. Other types are strings of the server's own text.
 */
import type { ColumnType } from '../../../sdk/index.ts';

/** Writes one non-null value as JSON. */
export type JsonWriter = (text: string) => string;

const TYPES: Readonly<Record<number, ColumnType>> = {
  16: 'boolean',
  21: 'int16',
  23: 'int32',
  26: 'int64',
  20: 'int64',
  1700: 'decimal',
  700: 'float32',
  701: 'float64',
  17: 'bytes',
  1082: 'date',
  1083: 'time',
  1114: 'timestamp',
  1184: 'timestamptz',
  114: 'json',
  3802: 'json',
  2950: 'uuid',
};
/** Array types by the type of their elements. Source: pg_type.dat. */
const ELEMENTS: Readonly<Record<number, number>> = {
  1000: 16,
  1005: 21,
  1007: 23,
  1028: 26,
  1016: 20,
  1231: 1700,
  1021: 700,
  1022: 701,
  1001: 17,
  1182: 1082,
  1183: 1083,
  1115: 1114,
  1185: 1184,
  199: 114,
  3807: 3802,
  2951: 2950,
  1009: 25,
  1015: 1043,
  1014: 1042,
  1002: 18,
  1003: 19,
};

/** The column type of a result column; an array counts as `json`, an unknown type as `text`. */
export function columnTypeOf(oid: number): ColumnType {
  return ELEMENTS[oid] === undefined ? (TYPES[oid] ?? 'text') : 'json';
}

/** The writer for values of a type. */
export function jsonWriterOf(oid: number): JsonWriter {
  const element = ELEMENTS[oid];
  if (element !== undefined) return arrayWriter(scalarWriter(element));
  return scalarWriter(oid);
}

function scalarWriter(oid: number): JsonWriter {
  switch (TYPES[oid]) {
    case 'boolean':
      return (text) => (text === 't' ? 'true' : 'false');
    case 'int16':
    case 'int32':
    case 'int64':
    case 'json':
      return (text) => text;
    case 'decimal':
    case 'float32':
    case 'float64':
      return (text) => (/^-?\d/.test(text) ? text : `"${text}"`);
    case 'timestamp':
      return (text) => `"${isoDate(text)}"`;
    case 'timestamptz':
      return (text) => `"${isoDate(text).replace(/([+-]\d\d)$/, '$1:00')}"`;
    default:
      return JSON.stringify;
  }
}

/** `2026-01-31 23:59:59` ─▶ `2026-01-31T23:59:59`; `infinity` and years BC stay as the server writes them. */
function isoDate(text: string): string {
  return /^\d{4,} ?-|^\d{4,}-\d\d-\d\d /.test(text) && !text.endsWith('BC') ? text.replace(' ', 'T') : text;
}

/** Source: PostgreSQL manual 8.15.6 "Array Input and Output Syntax". */
function arrayWriter(element: JsonWriter): JsonWriter {
  return (text) => {
    let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
    let json = '';
    for (; at < text.length; at++) {
      const ch = text[at]!;
      if (ch === '{') json += '[';
      else if (ch === '}') json += ']';
      else if (ch === ',') json += ',';
      else if (ch === '"') {
        const end = endOfQuoted(text, at);
        json += element(text.slice(at + 1, end).replace(/\\([\s\S])/g, '$1'));
        at = end;
      } else {
        const end = at + text.slice(at).search(/[,}]/);
        const bare = text.slice(at, end);
        json += bare.toUpperCase() === 'NULL' ? 'null' : element(bare);
        at = end - 1;
      }
    }
    return json;
  };
}

function endOfQuoted(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '"') return i;
  }
  return text.length;
}
