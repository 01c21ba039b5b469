/**
 * An order-free checksum of a stream's contents, column by column: equal contents give equal sums, whatever
 * the order of rows. Values are first brought to one form per type, since databases print one value in
 * several ways (`1.50` and `1.5`, a blank or a `T` in a time); texts and bytes are taken as they are.
 */
import { createHash } from 'node:crypto';
import type { Connector } from '../src/sdk/connector.ts';
import { decodeRows } from '../src/sdk/copy-text.ts';
import type { Column, ColumnType, StreamSchema } from '../src/sdk/record.ts';

/** Sums are hexadecimal; `whole` is over whole rows, so that values cannot trade places between rows. */
export interface Checksum {
  readonly rows: number;
  readonly whole: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** Sums rows given as texts, in the order of `columns`. */
export function checksumRows(columns: readonly Pick<Column, 'name' | 'type'>[], rows: Iterable<readonly (string | null)[]>): Checksum {
  const sums = columns.map(() => 0n);
  let whole = 0n;
  let count = 0;
  for (const row of rows) {
    const values = columns.map((column, i) => (row[i] === null || row[i] === undefined ? null : oneForm(column.type, row[i]!)));
    values.forEach((value, i) => (sums[i] = BigInt.asUintN(64, sums[i]! + hash(value))));
    whole = BigInt.asUintN(64, whole + hash(JSON.stringify(values)));
    count++;
  }
  const hex = (sum: bigint) => sum.toString(16).padStart(16, '0');
  return { rows: count, whole: hex(whole), columns: Object.fromEntries(columns.map((column, i) => [column.name, hex(sums[i]!)])) };
}

/**
 * Reads a whole stream through its connector and sums it. `types` (by column name) bring both sides of a
 * comparison to the same forms where the far side knows fewer types.
 */
export async function checksumStream(
  connector: Connector,
  stream: StreamSchema,
  types: Readonly<Record<string, ColumnType>> = {},
): Promise<Checksum> {
  const rows: (string | null)[][] = [];
  for await (const batch of connector.source!.read({ stream, mode: { type: 'full' }, batchBytes: 1 << 20 }, AbortSignal.timeout(60_000))) {
    rows.push(...decodeRows(batch.data));
  }
  return checksumRows(
    stream.columns.map((column) => ({ name: column.name, type: types[column.name] ?? column.type })),
    rows,
  );
}

/** One text per value of a type. */
export function oneForm(type: ColumnType, text: string): string {
  switch (type) {
    case 'boolean':
      return /^(t|true|1)$/i.test(text) ? 't' : 'f';
    case 'int16':
    case 'int32':
    case 'int64':
      return String(BigInt(text));
    case 'decimal':
      return plainDecimal(text);
    case 'float32':
      return /^-?\d/.test(text) ? String(Math.fround(Number(text))) : text;
    case 'float64':
      return /^-?\d/.test(text) ? String(Number(text)) : text;
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return text
        .replace('T', ' ')
        .replace(
          /(:\d\d)\.(\d*?)0*($|[+\- Z])/,
          (_, second: string, digits: string, rest: string) => `${second}${digits ? `.${digits}` : ''}${rest}`,
        );
    case 'json':
      return text.trim();
    case 'uuid':
      return text.toLowerCase();
    default:
      return text;
  }
}

function plainDecimal(text: string): string {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const all = (whole + fraction).replace(/^0+/, '');
  const kept = all.replace(/0+$/, '');
  return kept === '' ? '0' : `${sign === '-' ? '-' : ''}${kept}e${Number(exponent) - fraction.length + (all.length - kept.length)}`;
}

function hash(value: string | null): bigint {
  return createHash('sha256')
    .update(value === null ? 'n' : `v${value}`)
    .digest()
    .readBigUInt64LE(0);
}
