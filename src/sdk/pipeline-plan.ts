/**
 * What a pipeline would do, told before it is saved: the pipeline plane plans exactly as a run does and says it in
 * words for people. Nothing is read but schemas, nothing is written.
 */
import type { Problem, ProblemPointer } from '../base/problem.ts';
import type { Text } from '../base/text.ts';
import type { Column, StreamSchema } from './record.ts';

/**
 * How a source column meets the target's: `new`: it is made; `same`: every value fits; `narrower`: values that do not
 * fit will fail their row; `conflict`: hardly any value fits.
 */
export type ColumnFit = 'new' | 'same' | 'narrower' | 'conflict';

export interface PlannedColumn {
  readonly name: string;
  readonly sourceType: string;
  readonly nullable: boolean;
  /** As the target names it, or would; undefined when the target could not be asked. */
  readonly targetType: string | undefined;
  readonly fit: ColumnFit | undefined;
}

export interface CursorCandidate {
  readonly column: string;
  readonly why: Text;
}

export interface PlannedStream {
  readonly stream: string;
  readonly namespace: string | undefined;
  readonly table: string;
  readonly mode: 'full' | 'incremental';
  readonly cursor: string | undefined;
  readonly write: 'append' | 'upsert' | 'replace';
  /** Key for upsert. */
  readonly key: readonly string[];
  readonly rowsEstimate: number | undefined;
  /** Whether the target table is there; undefined when the target could not be asked. */
  readonly targetExists: boolean | undefined;
  readonly columns: readonly PlannedColumn[];
  /** What this choice cannot see or promise. */
  readonly notes: readonly { readonly level: 'info' | 'warn'; readonly text: Text }[];
  readonly primaryKey: readonly string[];
  readonly uniqueKeys: readonly (readonly string[])[];
  /** Columns that could be the cursor, the likeliest first. */
  readonly cursors: readonly CursorCandidate[];
}

export interface RefusedStream {
  readonly stream: string;
  readonly problem: Problem;
  /** Undefined for an entry that names no stream. */
  readonly found: Pick<PlannedStream, 'primaryKey' | 'uniqueKeys' | 'cursors'> | undefined;
}

export interface PipelinePreview {
  readonly streams: readonly PlannedStream[];
  readonly refused: readonly RefusedStream[];
}

/** What the two sides offer. */
export interface PipelineSides {
  readonly source: readonly StreamSchema[];
  /** Undefined when the target could not be asked. */
  readonly target: readonly StreamSchema[] | undefined;
  /** The type the sink makes a column with. */
  readonly typeOf: ((column: Column) => string) | undefined;
  /** Namespace the sink writes to when the pipeline names none. */
  readonly namespace: string | undefined;
}

export interface PipelinePlanner {
  /** Connections a spec names, or every mistake of the spec; pointers are relative to it. */
  read(
    spec: Readonly<Record<string, unknown>>,
  ):
    | { readonly ok: true; readonly source: string; readonly sink: string }
    | { readonly ok: false; readonly errors: readonly ProblemPointer[] };
  /** Raises `too-many-streams`. The spec must have been read well. */
  plan(project: string, name: string, spec: Readonly<Record<string, unknown>>, sides: PipelineSides): PipelinePreview;
}
