/** What a login can read of a database: tables and views with columns and unique keys. */
import { type Column, Problem, type StreamSchema } from '../../../sdk/index.ts';
import type { MysqlConfig } from './config.ts';
import { type MysqlTools, type Session, withSession } from './session.ts';
import { columnOf, quoteText } from './types.ts';

/** All tables and views of the database that the login can read. */
export async function discoverStreams(config: MysqlConfig, tools: MysqlTools, signal: AbortSignal): Promise<StreamSchema[]> {
  return withSession(config, tools, signal, async (session) => {
    const schema = quoteText(config.database);
    const tables = await session.query(
      `SELECT TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${schema}
      AND TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED') AND TABLE_NAME NOT IN ('_weir_checkpoint', '_weir_owned') ORDER BY 1`,
      signal,
    );
    const columns = await session.query(
      `SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION,
      NUMERIC_SCALE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${schema} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
      signal,
    );
    const keys = await session.query(
      `SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, NULLABLE, SUB_PART FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = ${schema} AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME = 'PRIMARY' DESC, INDEX_NAME, SEQ_IN_INDEX`,
      signal,
    );
    const json = new Set((await jsonColumns(session, schema, signal)).map((row) => row.join('\0')));
    const byTable = Map.groupBy(columns, (row) => row[0]);
    const keysOf = Map.groupBy(keys, (row) => row[0]);
    return tables.map(([table, rows]): StreamSchema => {
      const unique = uniqueKeys(keysOf.get(table!) ?? []);
      return {
        name: table!,
        namespace: undefined,
        table: table!,
        columns: (byTable.get(table!) ?? []).map((row) => columnFrom(row, json.has(`${table}\0${row[1]}`))),
        primaryKey: unique.find(([name]) => name === 'PRIMARY')?.[1] ?? [],
        uniqueKeys: unique.map(([, key]) => key),
        rowsEstimate: rows === null ? undefined : Number(rows),
      };
    });
  });
}

/** MariaDB's JSON is a LONGTEXT with a check; the older servers and MySQL have no such table. */
async function jsonColumns(session: Session, schema: string, signal: AbortSignal): Promise<(string | null)[][]> {
  try {
    return await session.query(
      `SELECT TABLE_NAME, replace(replace(CHECK_CLAUSE, 'json_valid(\`', ''), '\`)', '') FROM information_schema.CHECK_CONSTRAINTS
      WHERE CONSTRAINT_SCHEMA = ${schema} AND CHECK_CLAUSE LIKE 'json\\_valid(\`%\`)' ESCAPE '\\'`,
      signal,
    );
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [];
  }
}

function uniqueKeys(rows: readonly (string | null)[][]): [string, string[]][] {
  const byIndex = Map.groupBy(rows, (row) => row[1]!);
  return [...byIndex]
    .filter(([, parts]) => parts.every((part) => part[2] !== null && part[3] !== 'YES' && part[4] === null))
    .map(([name, parts]) => [name, parts.map((part) => part[2]!)]);
}

function columnFrom(row: readonly (string | null)[], isJson: boolean): Column {
  const number = (text: string | null | undefined) => (text === null || text === undefined ? undefined : Number(text));
  return columnOf({
    name: row[1]!,
    dataType: row[2]!.toLowerCase(),
    columnType: row[3]!.toLowerCase(),
    nullable: row[4] === 'YES',
    length: number(row[5]),
    precision: number(row[6]),
    scale: number(row[7]),
    isJson,
  });
}
