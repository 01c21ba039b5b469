/** The store on PostgreSQL: a bounded pool, one client per transaction, every statement with a time limit. */
import pg from 'pg';
import { type Database, type Row, storable, type Value } from './database.ts';
import problems from './problems.ts';

const POOL_MAX = 10;
const CONNECT_MS = 5_000;
const STATEMENT_MS = 30_000;
/** A lock is waited for less long than a statement may take, so that the answer names the lock. */
const LOCK_MS = 10_000;
/** A transaction of a process that hangs lets go of its locks after this. */
const IDLE_MS = 60_000;

type Runner = Pick<pg.Pool | pg.PoolClient, 'query'>;

/** Opens a pool; the first statement connects. */
export function openPostgres(url: string): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_MAX,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + 1_000,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_MS,
    keepAlive: true,
    application_name: 'weir',
    types: { getTypeParser: parserOf as never },
  });
  pool.on('error', () => {}); // An idle client's loss; the next statement opens another.
  return {
    ...over(pool),
    async transaction(work) {
      const client = await pool.connect().catch((error: Error) => {
        throw translate(error);
      });
      const onLine = over(client);
      const inner: Database = { ...onLine, transaction: (more) => more(inner), close: async () => {} };
      // A client lent out tells of its loss by an event too; the next statement fails and says so.
      const ignore = (): void => {};
      client.on('error', ignore);
      const giveBack = (broken?: Error): void => {
        client.off('error', ignore);
        client.release(broken);
      };
      try {
        await onLine.run('BEGIN');
        const result = await work(inner);
        await onLine.run('COMMIT');
        giveBack();
        return result;
      } catch (error) {
        giveBack(
          await client.query('ROLLBACK').then(
            () => undefined,
            (again: Error) => again,
          ),
        );
        throw error;
      }
    },
    close: () => pool.end(),
  };
}

function over(runner: Runner): Pick<Database, 'dialect' | 'all' | 'run'> {
  const query = async (sql: string, values: readonly Value[] = []) => {
    try {
      return await runner.query({ text: numbered(sql), values: storable(values) });
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
  if (code.startsWith('28') || code === '3D000') return problems.raise.refused({ cause: error });
  if (code === '25006' || code === '42501') return problems.raise['read-only']({ cause: error });
  if (code === '23505' || code === '40001' || code === '40P01') return problems.raise['changed-meanwhile']({ cause: error });
  if (code === '55P03' || code === '57014') return problems.raise.busy({ cause: error });
  if (/^(08|57P|53)/.test(code) || /^E[A-Z]+$/.test(code) || /timeout|terminated|ended/i.test(error.message)) {
    return problems.raise.unavailable({ cause: error });
  }
  return error;
}
