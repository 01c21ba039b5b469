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
import { type CallBatch, type PackedCalls, unpackCalls } from '../../sdk/call-batch.ts';
import { type Block, packBlock } from './block.ts';
import { joinSections, openNames, openSection, type Section, SECTION_NAMES } from './columns.ts';
import { joinBatches, youngerOf } from './join.ts';

export interface BlockFile {
  /** Stores batches; answers the bytes that all calls take now. */
  add(batches: readonly PackedCalls[]): number;
  /**
   * Deletes calls older than `before` (milliseconds since 1970), then the oldest blocks while all take more than `bytesMax`: some
   * blocks and no more. Answers how many calls, and whether there is more to delete.
   */
  trim(before: number, bytesMax: number): { readonly deleted: number; readonly more: boolean };
  close(): void;
}

/** A block of so many calls is never joined with others. */
const FULL = 256;
/** So many blocks of about a size become one. */
const FAN_IN = 16;
const TRIMMED_AT_ONCE = 32;
const BUSY_MS = 5000;
const WHOLE_COLUMNS = ['count', 'bytes', 'time_from', 'time_to', 'duration_from', 'duration_to', 'status_from', 'status_to'];
const SETTINGS = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 16777216;`;
/** The content stands apart, so that looking through what blocks there are reads little. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS block (
  id INTEGER PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL, time_from INTEGER NOT NULL, time_to INTEGER NOT NULL,
  duration_from INTEGER NOT NULL, duration_to INTEGER NOT NULL, status_from INTEGER NOT NULL, status_to INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS block_by_time ON block (time_to);
CREATE INDEX IF NOT EXISTS block_small ON block (id, count) WHERE count < ${FULL};
CREATE TABLE IF NOT EXISTS block_content (
  id INTEGER PRIMARY KEY, seen BLOB NOT NULL, names BLOB NOT NULL, ${SECTION_NAMES.map((name) => `${name} BLOB NOT NULL`).join(', ')});
CREATE TABLE IF NOT EXISTS total (bytes INTEGER NOT NULL);
INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM total);`;

/** Makes the file when it is missing, mode 0600, and opens it. Raises what SQLite raises. */
export function openBlockFile(file: string): BlockFile {
  closeSync(openSync(file, 'a', 0o600));
  const db = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    db.exec(`PRAGMA page_size = 16384; ${SETTINGS}`);
    db.exec(SCHEMA);
  } catch (error) {
    db.close();
    throw error;
  }
  const statements = prepare(db);
  const whole = <V>(work: () => V): V => {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    add: (batches) =>
      whole(() => {
        for (const batch of batches) if (batch.count > 0) put(statements, packBlock(unpackCalls(batch)));
        joinSmall(statements);
        return bytesOf(statements);
      }),
    trim: (before, bytesMax) => whole(() => trim(statements, before, bytesMax)),
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
    small: db.prepare(`SELECT id, count FROM block WHERE count < ${FULL} ORDER BY id`),
    oldest: db.prepare('SELECT id, count, bytes FROM block ORDER BY time_to, id LIMIT ?'),
    past: db.prepare('SELECT id, count, bytes FROM block WHERE time_to < ? ORDER BY time_to LIMIT ?'),
    partlyPast: db.prepare('SELECT id, count, bytes FROM block WHERE time_to >= ? AND time_from < ? LIMIT ?'),
    remove: db.prepare('DELETE FROM block WHERE id = ? RETURNING bytes'),
    removeContent: db.prepare('DELETE FROM block_content WHERE id = ?'),
    bytes: db.prepare('SELECT bytes FROM total'),
    addBytes: db.prepare('UPDATE total SET bytes = bytes + ?'),
  } satisfies Record<string, StatementSync>;
}

function put(to: Statements, block: Block): void {
  const { count, bytes, timeFrom, timeTo, durationFrom, durationTo, statusFrom, statusTo } = block;
  const { lastInsertRowid } = to.put.run(count, bytes, timeFrom, timeTo, durationFrom, durationTo, statusFrom, statusTo);
  to.putContent.run(lastInsertRowid, block.seen, block.names, ...SECTION_NAMES.map((name) => block.sections[name]));
  to.addBytes.run(bytes);
}

function remove(from: Statements, id: SQLInputValue): void {
  const bytes = Number(from.remove.get(id)?.['bytes'] ?? 0);
  from.removeContent.run(id);
  from.addBytes.run(-bytes);
}

const bytesOf = (statements: Statements): number => Number(statements.bytes.get()!['bytes']);

/** Joins blocks of a size once there are enough of them; each call is written anew at most twice. */
function joinSmall(statements: Statements): void {
  const small = statements.small.all() as { id: number; count: number }[];
  for (const isOfSize of [(count: number) => count < FAN_IN, (count: number) => count >= FAN_IN]) {
    const alike = small.filter(({ count }) => isOfSize(count));
    if (alike.length < FAN_IN) continue;
    const batches = alike.map(({ id, count }) => batchOf(statements, id, count));
    for (const { id } of alike) remove(statements, id);
    put(statements, packBlock(joinBatches(batches)));
  }
}

function batchOf(statements: Statements, id: number, count: number): CallBatch {
  const row = statements.content.get(id)!;
  const open = (section: Section) => openSection(row[section] as Uint8Array, section, count);
  return joinSections(open, openNames(row['names'] as Uint8Array), count);
}

function trim(statements: Statements, before: number, bytesMax: number): { deleted: number; more: boolean } {
  let deleted = 0;
  let left = TRIMMED_AT_ONCE;
  for (const { id, count } of statements.past.all(before, left) as { id: number; count: number }[]) {
    remove(statements, id);
    deleted += count;
    left--;
  }
  for (const { id, count } of statements.partlyPast.all(before, before, left) as { id: number; count: number }[]) {
    const younger = youngerOf(batchOf(statements, id, count), before);
    remove(statements, id);
    if (younger) put(statements, packBlock(younger));
    deleted += count - (younger?.count ?? 0);
    left--;
  }
  let over = bytesOf(statements) - bytesMax;
  for (const { id, count, bytes } of over > 0 ? (statements.oldest.all(left) as { id: number; count: number; bytes: number }[]) : []) {
    if (over <= 0) break;
    remove(statements, id);
    deleted += count;
    over -= bytes;
    left--;
  }
  return { deleted, more: left <= 0 };
}
