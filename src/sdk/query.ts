/**
 * The query side of a connector, used by data APIs. Runs on the query thread of the gateway process,
 * never on a thread that serves sockets (DESIGN D20). SQL comes only from shapes compiled at publish;
 * values are only bound.
 */
import { Told } from '../base/problem.ts';
import type { Text } from '../base/text.ts';
import type { ColumnType } from './record.ts';

export type Dialect = 'sqlite' | 'postgres';

/** A bound value: text of the database's own form, or null. The engine casts by `type`. */
export interface BoundValue {
  readonly value: string | null;
  readonly type: ColumnType;
}

/** One finite SQL shape. `sql` uses `$1 … $n` in the order of the bound values, in every dialect. */
export interface QueryShape {
  readonly sql: string;
  readonly parameterTypes: readonly ColumnType[];
}

export interface QueryColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** The table's column it is an unchanged copy of; undefined for an expression or when the database does not say. */
  readonly origin?: { readonly namespace: string | undefined; readonly table: string; readonly column: string };
}

export interface QueryLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly timeoutMs: number;
  /** Encode at most this many rows; one more sets `more` instead of failing. For pages. */
  readonly pageRows?: number;
  /** Answer only the first rows, at most this many; one more sets `more`. For trying a query out. */
  readonly firstRows?: number;
}

/** How the database would run a shape. */
export interface QueryPlan {
  /** One line per step for people, inner steps indented by two spaces. */
  readonly lines: readonly string[];
  /** The database's own form, when it has one. */
  readonly json?: unknown;
}

/** What the database makes of a bind mark without a cast. */
export interface InferredType {
  /** As the database names it. */
  readonly name: string;
  readonly type: ColumnType;
}

/** The answer, already as JSON bytes: an array of objects in column order. */
export interface QueryResult {
  readonly json: Uint8Array;
  readonly rows: number;
  /** True when a row after the last encoded one was seen (only with `pageRows`). */
  readonly more: boolean;
  /** Values of the asked-for `sortColumns` of the last encoded row, ready to be bound again; null when there is no row. */
  readonly lastSort: readonly BoundValue[] | null;
}

/**
 * Why a query gave no answer: `timeout` of the limits; more than `rows` or `bytes` of the limits; `value`:
 * a bound value the database cannot take; `unavailable`: no usable connection; `cancelled`: the signal;
 * `refused`: it would write or do what data APIs may not; `failed`: anything else the database says.
 */
export type QueryFailureReason = 'timeout' | 'rows' | 'bytes' | 'value' | 'unavailable' | 'cancelled' | 'refused' | 'failed';

/** What a query engine raises. The message is for the API's author and for logs; it never reaches a caller. */
export class QueryFailure extends Told {
  override readonly name = 'QueryFailure';
  readonly reason: QueryFailureReason;
  /** Where in the shape's SQL, in characters from 1, when the database says so. */
  readonly position: number | undefined;

  constructor(reason: QueryFailureReason, detail: Text, options: { cause?: unknown; position?: number | undefined } = {}) {
    super(detail, options);
    this.reason = reason;
    this.position = options.position;
  }
}

/** Told when the rows of a page cannot be put in one order. */
export const SORT_NOT_UNIQUE: Text = {
  en: 'the sort columns are not unique: a page would lose rows',
  zh: '排序列不唯一：翻页会漏行',
};

export interface QueryEngine {
  readonly dialect: Dialect;
  /** Prepares the shape without running it (also EXPLAINs it); answers its columns. Raises on bad SQL. */
  describe(shape: QueryShape, signal: AbortSignal): Promise<QueryColumn[]>;
  /** Says whether the login could write (superuser, owner, grants): a publish warning. */
  canWrite(signal: AbortSignal): Promise<Text | null>;
  /** True when `columns` of `table` are unique and not null together: asked before keyset paging. */
  isUnique(table: { namespace: string | undefined; table: string }, columns: readonly string[], signal: AbortSignal): Promise<boolean>;
  /** Runs read-only: PostgreSQL in a READ ONLY transaction, SQLite on a `readOnly` handle with an authorizer. */
  run(
    shape: QueryShape,
    values: readonly BoundValue[],
    limits: QueryLimits,
    sortColumns: readonly string[],
    signal: AbortSignal,
  ): Promise<QueryResult>;
  /** The plan of a described shape with these values; the shape is not run. */
  explain?(shape: QueryShape, values: readonly BoundValue[], signal: AbortSignal): Promise<QueryPlan>;
  /** Types of `$1 … $n` of a SELECT whose marks may lack casts; empty when the database cannot tell. */
  inferTypes?(shape: QueryShape, signal: AbortSignal): Promise<readonly InferredType[]>;
  /** Opens connections ahead of use, up to `count`. */
  warm(count: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
