/**
 * The query engine of data APIs on PostgreSQL. Every call runs in a READ ONLY transaction with a
 * `statement_timeout`, as one prepared statement with bound values; answers are JSON bytes built from the
 * server's own text. Long calls are cancelled at the server.
 */
import { connect as connectSocket } from 'node:net';
import type pg from 'pg';
import {
  type BoundValue,
  type Clock,
  type Log,
  QueryFailure,
  type QueryEngine,
  type QueryLimits,
  type QueryResult,
  type QueryShape,
  verbatim,
} from '../../../sdk/index.ts';
import { createQueryPool, destroyClient, type OpenClient, type PooledClient, type QueryPool } from './query-pool.ts';
import { explainShape, inferTypes } from './query-draft.ts';
import { describeShape, findUniqueKey, findWriteRights } from './query-publish.ts';
import { readRows } from './query-read.ts';

/** What the connector lends: how to connect (address rules, TLS, login) stays its own matter. */
export interface PostgresQueryOptions {
  readonly connect: OpenClient;
  readonly clock: Clock;
  readonly log: Log;
}

const CANCEL_MS = 2_000;
/** A transaction cannot stop `COPY … TO PROGRAM` or `SET`: only statements that answer rows are sent at all. */
const QUERY = /^[\s(]*(select|with|values)\b/i;
const VALUE_CODES = /^(22003|22P02|22P03|22007|22008|22009|22021|22023|2201[BX])$/;

/** Makes the engine; nothing is opened before `warm` or the first use. */
export function createPostgresQuery(options: PostgresQueryOptions): QueryEngine {
  const { clock, log } = options;
  const pool = createQueryPool(options.connect, clock, log);
  const withClient = <T>(signal: AbortSignal, work: (client: pg.Client) => Promise<T>) =>
    onClient(pool, clock, signal, false, (pooled) => work(pooled.client));
  return {
    dialect: 'postgres',
    describe: (shape, signal) => withClient(signal, (client) => describeShape(client, shape)),
    canWrite: (signal) => withClient(signal, findWriteRights),
    isUnique: (table, columns, signal) => withClient(signal, (client) => findUniqueKey(client, table, columns)),
    explain: (shape, values, signal) => withClient(signal, (client) => explainShape(client, shape, values)),
    inferTypes: (shape, signal) => withClient(signal, (client) => inferTypes(client, shape)),
    run: (shape, values, limits, sortColumns, signal) => run(pool, clock, { shape, values, limits, sortColumns, signal }),
    warm: (count, signal) => pool.warm(count, signal),
    close: () => pool.close(),
  };
}

interface Call {
  readonly shape: QueryShape;
  readonly values: readonly BoundValue[];
  readonly limits: QueryLimits;
  readonly sortColumns: readonly string[];
  readonly signal: AbortSignal;
}

async function run(pool: QueryPool, clock: Clock, call: Call): Promise<QueryResult> {
  const { shape, values, limits, sortColumns, signal } = call;
  if (!QUERY.test(shape.sql))
    throw new QueryFailure('refused', {
      en: 'the statement is no SELECT; a data API only reads',
      zh: '语句不是 SELECT；数据 API 只能读取',
    });
  return onClient(pool, clock, signal, values.length > 0, async (pooled, cancel) => {
    const request = { sql: shape.sql, values, limits, sortColumns, enough: cancel };
    try {
      return await readRows(pooled, request);
    } catch (error) {
      if (!isStalePlan(error)) throw error;
      // A table changed its columns since the statement was prepared: prepare anew, once.
      await pooled.client.query('ROLLBACK');
      pooled.statements.delete(shape.sql);
      return readRows(pooled, request);
    }
  });
}

function isStalePlan(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return code === '26000' || (code === '0A000' && /cached plan/.test(message ?? ''));
}

/**
 * Lends a connection to `work`. On abort the server is asked to cancel and the caller is answered at once;
 * the connection comes back when it is known to be idle again, else it is replaced.
 */
async function onClient<T>(
  pool: QueryPool,
  clock: Clock,
  signal: AbortSignal,
  hasValues: boolean,
  work: (pooled: PooledClient, cancel: () => void) => Promise<T>,
): Promise<T> {
  const pooled = await pool.take(signal);
  let cancelled: Promise<void> | undefined;
  const cancel = () => void (cancelled ??= sendCancel(pooled.client, clock));
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      cancel();
      reject(signal.reason);
    };
  });
  signal.addEventListener('abort', abort, { once: true });
  const done = work(pooled, cancel);
  void settle(pool, pooled, done, () => cancelled, clock, signal);
  try {
    return await Promise.race([done, aborted]);
  } catch (error) {
    throw signal.aborted ? signal.reason : toFailure(error, hasValues);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Gives the connection back after a success, or after a ROLLBACK the server has answered. */
async function settle(
  pool: QueryPool,
  pooled: PooledClient,
  done: Promise<unknown>,
  cancelled: () => Promise<void> | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let stop = () => {};
  const limit = () => (stop = clock.after(CANCEL_MS, () => destroyClient(pooled.client), { unref: true }));
  signal.addEventListener('abort', limit, { once: true });
  let fit = true;
  try {
    await done;
    await cancelled();
  } catch {
    // The caller is told by `onClient`; here only the connection counts.
    await cancelled();
    fit = await pooled.client.query('ROLLBACK').then(
      () => true,
      () => false,
    );
  } finally {
    stop();
    signal.removeEventListener('abort', limit);
    pool.give(pooled, fit);
  }
}

/** Server errors by what they mean for an API. The message is the server's, for authors and logs. */
function toFailure(error: unknown, hasValues: boolean): unknown {
  if (error instanceof QueryFailure || !(error instanceof Error)) return error;
  const { code = '' } = error as { code?: string };
  const position = Number((error as { position?: string }).position) || undefined;
  const make = (reason: QueryFailure['reason']) => new QueryFailure(reason, verbatim(error.message), { cause: error, position });
  if (code === '57014') return make('timeout');
  if (code === '25006') return make('refused');
  if (hasValues && VALUE_CODES.test(code)) return make('value');
  if (/^(08|53|57P|E[A-Z]+$)/.test(code) || /terminated|not queryable|connection error/i.test(error.message)) return make('unavailable');
  return make('failed');
}

/** Asks the server to stop what the connection does; resolves when the server has taken the request, or gave no answer in time. */
function sendCancel(client: pg.Client, clock: Clock): Promise<void> {
  const { processID, secretKey, connection } = client as unknown as {
    processID: number;
    secretKey: number;
    connection: { stream: { remoteAddress?: string; remotePort?: number } };
  };
  const { remoteAddress: host, remotePort: port } = connection.stream;
  if (!host || !port) return Promise.resolve();
  const request = Buffer.alloc(16);
  [16, 80_877_102, processID, secretKey].forEach((value, i) => request.writeInt32BE(value, i * 4));
  return new Promise((resolve) => {
    const socket = connectSocket({ host, port });
    const stop = clock.after(CANCEL_MS, () => socket.destroy(), { unref: true });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      stop();
      resolve();
    });
    socket.resume();
    socket.end(request);
  });
}
