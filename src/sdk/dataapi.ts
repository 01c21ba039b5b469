/**
 * A published query as the gateway runs it, and the compiler that control is handed by main.ts.
 * SQL templates become a finite set of shapes at publish; a request only picks one and binds values.
 */
import type { ProblemPointer } from '../base/problem.ts';
import type { Text } from '../base/text.ts';
import type { BoundValue, Dialect, QueryColumn, QueryEngine, QueryLimits, QueryShape } from './query.ts';
import type { ColumnType } from './record.ts';

/** One parameter of a data API: where it comes from and its JSON Schema. */
export interface BoundParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly type: ColumnType;
  readonly default?: unknown;
  readonly description?: string;
}

export interface DataApiPage {
  readonly sort: readonly { readonly column: string; readonly descending: boolean }[];
  readonly sizeDefault: number;
  readonly sizeMax: number;
  /** Table whose unique key the sort columns are: named by the author, or the only one of a simple FROM. */
  readonly table?: { readonly namespace: string | undefined; readonly table: string; readonly declared: boolean };
}

export interface CompiledDataApi {
  readonly project: string;
  readonly name: string;
  readonly release: string;
  readonly connection: string;
  readonly dialect: Dialect;
  readonly parameters: readonly BoundParameter[];
  readonly page: DataApiPage | undefined;
  /** Answers one object, 404 when there is none, instead of a list. */
  readonly single: boolean;
  readonly limits: QueryLimits;
  /** One shape per combination of `<if>` branches (bit i = branch i taken); with paging, two per combination. */
  readonly shapes: readonly CompiledShape[];
  /** Conditions of the branches, as compiled tests over the parameters. */
  readonly conditions: readonly unknown[];
  readonly columns: readonly QueryColumn[];
  /** Key under which cursors are signed (hex); derived from the installation's key and the API's name. */
  readonly cursorKey: string;
  /** Description for OpenAPI. */
  readonly description: string | undefined;
}

export interface CompiledShape extends QueryShape {
  /** Parameter names (or `$page.size`, `$cursor.0` …) in bind order. */
  readonly binds: readonly string[];
}

/** What a DataApi resource says, in people's form, plus what control knows. */
export interface DataApiInput {
  readonly project: string;
  readonly name: string;
  readonly release: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly dialect: Dialect;
  readonly cursorKey: string;
  /** Description of the resource, for OpenAPI. */
  readonly description?: string | undefined;
}

export type DataApiCompilation =
  | { readonly ok: true; readonly api: CompiledDataApi; readonly warnings: readonly Text[] }
  | { readonly ok: false; readonly errors: readonly ProblemPointer[] };

/**
 * Pure part of publishing: template → shapes. Control then checks them on the connection (`DataApiChecker`).
 * Pointers are relative to `spec`; with pointer `/sql`, `line` counts within the SQL text, from 1.
 */
export interface DataApiCompiler {
  compile(input: DataApiInput): DataApiCompilation;
  /** OpenAPI 3.1 path item of an API. */
  openApi(api: CompiledDataApi, path: string, security: readonly Record<string, unknown>[]): Record<string, unknown>;
}

/**
 * The other part of publishing: every shape is described on the real connection (prepared and explained,
 * never run), the sort of a page must be unique and not null, and a login that may write is a warning.
 * `ok` carries the API with its output columns filled in: that one is published.
 */
export interface DataApiChecker {
  checkPublishable(api: CompiledDataApi, engine: QueryEngine, signal: AbortSignal): Promise<DataApiCompilation>;
}

/** A data API call as the gateway hands it over. */
export interface DataApiRequest {
  readonly api: CompiledDataApi;
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: string;
  header(name: string): string | undefined;
  readonly signal: AbortSignal;
}

export interface DataApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly rows: number;
}

/** Runs data API calls; implemented by the dataapi plane, handed to gateway threads by main.ts. */
export interface DataApiRunner {
  /** Throws a Problem for wrong parameters, a busy pool (503), a timeout (504), a failing query (502). */
  run(request: DataApiRequest): Promise<DataApiAnswer>;
}

export type { BoundValue };
