/**
 * One claimed run from discovery to its stored result. In: a lease, the pipeline, its connections.
 * Out: the result in the store, unless the run was handed over (lease lost, worker stopping).
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Problem } from '../base/problem.ts';
import { type Text, tell } from '../base/text.ts';
import { formatDuration } from '../base/units.ts';
import type { Connector } from '../sdk/connector.ts';
import type { CompiledConnection } from '../sdk/revision.ts';
import type { Lease, RunResult, RunStore, StreamProgress } from '../sdk/run.ts';
import { outside, SOURCE, STORE, within } from './abort.ts';
import type { PipelineLimits } from './limits.ts';
import { type Plan, planStreams, type StreamPlan } from './plan.ts';
import problems from './problems.ts';
import { type RunProgress, startProgress } from './progress.ts';
import { isHandedOver, resultOf, stored, toProblem } from './reasons.ts';
import { openRunLog, type RunLog } from './run-log.ts';
import type { PipelineSettings } from './settings.ts';
import { runStream } from './stream-run.ts';

export interface RunTools {
  readonly runStore: RunStore;
  /** Finds a connection of the project in the current revision. */
  connection(project: string, name: string): CompiledConnection | undefined;
  /** Opens a connector of a connection; the run closes it. */
  open(connection: CompiledConnection): Connector | Promise<Connector>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: PipelineLimits;
  counted(pipeline: PipelineSettings, rows: number, bytes: number): void;
  logDropped(count: number): void;
}

/** How a run ended. `handedOver`: nothing was stored, the run goes on elsewhere. */
export interface RunEnd {
  readonly result: RunResult;
  readonly handedOver: boolean;
  /** Problems behind a failed run: decide whether trying again can help. */
  readonly causes: readonly Problem[];
}

/** What all steps of one run share. */
interface RunScope {
  readonly lease: Lease;
  readonly settings: PipelineSettings;
  readonly tools: RunTools;
  readonly signal: AbortSignal;
  readonly log: RunLog;
}

/**
 * Carries `lease.run` by `settings`. `run` ends it early: cancel, lost lease, drain; the time-out is set here.
 * Never raises: every end is a result, stored when the run is still ours.
 */
export async function carryRun(lease: Lease, settings: PipelineSettings, run: AbortController, tools: RunTools): Promise<RunEnd> {
  const { clock, limits, runStore } = tools;
  const log = openRunLog(lease.run.id, (lines) => within(runStore.log(lines), limits.storeMs, STORE, clock), {
    clock,
    limits,
    dropped: tools.logDropped,
  });
  const cancelTimeout = clock.after(
    settings.timeoutMs,
    () => {
      run.abort(problems.raise['timed-out']({ values: { timeout: formatDuration(settings.timeoutMs) } }));
    },
    { unref: true },
  );
  const scope: RunScope = { lease, settings, tools, signal: run.signal, log };
  announce(scope);
  let streams: StreamProgress[] = [];
  let causes: Problem[] = [];
  try {
    ({ streams, causes } = await withConnectors(scope));
  } catch (error) {
    causes = [explain(scope, error)];
  } finally {
    cancelTimeout();
  }
  return end(scope, streams, causes);
}

function announce({ lease, settings, log }: RunScope): void {
  const { run } = lease;
  const release = settings.release.slice(0, 12);
  log.line('info', tell(ATTEMPT, { attempt: run.attempt, most: run.attemptsMax, worker: lease.worker, release, epoch: lease.epoch }));
  if (run.release !== settings.release) log.line('info', tell(NEWER, { release: run.release.slice(0, 12) }));
}

const DISCOVERY: Text = { en: 'discovery', zh: '发现流' };
const CONNECTION: Text = { en: 'the connection {name}', zh: '连接 {name}' };
const ATTEMPT: Text = {
  en: 'attempt {attempt} of {most} on {worker}, release {release}, epoch {epoch}',
  zh: '第 {attempt} 次尝试（共 {most} 次），worker {worker}，发布 {release}，epoch {epoch}',
};
const NEWER: Text = { en: 'queued for release {release}; the newest one runs', zh: '排队时的发布为 {release}；将运行最新的发布' };
const ENDED: Readonly<Record<RunResult, Text>> = {
  succeeded: { en: 'run succeeded', zh: '运行成功' },
  failed: { en: 'run failed', zh: '运行失败' },
  cancelled: { en: 'run cancelled', zh: '运行已取消' },
  skipped: { en: 'run skipped', zh: '运行已跳过' },
};

async function withConnectors(scope: RunScope): Promise<{ streams: StreamProgress[]; causes: Problem[] }> {
  const { settings } = scope;
  const opened: Connector[] = [];
  try {
    const source = await openConnector(scope, settings.source.connection, 'source', opened);
    const sink = await openConnector(scope, settings.sink.connection, 'sink', opened);
    const {
      tools: { clock, limits },
      signal,
    } = scope;
    const discovered = await outside((own) => source.discover(own), { signal, ms: limits.discoverMs, what: DISCOVERY, clock });
    const plan = planStreams(settings, discovered, limits.streams);
    return await runPlan(scope, plan, source, sink);
  } finally {
    for (const connector of opened) {
      // Closing late cannot harm what is committed, and must not hold the run.
      await within(connector.close(), scope.tools.limits.closeMs, SOURCE, scope.tools.clock).catch(() => {});
    }
  }
}

async function openConnector(
  { settings, tools, signal }: RunScope,
  name: string,
  role: 'source' | 'sink',
  opened: Connector[],
): Promise<Connector> {
  const connection = tools.connection(settings.project, name);
  if (!connection) throw problems.raise['no-connection']({ values: { connection: name } });
  const { clock, limits } = tools;
  const opening = async () => tools.open(connection);
  const connector = await outside(opening, { signal, ms: limits.discoverMs, what: tell(CONNECTION, { name }), clock });
  opened.push(connector);
  if (!connector[role]) throw problems.raise['wrong-role']({ values: { connection: name, type: connection.type, role } });
  return connector;
}

async function runPlan(
  scope: RunScope,
  plan: Plan,
  source: Connector,
  sink: Connector,
): Promise<{ streams: StreamProgress[]; causes: Problem[] }> {
  const {
    tools: { clock, limits, runStore },
    lease,
    signal,
  } = scope;
  const names = [...plan.streams.map((p) => p.stream.name), ...plan.refused.map((r) => r.stream)];
  const store = (streams: StreamProgress[]) => within(runStore.progress(lease, streams), limits.storeMs, STORE, clock);
  const progress = startProgress(names, store, { clock, everyMs: limits.progressMs });
  const causes: Problem[] = [];
  for (const { stream, problem } of plan.refused) {
    scope.log.line('error', problem.detail, stream);
    progress.tracker(stream).end('failed', stored(problem));
    causes.push(problem);
  }
  try {
    for (const stream of plan.streams) {
      const problem = await runOne(scope, stream, progress, source, sink);
      if (problem) causes.push(problem);
      if (signal.aborted) break;
    }
  } finally {
    await progress.stop();
  }
  if (signal.aborted) skipRest(progress);
  return { streams: progress.streams(), causes };
}

/** Runs one stream; answers the problem that stopped it, told in the log and in its result. */
async function runOne(
  scope: RunScope,
  plan: StreamPlan,
  progress: RunProgress,
  source: Connector,
  sink: Connector,
): Promise<Problem | undefined> {
  const { settings, lease, tools, signal, log } = scope;
  const { runStore, clock, limits } = tools;
  const name = plan.stream.name;
  const tracker = progress.tracker(name);
  const asked = <V>(promise: Promise<V>) => within(promise, limits.storeMs, STORE, clock);
  try {
    await runStream(plan, {
      source: source.source!,
      sink: sink.sink!,
      pipeline: `${settings.project}/${settings.name}`,
      run: lease.run.id,
      epoch: lease.epoch,
      batchBytes: settings.batchBytes,
      limits,
      clock,
      signal,
      tracker,
      log: (level, message) => log.line(level, message, name),
      counted: (rows, bytes) => tools.counted(settings, rows, bytes),
      saveCheckpoint: (checkpoint) =>
        asked(runStore.saveCheckpoint(settings.project, { ...checkpoint, pipeline: settings.name, stream: name })),
      lastRows: async () => (await asked(runStore.checkpoint(settings.project, settings.name, name)))?.rows ?? 0,
      isOwn: async ({ run }) => run === lease.run.id || (await asked(isEarlierAttempt(runStore, run, lease))),
    });
    tracker.end('succeeded', null);
    return undefined;
  } catch (error) {
    const problem = explain(scope, error, name);
    tracker.end(resultOf(problem), stored(problem));
    return problem;
  }
}

async function isEarlierAttempt(runStore: RunStore, runId: string, { run }: Lease): Promise<boolean> {
  if (!run.retryOf) return false;
  return runId === run.retryOf || (await runStore.get(runId))?.retryOf === run.retryOf;
}

/** The problem behind an error; once the run is stopped, that is the reason for whatever failed. */
function explain({ signal, log, tools, lease }: RunScope, error: unknown, stream?: string): Problem {
  const problem = toProblem(signal.aborted ? signal.reason : error);
  log.line(isHandedOver(problem) ? 'warn' : 'error', problem.detail, stream);
  const cause = problem.options.cause ?? (problem.code.endsWith('/stream-failed') ? error : undefined);
  if (cause) {
    const words = (cause as Error).stack ?? String(cause);
    tools.log.warn('a run met an error', { run: lease.run.id, stream, code: problem.code, cause: words });
  }
  return problem;
}

function skipRest(progress: RunProgress): void {
  for (const { stream, state } of progress.streams()) {
    if (state === 'waiting') progress.tracker(stream).end('skipped', null);
  }
}

/** Stores the result, if the run is still ours; a store that fails for long leaves the run to be taken over. */
async function end(scope: RunScope, streams: StreamProgress[], causes: Problem[]): Promise<RunEnd> {
  const {
    lease,
    log,
    signal,
    tools: { clock, limits, runStore },
  } = scope;
  const complete = causes.length === 0 && streams.every((s) => s.result === 'succeeded');
  // A stop that came when all was already committed changes nothing about that.
  const stopped = signal.aborted && !complete ? toProblem(signal.reason) : undefined;
  if (stopped && isHandedOver(stopped)) {
    await log.close();
    return { result: 'failed', handedOver: true, causes };
  }
  const result: RunResult = stopped ? resultOf(stopped) : causes.length > 0 ? 'failed' : 'succeeded';
  const problem = stopped ?? summary(streams, causes);
  log.line(result === 'succeeded' ? 'info' : 'error', ENDED[result]);
  await log.close();
  for (let tries = 1; tries <= limits.finishTries; tries++) {
    try {
      const held = await within(runStore.finish(lease, result, streams, problem ? stored(problem) : null), limits.storeMs, STORE, clock);
      return { result, handedOver: !held, causes: stopped ? [stopped] : causes };
    } catch (error) {
      scope.tools.log.warn('the result of a run could not be stored', { run: lease.run.id, tries, cause: (error as Error).stack });
      if (tries < limits.finishTries) await clock.sleep(200 * 2 ** tries);
    }
  }
  return { result, handedOver: true, causes };
}

/** The run's one problem: the cause itself, or a count with the first of several. */
function summary(streams: readonly StreamProgress[], causes: readonly Problem[]): Problem | undefined {
  if (causes.length === 0) return undefined;
  const failed = streams.filter((s) => s.result === 'failed');
  const first = failed[0];
  if (!first?.problem || streams.length === 1) return causes[0];
  return problems.raise['streams-failed']({
    values: { failed: failed.length, all: streams.length, stream: first.stream, detail: first.problem.detail },
  });
}
