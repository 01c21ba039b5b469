/**
 * One connection to PostgreSQL in the canonical form of batches: ISO dates in UTC, hex bytes, exact floats.
 * Every call takes a signal: on abort the statement is cancelled at the server, then the socket closed.
 */
import { connect as connectSocket } from 'node:net';
import type pg from 'pg';
import type { Readable } from 'node:stream';
import { type ConnectorTools, type Text, Told, wordsOf, NOTHING_LISTENS, NO_TLS, NO_ADDRESS } from '../../../sdk/index.ts';
import type { PostgresConfig } from './config.ts';
import { type About, type postgresProblems, toProblem } from './problems-of.ts';

export type PostgresTools = ConnectorTools<typeof postgresProblems>;
/** A row of a catalogue query: every value is the server's own text. */
export type TextRow = Readonly<Record<string, string | null>>;

export interface Session {
  /** Runs statements without values, or one with values; answers the rows of the (last) one. */
  query(sql: string, values: readonly unknown[], signal: AbortSignal): Promise<TextRow[]>;
  /** As `query`, but an error stays as the server sent it: for callers that read its code and detail. */
  attempt(sql: string, values: readonly unknown[], signal: AbortSignal): Promise<TextRow[]>;
  /** Sends `data` to `COPY … FROM STDIN`; resolves when the server has taken it all. Errors stay as the server sent them. */
  copyIn(sql: string, data: Uint8Array, signal: AbortSignal): Promise<void>;
  /** The bytes of `COPY … TO STDOUT`, in pieces of no particular boundary. */
  copyOut(sql: string, signal: AbortSignal): AsyncIterable<Buffer>;
  /** The time zone a session of this login starts with, before ours is set. */
  readonly timeZone: string;
  /** Lets go at once; what was not committed is undone by the server. Safe to call twice. */
  destroy(): void;
  /** Says goodbye and lets go. */
  end(): Promise<void>;
}

const CANCEL_GRACE_MS = 2_000;
const END_GRACE_MS = 2_000;
const SETTINGS = `SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';
  SET extra_float_digits = 3; SET standard_conforming_strings = on; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
  SET search_path = pg_catalog`;
const TEXT_ONLY = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

/** Opens a session; `purpose` stands in the server's list of sessions as `weir <purpose>`. */
export async function openSession(config: PostgresConfig, tools: PostgresTools, purpose: string, signal: AbortSignal): Promise<Session> {
  const client = await connect(config, tools, purpose, signal);
  const about = { user: config.user, database: config.database };
  try {
    const zone = await guarded(client, tools, signal, about, () => client.query('SHOW TimeZone'));
    await guarded(client, tools, signal, about, () => client.query(`${SETTINGS}; SET lock_timeout = ${Math.ceil(config.lockTimeout)}`));
    return sessionOf(client, tools, about, String((zone.rows[0] as TextRow)['TimeZone']));
  } catch (error) {
    close(client);
    throw error;
  }
}

/** Runs `work` on a session of its own and closes it, whatever happens. */
export async function withSession<T>(
  config: PostgresConfig,
  tools: PostgresTools,
  purpose: string,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(config, tools, purpose, signal);
  try {
    const result = await work(session);
    await session.end();
    return result;
  } finally {
    session.destroy();
  }
}

function sessionOf(client: pg.Client, tools: PostgresTools, about: About, timeZone: string): Session {
  const run = async (sql: string, values: readonly unknown[], signal: AbortSignal, raw: boolean) => {
    const result = await guarded(
      client,
      tools,
      signal,
      about,
      () => (values.length > 0 ? client.query(sql, [...values]) : client.query(sql)),
      raw,
    );
    const last = Array.isArray(result) ? (result.at(-1) as pg.QueryResult) : result;
    return last.rows as TextRow[];
  };
  return {
    timeZone,
    query: (sql, values, signal) => run(sql, values, signal, false),
    attempt: (sql, values, signal) => run(sql, values, signal, true),
    copyIn: (sql, data, signal) =>
      guarded(
        client,
        tools,
        signal,
        about,
        async () => {
          const { from } = await import('pg-copy-streams');
          return new Promise<void>((resolve, reject) => {
            const stream = client.query(from(sql));
            stream.once('error', reject);
            stream.once('finish', resolve);
            stream.end(data);
          });
        },
        true,
      ),
    copyOut: (sql, signal) => copyPieces(client, tools, about, sql, signal),
    destroy: () => close(client),
    async end() {
      const cancel = tools.clock.after(END_GRACE_MS, () => close(client), { unref: true });
      await client.end().catch(() => close(client));
      cancel();
    },
  };
}

async function* copyPieces(
  client: pg.Client,
  tools: PostgresTools,
  about: About,
  sql: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const stop = cancelOnAbort(client, tools, signal);
  try {
    const { to } = await import('pg-copy-streams');
    const stream: Readable = client.query(to(sql, { highWaterMark: 256 * 1024 }));
    for await (const piece of stream) yield piece as Buffer;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw toProblem(error, tools.problems, about);
  } finally {
    stop();
  }
}

/** Errors of a `raw` call keep their server form: the sink finds the row in them. */
async function guarded<T>(
  client: pg.Client,
  tools: PostgresTools,
  signal: AbortSignal,
  about: About,
  work: () => Promise<T>,
  raw = false,
): Promise<T> {
  const stop = cancelOnAbort(client, tools, signal);
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw raw ? error : toProblem(error, tools.problems, about);
  } finally {
    stop();
  }
}

function cancelOnAbort(client: pg.Client, tools: PostgresTools, signal: AbortSignal): () => void {
  signal.throwIfAborted();
  let stopTimer = () => {};
  const cancel = () => {
    sendCancel(client);
    stopTimer = tools.clock.after(CANCEL_GRACE_MS, () => close(client), { unref: true });
  };
  signal.addEventListener('abort', cancel, { once: true });
  return () => {
    stopTimer();
    signal.removeEventListener('abort', cancel);
  };
}

/** A cancel request on a socket of its own. Source: PostgreSQL manual, "Frontend/Backend Protocol — CancelRequest". */
function sendCancel(client: pg.Client): void {
  const { processID, secretKey, host, port } = client as unknown as {
    processID: number | null;
    secretKey: number | null;
    host: string;
    port: number;
  };
  if (typeof processID !== 'number' || typeof secretKey !== 'number') return close(client);
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(80_877_102, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = connectSocket({ host, port, timeout: CANCEL_GRACE_MS });
  socket.on('error', () => socket.destroy());
  socket.on('timeout', () => socket.destroy());
  socket.end(request);
  socket.unref();
}

/**
 * A bare client, connected and logged in by the rules of the connection (guards, TLS, every address), its
 * values left as the server's own text. The session settings are the server's.
 */
export async function connect(config: PostgresConfig, tools: PostgresTools, purpose: string, signal: AbortSignal): Promise<pg.Client> {
  const addresses = await tools.resolveHost(config.host, config.port, signal);
  const about = { user: config.user, database: config.database, address: `${config.host}:${config.port}` };
  let last: unknown = new Told(NO_ADDRESS);
  for (const address of addresses) {
    for (const secure of config.tls.mode === 'disable' ? [false] : config.tls.mode === 'prefer' ? [true, false] : [true]) {
      try {
        return await connectOnce(config, tools, address, secure, purpose, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        last = error;
        if (!(secure && isWithoutTls(error))) break;
      }
    }
    if (!isUnreachable(last)) break;
  }
  throw isUnreachable(last)
    ? tools.problems['host-unreachable']({ values: { ...about, reason: reachReason(last) }, cause: last })
    : isWithoutTls(last)
      ? tools.problems['tls-failed']({ values: { ...about, reason: NO_TLS }, cause: last })
      : toProblem(last, tools.problems, about);
}

async function connectOnce(
  config: PostgresConfig,
  tools: PostgresTools,
  address: string,
  secure: boolean,
  purpose: string,
  signal: AbortSignal,
): Promise<pg.Client> {
  const { default: pg } = await import('pg'); // Loaded with the first connection: most processes and threads open none.
  const client = new pg.Client({
    host: address,
    port: config.port,
    user: config.user,
    password: config.password ?? '',
    database: config.database,
    ssl: secure ? tlsOptions(config) : false,
    connectionTimeoutMillis: config.connectTimeout,
    application_name: `weir ${purpose}`,
    keepAlive: true,
    types: TEXT_ONLY,
  });
  client.on('error', () => close(client));
  const abort = () => close(client);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    await client.connect();
    return client;
  } catch (error) {
    close(client);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** TLS options of `mode`; `servername` keeps the name that was asked for, since the socket goes to an address. */
export function tlsOptions(config: PostgresConfig): { rejectUnauthorized: boolean; servername?: string; ca?: string } {
  return {
    rejectUnauthorized: config.tls.mode === 'verify-full',
    ...(/^[\d.]+$|:/.test(config.host) ? {} : { servername: config.host }),
    ...(config.tls.ca === undefined ? {} : { ca: config.tls.ca }),
  };
}

function isWithoutTls(error: unknown): boolean {
  return error instanceof Error && /does not support SSL/i.test(error.message);
}

function isUnreachable(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? '';
  return (
    /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ECONNRESET)$/.test(code) ||
    (error instanceof Error && /timeout expired|Connection terminated|has no address/i.test(error.message))
  );
}

function reachReason(error: unknown): Text {
  const code = (error as { code?: string }).code;
  return code === 'ECONNREFUSED' ? NOTHING_LISTENS : wordsOf(error);
}

function close(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
