/**
 * What a run tells about itself while it goes: rows, bytes, rate and time left per stream, stored at
 * most every `progressMs`. In: counts from stream runs. Out: `StreamProgress` records.
 */
import type { Clock } from '../base/clock.ts';
import type { RunResult, StreamProgress } from '../sdk/run.ts';

/** Counts of one stream; changed only by its stream run. */
export interface StreamTracker {
  read(rows: number): void;
  wrote(rows: number, bytes: number): void;
  nulls(count: number): void;
  begin(rowsExpected: number | null): void;
  end(result: RunResult, problem: StreamProgress['problem']): void;
}

export interface RunProgress {
  tracker(stream: string): StreamTracker;
  /** All streams as they stand. */
  streams(): StreamProgress[];
  /** Stops telling; what is on its way is waited for. */
  stop(): Promise<void>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Weight of the newest interval in the shown rate: steady, yet it follows within seconds. */
const SMOOTHING = 0.3;

/** Starts progress over `names`; `store` is called at most once per `everyMs`, never twice at a time. */
export function startProgress(
  names: readonly string[],
  store: (streams: StreamProgress[]) => Promise<void>,
  options: { clock: Clock; everyMs: number },
): RunProgress {
  const { clock, everyMs } = options;
  const states = new Map(names.map((stream) => [stream, freshState(stream)]));
  const rates = new Map<string, { rows: number; at: number }>();
  let dirty = false;
  let sending: Promise<void> = Promise.resolve();
  let busy = false;
  const snapshot = () => [...states.values()].map((state) => ({ ...state }));
  const cancel = clock.every(
    everyMs,
    () => {
      if (!dirty || busy) return;
      for (const state of states.values()) rate(state, rates, clock.monotonic());
      dirty = false;
      busy = true;
      // A missed progress record is made good by the next one, and the result is stored apart.
      sending = store(snapshot())
        .catch(() => {})
        .finally(() => (busy = false));
    },
    { unref: true },
  );
  const change = (stream: string, act: (state: Mutable<StreamProgress>) => void) => {
    act(states.get(stream)!);
    dirty = true;
  };
  return {
    tracker: (stream) => ({
      begin: (rowsExpected) =>
        change(stream, (s) => {
          s.state = 'running';
          s.rowsExpected = rowsExpected;
          rates.set(stream, { rows: 0, at: clock.monotonic() });
        }),
      read: (rows) => change(stream, (s) => void (s.rowsRead += rows)),
      wrote: (rows, bytes) =>
        change(stream, (s) => {
          s.rowsWritten += rows;
          s.bytes += bytes;
        }),
      nulls: (count) => change(stream, (s) => void (s.nullCursors = count)),
      end: (result, problem) =>
        change(stream, (s) => {
          s.state = 'done';
          s.result = result;
          s.problem = problem;
          delete s.rowsPerSecond;
          delete s.remainingMs;
        }),
    }),
    streams: snapshot,
    async stop() {
      cancel();
      await sending;
    },
  };
}

function freshState(stream: string): Mutable<StreamProgress> {
  return {
    stream,
    state: 'waiting',
    result: null,
    rowsRead: 0,
    rowsWritten: 0,
    bytes: 0,
    rowsExpected: null,
    nullCursors: 0,
    problem: null,
  };
}

/** Sets a running stream's rate (smoothed) and the time left at that rate. */
function rate(state: Mutable<StreamProgress>, rates: Map<string, { rows: number; at: number }>, now: number): void {
  const last = rates.get(state.stream);
  if (state.state !== 'running' || !last || now <= last.at) return;
  const current = ((state.rowsWritten - last.rows) * 1_000) / (now - last.at);
  const shown = state.rowsPerSecond === undefined ? current : state.rowsPerSecond * (1 - SMOOTHING) + current * SMOOTHING;
  rates.set(state.stream, { rows: state.rowsWritten, at: now });
  state.rowsPerSecond = Math.round(shown);
  if (state.rowsExpected === null || shown < 1) delete state.remainingMs;
  else state.remainingMs = Math.round((Math.max(0, state.rowsExpected - state.rowsWritten) / shown) * 1_000);
}
