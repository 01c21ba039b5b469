/**
 * The file of call blocks, `calls.db` beside the store: written by one thread, read by another (block-search.ts).
 *
 *   add ─▶ a small block per batch ─▶ sixteen of a size become one ─▶ … ─▶ blocks of some hundred to thousands of calls
 *
 * Each call of a function is one transaction. A commit is not waited for on the disk: a kill takes nothing that was committed, a
 * power cut the last moments, never the file.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type CallBatch, type PackedCalls, readCallBatch, splitCallBatch, unpackCalls } from '../../sdk/call-batch.ts';
import { type Block, packBlock } from './block.ts';
import { joinSections, openNames, openSection, type Section, SECTION_NAMES } from './columns.ts';
import { BUSY_MS, useWal } from '../wal.ts';
import { joinBatches, youngerOf } from './join.ts';
import { matching } from './match.ts';
import { type FetchPart, OpenBlock, opened } from './open-block.ts';
import { mayHold } from './seen.ts';

export interface BlockFile {
  /**
   * Stores batches; answers the bytes that all calls take on the disk now. `maybe` names those that may be stored already: such a
   * one is left out if it is.
   */
  add(batches: readonly PackedCalls[], maybe?: readonly number[]): number;
  /**
   * Deletes calls older than `before` (milliseconds since 1970), then the oldest blocks while all take more than `bytesMax`: some
   * blocks and no more. Answers how many calls, and whether there is more to delete.
   */
  trim(before: number, bytesMax: number): { readonly deleted: number; readonly more: boolean };
  /** Deletes those of these blocks that cannot be read. */
  discard(ids: readonly number[]): void;
  /** Calls of blocks that were deleted because they could not be read, since this was last asked. */
  lost(): number;
  close(): void;
}

/** A block of so many calls is never joined with others. */
const FULL = 256;
/** So many blocks of about a size become one. */
const FAN_IN = 16;
const TRIMMED_AT_ONCE = 32;
/** Pages that nothing lies in are given back when they are more than one in so many, and so many at a time. */
const FREE_PART = 8;
const GIVEN_BACK = 256;
const PAGE_BYTES = 16_384;
const WHOLE_COLUMNS = ['count', 'bytes', 'time_from', 'time_to', 'duration_from', 'duration_to', 'status_from', 'status_to'];
const SETTINGS = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 16777216;`;
/** The content stands apart, so that looking through what blocks there are reads little. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS block (
  id INTEGER PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL, time_from INTEGER NOT NULL, time_to INTEGER NOT NULL,
  duration_from INTEGER NOT NULL, duration_to INTEGER NOT NULL, status_from INTEGER NOT NULL, status_to INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS block_by_time ON block (time_to);
CREATE INDEX IF NOT EXISTS block_by_start ON block (time_from);
CREATE INDEX IF NOT EXISTS block_small ON block (id, count) WHERE count < ${FULL};
CREATE TABLE IF NOT EXISTS block_content (
  id INTEGER PRIMARY KEY, seen BLOB NOT NULL, names BLOB NOT NULL, ${SECTION_NAMES.map((name) => `${name} BLOB NOT NULL`).join(', ')});`;

/** Makes the file when it is missing, mode 0600, and opens it. Raises what SQLite raises. */
export function openBlockFile(file: string): BlockFile {
  closeSync(openSync(file, 'a', 0o600));
  const db = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    useWal(db, `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL; ${SETTINGS}`);
    db.exec(SCHEMA);
  } catch (error) {
    db.close();
    throw error;
  }
  const statements = prepare(db);
  let lost = 0;
  const whole = <V>(work: (unreadable: (calls: number) => void) => V): V => {
    db.exec('BEGIN IMMEDIATE');
    try {
      let now = 0;
      const result = work((calls) => (now += calls));
      db.exec('COMMIT');
      lost += now;
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    add: (batches, maybe = []) =>
      whole((unreadable) => {
        batches.forEach((batch, place) => {
          if (batch.count === 0 || (maybe.includes(place) && isStored(statements, batch))) return;
          put(statements, packBlock(unpackCalls(batch)));
        });
        joinSmall(statements, unreadable);
        return bytesOf(statements);
      }),
    trim: (before, bytesMax) =>
      whole((unreadable) => {
        const step = trim(statements, before, bytesMax, unreadable);
        if (Number(statements.free.get()!['freelist_count']) * FREE_PART > Number(statements.pages.get()!['page_count']))
          db.exec(`PRAGMA incremental_vacuum(${GIVEN_BACK})`);
        return step;
      }),
    discard: (ids) =>
      whole((unreadable) => {
        for (const id of ids) {
          const row = statements.one.get(id) as Small | undefined;
          if (row) batchOf(statements, row, unreadable);
        }
      }),
    lost() {
      const all = lost;
      lost = 0;
      return all;
    },
    close: () => db.close(),
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: DatabaseSync) {
  const marks = (count: number) => Array.from({ length: count }, () => '?').join(', ');
  return {
    put: db.prepare(`INSERT INTO block (${WHOLE_COLUMNS.join(', ')}) VALUES (${marks(WHOLE_COLUMNS.length)})`),
    putContent: db.prepare(
      `INSERT INTO block_content (id, seen, names, ${SECTION_NAMES.join(', ')}) VALUES (${marks(SECTION_NAMES.length + 3)})`,
    ),
    content: db.prepare('SELECT * FROM block_content WHERE id = ?'),
    one: db.prepare('SELECT id, count FROM block WHERE id = ?'),
    small: db.prepare(`SELECT id, count FROM block WHERE count < ${FULL} ORDER BY id`),
    oldest: db.prepare('SELECT id, count FROM block ORDER BY time_to, id LIMIT ?'),
    past: db.prepare('SELECT id, count FROM block WHERE time_to < ? ORDER BY time_to LIMIT ?'),
    partlyPast: db.prepare('SELECT id, count FROM block WHERE time_from < ? AND time_to >= ? LIMIT ?'),
    likely: db.prepare('SELECT id, count FROM block WHERE time_from <= ? AND time_to >= ?'),
    seen: db.prepare('SELECT seen FROM block_content WHERE id = ?'),
    remove: db.prepare('DELETE FROM block WHERE id = ?'),
    removeContent: db.prepare('DELETE FROM block_content WHERE id = ?'),
    pages: db.prepare('PRAGMA page_count'),
    free: db.prepare('PRAGMA freelist_count'),
  } satisfies Record<string, StatementSync>;
}

function put(to: Statements, block: Block): void {
  const { count, bytes, timeFrom, timeTo, durationFrom, durationTo, statusFrom, statusTo } = block;
  const { lastInsertRowid } = to.put.run(count, bytes, timeFrom, timeTo, durationFrom, durationTo, statusFrom, statusTo);
  to.putContent.run(lastInsertRowid, block.seen, block.names, ...SECTION_NAMES.map((name) => block.sections[name]));
}

function remove(from: Statements, id: SQLInputValue): void {
  from.remove.run(id);
  from.removeContent.run(id);
}

/** Of all pages that something lies in, and the log of changes apart: what a block takes beside its own bytes is a part of it. */
const bytesOf = ({ pages, free }: Statements): number =>
  (Number(pages.get()!['page_count']) - Number(free.get()!['freelist_count'])) * PAGE_BYTES;

type Small = { readonly id: number; readonly count: number };

/** Joins blocks of a size once there are enough of them; each call is written anew at most twice. */
function joinSmall(statements: Statements, unreadable: (calls: number) => void): void {
  const small = statements.small.all() as Small[];
  for (const isOfSize of [(count: number) => count < FAN_IN, (count: number) => count >= FAN_IN]) {
    const alike = small.filter(({ count }) => isOfSize(count));
    if (alike.length < FAN_IN) continue;
    const batches = alike.map((one) => batchOf(statements, one, unreadable)).filter((batch) => batch !== undefined);
    for (const { id } of alike) remove(statements, id);
    if (batches.length > 0) put(statements, packBlock(joinBatches(batches)));
  }
}

/** The calls of a block. One that cannot be read is deleted: else nothing could ever be joined or deleted again. */
function batchOf(statements: Statements, { id, count }: Small, unreadable: (calls: number) => void): CallBatch | undefined {
  const row = statements.content.get(id)!;
  const open = (section: Section) => openSection(row[section] as Uint8Array, section, count);
  try {
    return opened(() => joinSections(open, openNames(row['names'] as Uint8Array), count));
  } catch {
    remove(statements, id);
    unreadable(count);
    return undefined;
  }
}

/** True when a block has the first call of the batch: batches are stored whole or not at all, and ids are one of a kind. */
function isStored(statements: Statements, batch: PackedCalls): boolean {
  const [first] = readCallBatch(splitCallBatch(unpackCalls(batch), 1)[0]);
  const time = Math.round(first!.time);
  for (const { id, count } of statements.likely.iterate(time, time) as Iterable<Small>) {
    if (!mayHold(statements.seen.get(id)!['seen'] as Uint8Array, 'id', first!.id)) continue;
    const fetch: FetchPart = (part) => statements.content.get(id)![part] as Uint8Array;
    const block = new OpenBlock(count, fetch, () => {});
    if (block.attempt(() => matching(block, { id: first!.id }).length > 0)) return true;
  }
  return false;
}

function trim(
  statements: Statements,
  before: number,
  bytesMax: number,
  unreadable: (calls: number) => void,
): { deleted: number; more: boolean } {
  let deleted = 0;
  let left = TRIMMED_AT_ONCE;
  for (const { id, count } of statements.past.all(before, left) as Small[]) {
    remove(statements, id);
    deleted += count;
    left--;
  }
  for (const one of statements.partlyPast.all(before, before, left) as Small[]) {
    left--;
    const batch = batchOf(statements, one, unreadable);
    if (!batch) continue;
    const younger = youngerOf(batch, before);
    remove(statements, one.id);
    if (younger) put(statements, packBlock(younger));
    deleted += one.count - (younger?.count ?? 0);
  }
  for (const { id, count } of bytesOf(statements) > bytesMax ? (statements.oldest.all(left) as Small[]) : []) {
    if (bytesOf(statements) <= bytesMax) break;
    remove(statements, id);
    deleted += count;
    left--;
  }
  return { deleted, more: left <= 0 };
}
