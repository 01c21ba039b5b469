/** One row per stream of a plan, also of those the planner refuses: they are mended here. Pure. */
import type { PipelinePlan, PlannedStream } from '../../../../../generated/client.ts';
import type { WizardDraft } from './draft.ts';

export interface StreamRow {
  readonly stream: string;
  /** Undefined when the planner refuses the stream as it is chosen. */
  readonly planned: PlannedStream | undefined;
  readonly cursors: PlannedStream['cursors'];
  /** Sets of columns that identify a row, the primary key first. */
  readonly keys: readonly (readonly string[])[];
  readonly columns: readonly string[];
}

type Keys = Pick<PlannedStream, 'primaryKey' | 'uniqueKeys'>;

/** Rows sorted by name, so that a change never moves one. Entries that name no stream have no row. */
export function rowsOf({ streams, refused }: Pick<PipelinePlan, 'streams' | 'refused'>): readonly StreamRow[] {
  const planned = streams.map((one) => ({
    stream: one.stream,
    planned: one,
    cursors: one.cursors,
    keys: keysOf(one),
    columns: one.columns.map(({ name }) => name),
  }));
  const mended = refused
    .filter(({ stream, problem }) => !stream.includes('*') && !problem.code.endsWith('/no-stream'))
    .map((one) => ({ stream: one.stream, planned: undefined, cursors: one.cursors, keys: keysOf(one), columns: [] }));
  return [...planned, ...mended].sort((a, b) => (a.stream < b.stream ? -1 : 1));
}

function keysOf({ primaryKey, uniqueKeys }: Keys): readonly (readonly string[])[] {
  const all = primaryKey.length > 0 ? [primaryKey, ...uniqueKeys] : uniqueKeys;
  const seen = new Set<string>();
  return all.filter((key) => {
    const name = key.join();
    return seen.has(name) ? false : seen.add(name);
  });
}

type Choices = WizardDraft['choices'];

/** Choices in which every stream with a likely cursor is read incrementally; a cursor chosen before stays. */
export function allIncremental(choices: Choices, rows: readonly StreamRow[]): Choices {
  const changed = rows.flatMap(({ stream, cursors }) => {
    const cursor = choices[stream]?.cursor || cursors[0]?.column;
    return cursor === undefined ? [] : [[stream, { ...choices[stream], mode: 'incremental' as const, cursor }] as const];
  });
  return { ...choices, ...Object.fromEntries(changed) };
}

/** Choices in which every stream is read in full; cursors stay for a change of mind. */
export function allFull(choices: Choices): Choices {
  return Object.fromEntries(Object.entries(choices).map(([stream, choice]) => [stream, { ...choice, mode: 'full' as const }]));
}
