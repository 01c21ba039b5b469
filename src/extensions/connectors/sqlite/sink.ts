/**
 * Writes SQLite. Rows are checked, bound and staged in a temporary table (a file of its own), so the target
 * file is locked only while they are moved into it, in one transaction with the position.
 */
import type { DatabaseSync } from 'node:sqlite';
import {
  assert,
  type Batch,
  type Checkpoint,
  decodeRows,
  describeKey,
  type Position,
  Problem,
  type Sink,
  type SinkSession,
  type SinkTarget,
  type Text,
  tell,
  REPLACING,
} from '../../../sdk/index.ts';
import type { SqliteConfig } from './config.ts';
import { openFile, quoteList, quoteName, type SqliteError, type SqliteFile, type SqliteTools, toProblem } from './file.ts';
import { createStage, explain, moveRows, STAGE, swapRows } from './merge.ts';
import { createTable, fence, fitColumns, hasUniqueKey, inspect, keyOf, makeOwnTables, saveCheckpoint, type TargetTable } from './target.ts';
import { binderOf, sqliteType, type SqliteValue } from './types.ts';

interface Writing {
  readonly config: SqliteConfig;
  readonly tools: SqliteTools;
  readonly target: SinkTarget;
  readonly file: SqliteFile;
  table: TargetTable;
  checkpoint: Checkpoint | null;
  rows: number;
  failed: unknown;
}

const BUSY_POLL_MS = 20;
const ABORT_EVERY_ROWS = 1024;
/** One transaction at a time per file in this process: a second would wait inside SQLite and hold the thread. */
const turns = new Map<string, Promise<unknown>>();

/** The sink of a file. */
export function createSink(config: SqliteConfig, tools: SqliteTools): Sink {
  return {
    typeOf: sqliteType,
    async open(target, signal) {
      signal.throwIfAborted();
      if (target.namespace !== undefined) throw tools.problems['no-schemas']({ values: { namespace: target.namespace } });
      const file = await openFile(config, tools, 'write');
      try {
        const writing: Writing = { config, tools, target, file, table: inspectNothing, checkpoint: null, rows: 0, failed: undefined };
        await prepare(writing, signal);
        return sinkSession(writing);
      } catch (error) {
        file.close();
        throw signal.aborted ? signal.reason : toProblem(error, tools.problems, { file: config.file });
      }
    },
  };
}

const inspectNothing: TargetTable = { exists: false, owned: false, columns: new Map(), uniqueKeys: [] };

async function prepare(writing: Writing, signal: AbortSignal): Promise<void> {
  const { tools, target } = writing;
  const { database } = writing.file;
  await patiently(writing, signal, () => database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'));
  await transaction(writing, signal, async () => {
    makeOwnTables(database);
    writing.checkpoint = fence(database, tools, target);
    const table = inspect(database, target.table);
    if (table.exists) fitColumns(database, tools, table, target);
    writing.table = inspect(database, target.table);
    // A table that was dropped took its rows along: reading starts afresh.
    if (!writing.table.exists) writing.checkpoint = null;
  });
  const { table } = writing;
  if (table.exists && target.write === 'replace' && !table.owned && !target.adopt) {
    throw tools.problems['not-owned']({ values: { table: target.table, action: REPLACING } });
  }
  if (table.exists && target.write === 'upsert' && !hasUniqueKey(table, keyOf(target))) {
    throw tools.problems['key-missing']({ values: { table: target.table, key: keyOf(target).join(', '), write: target.write } });
  }
  createStage(database, target);
}

function sinkSession(writing: Writing): SinkSession {
  const { database } = writing.file;
  return {
    checkpoint: writing.checkpoint,
    write: (batch, signal) => failing(writing, signal, async () => stageRows(writing, database, batch, signal)),
    commit: (position, signal) => failing(writing, signal, () => commit(writing, position, signal)),
    finish: (signal) => failing(writing, signal, () => finish(writing, signal)),
    async close() {
      writing.failed ??= new Error('the sink session is closed');
      writing.file.close();
    },
  };
}

async function failing<T>(writing: Writing, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (writing.failed !== undefined) throw writing.failed;
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    const about = { file: writing.config.file, stream: writing.target.schema.name };
    writing.failed = signal.aborted && !(error instanceof Problem) ? signal.reason : toProblem(error, writing.tools.problems, about);
    throw writing.failed;
  }
}

function stageRows(writing: Writing, database: DatabaseSync, batch: Batch, signal: AbortSignal): void {
  const { target, tools, table } = writing;
  if (batch.rows === 0) return;
  const key = keyOf(target);
  const { columns } = batch;
  const binders = columns.map((column) => binderOf(column, table.columns.get(column.name) ?? sqliteType(column)));
  const insert = database.prepare(
    `INSERT INTO ${STAGE} (${quoteList(columns.map((c) => c.name))}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const refuse = (row: (string | null)[], column: string, reason: Text): never => {
    throw tools.problems['value-does-not-fit']({
      values: { stream: target.schema.name, key: describeKey(columns, key, row), column, reason },
    });
  };
  database.exec('BEGIN');
  try {
    let count = 0;
    for (const row of decodeRows(batch.data)) {
      if (++count % ABORT_EVERY_ROWS === 0) signal.throwIfAborted();
      insert.run(
        ...row.map((text, i): SqliteValue => {
          if (text === null)
            return key.includes(columns[i]!.name) ? refuse(row, columns[i]!.name, { en: 'the key is null', zh: '键为空' }) : null;
          const bound = binders[i]!(text);
          return 'value' in bound
            ? bound.value
            : refuse(
                row,
                columns[i]!.name,
                tell({ en: '"{text}" {wrong}', zh: '“{text}”{wrong}' }, { text: text.slice(0, 80), wrong: bound.misfit }),
              );
        }),
      );
    }
    database.exec('COMMIT');
    writing.rows += batch.rows;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

async function commit(writing: Writing, position: Position | null, signal: AbortSignal): Promise<Checkpoint> {
  const { target, tools } = writing;
  const { database } = writing.file;
  assert(target.write !== 'replace', 'a replacing session is finished, not committed');
  return save(writing, signal, async () => {
    await moveRows({ database, tools, target, signal }, target.write === 'upsert' ? keyOf(target) : undefined);
    return saveCheckpoint(database, tools, target, position, writing.rows);
  });
}

async function finish(writing: Writing, signal: AbortSignal): Promise<Checkpoint> {
  const { target, tools } = writing;
  const { database } = writing.file;
  assert(target.write === 'replace', 'only a replacing session is finished');
  return save(writing, signal, async () => {
    if (writing.rows === 0 && !target.allowEmpty) refuseEmpty(writing);
    await swapRows({ database, tools, target, signal }, writing.table);
    return saveCheckpoint(database, tools, target, null, writing.rows);
  });
}

/** One transaction: the table when it is missing, the rows, the position; then the stage is emptied. */
async function save(writing: Writing, signal: AbortSignal, work: () => Promise<Checkpoint>): Promise<Checkpoint> {
  const { target, tools } = writing;
  const { database } = writing.file;
  try {
    const checkpoint = await transaction(writing, signal, async () => {
      if (!writing.table.exists) createTable(database, target);
      const saved = await work();
      database.exec(`DELETE FROM ${STAGE}`);
      return saved;
    });
    if (!writing.table.exists) writing.table = inspect(database, target.table);
    writing.checkpoint = checkpoint;
    return checkpoint;
  } catch (error) {
    throw signal.aborted ? error : explain(error, { database, tools, target });
  }
}

function refuseEmpty(writing: Writing): void {
  const { target, tools } = writing;
  const before = writing.checkpoint?.rows ?? 0;
  const row = writing.file.database.prepare(`SELECT 1 FROM main.${quoteName(target.table)} LIMIT 1`).get();
  if (before === 0 && row === undefined) return;
  throw tools.problems['replace-empty']({ values: { stream: target.schema.name, table: target.table, rows: before || 'some' } });
}

/** Runs `work` in a write transaction of its own turn; rolls back on any failure. */
async function transaction<T>(writing: Writing, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { path, database } = writing.file;
  const before = turns.get(path) ?? Promise.resolve();
  const mine = before.then(async () => {
    await patiently(writing, signal, () => database.exec('BEGIN IMMEDIATE'));
    try {
      const result = await work();
      await patiently(writing, signal, () => database.exec('COMMIT'));
      return result;
    } catch (error) {
      rollBack(database);
      throw error;
    }
  });
  const settled = mine.catch(() => {});
  turns.set(path, settled);
  try {
    return await mine;
  } finally {
    if (turns.get(path) === settled) turns.delete(path);
  }
}

/** Tries until no other program holds the lock, at most `lockTimeout`, without holding the thread. */
async function patiently(writing: Writing, signal: AbortSignal, work: () => void): Promise<void> {
  const { clock } = writing.tools;
  const until = clock.monotonic() + writing.config.lockTimeout;
  for (;;) {
    signal.throwIfAborted();
    try {
      return work();
    } catch (error) {
      if (((error as SqliteError).errcode ?? 0) % 256 !== 5 || clock.monotonic() > until) throw error;
    }
    await clock.sleep(BUSY_POLL_MS, signal);
  }
}

function rollBack(database: DatabaseSync): void {
  if (database.isOpen && database.isTransaction) database.exec('ROLLBACK');
}
