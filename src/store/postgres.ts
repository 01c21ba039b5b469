/** The store on PostgreSQL: a bounded pool, one client per transaction, every statement with a time limit. */
import pg from 'pg';
import type { Database, Row, Value } from './database.ts';
import problems from './problems.ts';

const POOL_MAX = 10;
const CONNECT_MS = 5_000;
const STATEMENT_MS = 30_000;

type Runner = Pick<pg.Pool | pg.PoolClient, 'query'>;

/** Opens a pool; the first statement connects. */
export function openPostgres(url: string): Database {
  const pool = new pg.Pool({
    connectionString: url, max: POOL_MAX, connectionTimeoutMillis: CONNECT_MS, statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + 1_000, application_name: 'weir', types: { getTypeParser: parserOf as never },
  });
  pool.on('error', () => {}); // An idle client's loss; the next statement opens another.
  return {
    ...over(pool),
    async transaction(work) {
      const client = await pool.connect().catch((error: Error) => {
        throw translate(error);
      });
      try {
        await client.query('BEGIN');
        const result = await work({ ...over(client), transaction: () => Promise.reject(new Error('transactions do not nest')), close: async () => {} });
        await client.query('COMMIT');
        client.release();
        return result;
      } catch (error) {
        const failed = await client.query('ROLLBACK').then(() => undefined, (again: Error) => again);
        client.release(failed);
        throw translate(error as Error);
      }
    },
    close: () => pool.end(),
  };
}

function over(runner: Runner): Pick<Database, 'dialect' | 'all' | 'run'> {
  const query = async (sql: string, values: readonly Value[] = []) => {
    try {
      return await runner.query({ text: numbered(sql), values: values as unknown[] });
    } catch (error) {
      throw translate(error as Error);
    }
  };
  return {
    dialect: 'postgres',
    all: async (sql, values) => (await query(sql, values)).rows as Row[],
    run: async (sql, values) => (await query(sql, values)).rowCount ?? 0,
  };
}

/** `?` marks as `$1 …`. Our statements hold no question mark elsewhere. */
function numbered(sql: string): string {
  let n = 0;
  return sql.replace(/\?/g, () => `$${++n}`);
}

const INT8 = 20;
const NUMERIC = 1700;

/** BIGINT and sums as numbers where a number holds them exactly. */
function parserOf(oid: number): (text: string) => Value {
  if (oid === INT8 || oid === 23 || oid === 21 || oid === NUMERIC) {
    return (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text.split('.')[0]!));
  }
  return (text) => text;
}

/** Source: PostgreSQL manual, appendix A (error codes). */
function translate(error: Error): Error {
  const code = (error as { code?: string }).code ?? '';
  if (code === '53100') return problems.raise.full({ cause: error });
  if (code === '25006' || code === '42501') return problems.raise['read-only']({ cause: error });
  if (code === '23505' || code === '40001' || code === '40P01') return problems.raise['changed-meanwhile']({ cause: error });
  if (code === '55P03' || code === '57014') return problems.raise.busy({ cause: error });
  if (/^(08|57P|53)/.test(code) || /^E[A-Z]+$/.test(code) || /timeout|terminated|ended/i.test(error.message)) {
    return problems.raise.unavailable({ cause: error });
  }
  return error;
}
