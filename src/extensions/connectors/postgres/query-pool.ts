/**
 * The connections of a query engine: opened ahead of use and refilled in the background, never by a
 * request. A request takes an idle one or waits a bounded time.
 */
import pg from 'pg';
import { type Clock, type Log, QueryFailure } from '../../../sdk/index.ts';

/** Opens an authenticated connection that reads values as text; raises a Problem. */
export type OpenClient = (signal: AbortSignal) => Promise<pg.Client>;

/** A statement as one connection keeps it. */
export interface PreparedStatement {
  readonly name: string;
  /** How to write each column, once the server has described the columns. */
  writers?: readonly unknown[];
}

export interface PooledClient {
  readonly client: pg.Client;
  /** Prepared statements by SQL, oldest use first. */
  readonly statements: Map<string, PreparedStatement>;
  /** The session's `statement_timeout`; undefined when not known. */
  timeoutMs: number | undefined;
  sequence: number;
  dead: boolean;
}

export interface QueryPool {
  /** Sets how many connections are kept and opens them; resolves when they are open, rejects with the first failure. */
  warm(count: number, signal: AbortSignal): Promise<void>;
  take(signal: AbortSignal): Promise<PooledClient>;
  /** Gives a connection back; a dead or unfit one is replaced. */
  give(pooled: PooledClient, fit: boolean): void;
  close(): Promise<void>;
}

export const BEGIN = 'weir_begin';
/** Calls end with ROLLBACK: what a read-only transaction still lets through (a large object, a NOTIFY) is undone. */
export const ROLLBACK = 'weir_rollback';

const WAIT_MS = 1_000;
const OPEN_MS = 10_000;
const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 5_000;
const SETTINGS = [
  'SET default_transaction_read_only = on', "SET DateStyle = 'ISO, YMD'", "SET TimeZone = 'UTC'", "SET IntervalStyle = 'iso_8601'",
  'SET bytea_output = hex', 'SET extra_float_digits = 3', 'SET standard_conforming_strings = on', 'SET lock_timeout = 5000',
  'SET idle_in_transaction_session_timeout = 30000', 'SET plan_cache_mode = auto',
].join('; ');

/** Makes an empty pool. */
export function createQueryPool(open: OpenClient, clock: Clock, log: Log): QueryPool {
  const idle: PooledClient[] = [];
  const all = new Set<PooledClient>();
  const waiting = new Set<(pooled: PooledClient) => void>();
  const life = new AbortController();
  let target = 0;
  let opening = 0;
  let backoffMs = BACKOFF_MS_MIN;
  let lastFailure: unknown;
  let stopRetry = () => {};

  const offer = (pooled: PooledClient) => {
    const [first] = waiting;
    if (first) first(pooled);
    else idle.push(pooled);
  };
  const lose = (pooled: PooledClient) => {
    pooled.dead = true;
    all.delete(pooled);
    const at = idle.indexOf(pooled);
    if (at >= 0) idle.splice(at, 1);
    destroyClient(pooled.client);
    refill();
  };
  const openOne = async (): Promise<void> => {
    opening += 1;
    try {
      const pooled = await prepareClient(open, clock, life.signal);
      if (life.signal.aborted) return destroyClient(pooled.client);
      pooled.client.on('error', () => lose(pooled));
      pooled.client.on('end', () => lose(pooled));
      all.add(pooled);
      lastFailure = undefined;
      backoffMs = BACKOFF_MS_MIN;
      offer(pooled);
    } catch (error) {
      lastFailure = error;
      throw error;
    } finally {
      opening -= 1;
    }
  };
  const refill = () => {
    if (life.signal.aborted) return;
    stopRetry();
    const missing = target - all.size - opening;
    for (let i = 0; i < missing; i++) {
      openOne().catch((error: Error) => {
        if (life.signal.aborted) return;
        log.warn('a connection for data APIs could not be opened', { error: error.message, retryMs: backoffMs });
        stopRetry();
        stopRetry = clock.after(backoffMs, refill, { unref: true });
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX);
      });
    }
  };
  const wait = (signal: AbortSignal): Promise<PooledClient> =>
    new Promise((resolve, reject) => {
      const settle = () => {
        waiting.delete(got);
        stopTimer();
        signal.removeEventListener('abort', abort);
      };
      const got = (pooled: PooledClient) => (settle(), resolve(pooled));
      const abort = () => (settle(), reject(signal.reason));
      const stopTimer = clock.after(WAIT_MS, () => (settle(), reject(new QueryFailure('unavailable', 'no connection came free in time', { cause: lastFailure }))));
      signal.addEventListener('abort', abort, { once: true });
      waiting.add(got);
    });

  return {
    async warm(count, signal) {
      target = count;
      const missing = Math.max(0, target - all.size - opening);
      signal.throwIfAborted();
      const results = await Promise.allSettled(Array.from({ length: missing }, () => openOne()));
      const failed = results.find((r) => r.status === 'rejected');
      if (!failed) return;
      stopRetry = clock.after(backoffMs, refill, { unref: true });
      throw failed.reason;
    },
    async take(signal) {
      signal.throwIfAborted();
      const pooled = idle.pop();
      if (pooled) return pooled;
      if (target === 0) target = 1; // Publishing uses an engine that was never warmed.
      if (all.size === 0 && opening === 0 && lastFailure !== undefined && waiting.size > 0) throw unavailable(lastFailure);
      if (all.size < target && opening === 0 && lastFailure === undefined) refill();
      return wait(signal);
    },
    give(pooled, fit) {
      if (pooled.dead) return;
      if (!fit || life.signal.aborted || all.size > target) lose(pooled);
      else offer(pooled);
    },
    async close() {
      life.abort(new QueryFailure('unavailable', 'the connection was closed'));
      stopRetry();
      for (const pooled of [...all]) lose(pooled);
    },
  };
}

/** Opens one connection, sets its session up for reading and prepares the frame of every call. */
async function prepareClient(open: OpenClient, clock: Clock, life: AbortSignal): Promise<PooledClient> {
  const deadline = new AbortController();
  const signal = AbortSignal.any([life, deadline.signal]);
  const stop = clock.after(OPEN_MS, () => deadline.abort(new QueryFailure('unavailable', 'opening a connection took too long')), { unref: true });
  let client: pg.Client | undefined;
  const drop = () => client && destroyClient(client);
  signal.addEventListener('abort', drop, { once: true });
  try {
    client = await open(signal);
    await client.query(SETTINGS);
    await client.query({ name: BEGIN, text: 'BEGIN READ ONLY' });
    await client.query({ name: ROLLBACK, text: 'ROLLBACK' });
    return { client, statements: new Map(), timeoutMs: undefined, sequence: 0, dead: false };
  } catch (error) {
    if (client) destroyClient(client);
    throw signal.aborted ? signal.reason : error;
  } finally {
    stop();
    signal.removeEventListener('abort', drop);
  }
}

/** Closes the socket at once; the server undoes what was open. */
export function destroyClient(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

/** The failure of a call that found no connection. */
export function unavailable(cause: unknown): QueryFailure {
  return new QueryFailure('unavailable', 'the database cannot be reached', { cause });
}
