/**
 * What flows on the record path: batches of bytes, never row objects (DESIGN D9).
 *
 * A batch holds whole rows in the text form of PostgreSQL's COPY: cells separated by a tab, rows ended
 * by a newline, NULL as `\N`, and `\b \f \n \r \t \v \\` escaped. Cell values are the database's own
 * text (UTF-8), with the forms of `ColumnType` below, so a PostgreSQL sink passes them through unread.
 * Source: PostgreSQL manual, "COPY — Text Format".
 */

/**
 * Types of a column, with the text of a value:
 * boolean `t`/`f` · int16 int32 int64 decimal float32 float64 their digits (`NaN`, `Infinity`, `-Infinity`)
 * · text itself · bytes `\x` + hex · date `2026-01-31` · time `23:59:59.123456`
 * · timestamp `2026-01-31 23:59:59.123456` · timestamptz the same + `+00` · json its text · uuid its text.
 */
export type ColumnType =
  | 'boolean'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'decimal'
  | 'float32'
  | 'float64'
  | 'text'
  | 'bytes'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'json'
  | 'uuid';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** Of `decimal`: all digits, and those after the point. Undefined = as wide as the far side allows. */
  readonly precision?: number;
  readonly scale?: number;
  /** Of `text`: characters at most. */
  readonly length?: number;
  /** The type as the source itself names it, for people. */
  readonly sourceType: string;
}

/** A stream's name parts and columns, as discovered. `name` is what a pipeline's patterns match. */
export interface StreamSchema {
  /** `schema.table`, or just `table` where the system has no schemas. Exact case. */
  readonly name: string;
  readonly namespace: string | undefined;
  readonly table: string;
  readonly columns: readonly Column[];
  /** Columns of the primary key, in order; empty when it has none. */
  readonly primaryKey: readonly string[];
  /** Unique keys (not null), the primary key included. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** Rows as the system estimates them, for progress and "about". */
  readonly rowsEstimate: number | undefined;
}

/** The unit of work. Its buffer may be transferred to another thread; the giver must not touch it again. */
export interface Batch {
  readonly stream: string;
  readonly columns: readonly Column[];
  /** Whole rows in COPY text form. */
  readonly data: Uint8Array;
  readonly rows: number;
  /** The position of the last row, in incremental reads: its cursor value and unique key, as text. */
  readonly last?: Position;
}

/** Where an incremental read stands: strictly after this (cursor, key) pair. Values are database text. */
export interface Position {
  readonly cursor: string;
  readonly key: readonly string[];
}

/** What is stored once rows are durable in the sink. */
export interface Checkpoint {
  readonly pipeline: string;
  readonly stream: string;
  /** Fencing epoch of the run that wrote it: a smaller one can never overwrite it. */
  readonly epoch: number;
  readonly position: Position | null;
  readonly rows: number;
  /** Id of the run. */
  readonly run: string;
}
