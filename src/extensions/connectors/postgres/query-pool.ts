/**
 * The connections of a query engine: opened ahead of use and refilled in the background, never by a
 * request. A request takes an idle one or waits a bounded time.
 */
import type pg from 'pg';
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
  'SET default_transaction_read_only = on',
  "SET DateStyle = 'ISO, YMD'",
  "SET TimeZone = 'UTC'",
  "SET IntervalStyle = 'iso_8601'",
  'SET bytea_output = hex',
  'SET extra_float_digits = 3',
  'SET standard_conforming_strings = on',
  'SET lock_timeout = 5000',
  'SET idle_in_transaction_session_timeout = 30000',
  'SET plan_cache_mode = auto',
].join('; ');

/** Makes an empty pool. */
export function createQueryPool(open: OpenClient, clock: Clock, log: Log): QueryPool {
  return new Pool(open, clock, log);
}

class Pool implements QueryPool {
  readonly #open: OpenClient;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #idle: PooledClient[] = [];
  readonly #all = new Set<PooledClient>();
  readonly #waiting = new Set<(pooled: PooledClient) => void>();
  readonly #life = new AbortController();
  #target = 0;
  #opening = 0;
  #backoffMs = BACKOFF_MS_MIN;
  #lastFailure: unknown;
  #stopRetry = () => {};

  constructor(open: OpenClient, clock: Clock, log: Log) {
    this.#open = open;
    this.#clock = clock;
    this.#log = log;
  }

  async warm(count: number, signal: AbortSignal): Promise<void> {
    this.#target = count;
    signal.throwIfAborted();
    const missing = Math.max(0, count - this.#all.size - this.#opening);
    const results = await Promise.allSettled(Array.from({ length: missing }, () => this.#openOne()));
    const failed = results.find((r) => r.status === 'rejected');
    if (!failed) return;
    this.#retryLater();
    throw failed.reason;
  }

  async take(signal: AbortSignal): Promise<PooledClient> {
    signal.throwIfAborted();
    const pooled = this.#idle.pop();
    if (pooled) return pooled;
    if (this.#target === 0) this.#target = 1; // Publishing uses an engine that was never warmed.
    if (this.#all.size < this.#target && this.#lastFailure === undefined) this.#refill();
    return this.#wait(signal);
  }

  give(pooled: PooledClient, fit: boolean): void {
    if (pooled.dead) return;
    if (!fit || this.#life.signal.aborted || this.#all.size > this.#target) this.#lose(pooled);
    else this.#offer(pooled);
  }

  async close(): Promise<void> {
    this.#life.abort(new QueryFailure('unavailable', { en: 'the connection was closed', zh: '连接已关闭' }));
    this.#stopRetry();
    for (const pooled of this.#all) this.#lose(pooled);
  }

  #offer(pooled: PooledClient): void {
    const [first] = this.#waiting;
    if (first) first(pooled);
    else this.#idle.push(pooled);
  }

  #lose(pooled: PooledClient): void {
    if (pooled.dead) return;
    pooled.dead = true;
    this.#all.delete(pooled);
    const at = this.#idle.indexOf(pooled);
    if (at >= 0) this.#idle.splice(at, 1);
    destroyClient(pooled.client);
    this.#refill();
  }

  async #openOne(): Promise<void> {
    this.#opening += 1;
    try {
      const pooled = await prepareClient(this.#open, this.#clock, this.#life.signal);
      if (this.#life.signal.aborted) return destroyClient(pooled.client);
      pooled.client.on('error', () => this.#lose(pooled));
      pooled.client.on('end', () => this.#lose(pooled));
      this.#all.add(pooled);
      this.#lastFailure = undefined;
      this.#backoffMs = BACKOFF_MS_MIN;
      this.#offer(pooled);
    } catch (error) {
      this.#lastFailure = error;
      throw error;
    } finally {
      this.#opening -= 1;
    }
  }

  #refill(): void {
    if (this.#life.signal.aborted) return;
    this.#stopRetry();
    for (let missing = this.#target - this.#all.size - this.#opening; missing > 0; missing--) {
      this.#openOne().catch((error: Error) => {
        if (this.#life.signal.aborted) return;
        this.#log.warn('a connection for data APIs could not be opened', { error: error.message, retryMs: this.#backoffMs });
        this.#retryLater();
      });
    }
  }

  #retryLater(): void {
    this.#stopRetry();
    this.#stopRetry = this.#clock.after(this.#backoffMs, () => this.#refill(), { unref: true });
    this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MS_MAX);
  }

  #wait(signal: AbortSignal): Promise<PooledClient> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiting.delete(got);
        stopTimer();
        signal.removeEventListener('abort', abort);
      };
      const got = (pooled: PooledClient) => {
        settle();
        resolve(pooled);
      };
      const abort = () => {
        settle();
        reject(signal.reason);
      };
      const stopTimer = this.#clock.after(WAIT_MS, () => {
        settle();
        reject(
          new QueryFailure(
            'unavailable',
            { en: 'no connection came free in time', zh: '没有及时空出的连接' },
            { cause: this.#lastFailure },
          ),
        );
      });
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(got);
    });
  }
}

/** Opens one connection, sets its session up for reading and prepares the frame of every call. */
async function prepareClient(open: OpenClient, clock: Clock, life: AbortSignal): Promise<PooledClient> {
  const deadline = new AbortController();
  const signal = AbortSignal.any([life, deadline.signal]);
  const stop = clock.after(
    OPEN_MS,
    () => deadline.abort(new QueryFailure('unavailable', { en: 'opening a connection took too long', zh: '打开连接耗时过长' })),
    {
      unref: true,
    },
  );
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
