/**
 * What publishing asks of PostgreSQL about a shape: its columns, its plan, the uniqueness of a sort, and
 * whether the login could write. Runs in READ ONLY transactions; the shape itself is never executed.
 */
import type pg from 'pg';
import { QueryFailure, type QueryColumn, type QueryShape, type Text, verbatim } from '../../../sdk/index.ts';
import { columnTypeOf } from './query-json.ts';

const EXPLAIN_MS = 10_000;
/** Plan nodes that change or lock rows. */
const ACTING_NODE = /"Node Type": "(ModifyTable|LockRows)"/;
/** Functions that act, read files, wait, or run a text as SQL, wherever a view or an operator hides them. */
const ACTING = [
  'pg_read_\\w+',
  'pg_ls_\\w+',
  'pg_stat_file',
  'pg_file_\\w+',
  'lo_\\w+',
  'loread',
  'lowrite',
  'dblink\\w*',
  'pg_sleep\\w*',
  'set_config',
  'nextval',
  'setval',
  'pg_terminate_backend',
  'pg_cancel_backend',
  'pg_reload_conf',
  'pg_notify',
  'pg_(?:try_)?advisory_\\w+',
  'pg_logical_\\w+',
  'pg_replication_\\w+',
  'query_to_xml\\w*',
  'cursor_to_xml\\w*',
  'table_to_xml\\w*',
  'schema_to_xml\\w*',
  'database_to_xml\\w*',
  'ts_stat',
  'ts_rewrite',
  'crosstab\\w*',
  'connectby',
  'xpath_table',
];
const ACTING_FUNCTION = new RegExp(`\\b(${ACTING.join('|')})\\(`, 'i');

const PREPARE = 'PREPARE weir_describe AS ';

/** Prepares and explains the shape under a generic plan; answers its columns. Raises `refused` or `failed`. */
export async function describeShape(client: pg.Client, shape: QueryShape): Promise<QueryColumn[]> {
  try {
    await client.query('BEGIN READ ONLY');
    await client.query(`SET LOCAL statement_timeout = ${EXPLAIN_MS}; SET LOCAL plan_cache_mode = force_generic_plan`);
    // One statement per text: the extended protocol refuses a second one, and PREPARE takes only queries.
    await client.query({ text: `${PREPARE}${shape.sql}`, queryMode: 'extended' } as unknown as pg.QueryConfig);
    const nulls = shape.parameterTypes.map(() => 'NULL').join(', ');
    const plan = await client.query(`EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE weir_describe${nulls ? `(${nulls})` : ''}`);
    refuseActing(String(Object.values(plan.rows[0] as Record<string, string>)[0]));
    const fields = await describeFields(client, shape);
    return await withOrigins(client, fields);
  } catch (error) {
    if (error instanceof QueryFailure) throw error;
    const { message, code, position } = error as { message: string; code?: string; position?: string };
    throw new QueryFailure(code === '25006' ? 'refused' : /^(08|53|57P)/.test(code ?? '') ? 'unavailable' : 'failed', verbatim(message), {
      cause: error,
      position: position === undefined ? undefined : Number(position) - PREPARE.length,
    });
  } finally {
    await client.query('ROLLBACK').catch(() => {});
    await client.query('DEALLOCATE weir_describe').catch(() => {}); // It is missing when PREPARE itself failed.
  }
}

function refuseActing(plan: string): void {
  if (ACTING_NODE.test(plan))
    throw new QueryFailure('refused', {
      en: 'the query changes or locks rows; a data API only reads',
      zh: '查询会更改或锁定行；数据 API 只能读取',
    });
  const called = ACTING_FUNCTION.exec(plan);
  if (called)
    throw new QueryFailure('refused', {
      en: `the query calls ${called[1]}(), which a data API may not`,
      zh: `查询调用了 ${called[1]}()，数据 API 不允许调用它`,
    });
}

interface Field {
  readonly name: string;
  readonly tableID: number;
  readonly columnID: number;
  readonly dataTypeID: number;
}

/** Parse and Describe, without Bind: the server says what columns would come. */
function describeFields(client: pg.Client, shape: QueryShape): Promise<readonly Field[]> {
  return new Promise((resolve, reject) => {
    let fields: readonly Field[] = [];
    const nothing = () => {};
    const submittable = {
      submit(connection: { parse(q: { text: string }): void; describe(of: { type: 'S'; name: string }): void; sync(): void }) {
        connection.parse({ text: shape.sql });
        connection.describe({ type: 'S', name: '' });
        connection.sync();
      },
      handleRowDescription: (message: { fields: readonly Field[] }) => (fields = message.fields),
      handleReadyForQuery: () => resolve(fields),
      handleError: reject,
      handleDataRow: nothing,
      handleCommandComplete: nothing,
      handlePortalSuspended: nothing,
      handleEmptyQuery: nothing,
    };
    client.query(submittable as unknown as pg.Submittable);
  });
}

/** Adds the table's column each result column is an unchanged copy of. */
async function withOrigins(client: pg.Client, fields: readonly Field[]): Promise<QueryColumn[]> {
  const tables = [...new Set(fields.map((f) => f.tableID).filter((id) => id > 0))];
  const { rows } = await client.query(
    `SELECT a.attrelid::text AS id, a.attnum::text AS number, n.nspname::text AS namespace, c.relname::text AS table,
       a.attname::text AS column
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0`,
    [`{${tables.join(',')}}`],
  );
  const origins = new Map((rows as Record<string, string>[]).map((r) => [`${r['id']}.${r['number']}`, r]));
  return fields.map((field): QueryColumn => {
    const origin = origins.get(`${field.tableID}.${field.columnID}`);
    const type = columnTypeOf(field.dataTypeID);
    if (!origin) return { name: field.name, type };
    return { name: field.name, type, origin: { namespace: origin['namespace']!, table: origin['table']!, column: origin['column']! } };
  });
}

/** True when some valid, whole, immediate unique index of the table lies inside `columns`, and none of them is nullable. */
export async function findUniqueKey(
  client: pg.Client,
  table: { namespace: string | undefined; table: string },
  columns: readonly string[],
): Promise<boolean> {
  const { rows } = await client.query(
    `WITH target AS (
       SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relname = $2 AND ($1::text IS NOT NULL AND n.nspname = $1 OR $1::text IS NULL AND pg_catalog.pg_table_is_visible(c.oid))
     ), wanted AS (
       SELECT a.attnum, a.attnotnull FROM pg_catalog.pg_attribute a JOIN target t ON a.attrelid = t.oid
       WHERE a.attname = ANY ($3::text[]) AND a.attnum > 0
     )
     SELECT ((SELECT count(*) FROM wanted WHERE attnotnull) = pg_catalog.cardinality($3::text[]) AND EXISTS (
       SELECT 1 FROM pg_catalog.pg_index i JOIN target t ON i.indrelid = t.oid
       WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) k
                         WHERE i.indkey[k] NOT IN (SELECT attnum FROM wanted))
     ))::text AS unique`,
    [table.namespace ?? null, table.table, columns],
  );
  return (rows as { unique: string }[])[0]?.unique === 'true';
}

const WRITE_RIGHTS: Readonly<Record<string, Text>> = {
  superuser: { en: 'it is a superuser', zh: '它是超级用户' },
  replication: { en: 'it may replicate', zh: '它有复制权限' },
  member: {
    en: 'it is a member of a role that writes data or reaches the server’s files',
    zh: '它属于可写数据或可访问服务器文件的角色',
  },
  tables: { en: 'it may change tables', zh: '它可以修改表' },
  schemas: { en: 'it may create schemas in the database', zh: '它可以在数据库中创建 schema' },
};

/** The strongest right to write that the login holds, null when it can only read. */
export async function findWriteRights(client: pg.Client): Promise<Text | null> {
  const { rows } = await client.query(
    `SELECT CASE
       WHEN r.rolsuper THEN 'superuser'
       WHEN r.rolreplication THEN 'replication'
       WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_roles w
                    WHERE w.rolname IN ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program', 'pg_read_server_files')
                    AND pg_catalog.pg_has_role(current_user, w.oid, 'member'))
       THEN 'member'
       WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relkind IN ('r', 'p', 'v', 'f')
                    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
                    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                    AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')) THEN 'tables'
       WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') THEN 'schemas'
     END AS why FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`,
  );
  const why = (rows as { why: string | null }[])[0]?.why;
  return why ? WRITE_RIGHTS[why]! : null;
}
