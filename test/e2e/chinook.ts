/** The public Chinook database for tests: found, loaded, changed and read. It is test data beside the checkout. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checksum } from './pipeline-world.ts';

export const CHINOOK_TABLES = [
  'Album',
  'Artist',
  'Customer',
  'Employee',
  'Genre',
  'Invoice',
  'InvoiceLine',
  'MediaType',
  'Playlist',
  'PlaylistTrack',
  'Track',
] as const;

/** The script for a database, without its statements about databases and sessions; a reason when it is not here. */
export function chinookScript(file: string): { sql: string } | { missing: string } {
  const folder = process.env['WEIR_TEST_CHINOOK'] ?? path.resolve(import.meta.dirname, '../../../shared/data/chinook');
  const full = path.join(folder, file);
  if (!existsSync(full)) {
    const missing = `Chinook: ${file} is not in ${folder}; set WEIR_TEST_CHINOOK to its folder`;
    if (process.env['CI'] === 'true') throw new Error(`CI forbids skips: ${missing}`);
    return { missing };
  }
  const text = readFileSync(full, 'utf8').replace(/^\uFEFF/, '');
  return { sql: text.replace(/^\s*(DROP DATABASE|CREATE DATABASE|USE )[^;]*;|^\\c .*$/gm, '') };
}

/** One number for rows of either database: times lose the zeros and zone that only one of them writes. */
export function contentsOf(rows: readonly (readonly unknown[])[]): string {
  const cell = (value: unknown) => {
    if (value === null) return null;
    const text = String(value);
    const time = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)?(\+00)?$/.exec(text);
    return time ? time[1]! + (time[2] ?? '').replace(/\.?0+$/, '') : text;
  };
  return checksum(rows.map((row) => row.map(cell)));
}

/** What a test does to one Chinook, whichever database holds it. */
export interface Chinook {
  /** Tables as the database spells them. */
  readonly tables: readonly string[];
  /** Name of a table or column of the Chinook documentation as this database spells it, quoted. */
  name(documented: string): string;
  exec(sql: string): Promise<void>;
  /** Rows of a table in its column order, as the database's own text. */
  rows(table: string): Promise<unknown[][]>;
}

/** Inserts and updates that an incremental run must carry. */
export async function changeChinook(db: Chinook): Promise<void> {
  const { name: n } = db;
  await db.exec(`INSERT INTO ${n('Artist')} (${n('ArtistId')}, ${n('Name')}) VALUES (9001, '崔健'), (9002, NULL)`);
  await db.exec(`INSERT INTO ${n('Album')} (${n('AlbumId')}, ${n('Title')}, ${n('ArtistId')}) VALUES (9001, '一无所有', 9001)`);
  await db.exec(`UPDATE ${n('Track')} SET ${n('UnitPrice')} = 1.29 WHERE ${n('TrackId')} % 50 = 0`);
  await db.exec(`UPDATE ${n('Customer')} SET ${n('Company')} = NULL WHERE ${n('CustomerId')} < 5`);
  await db.exec(`UPDATE ${n('InvoiceLine')} SET ${n('Quantity')} = 3 WHERE ${n('InvoiceLineId')} = 7`);
}

/** Deletes, which no cursor sees. */
export async function deleteFromChinook(db: Chinook): Promise<void> {
  const { name: n } = db;
  await db.exec(`DELETE FROM ${n('PlaylistTrack')} WHERE ${n('PlaylistId')} = 5`);
  await db.exec(`DELETE FROM ${n('InvoiceLine')} WHERE ${n('InvoiceLineId')} > 2200`);
  await db.exec(`DELETE FROM ${n('Album')} WHERE ${n('AlbumId')} = 9001`);
}
