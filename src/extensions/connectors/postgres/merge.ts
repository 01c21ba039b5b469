/** Moves staged rows into the target, inside the open transaction: by key, or as its whole new contents. */
import { type SinkTarget, verbatim, DOUBLE_ROWS, wouldFollow, wouldLose } from '../../../sdk/index.ts';
import { quoteList, quoteName } from './names.ts';
import type { ServerError } from './problems-of.ts';
import type { PostgresTools, Session } from './session.ts';
import { hasUniqueKey, keyOf, STAGE, type TargetTable } from './target.ts';

/**
 * Inserts or updates by key; of rows with one key the last wins (a stage filled by COPY alone keeps
 * its order in `ctid`). Rows that are equal to the byte are left alone.
 */
export async function mergeByKey(
  session: Session,
  table: TargetTable,
  target: SinkTarget,
  key: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const names = target.schema.columns.map((column) => column.name);
  const rest = names.filter((name) => !key.includes(name));
  const update =
    rest.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${rest.map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`).join(', ')}
       WHERE ROW(${quoteList(rest, 'old.')})::record *<> ROW(${quoteList(rest, 'excluded.')})::record`;
  await session.attempt(
    `INSERT INTO ${table.quoted} AS old (${quoteList(names)}) OVERRIDING SYSTEM VALUE
     SELECT DISTINCT ON (${quoteList(key)}) ${quoteList(names)} FROM ${STAGE} ORDER BY ${quoteList(key)}, ctid DESC
     ON CONFLICT (${quoteList(key)}) ${update}`,
    [],
    signal,
  );
}

/**
 * Swaps the contents without touching the table: grants, indexes, views and foreign keys stay.
 * With a key the difference is written, so rows that others refer to are never gone in between.
 */
export async function swapContents(
  session: Session,
  tools: PostgresTools,
  table: TargetTable,
  target: SinkTarget,
  signal: AbortSignal,
): Promise<void> {
  await session.query(`LOCK TABLE ${table.quoted} IN SHARE ROW EXCLUSIVE MODE`, [], signal);
  const key = keyOf(target);
  if (key.length === 0 || (table.exists && !hasUniqueKey(table, key))) return swapWhole(session, tools, table, target, signal);
  await refuseDoubles(session, tools, target, key, signal);
  await session.query(`ANALYZE ${STAGE}; SAVEPOINT weir_swap`, [], signal);
  try {
    const same = key.map((name) => `s.${quoteName(name)} = t.${quoteName(name)}`).join(' AND ');
    await session.attempt(`DELETE FROM ${table.quoted} t WHERE NOT EXISTS (SELECT FROM ${STAGE} s WHERE ${same})`, [], signal);
    await mergeByKey(session, table, target, key, signal);
  } catch (error) {
    const { code } = error as ServerError;
    if (code === '23503') throw referenced(tools, table, error as ServerError);
    if (code !== '23505') throw error;
    // Two rows trade values of another unique key: row by row that collides, at once it does not.
    await session.query('ROLLBACK TO SAVEPOINT weir_swap', [], signal);
    refuseOwnColumns(tools, table, target);
    await swapWhole(session, tools, table, target, signal);
  }
}

async function swapWhole(
  session: Session,
  tools: PostgresTools,
  table: TargetTable,
  target: SinkTarget,
  signal: AbortSignal,
): Promise<void> {
  const followers = await session.query(
    `SELECT conrelid::regclass::text AS name FROM pg_constraint
     WHERE contype = 'f' AND confrelid = to_regclass($1) AND conrelid <> confrelid AND confdeltype IN ('c', 'n', 'd') LIMIT 3`,
    [table.quoted],
    signal,
  );
  if (followers.length > 0) {
    const reason = wouldFollow(followers.map((row) => row['name']).join(', '));
    throw tools.problems['replace-referenced']({ values: { table: table.name, reason } });
  }
  const names = quoteList(target.schema.columns.map((column) => column.name));
  try {
    await session.attempt(`DELETE FROM ${table.quoted}`, [], signal);
    await session.attempt(
      `INSERT INTO ${table.quoted} (${names}) OVERRIDING SYSTEM VALUE SELECT ${names} FROM ${STAGE} ORDER BY ctid`,
      [],
      signal,
    );
  } catch (error) {
    const failed = error as ServerError;
    throw failed.code === '23503' && /still referenced/i.test(failed.detail ?? '') ? referenced(tools, table, failed) : error;
  }
}

/** Columns that are not the stream's keep their values row by row; a swap as a whole would lose them. */
function refuseOwnColumns(tools: PostgresTools, table: TargetTable, target: SinkTarget): void {
  const own = table.columns.filter((name) => !target.schema.columns.some((column) => column.name === name));
  if (own.length === 0) return;
  throw tools.problems['replace-referenced']({ values: { table: table.name, reason: wouldLose(own.join(', ')) } });
}

function referenced(tools: PostgresTools, table: TargetTable, error: ServerError): Error {
  return tools.problems['replace-referenced']({
    values: { table: table.name, reason: verbatim(error.detail ?? error.message) },
    cause: error,
  });
}

async function refuseDoubles(
  session: Session,
  tools: PostgresTools,
  target: SinkTarget,
  key: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const shown = key.map((name) => `${quoteName(name)}::text AS ${quoteName(name)}`).join(', ');
  const [row] = await session.query(`SELECT ${shown} FROM ${STAGE} GROUP BY ${quoteList(key)} HAVING count(*) > 1 LIMIT 1`, [], signal);
  if (!row) return;
  const named = key.map((name) => `${name}=${row[name]}`).join(', ');
  throw tools.problems['duplicate-key']({
    values: { stream: target.schema.name, key: named, reason: DOUBLE_ROWS },
  });
}
