/**
 * Connectors: somebody else's system as source, sink and query engine.
 *
 *   check ─▶ discover ─▶ preview
 *   source: bound ─▶ read ─▶ batch, batch, … ─▶ end           (pull: the next batch is read when asked for)
 *   sink:   open(stream) ─▶ write(batch)… ─▶ commit(checkpoint) ─▶ … ─▶ close | abort
 *   query:  describe ─▶ run
 *
 * Guarantees asked of every connector (the suite tries them): a batch is bytes, never row objects;
 * `commit` makes rows and checkpoint durable together or not at all; a value that does not fit fails
 * with the row's key and leaves the target as it was; every wait ends when the signal aborts.
 * The runtime owns retry, pacing, batching and checkpoints.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ProblemFactory, ProblemSpecs } from '../base/problem.ts';
import type { TSchema } from '../base/schema.ts';
import type { Text } from '../base/text.ts';
import { type Component, type ComponentSpec, type ConfigOf, makeComponent } from './component.ts';
import type { QueryEngine } from './query.ts';
import type { Batch, Checkpoint, Column, Position, StreamSchema } from './record.ts';

/** One step of a connection check, in order; the first that fails ends it. */
export interface CheckStep {
  readonly step: 'path' | 'dns' | 'tcp' | 'tls' | 'login' | 'grant';
  readonly ok: boolean;
  readonly ms: number;
  /** What was found, or what is wrong and what to do. No secret, no stack. */
  readonly detail: Text;
  /** A warning does not fail the check: for example a login that may write. */
  readonly warning?: Text;
}

/** Guards the runtime lends to connectors, so that each is written once. */
export interface ConnectorTools<P extends ProblemSpecs = ProblemSpecs> {
  readonly problems: ProblemFactory<P>;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Resolves a host name and refuses Weir's own ports and link-local addresses.
   * Throws `connection-refused-address`; answers the addresses to connect to.
   */
  resolveHost(host: string, port: number, signal: AbortSignal): Promise<string[]>;
  /**
   * Resolves a file below the allowed roots (symlinks followed), refusing the data directory.
   * Answers the real path. The caller re-checks the opened descriptor with `recheckFile`.
   */
  resolveFile(file: string, mode: 'read' | 'write'): Promise<string>;
  /** Throws when the opened descriptor is not the file that was allowed. */
  recheckFile(descriptor: number, realPath: string): void;
}

/** How a stream is read. */
export type ReadMode =
  | { readonly type: 'full' }
  | {
      readonly type: 'incremental';
      readonly cursor: string;
      /** Unique key columns that order rows of equal cursor; may be empty (then at least once). */
      readonly key: readonly string[];
      /** Read rows strictly after this; null reads from the start. */
      readonly after: Position | null;
      /** Read rows whose cursor is at most this (database text). */
      readonly upTo: string;
    };

export interface ReadRequest {
  readonly stream: StreamSchema;
  readonly mode: ReadMode;
  /** Aim for batches of about this many bytes. */
  readonly batchBytes: number;
}

/** The upper bound of an incremental read, fixed at its start. */
export interface ReadBound {
  /** Null when the stream has no row to read. */
  readonly upTo: string | null;
  /** Rows whose cursor is null: counted and reported, never read. */
  readonly nullCursors: number;
  /** What the source cannot promise about this bound, and what it did instead; for the run's log. */
  readonly warning?: Text;
}

export interface Source {
  /** Fixes the upper bound: no row at or below it can still appear, as far as the system can tell. */
  bound(stream: StreamSchema, cursor: string, lookbackMs: number, signal: AbortSignal): Promise<ReadBound>;
  /** Reads in one consistent view of the stream. Rows of an incremental read come in (cursor, key) order. */
  read(request: ReadRequest, signal: AbortSignal): AsyncIterable<Batch>;
}

export type WriteMode = 'append' | 'upsert' | 'replace';

export interface SinkTarget {
  readonly pipeline: string;
  readonly stream: string;
  readonly run: string;
  readonly epoch: number;
  /** Namespace (schema) and table to write; the connector quotes them. */
  readonly namespace: string | undefined;
  readonly table: string;
  /** What the source offers: the target table is made from it when missing. */
  readonly schema: StreamSchema;
  readonly write: WriteMode;
  /** Columns that identify a row for `upsert`. */
  readonly key: readonly string[];
  /** Allows `replace` and DDL on a table Weir did not create. */
  readonly adopt: boolean;
  /** Lets `replace` empty a table whose last run had rows. */
  readonly allowEmpty: boolean;
}

/** The stored position of a stream, read from the sink itself: the truth after a crash. */
export interface SinkSession {
  /** Null also when the target table is gone: a position without its rows would skip them. */
  readonly checkpoint: Checkpoint | null;
  /** Takes rows; resolves when the sink is ready for more (back-pressure). Not yet durable. */
  write(batch: Batch, signal: AbortSignal): Promise<void>;
  /** Makes all rows since the last commit and `position` durable together. Resolves after the ack. */
  commit(position: Position | null, signal: AbortSignal): Promise<Checkpoint>;
  /** For `replace`: swaps contents and position in one transaction. Called once, instead of `commit`. */
  finish(signal: AbortSignal): Promise<Checkpoint>;
  /** Drops what was not committed and lets go. Safe to call twice, and after a failure. */
  close(): Promise<void>;
}

export interface Sink {
  /** Prepares (or makes) the target and fences off older epochs. */
  open(target: SinkTarget, signal: AbortSignal): Promise<SinkSession>;
  /** The type a column of a new target table is made with, as this system writes it; for people who plan. */
  typeOf?(column: Column): string;
  /** Namespace that is written to when a pipeline names none; left out where there are none. */
  readonly namespace?: string;
}

/** A configured connector. Opening is lazy; `close` frees everything. */
export interface Connector {
  check(signal: AbortSignal): AsyncIterable<CheckStep>;
  /** All streams the login can read. */
  discover(signal: AbortSignal): Promise<StreamSchema[]>;
  /** The first rows of a stream, as a batch. */
  preview(stream: StreamSchema, rows: number, signal: AbortSignal): Promise<Batch>;
  readonly source?: Source;
  readonly sink?: Sink;
  readonly query?: QueryEngine;
  close(): Promise<void>;
}

/** What a connector can be. */
export type ConnectorRole = 'source' | 'sink' | 'query';

export interface ConnectorSpec<C extends TSchema, P extends ProblemSpecs> extends ComponentSpec<C, P> {
  readonly roles: readonly ConnectorRole[];
  /** True when `commit` is one transaction with the rows: "exactly once". */
  readonly transactional: boolean;
  /** True when its queries block the thread they run on (SQLite): they get threads of their own. */
  readonly blocking?: boolean;
  create(config: ConfigOf<C>, tools: ConnectorTools<P>): Connector;
}
export type ConnectorComponent<C extends TSchema = TSchema, P extends ProblemSpecs = ProblemSpecs> = Component<'connector', C, P> &
  ConnectorSpec<C, P>;

/** Declares a connector; the file's (or folder's index.ts) default export. */
export function defineConnector<C extends TSchema, const P extends ProblemSpecs>(spec: ConnectorSpec<C, P>): ConnectorComponent<C, P> {
  return makeComponent<'connector', C, P, ConnectorSpec<C, P>>('connector', spec);
}
