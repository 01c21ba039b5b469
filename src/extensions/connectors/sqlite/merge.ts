/**
 * Moves staged rows into the target inside the open transaction, a chunk at a time, so that the thread is
 * never held for long. Also finds the row behind a broken constraint.
 */
import type { DatabaseSync } from 'node:sqlite';
import { Problem, type SinkTarget, verbatim, DOUBLE_ROWS, wouldFollow, wouldLose } from '../../../sdk/index.ts';
import { quoteList, quoteName, type SqliteError, type SqliteTools } from './file.ts';
import { hasUniqueKey, keyOf, type TargetTable } from './target.ts';
import type { SqliteValue } from './types.ts';

/** The stage: a temporary table in the order of arrival, its columns without affinity, so values stay as bound. */
export const STAGE = 'temp._weir_stage';
export const ORDER = '_weir_n';
const KEYS = 'temp._weir_keys';
const CHUNK_ROWS = 10_000n;

/** Makes the stage. */
export function createStage(database: DatabaseSync, target: SinkTarget): void {
  const names = target.schema.columns.map((column) => column.name);
  database.exec(`PRAGMA temp_store = FILE; CREATE TABLE ${STAGE} (${ORDER} INTEGER PRIMARY KEY, ${quoteList(names)})`);
}

type Merging = { readonly database: DatabaseSync; readonly tools: SqliteTools; readonly target: SinkTarget; readonly signal: AbortSignal };

/** Adds all staged rows; with a key, rows of it are updated instead, the last one winning. */
export async function moveRows(at: Merging, key: readonly string[] | undefined): Promise<void> {
  const names = at.target.schema.columns.map((column) => column.name);
  const rest = names.filter((name) => !key?.includes(name));
  const changed = rest.map((name) => `${quoteName(at.target.table)}.${quoteName(name)} IS NOT excluded.${quoteName(name)}`).join(' OR ');
  const update = rest.map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`).join(', ');
  const onConflict = !key
    ? ''
    : ` ON CONFLICT (${quoteList(key)}) ${rest.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${update} WHERE ${changed}`}`;
  const move = at.database.prepare(
    `INSERT INTO main.${quoteName(at.target.table)} (${quoteList(names)})
     SELECT ${quoteList(names)} FROM ${STAGE} WHERE ${ORDER} > ? AND ${ORDER} <= ? ORDER BY ${ORDER}${onConflict}`,
  );
  const [top] = at.database.prepare(`SELECT coalesce(max(${ORDER}), 0) FROM ${STAGE}`).get() as unknown as [bigint];
  for (let from = 0n; from < top; from += CHUNK_ROWS) {
    move.run(from, from + CHUNK_ROWS);
    await at.tools.clock.sleep(0, at.signal);
  }
}

/** Swaps the contents without touching the table: by difference where there is a key, else as a whole. */
export async function swapRows(at: Merging, table: TargetTable): Promise<void> {
  const { database, target } = at;
  const key = keyOf(target);
  database.exec('PRAGMA defer_foreign_keys = ON');
  if (key.length === 0 || (table.exists && !hasUniqueKey(table, key))) return swapWhole(at);
  gatherKeys(at, key);
  database.exec('SAVEPOINT weir_swap');
  const same = key.map((name) => `t.${quoteName(name)} = s.${quoteName(name)}`).join(' AND ');
  try {
    database.exec(`DELETE FROM main.${quoteName(target.table)} AS t WHERE NOT EXISTS (SELECT 1 FROM ${KEYS} s WHERE ${same})`);
    await moveRows(at, key);
    database.exec(`RELEASE weir_swap; DROP TABLE ${KEYS}`);
  } catch (error) {
    // Two rows trade values of another unique key: row by row that collides, at once it does not.
    if (!(error as Error).message.startsWith('UNIQUE constraint failed')) throw error;
    database.exec('ROLLBACK TO weir_swap; RELEASE weir_swap');
    const own = [...table.columns.keys()].filter((name) => !target.schema.columns.some((column) => column.name === name));
    if (own.length > 0) {
      throw at.tools.problems['replace-referenced']({ values: { table: target.table, reason: wouldLose(own.join(', ')) } });
    }
    await swapWhole(at);
  }
}

async function swapWhole(at: Merging): Promise<void> {
  const { database, target } = at;
  const followers = database
    .prepare(
      `SELECT DISTINCT m.name FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
     WHERE m.type = 'table' AND f."table" = ? COLLATE NOCASE AND m.name <> ? AND f.on_delete NOT IN ('NO ACTION', 'RESTRICT')`,
    )
    .all(target.table, target.table) as unknown as SqliteValue[][];
  if (followers.length > 0) {
    const reason = wouldFollow(followers.map((row) => row[0]).join(', '));
    throw at.tools.problems['replace-referenced']({ values: { table: target.table, reason } });
  }
  database.exec(`DELETE FROM main.${quoteName(target.table)}`);
  await moveRows(at, undefined);
}

/** The staged keys as the target keeps them: only with its column affinity can a look-up use their index. Refuses doubles. */
function gatherKeys({ database, tools, target }: Merging, key: readonly string[]): void {
  const names = quoteList(key);
  database.exec(`CREATE TABLE ${KEYS} AS SELECT ${names} FROM main.${quoteName(target.table)} LIMIT 0;
    INSERT INTO ${KEYS} SELECT ${names} FROM ${STAGE};
    CREATE INDEX temp._weir_keys_index ON _weir_keys (${names})`);
  const row = database.prepare(`SELECT ${names} FROM ${KEYS} GROUP BY ${names} HAVING count(*) > 1 LIMIT 1`).get() as unknown as
    | SqliteValue[]
    | undefined;
  if (!row) return;
  const values = { stream: target.schema.name, key: shown(key, row), reason: DOUBLE_ROWS };
  throw tools.problems['duplicate-key']({ values });
}

/** The problem behind a broken constraint, after the roll-back; other errors come back unchanged. */
export function explain(error: unknown, { database, tools, target }: Omit<Merging, 'signal'>): unknown {
  if (error instanceof Problem || (error as SqliteError).errcode === undefined || (error as SqliteError).errcode! % 256 !== 19)
    return error;
  const { message } = error as Error;
  const key = keyOf(target);
  const failed = /^(UNIQUE|NOT NULL) constraint failed: (.*)$/.exec(message);
  const columns = (failed?.[2] ?? '')
    .split(', ')
    .map((name) => (name.startsWith(`${target.table}.`) ? name.slice(target.table.length + 1) : name));
  const values = { stream: target.schema.name, key: 'unknown', column: columns.join(', '), reason: verbatim(message) };
  if (!failed || !columns.every((name) => target.schema.columns.some((column) => column.name === name))) {
    if (/FOREIGN KEY/.test(message) && target.write === 'replace') {
      return tools.problems['replace-referenced']({ values: { table: target.table, reason: verbatim(message) }, cause: error });
    }
    return tools.problems['constraint-violated']({ values, cause: error });
  }
  const names = key.length > 0 ? key : target.schema.columns.slice(0, 3).map((column) => column.name);
  const same = columns.map((name) => `t.${quoteName(name)} = s.${quoteName(name)}`).join(' AND ');
  const doubled = `SELECT ${quoteList(names, 's.')} FROM ${STAGE} s JOIN ${STAGE} t ON ${same} AND t.${ORDER} < s.${ORDER} LIMIT 1`;
  const there = `SELECT ${quoteList(names, 's.')} FROM ${STAGE} s JOIN main.${quoteName(target.table)} t ON ${same} LIMIT 1`;
  const isNull = columns.map((name) => `${quoteName(name)} IS NULL`).join(' OR ');
  const missing = `SELECT ${quoteList(names)} FROM ${STAGE} WHERE ${isNull} LIMIT 1`;
  const row = failed[1] === 'NOT NULL' ? findRow(database, missing) : (findRow(database, there) ?? findRow(database, doubled));
  if (row) values.key = shown(names, row);
  return tools.problems[failed[1] === 'UNIQUE' ? 'duplicate-key' : 'value-does-not-fit']({ values, cause: error });
}

function findRow(database: DatabaseSync, sql: string): SqliteValue[] | undefined {
  try {
    return database.prepare(sql).get() as unknown as SqliteValue[] | undefined;
  } catch {
    return undefined; // The table itself was made in the transaction that is undone: look at the stage alone.
  }
}

function shown(names: readonly string[], row: readonly SqliteValue[]): string {
  return names
    .map(
      (name, i) => `${name}=${row[i] instanceof Uint8Array ? `\\x${Buffer.from(row[i] as Uint8Array).toString('hex')}` : String(row[i])}`,
    )
    .join(', ');
}
