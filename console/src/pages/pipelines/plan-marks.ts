/** Marks of a plan. Pure. */
import type { PipelinePlan, PlannedStream } from '../../../../generated/client.ts';

type Fit = NonNullable<PlannedStream['columns'][number]['fit']>;

const WORST_FIRST: readonly Fit[] = ['conflict', 'narrower', 'new', 'same'];

/** The worst fit among a stream's columns; null when the target could not be asked. */
export function worstFit({ columns }: Pick<PlannedStream, 'columns'>): Fit | null {
  return WORST_FIRST.find((fit) => columns.some((column) => column.fit === fit)) ?? null;
}

/** Streams that carry a column which hardly any value fits. */
export function conflictsOf({ streams }: Pick<PipelinePlan, 'streams'>): readonly string[] {
  return streams.filter((stream) => worstFit(stream) === 'conflict').map(({ stream }) => stream);
}
