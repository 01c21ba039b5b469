/**
 * The worker role: learns pipelines from control, fires their schedules, claims runs and carries them.
 *
 *   revision deltas ─▶ entries ─▶ scheduler ─▶ RunStore ─claim─▶ runs (bounded) ─▶ result, retry, run-finished
 *
 * Guarantees: a run is carried only under a lease; a stopping worker gives its runs back at once.
 */
import type { Registry } from 'prom-client';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { ControlChannel, FromControl } from '../sdk/channel.ts';
import type { Connector } from '../sdk/connector.ts';
import type { CompiledConnection } from '../sdk/revision.ts';
import type { Lease, RunResult, RunStore, ScheduleStore } from '../sdk/run.ts';
import { metricsJson } from '../telemetry/metrics.ts';
import { within, STORE, RUNS } from './abort.ts';
import { createEntries, type WorkerEntries } from './entries.ts';
import { keepLease } from './lease.ts';
import type { PipelineLimits } from './limits.ts';
import { openPipelineMetrics, type PipelineMetrics } from './metrics.ts';
import problems from './problems.ts';
import { isHandedOver, stored } from './reasons.ts';
import { backoffMs, isRetryable } from './retry.ts';
import { carryRun, type RunEnd } from './run.ts';
import { startScheduler } from './scheduler.ts';
import type { PipelineSettings } from './settings.ts';

export interface WorkerOptions {
  readonly channel: ControlChannel;
  readonly runStore: RunStore;
  readonly scheduleStore: ScheduleStore;
  /** Opens a connector of a connection; the run that asked closes it. */
  open(connection: CompiledConnection): Connector | Promise<Connector>;
  /** Told with each revision, before its pipelines and connections are used: ports of listeners, where no connection may go. */
  readonly onListenerPorts?: (ports: readonly number[]) => void;
  /** Name of this worker in leases and logs; another one for each start. */
  readonly instance: string;
  readonly pid: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: PipelineLimits;
  /** The process's metrics; the pipeline plane's are added to them. */
  readonly registry: Registry;
}

export interface Worker {
  /** Runs being carried now. */
  readonly active: number;
  /** Claims nothing more, lets runs end for up to `graceMs`, then gives the rest back for others to take over. */
  stop(options: { readonly graceMs: number }): Promise<void>;
}

const REVISION_POLL_MS = 20;

/** What the parts of a worker share. */
interface WorkerScope {
  readonly options: WorkerOptions;
  readonly entries: WorkerEntries;
  readonly metrics: PipelineMetrics;
  readonly active: Map<AbortController, Promise<void>>;
  /** Start of the last run that succeeded here, by `project/pipeline`. */
  readonly lastSuccess: Map<string, { at: number; labels: { project: string; pipeline: string } }>;
  /** Makes the claiming loop look again now. */
  wake(): void;
}

/** Starts a worker. It claims nothing before its first revision arrived. */
export function startWorker(options: WorkerOptions): Worker {
  const { clock, limits, runStore, scheduleStore, log } = options;
  const nudge = makeNudge();
  const scope: WorkerScope = {
    options,
    entries: createEntries(),
    metrics: openPipelineMetrics(options.registry),
    active: new Map(),
    lastSuccess: new Map(),
    wake: nudge.wake,
  };
  const scheduler = startScheduler({
    scheduleStore,
    runStore,
    clock,
    log,
    limits,
    queued: nudge.wake,
    skipped: (pipeline) => scope.metrics.runs.add(1, { ...labelsOf(pipeline), result: 'skipped' }),
  });
  const stopping = new AbortController();
  listen(scope, (pipelines) => {
    scheduler.set(pipelines);
    void scheduler.tick();
  });
  const claiming = claimLoop(scope, nudge.wait, stopping.signal);
  return {
    get active() {
      return scope.active.size;
    },
    async stop({ graceMs }) {
      stopping.abort();
      scheduler.stop();
      nudge.wake();
      await claiming;
      await drain(scope, graceMs);
    },
  };
}

/** Control's side of the line: revisions in, metrics and states out. */
function listen(scope: WorkerScope, changed: (pipelines: PipelineSettings[]) => void): void {
  const {
    options: { channel, instance, pid, registry, log, onListenerPorts },
    entries,
  } = scope;
  const hello = (revision: number) => channel.send({ type: 'hello', role: 'worker', instance, pid, revision });
  const tellApplied = () => {
    const { revision, hash } = entries;
    channel.send({ type: 'applied', threads: [{ thread: 0, revision, hash, failed: entries.failed() }] });
  };
  channel.onMessage((message: FromControl) => {
    if (message.type === 'runs-waiting') return scope.wake();
    if (message.type === 'collect') {
      collectLag(scope);
      void metricsJson(registry).then((metrics) => channel.send({ type: 'metrics', id: message.id, metrics }));
      return undefined;
    }
    if (message.type !== 'revision') return undefined;
    onListenerPorts?.(message.delta.listenerPorts ?? []);
    if (!entries.apply(message.delta)) {
      log.warn('the revision held is not the one control holds', { from: message.delta.from, to: message.delta.to });
      if (message.delta.from !== 0) return void hello(0); // Asked once: what came as a whole is used as it is.
    }
    tellApplied();
    changed(entries.pipelines());
    scope.wake();
  });
  hello(entries.revision);
}

/** Claims runs while there is room, then waits for a nudge or the poll. */
async function claimLoop(scope: WorkerScope, nudged: (ms: number, clock: Clock) => Promise<void>, stopping: AbortSignal): Promise<void> {
  const { runStore, clock, limits, instance, log, random } = scope.options;
  let failing = false;
  while (!stopping.aborted) {
    let lease: Lease | null = null;
    if (scope.entries.revision > 0 && scope.active.size < limits.runs) {
      const claimedAt = clock.monotonic();
      try {
        lease = await within(runStore.claim(instance, limits.leaseMs), limits.storeMs, STORE, clock);
        failing = false;
      } catch (error) {
        if (!failing) log.error('runs cannot be claimed; tried again at each poll', { cause: (error as Error).stack });
        failing = true;
      }
      if (lease) begin(scope, lease, claimedAt);
    }
    if (!lease && !stopping.aborted) await nudged(limits.pollMs * (0.75 + 0.5 * random.float()), clock);
  }
}

function begin(scope: WorkerScope, lease: Lease, claimedAt: number): void {
  const run = new AbortController();
  const { log } = scope.options;
  const done = serve(scope, lease, run, claimedAt)
    .catch((error: Error) => log.error('a run ended without a result; it will be taken over', { run: lease.run.id, cause: error.stack }))
    .finally(() => {
      scope.active.delete(run);
      scope.metrics.active.set(scope.active.size);
      scope.wake();
    });
  scope.active.set(run, done);
  scope.metrics.active.set(scope.active.size);
}

async function serve(scope: WorkerScope, lease: Lease, run: AbortController, claimedAt: number): Promise<void> {
  const { options, entries, metrics } = scope;
  const { runStore, clock, limits, log } = options;
  const keeper = keepLease(lease, run, { runStore, clock, limits, claimedAt });
  const startedAt = clock.now();
  const began = clock.monotonic();
  try {
    if (lease.run.cancelRequested) run.abort(problems.raise['cancelled']());
    const settings = await settingsOf(scope, lease, run.signal);
    if (!settings) return await (isHandedOver(run.signal.reason) ? handOver(scope, lease, run) : skip(scope, lease));
    const end = await carryRun(lease, settings, run, {
      runStore,
      clock,
      limits,
      log,
      open: options.open,
      connection: entries.connection,
      counted: (pipeline, rows, bytes) => {
        metrics.rows.add(rows, labelsOf(pipeline));
        metrics.bytes.add(bytes, labelsOf(pipeline));
      },
      logDropped: (count) => metrics.logDropped.add(count),
    });
    keeper.stop(); // A late renewal must not outlive the hand-over.
    if (end.handedOver) return await handOver(scope, lease, run);
    metrics.duration.observe((clock.monotonic() - began) / 1_000, labelsOf(settings));
    const labels = labelsOf(settings);
    if (end.result === 'succeeded') scope.lastSuccess.set(`${settings.project}/${settings.name}`, { at: startedAt, labels });
    finished(scope, lease, end.result);
    await retry(scope, lease, settings, end);
  } finally {
    keeper.stop();
  }
}

/** The pipeline of a run; waits a while for its revision when that is still on its way. Undefined when it is gone. */
async function settingsOf({ entries, options }: WorkerScope, { run }: Lease, signal: AbortSignal): Promise<PipelineSettings | undefined> {
  const { clock, limits } = options;
  const began = clock.monotonic();
  for (;;) {
    const settings = entries.pipeline(run.project, run.pipeline);
    const waitMs = !settings ? limits.pipelineWaitMs : settings.release === run.release ? 0 : limits.releaseWaitMs;
    if (signal.aborted || clock.monotonic() - began >= waitMs) return settings;
    await clock.sleep(REVISION_POLL_MS);
  }
}

/** A run whose pipeline is gone ends as skipped: nobody will ever be able to carry it. */
async function skip(scope: WorkerScope, lease: Lease): Promise<void> {
  const { runStore, limits, clock } = scope.options;
  const problem = stored(problems.raise['pipeline-gone']({ values: { pipeline: lease.run.pipeline } }));
  const held = await within(runStore.finish(lease, 'skipped', [], problem), limits.storeMs, STORE, clock);
  if (held) finished(scope, lease, 'skipped');
}

/** Ends the lease early, so that the next worker need not wait for it to run out. */
async function handOver(scope: WorkerScope, lease: Lease, run: AbortController): Promise<void> {
  const { runStore, limits, clock } = scope.options;
  if ((run.signal.reason as { code?: string } | undefined)?.code === 'core/pipeline/draining') {
    await within(runStore.heartbeat(lease, 0), limits.storeMs, STORE, clock);
  } else {
    scope.metrics.leasesLost.add(1);
  }
}

function finished(scope: WorkerScope, { run }: Lease, result: RunResult): void {
  scope.metrics.runs.add(1, { project: run.project, pipeline: run.pipeline, result });
  scope.options.channel.send({ type: 'run-finished', project: run.project, pipeline: run.pipeline, run: run.id, result });
}

/** Queues the next attempt of a failed run; left out when another run of the pipeline waits, which does the same. */
async function retry(scope: WorkerScope, { run }: Lease, settings: PipelineSettings, end: RunEnd): Promise<void> {
  if (end.result !== 'failed' || run.attempt >= run.attemptsMax || !isRetryable(end.causes)) return;
  const { runStore, clock, limits, random } = scope.options;
  const wait = backoffMs(settings.retry, run.attempt, random);
  await within(
    runStore.enqueue({
      project: run.project,
      pipeline: run.pipeline,
      release: settings.release,
      trigger: 'retry',
      attempt: run.attempt + 1,
      attemptsMax: run.attemptsMax,
      dueAt: clock.now() + wait,
      requestedBy: run.requestedBy,
      overlap: 'skip',
      retryOf: run.retryOf ?? run.id,
    }),
    limits.storeMs,
    STORE,
    clock,
  );
}

/** Waits for runs to end, then stops the rest; each ends its lease, or leaves it to run out. */
async function drain(scope: WorkerScope, graceMs: number): Promise<void> {
  const { clock, limits } = scope.options;
  const all = () => Promise.all(scope.active.values());
  await within(all(), graceMs, RUNS, clock).catch(() => {});
  for (const run of scope.active.keys()) run.abort(problems.raise['draining']());
  // Each part of letting go is bounded by itself; this only keeps a stop from being longer than all of them.
  await within(all(), limits.closeMs + limits.storeMs, RUNS, clock).catch(() => {});
}

function collectLag({ metrics, lastSuccess, options, entries }: WorkerScope): void {
  for (const [key, { at, labels }] of lastSuccess) {
    if (!entries.pipeline(labels.project, labels.pipeline)) lastSuccess.delete(key);
    else metrics.lag.set(Math.max(0, options.clock.now() - at) / 1_000, labels);
  }
}

function labelsOf({ project, name }: PipelineSettings): { project: string; pipeline: string } {
  return { project, pipeline: name };
}

/** A wait that a nudge ends; a nudge while nobody waits ends the next wait at once. */
function makeNudge(): { wake: () => void; wait: (ms: number, clock: Clock) => Promise<void> } {
  let pending = false;
  let resume: (() => void) | undefined;
  return {
    wake() {
      pending = true;
      resume?.();
    },
    async wait(ms, clock) {
      if (!pending) {
        await new Promise<void>((resolve) => {
          const cancel = clock.after(ms, resolve);
          resume = () => (cancel(), resolve());
        });
      }
      pending = false;
      resume = undefined;
    },
  };
}
