/**
 * Writes PostgreSQL. `append` copies straight into the table inside the transaction that commits; `upsert`
 * and `replace` copy into a temporary table outside of any transaction and merge when told, so nothing is
 * locked while the source is read. Each batch is one COPY, in flight while the next is read: an error's line
 * number is then a row of a batch still at hand.
 */
import {
  assert,
  type Batch,
  type Checkpoint,
  Problem,
  type Position,
  type Sink,
  type SinkSession,
  type SinkTarget,
  REPLACING,
} from '../../../sdk/index.ts';
import type { PostgresConfig } from './config.ts';
import { mergeByKey, swapContents } from './merge.ts';
import { copyMisfit, mergeMisfit } from './misfit.ts';
import { quoteList, sqlType } from './names.ts';
import { type ServerError, toProblem } from './problems-of.ts';
import { openSession, type PostgresTools, type Session } from './session.ts';
import {
  createStage,
  createTable,
  DEFAULT_NAMESPACE,
  hasUniqueKey,
  keyOf,
  prepareTarget,
  saveCheckpoint,
  someRows,
  STAGE,
  type TargetTable,
} from './target.ts';

/** What one open sink session keeps. */
interface Writing {
  readonly session: Session;
  readonly tools: PostgresTools;
  readonly target: SinkTarget;
  table: TargetTable;
  checkpoint: Checkpoint | null;
  /** The COPY under way; it never rejects unhandled. */
  copying: Promise<unknown> | undefined;
  inTransaction: boolean;
  staged: boolean;
  /** Rows written since open, and those of them committed. */
  rows: number;
  /** Set by the first failure: nothing more is taken. */
  failed: unknown;
}

/** The sink of a connection. */
export function createSink(config: PostgresConfig, tools: PostgresTools): Sink {
  return {
    typeOf: sqlType,
    namespace: DEFAULT_NAMESPACE,
    async open(target, signal) {
      const session = await openSession(config, tools, 'write', signal);
      try {
        const { table, checkpoint } = await prepareTarget(session, tools, target, signal);
        refuseTarget(tools, table, target);
        return sinkSession({
          session,
          tools,
          target,
          table,
          checkpoint,
          copying: undefined,
          inTransaction: false,
          staged: false,
          rows: 0,
          failed: undefined,
        });
      } catch (error) {
        session.destroy();
        throw error;
      }
    },
  };
}

function refuseTarget(tools: PostgresTools, table: TargetTable, target: SinkTarget): void {
  if (!table.exists) return;
  if (target.write === 'replace' && !table.owned && !target.adopt) {
    throw tools.problems['not-owned']({ values: { table: table.name, action: REPLACING } });
  }
  if (target.write === 'upsert' && !hasUniqueKey(table, keyOf(target))) {
    throw tools.problems['key-missing']({ values: { table: table.name, key: keyOf(target).join(', '), write: target.write } });
  }
}

function sinkSession(writing: Writing): SinkSession {
  return {
    checkpoint: writing.checkpoint,
    write: (batch, signal) => failing(writing, () => write(writing, batch, signal)),
    commit: (position, signal) => failing(writing, () => commit(writing, position, signal)),
    finish: (signal) => failing(writing, () => finish(writing, signal)),
    async close() {
      writing.failed ??= new Error('the sink session is closed');
      writing.session.destroy();
      await writing.copying;
    },
  };
}

/** After a failure the session's transaction is void: every later call gives the same answer. */
async function failing<T>(writing: Writing, work: () => Promise<T>): Promise<T> {
  if (writing.failed !== undefined) throw writing.failed;
  try {
    return await work();
  } catch (error) {
    writing.failed = toProblem(error, writing.tools.problems, { stream: writing.target.schema.name });
    throw writing.failed;
  }
}

async function write(writing: Writing, batch: Batch, signal: AbortSignal): Promise<void> {
  await settle(writing, signal);
  if (batch.rows === 0) return;
  const { session, target, table } = writing;
  const direct = target.write === 'append';
  if (direct) await begin(writing, signal);
  else if (!writing.staged) {
    await createStage(session, table, target, signal);
    writing.staged = true;
  }
  const into = direct ? table.quoted : STAGE;
  const name = direct ? table.name : 'weir_stage';
  writing.rows += batch.rows;
  writing.copying = session
    .copyIn(`COPY ${into} (${quoteList(batch.columns.map((column) => column.name))}) FROM STDIN`, batch.data, signal)
    .catch((error: unknown) => {
      const misfit = error instanceof Problem ? error : copyMisfit(error as ServerError, batch, target, name, writing.tools.problems);
      writing.failed ??= misfit ?? toProblem(error, writing.tools.problems, { stream: target.schema.name });
    });
}

/** Waits for the COPY under way; raises what it raised. An abort closes the connection, which ends the COPY. */
async function settle(writing: Writing, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const abort = () => writing.session.destroy();
  signal.addEventListener('abort', abort, { once: true });
  await writing.copying;
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  writing.copying = undefined;
  if (writing.failed !== undefined) throw writing.failed;
}

async function begin(writing: Writing, signal: AbortSignal): Promise<void> {
  if (writing.inTransaction) return;
  await writing.session.query('BEGIN', [], signal);
  writing.inTransaction = true;
  if (!writing.table.exists) {
    await createTable(writing.session, writing.table, writing.target, signal);
    writing.table = { ...writing.table, exists: true, owned: true, uniqueKeys: [keyOf(writing.target)] };
  }
}

async function commit(writing: Writing, position: Position | null, signal: AbortSignal): Promise<Checkpoint> {
  assert(writing.target.write !== 'replace', 'a replacing session is finished, not committed');
  await settle(writing, signal);
  await begin(writing, signal);
  if (writing.staged) {
    await merging(writing, signal, () => mergeByKey(writing.session, writing.table, writing.target, keyOf(writing.target), signal));
    await writing.session.query(`TRUNCATE ${STAGE}`, [], signal);
  }
  return save(writing, position, signal);
}

async function finish(writing: Writing, signal: AbortSignal): Promise<Checkpoint> {
  const { session, tools, target } = writing;
  assert(target.write === 'replace', 'only a replacing session is finished');
  await settle(writing, signal);
  if (writing.rows === 0 && !target.allowEmpty) await refuseEmpty(writing, signal);
  if (!writing.staged) await createStage(session, writing.table, target, signal);
  await begin(writing, signal);
  await merging(writing, signal, () => swapContents(session, tools, writing.table, target, signal));
  const checkpoint = await save(writing, null, signal);
  await session.query(`DROP TABLE ${STAGE}`, [], signal);
  writing.staged = false;
  return checkpoint;
}

async function refuseEmpty(writing: Writing, signal: AbortSignal): Promise<void> {
  const before = writing.checkpoint?.rows ?? 0;
  const now = writing.table.exists ? await someRows(writing.session, writing.table, signal) : 0;
  if (before === 0 && now === 0) return;
  const values = { stream: writing.target.schema.name, table: writing.table.name, rows: before || 'some' };
  throw writing.tools.problems['replace-empty']({ values });
}

/** Runs a merge; when a row does not fit, rolls back and finds it in the stage. */
async function merging(writing: Writing, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Problem || signal.aborted) throw error;
    await writing.session.query('ROLLBACK', [], signal);
    writing.inTransaction = false;
    throw (
      (await mergeMisfit(error as ServerError, writing.session, writing.target, writing.staged, writing.tools.problems, signal)) ?? error
    );
  }
}

async function save(writing: Writing, position: Position | null, signal: AbortSignal): Promise<Checkpoint> {
  const { session, tools, table, target } = writing;
  const checkpoint = await saveCheckpoint(session, tools, table, target, position, writing.rows, signal);
  try {
    await session.attempt('COMMIT', [], signal);
  } catch (error) {
    // Deferred constraints speak up only now.
    throw (await mergeMisfit(error as ServerError, session, target, writing.staged, tools.problems, signal)) ?? error;
  }
  writing.inTransaction = false;
  writing.checkpoint = checkpoint;
  return checkpoint;
}
