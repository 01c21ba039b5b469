/**
 * Trying a data API that is not published: compiled, described, explained and run with the same compiler, guards and
 * caps as a published one. For its author: SQL, plan and the database's own words may be shown.
 */
import type { ProblemPointer } from '../base/problem.ts';
import type { Text } from '../base/text.ts';
import type { BoundParameter, DataApiInput } from './dataapi.ts';
import type { BoundValue, QueryColumn, QueryEngine, QueryLimits, QueryPlan, QueryResult, QueryShape } from './query.ts';

/** A place in the SQL template, both from 1. */
export interface DraftPlace {
  readonly line: number;
  readonly column: number;
}

/** A parameter the template uses or the document declares. */
export interface DraftParameter {
  readonly name: string;
  readonly in: BoundParameter['in'];
  readonly declared: boolean;
  readonly required: boolean;
  /** Where values are bound; empty when it stands only in tests, or nowhere. */
  readonly used: readonly DraftPlace[];
  /** What the database makes of it, in its own name, when it is not declared and the database can tell. */
  readonly inferred: string | undefined;
  /** As declared, or a proposal. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** Pointers are relative to `spec`, or `/values/<name>`. */
export type DraftMistake = ProblemPointer & { readonly column?: number };

export interface DraftShape {
  /** Numbers (from 1) of the `<if>` that are taken with these values. */
  readonly branches: readonly number[];
  readonly sql: string;
  readonly binds: readonly { readonly name: string; readonly value: string | null; readonly type: string }[];
}

export interface DraftReport {
  readonly parameters: readonly DraftParameter[];
  readonly mistakes: readonly DraftMistake[];
  readonly warnings: readonly Text[];
  /** SQL shapes the template compiles into; 0 when it does not. */
  readonly shapes: number;
  readonly shape: DraftShape | undefined;
  readonly columns: readonly QueryColumn[];
  readonly plan: QueryPlan | undefined;
  /** The first rows as JSON text, as the API would answer them. */
  readonly result: { readonly json: string; readonly rows: number; readonly more: boolean } | undefined;
  /** Time of each part that was done. */
  readonly timings: { readonly describeMs?: number; readonly planMs?: number; readonly runMs?: number };
}

export interface DraftRequest {
  readonly input: DataApiInput;
  /** Values by parameter name, as texts of a request; besides them `page_size` and `cursor` of a paged API. */
  readonly values: Readonly<Record<string, string>>;
  /** Most rows of the result. */
  readonly rows: number;
  /** Longest time of the query, when the API itself allows more. */
  readonly timeoutMs: number;
}

/** The database behind the draft's connection; `run` may go another way than the engine, so that nothing blocks. */
export interface DraftDatabase {
  readonly engine: QueryEngine;
  run(shape: QueryShape, values: readonly BoundValue[], limits: QueryLimits, signal: AbortSignal): Promise<QueryResult>;
}

export interface DataApiDrafts {
  /** Whatever is wrong stands in the report. Raises `QueryFailure` `unavailable` when the database cannot be reached, and the signal's reason. */
  try(request: DraftRequest, database: DraftDatabase, signal: AbortSignal): Promise<DraftReport>;
}
