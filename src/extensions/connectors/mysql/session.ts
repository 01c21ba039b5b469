/**
 * One connection to MariaDB or MySQL: UTC, utf8mb4, no backslash escapes in literals, text protocol.
 * Rows come as bytes in events, with back-pressure; on abort the socket is closed, which ends the query.
 */
import type { Connection, TypeCastField } from 'mysql2';
import { type ConnectorTools, Problem, verbatim, NOTHING_LISTENS, NO_TLS } from '../../../sdk/index.ts';
import type { MysqlConfig, mysqlProblems, MysqlProblems } from './config.ts';

export type MysqlTools = ConnectorTools<typeof mysqlProblems>;
/** Turns one field of the row packet into its encoded cell. */
export type CellReader = (field: TypeCastField) => string;

export interface Session {
  /** Rows of a small answer; every value as text or null. */
  query(sql: string, signal: AbortSignal): Promise<(string | null)[][]>;
  /** Calls `onRow` with the cells of each row; a promise it answers pauses the socket until settled. */
  stream(
    sql: string,
    readers: readonly CellReader[],
    onRow: (cells: string[]) => Promise<void> | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** Lets go at once. Safe to call twice. */
  destroy(): void;
}

const SETTINGS =
  "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = 'NO_BACKSLASH_ESCAPES', SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";

/** Opens a session. With `keepZone` the server's own time zone stays, for asking its clock. */
export async function openSession(config: MysqlConfig, tools: MysqlTools, signal: AbortSignal, keepZone = false): Promise<Session> {
  const addresses = await tools.resolveHost(config.host, config.port, signal);
  let last: unknown = new Error('the name has no address');
  for (const address of addresses) {
    try {
      const session = sessionOf(await connectOnce(config, tools, address, signal), config, tools);
      const settings = SETTINGS.split(', SESSION');
      await session.query(keepZone ? settings[0]!.replace(", time_zone = '+00:00'", '') : settings[0]!, signal);
      await session.query(`SET SESSION${settings[1]}`, signal);
      return session;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      last = error;
      if (!/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/.test((error as { code?: string }).code ?? '')) break;
    }
  }
  throw toProblem(last, tools.problems, config);
}

/** Runs `work` on a session of its own and closes it, whatever happens. */
export async function withSession<T>(
  config: MysqlConfig,
  tools: MysqlTools,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
  keepZone = false,
): Promise<T> {
  const session = await openSession(config, tools, signal, keepZone);
  try {
    return await work(session);
  } finally {
    session.destroy();
  }
}

async function connectOnce(config: MysqlConfig, tools: MysqlTools, address: string, signal: AbortSignal): Promise<Connection> {
  const { default: mysql } = await import('mysql2'); // Loaded with the first connection: most processes and threads open none.
  return new Promise((resolve, reject) => {
    const connection = mysql.createConnection({
      host: address,
      port: config.port,
      user: config.user,
      password: config.password ?? '',
      database: config.database,
      connectTimeout: config.connectTimeout,
      rowsAsArray: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      flags: ['-LOCAL_FILES', '-FOUND_ROWS'],
      charset: 'utf8mb4',
      ...(config.tls.mode === 'disable' ? {} : { ssl: tlsOptions(config) }),
    });
    const abort = () => fail(signal.reason as Error);
    // mysql2's own limit covers the socket, not a server that accepts and then says nothing.
    const cancel = tools.clock.after(config.connectTimeout, () =>
      fail(Object.assign(new Error(`no answer within ${config.connectTimeout} ms`), { code: 'ETIMEDOUT' })),
    );
    const done = () => {
      cancel();
      signal.removeEventListener('abort', abort);
    };
    const fail = (error: Error) => {
      done();
      close(connection);
      reject(error);
    };
    signal.addEventListener('abort', abort, { once: true });
    connection.on('error', () => close(connection));
    connection.connect((error) => (error ? fail(error) : (done(), resolve(connection))));
  });
}

/** TLS options; the name is checked against the host asked for, since the socket goes to an address. */
function tlsOptions(config: MysqlConfig): { rejectUnauthorized: boolean; verifyIdentity: boolean; ca?: string } {
  const verify = config.tls.mode === 'verify-full';
  const named = /^[\d.]+$|:/.test(config.host) ? {} : { servername: config.host };
  return { rejectUnauthorized: verify, verifyIdentity: verify, ...named, ...(config.tls.ca === undefined ? {} : { ca: config.tls.ca }) };
}

function sessionOf(connection: Connection, config: MysqlConfig, tools: MysqlTools): Session {
  const aborting = <T>(signal: AbortSignal, work: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      signal.throwIfAborted();
      const abort = () => {
        close(connection);
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      const settle = () => signal.removeEventListener('abort', abort);
      work(
        (value) => (settle(), resolve(value)),
        (error) => (settle(), reject(toProblem(error, tools.problems, config))),
      );
    });
  return {
    query: (sql, signal) =>
      aborting(signal, (resolve, reject) => {
        connection.query(
          { sql, rowsAsArray: true, typeCast: (field: TypeCastField) => field.string('utf8') },
          (error: Error | null, rows: unknown) =>
            error ? reject(error) : resolve(Array.isArray(rows) ? (rows as (string | null)[][]) : []),
        );
      }),
    stream: (sql, readers, onRow, signal) =>
      aborting(signal, (resolve, reject) => {
        let index = 0;
        const typeCast = (field: TypeCastField): string => {
          const cell = readers[index]!(field);
          index = index + 1 === readers.length ? 0 : index + 1;
          return cell;
        };
        const query = connection.query({ sql, rowsAsArray: true, typeCast } as never);
        let waiting: Promise<void> | undefined;
        const fail = (error: unknown) => (close(connection), reject(error));
        query.on('error', reject);
        query.on('result', (cells: unknown) => {
          try {
            // Rows that were parsed already keep coming while the socket pauses: they are few, and in order.
            const wait = onRow(cells as string[]);
            if (!wait) return;
            connection.pause();
            waiting = wait.then(() => connection.resume(), fail);
          } catch (error) {
            fail(error);
          }
        });
        query.on('end', () => void (waiting ?? Promise.resolve()).then(() => resolve(undefined)));
      }),
    destroy: () => close(connection),
  };
}

/** Errors of the server as problems. Source: MariaDB knowledge base, "MariaDB Error Codes". */
export function toProblem(error: unknown, problems: MysqlProblems, config: MysqlConfig, stream?: string): unknown {
  if (!(error instanceof Error) || error instanceof Problem || error.name === 'AssertionFailure') return error;
  const { code = '', message } = error as Error & { code?: string };
  const values = {
    user: config.user,
    database: config.database,
    address: `${config.host}:${config.port}`,
    stream: stream ?? '',
    reason: verbatim(message),
  };
  const as = (name: keyof typeof mysqlProblems, reason = verbatim(message)) =>
    problems[name]({ values: { ...values, reason }, cause: error });
  switch (code) {
    case 'ER_ACCESS_DENIED_ERROR':
      return as('login-failed');
    case 'ER_DBACCESS_DENIED_ERROR':
    case 'ER_TABLEACCESS_DENIED_ERROR':
    case 'ER_COLUMNACCESS_DENIED_ERROR':
    case 'ER_SPECIFIC_ACCESS_DENIED_ERROR':
      return as('permission-denied');
    case 'ER_BAD_DB_ERROR':
      return as('database-missing');
    case 'ER_NO_SUCH_TABLE':
      return as('stream-gone');
    case 'ER_BAD_FIELD_ERROR':
      return as('column-gone');
    case 'ER_CON_COUNT_ERROR':
    case 'ER_LOCK_WAIT_TIMEOUT':
    case 'ER_LOCK_DEADLOCK':
      return as('server-busy');
    case 'ECONNREFUSED':
      return as('host-unreachable', NOTHING_LISTENS);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return as('host-unreachable');
    case 'HANDSHAKE_NO_SSL_SUPPORT':
      return as('tls-failed', NO_TLS);
    case 'HANDSHAKE_SSL_ERROR':
      return as('tls-failed');
    default:
      return as(/lost|closed|ECONNRESET|EPIPE/i.test(`${code} ${message}`) ? 'connection-lost' : 'server-error');
  }
}

/** Closes at once. The library's own `destroy` says goodbye and waits: a paused reader would keep the server writing. */
function close(connection: Connection): void {
  connection.destroy();
  (connection as unknown as { stream: { destroy(): void } }).stream.destroy();
}
