/** Sums over the streams of a run. Pure. */
import type { Run } from '../../../generated/client.ts';

export interface RunSums {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytes: number;
  readonly rowsPerSecond: number;
  /** Until the slowest stream is read, ms; undefined when nobody knows. */
  readonly remainingMs: number | undefined;
  /** Share of the expected rows that is read, 0 to 1; undefined unless every stream says what it expects. */
  readonly share: number | undefined;
  readonly streamsDone: number;
}

type Counted = Pick<Run, 'streams' | 'state'>;

/** What a run has carried, and how fast it goes. */
export function sumsOf({ streams, state }: Counted): RunSums {
  const sum = (count: (stream: Run['streams'][number]) => number) => streams.reduce((total, stream) => total + count(stream), 0);
  const remaining = streams.flatMap((stream) => (stream.remainingMs === undefined ? [] : [stream.remainingMs]));
  const isGoing = state === 'running';
  return {
    rowsRead: sum((stream) => stream.rowsRead),
    rowsWritten: sum((stream) => stream.rowsWritten),
    bytes: sum((stream) => stream.bytes),
    rowsPerSecond: isGoing ? sum((stream) => stream.rowsPerSecond ?? 0) : 0,
    remainingMs: isGoing && remaining.length > 0 ? Math.max(...remaining) : undefined,
    share: shareOf(streams),
    streamsDone: streams.filter((stream) => stream.state === 'done').length,
  };
}

/** An estimate may be too low: a stream that is not over never counts as more than its expected rows. */
function shareOf(streams: Run['streams']): number | undefined {
  let expected = 0;
  let read = 0;
  for (const stream of streams) {
    if (stream.state === 'done') {
      expected += stream.rowsRead;
      read += stream.rowsRead;
      continue;
    }
    if (stream.rowsExpected === null) return undefined;
    expected += stream.rowsExpected;
    read += Math.min(stream.rowsRead, stream.rowsExpected);
  }
  return expected === 0 ? undefined : read / expected;
}

/** True while a run waits or goes on. */
export function isMoving(run: Pick<Run, 'state'>): boolean {
  return run.state !== 'done';
}
