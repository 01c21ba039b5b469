/** RunStore and ScheduleStore in memory, by their contract; each call of a process goes through `call`. */
import type { Clock } from '../../src/base/clock.ts';
import type { Checkpoint } from '../../src/sdk/record.ts';
import type { Lease, Run, RunLogLine, RunStore, ScheduleStore } from '../../src/sdk/run.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface MemoryRuns {
  readonly runs: Mutable<Run>[];
  readonly lines: RunLogLine[];
  readonly checkpoints: Map<string, Checkpoint>;
  readonly schedules: Map<string, number>;
  /** The stores as one process sees them. */
  stores(call: <V>(what: string, effect: () => V) => Promise<V>): RunStore & ScheduleStore;
}

/** Calls at once: for tests without a world. */
export const direct = async <V>(_what: string, effect: () => V): Promise<V> => effect();

/** Makes an empty store. `saved` sees each checkpoint copy before it is kept. */
export function memoryRuns(clock: Pick<Clock, 'now'>, saved: (checkpoint: Checkpoint) => void = () => {}): MemoryRuns {
  const runs: Mutable<Run>[] = [];
  const lines: RunLogLine[] = [];
  const checkpoints = new Map<string, Checkpoint>();
  const schedules = new Map<string, number>();
  const epochs = new Map<string, number>();
  const same = (a: { project: string; pipeline: string }) => (b: Run) => a.project === b.project && a.pipeline === b.pipeline;
  const held = (lease: Lease) => {
    const run = runs.find((r) => r.id === lease.run.id)!;
    return run.state === 'running' && run.epoch === lease.epoch ? run : undefined;
  };
  const claim = (worker: string, leaseMs: number): Lease | null => {
    const now = clock.now();
    const run =
      runs.find((r) => r.state === 'running' && r.leaseUntil! <= now) ??
      runs
        .filter((r) => r.state === 'queued' && r.dueAt <= now && !runs.some((o) => o.state === 'running' && same(r)(o)))
        .sort((a, b) => a.dueAt - b.dueAt)[0];
    if (!run) return null;
    const key = `${run.project}/${run.pipeline}`;
    const epoch = (epochs.get(key) ?? 0) + 1;
    epochs.set(key, epoch);
    Object.assign(run, { state: 'running', epoch, worker, leaseUntil: now + leaseMs, startedAt: run.startedAt ?? now });
    return { run: { ...run }, worker, epoch };
  };
  const stores: MemoryRuns['stores'] = (call) => ({
    enqueue: (order) =>
      call(`enqueue attempt ${order.attempt}`, () => {
        if (order.overlap === 'skip' && runs.some((r) => r.state !== 'done' && same(order)(r))) return null;
        const { overlap: _, ...rest } = order;
        const run: Mutable<Run> = {
          ...rest,
          retryOf: order.retryOf ?? null,
          id: `run-${runs.length + 1}`,
          state: 'queued',
          result: null,
          createdAt: clock.now(),
          startedAt: null,
          finishedAt: null,
          epoch: 0,
          worker: null,
          leaseUntil: null,
          cancelRequested: false,
          problem: null,
          streams: [],
        };
        runs.push(run);
        return { ...run };
      }),
    claim: (worker, leaseMs) => call('claim', () => claim(worker, leaseMs)),
    heartbeat: (lease, leaseMs) =>
      call('heartbeat', () => {
        const run = held(lease);
        if (run) run.leaseUntil = clock.now() + leaseMs;
        return { held: Boolean(run), cancelRequested: run?.cancelRequested ?? false };
      }),
    release: (worker) =>
      call('release', () => {
        const left = runs.filter((run) => run.state === 'running' && run.worker === worker && run.leaseUntil !== 0);
        for (const run of left) run.leaseUntil = 0;
        return left.length;
      }),
    progress: (lease, streams) =>
      call('progress', () => {
        const run = held(lease);
        if (run) run.streams = streams;
      }),
    finish: (lease, result, streams, problem) =>
      call(`finish ${result}`, () => {
        const run = held(lease);
        if (!run) return false;
        Object.assign(run, { state: 'done', result, streams, problem, finishedAt: clock.now(), leaseUntil: null });
        return true;
      }),
    log: (more) => call('log', () => void lines.push(...more.map((line, i) => ({ ...line, sequence: lines.length + i + 1 })))),
    requestCancel: (id) =>
      call('cancel', () => {
        const run = runs.find((r) => r.id === id && r.state !== 'done');
        if (run) run.cancelRequested = true;
        return Boolean(run);
      }),
    get: (id) => call('get', () => runs.find((r) => r.id === id) ?? null),
    list: (which) => call('list', () => runs.filter((r) => (which.pipeline ?? r.pipeline) === r.pipeline).slice(0, which.limit)),
    logs: (id, after, limit) => call('logs', () => lines.filter((l) => l.run === id && l.sequence > after).slice(0, limit)),
    saveCheckpoint: (project, checkpoint) =>
      call(`copy of ${checkpoint.position?.cursor}`, () => {
        saved(checkpoint);
        const key = `${project}/${checkpoint.pipeline}/${checkpoint.stream}`;
        if ((checkpoints.get(key)?.epoch ?? 0) <= checkpoint.epoch) checkpoints.set(key, checkpoint);
      }),
    checkpoint: (project, pipeline, stream) => call('checkpoint', () => checkpoints.get(`${project}/${pipeline}/${stream}`) ?? null),
    advance: (project, pipeline, expected, next) =>
      call('advance', () => {
        const key = `${project}/${pipeline}`;
        if ((schedules.get(key) ?? null) !== expected) return false;
        schedules.set(key, next);
        return true;
      }),
    next: (project, pipeline) => call('next', () => schedules.get(`${project}/${pipeline}`) ?? null),
  });
  return { runs, lines, checkpoints, schedules, stores };
}
