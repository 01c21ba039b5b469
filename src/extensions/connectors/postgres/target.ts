/**
 * The target of a stream in PostgreSQL: Weir's own two tables, the fence, and the target table itself.
 * `_weir_checkpoint` holds one position per (pipeline, stream); `_weir_owned` names the tables Weir made,
 * with their object id, so that a table somebody else made later under the same name is not taken for ours.
 */
import { type Checkpoint, type Position, type SinkTarget, type Text } from '../../../sdk/index.ts';
import { quoteList, quoteName, quoteTable, sqlType } from './names.ts';
import type { PostgresTools, Session, TextRow } from './session.ts';

/** What is known of a target table when a session opens. */
export interface TargetTable {
  readonly namespace: string;
  readonly name: string;
  /** Quoted, for statements. */
  readonly quoted: string;
  readonly exists: boolean;
  /** Weir made it. */
  readonly owned: boolean;
  readonly columns: readonly string[];
  readonly uniqueKeys: readonly (readonly string[])[];
}

const SETUP_LOCK = 7_723_001;
/** Schema of target tables when a pipeline names none. */
export const DEFAULT_NAMESPACE = 'public';

/** Makes what is missing besides the target table, fences off older epochs, and adds new columns where that is allowed. */
export async function prepareTarget(
  session: Session,
  tools: PostgresTools,
  target: SinkTarget,
  signal: AbortSignal,
): Promise<{ table: TargetTable; checkpoint: Checkpoint | null }> {
  const namespace = target.namespace ?? DEFAULT_NAMESPACE;
  await session.query(`BEGIN; SELECT pg_advisory_xact_lock(${SETUP_LOCK})`, [], signal);
  await makeOwnTables(session, namespace, signal);
  const checkpoint = await fence(session, tools, namespace, target, signal);
  const table = await inspect(session, namespace, target.table, signal);
  if (table.exists) await fitColumns(session, tools, table, target, signal);
  await session.query('COMMIT', [], signal);
  // A table that was dropped took its rows along: reading starts afresh.
  return { table, checkpoint: table.exists ? checkpoint : null };
}

async function makeOwnTables(session: Session, namespace: string, signal: AbortSignal): Promise<void> {
  const [found] = await session.query(
    `SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = $1)::text AS namespace,
       to_regclass($2)::text AS checkpoint, to_regclass($3)::text AS owned`,
    [namespace, ownTable(namespace, '_weir_checkpoint'), ownTable(namespace, '_weir_owned')],
    signal,
  );
  // Asked first, since IF NOT EXISTS wants the right to create even when there is nothing to do.
  if (found!['namespace'] === '0') await session.query(`CREATE SCHEMA ${quoteName(namespace)}`, [], signal);
  if (found!['checkpoint'] === null) {
    await session.query(
      `CREATE TABLE ${ownTable(namespace, '_weir_checkpoint')} (pipeline text NOT NULL, stream text NOT NULL, epoch bigint NOT NULL,
        position text, rows bigint NOT NULL DEFAULT 0, run text NOT NULL, saved_at timestamptz NOT NULL DEFAULT now(),
          PRIMARY KEY (pipeline, stream))`,
      [],
      signal,
    );
  }
  if (found!['owned'] === null) {
    await session.query(
      `CREATE TABLE ${ownTable(namespace, '_weir_owned')} (table_name text PRIMARY KEY, object oid NOT NULL, columns text NOT NULL,
        pipeline text NOT NULL, stream text NOT NULL, made_at timestamptz NOT NULL DEFAULT now())`,
      [],
      signal,
    );
  }
}

/** Raises the stored epoch to ours, or raises `fenced` when a newer one is there. */
async function fence(
  session: Session,
  tools: PostgresTools,
  namespace: string,
  target: SinkTarget,
  signal: AbortSignal,
): Promise<Checkpoint | null> {
  const [row] = await session.query(
    `INSERT INTO ${ownTable(namespace, '_weir_checkpoint')} AS c (pipeline, stream, epoch, run) VALUES ($1, $2, $3, '')
     ON CONFLICT (pipeline, stream) DO UPDATE SET epoch = excluded.epoch WHERE c.epoch <= excluded.epoch
     RETURNING position, rows, run`,
    [target.pipeline, target.stream, target.epoch],
    signal,
  );
  if (!row) throw fencedOff(tools, target);
  if (row['run'] === '') return null;
  const position = row['position'] === null || row['position'] === undefined ? null : (JSON.parse(row['position']) as Position);
  return { pipeline: target.pipeline, stream: target.stream, epoch: target.epoch, position, rows: Number(row['rows']), run: row['run']! };
}

/** Stores the position beside the rows, in the open transaction. Raises `fenced` when a newer run has opened the target. */
export async function saveCheckpoint(
  session: Session,
  tools: PostgresTools,
  table: TargetTable,
  target: SinkTarget,
  position: Position | null,
  rows: number,
  signal: AbortSignal,
): Promise<Checkpoint> {
  const saved = await session.query(
    `UPDATE ${ownTable(table.namespace, '_weir_checkpoint')} SET position = $4, rows = $5, run = $6, saved_at = clock_timestamp()
     WHERE pipeline = $1 AND stream = $2 AND epoch = $3 RETURNING 1 AS done`,
    [target.pipeline, target.stream, target.epoch, position === null ? null : JSON.stringify(position), rows, target.run],
    signal,
  );
  if (saved.length === 0) throw fencedOff(tools, target);
  return { pipeline: target.pipeline, stream: target.stream, epoch: target.epoch, position, rows, run: target.run };
}

function fencedOff(tools: PostgresTools, target: SinkTarget): Error {
  return tools.problems.fenced({ values: { stream: target.schema.name, epoch: target.epoch } });
}

async function inspect(session: Session, namespace: string, name: string, signal: AbortSignal): Promise<TargetTable> {
  const quoted = quoteTable(namespace, name);
  const columns = await session.query(
    `SELECT a.attname AS name FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum`,
    [quoted],
    signal,
  );
  const keys = await session.query(
    `SELECT json_agg(a.attname ORDER BY k.place)::text AS columns
     FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
     WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
       AND k.place <= i.indnkeyatts GROUP BY i.indexrelid`,
    [quoted],
    signal,
  );
  const [found] = await session.query(
    `SELECT to_regclass($1)::text AS known,
       EXISTS (SELECT FROM ${ownTable(namespace, '_weir_owned')} WHERE table_name = $2 AND object = to_regclass($1)::oid)::text AS owned`,
    [quoted, name],
    signal,
  );
  return {
    namespace,
    name,
    quoted,
    exists: found!['known'] !== null,
    owned: found!['owned'] === 'true',
    columns: columns.map((row) => row['name']!),
    uniqueKeys: keys.map((row) => JSON.parse(row['columns']!) as string[]),
  };
}

/** Adds columns the source gained; refuses when the source lost some, or when the table is not ours to change. */
async function fitColumns(
  session: Session,
  tools: PostgresTools,
  table: TargetTable,
  target: SinkTarget,
  signal: AbortSignal,
): Promise<void> {
  const offered = target.schema.columns;
  const [record] = table.owned
    ? await session.query(`SELECT columns FROM ${ownTable(table.namespace, '_weir_owned')} WHERE table_name = $1`, [table.name], signal)
    : [];
  const made = record ? (JSON.parse(record['columns']!) as string[]) : [];
  const lost = made.filter((name) => table.columns.includes(name) && !offered.some((column) => column.name === name));
  if (lost.length > 0) {
    throw tools.problems['column-dropped']({ values: { stream: target.schema.name, table: table.name, columns: lost.join(', ') } });
  }
  const gained = offered.filter((column) => !table.columns.includes(column.name));
  if (gained.length > 0) {
    if (!table.owned && !target.adopt) {
      throw tools.problems['not-owned']({
        values: { table: table.name, action: adding(gained.map((column) => column.name).join(', ')) },
      });
    }
    const parts = gained.map((column) => `ADD COLUMN ${quoteName(column.name)} ${sqlType(column)}`);
    await session.query(`ALTER TABLE ${table.quoted} ${parts.join(', ')}`, [], signal);
    Object.assign(table, { columns: [...table.columns, ...gained.map((column) => column.name)] });
  }
  if (table.owned) {
    await session.query(
      `UPDATE ${ownTable(table.namespace, '_weir_owned')} SET columns = $2 WHERE table_name = $1`,
      [table.name, columnNames(target)],
      signal,
    );
  }
}

const adding = (columns: string): Text => ({ en: `adding column(s) ${columns}`, zh: `添加列 ${columns}` });

/** Makes the target table and records it as ours, in the open transaction: it stays only if the rows do. */
export async function createTable(session: Session, table: TargetTable, target: SinkTarget, signal: AbortSignal): Promise<void> {
  const key = keyOf(target);
  const columns = target.schema.columns.map(
    (column) => `${quoteName(column.name)} ${sqlType(column)}${key.includes(column.name) ? ' NOT NULL' : ''}`,
  );
  const primary = key.length > 0 ? [`PRIMARY KEY (${quoteList(key)})`] : [];
  await session.query(`CREATE TABLE ${table.quoted} (${[...columns, ...primary].join(', ')})`, [], signal);
  await session.query(
    `INSERT INTO ${ownTable(table.namespace, '_weir_owned')} (table_name, object, columns, pipeline, stream)
     VALUES ($1, to_regclass($2)::oid, $3, $4, $5)
     ON CONFLICT (table_name) DO UPDATE SET object = excluded.object, columns = excluded.columns, pipeline = excluded.pipeline,
       stream = excluded.stream, made_at = now()`,
    [table.name, table.quoted, columnNames(target), target.pipeline, target.schema.name],
    signal,
  );
}

/** Columns that identify a row: as told, else the source's primary key. */
export function keyOf(target: SinkTarget): readonly string[] {
  return target.key.length > 0 ? target.key : target.schema.primaryKey;
}

/** The temporary table that rows wait in, with the target's own types and checks, so that what does not fit fails there. */
export async function createStage(session: Session, table: TargetTable, target: SinkTarget, signal: AbortSignal): Promise<void> {
  const key = keyOf(target);
  if (!table.exists) {
    const columns = target.schema.columns.map((column) => `${quoteName(column.name)} ${sqlType(column)}`);
    await session.query(`CREATE TEMP TABLE weir_stage (${columns.join(', ')})`, [], signal);
  } else {
    await session.query(`CREATE TEMP TABLE weir_stage (LIKE ${table.quoted} INCLUDING CONSTRAINTS)`, [], signal);
    const extra = table.columns.filter((name) => !target.schema.columns.some((column) => column.name === name));
    if (extra.length > 0)
      await session.query(`ALTER TABLE ${STAGE} ${extra.map((name) => `DROP COLUMN ${quoteName(name)}`).join(', ')}`, [], signal);
  }
  if (key.length > 0)
    await session.query(`ALTER TABLE ${STAGE} ${key.map((name) => `ALTER COLUMN ${quoteName(name)} SET NOT NULL`).join(', ')}`, [], signal);
}

/** The stage, for statements. */
export const STAGE = 'pg_temp.weir_stage';

/** True when a unique index of the target is exactly on these columns. */
export function hasUniqueKey(table: TargetTable, key: readonly string[]): boolean {
  return table.uniqueKeys.some((unique) => unique.length === key.length && unique.every((name) => key.includes(name)));
}

/** How many rows a table holds, counted up to a few. */
export async function someRows(session: Session, table: TargetTable, signal: AbortSignal): Promise<number> {
  const [row]: TextRow[] = await session.query(
    `SELECT count(*)::text AS n FROM (SELECT 1 FROM ${table.quoted} LIMIT 1) AS few`,
    [],
    signal,
  );
  return Number(row!['n']);
}

function columnNames(target: SinkTarget): string {
  return JSON.stringify(target.schema.columns.map((column) => column.name));
}

function ownTable(namespace: string, name: string): string {
  return quoteTable(namespace, name);
}
