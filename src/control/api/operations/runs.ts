/** Runs of pipelines: start, look, cancel, try again, logs. */
import { help, strictObject, T } from '../../../base/schema.ts';
import type { Language } from '../../../base/text.ts';
import type { Run, RunOrderField, StoredProblem } from '../../../sdk/run.ts';
import { actorOf, mayTouch, OUT_OF_REACH, projectsOf } from '../caller.ts';
import type { Call } from '../operation.ts';
import { defineOperation } from '../operation.ts';
import type { Parts } from '../parts.ts';
import problems from '../problems.ts';
import { reply } from '../reply.ts';
import { id, named, oneOf, orNull, problemNote, projectName, resourceName, time } from '../shapes.ts';
import { sorting } from '../sorting.ts';

const area = 'runs';
const params = strictObject({ id: id() });
const order = sorting<Run, RunOrderField>(
  {
    created: (r) => r.createdAt,
    started: (r) => r.startedAt ?? 0,
    finished: (r) => r.finishedAt ?? 0,
    pipeline: (r) => r.pipeline,
  },
  (r) => r.id,
  '-created',
  { most: 500, normal: 50 },
);

const states = ['queued', 'running', 'done'] as const;
const results = ['succeeded', 'failed', 'cancelled', 'skipped'] as const;

const stream = named(
  'RunStream',
  strictObject({
    stream: T.String(),
    state: oneOf(['waiting', 'running', 'done']),
    result: orNull(oneOf(results)),
    rowsRead: T.Number(),
    rowsWritten: T.Number(),
    bytes: T.Number(),
    rowsExpected: orNull(T.Number()),
    nullCursors: T.Number(),
    rowsPerSecond: T.Optional(T.Number()),
    remainingMs: T.Optional(T.Number()),
    problem: orNull(problemNote),
  }),
);

const run = named(
  'Run',
  strictObject({
    id: T.String(),
    project: T.String(),
    pipeline: T.String(),
    release: T.String(),
    state: oneOf(states, help('What goes on now.', '当前状态。')),
    result: orNull(oneOf(results, help('How it ended.', '结束结果。'))),
    trigger: oneOf(['schedule', 'manual', 'retry']),
    attempt: T.Integer(),
    attemptsMax: T.Integer(),
    createdAt: time(),
    dueAt: time(),
    startedAt: orNull(time()),
    finishedAt: orNull(time()),
    epoch: T.Integer(),
    worker: orNull(T.String()),
    cancelRequested: T.Boolean(),
    retryOf: orNull(T.String()),
    problem: orNull(problemNote),
    streams: T.Array(stream),
    requestedBy: T.String(),
  }),
);

const start = defineOperation({
  id: 'startRun',
  area,
  method: 'POST',
  path: '/projects/{project}/pipelines/{name}/runs',
  status: 202,
  summary: { en: 'Queues a run of a pipeline.', zh: '将管道的一次运行加入队列。' },
  access: 'runs:write',
  params: strictObject({ project: projectName(), name: resourceName() }),
  response: run,
  async handler(call, parts) {
    return reply(view(await enqueue(call, parts, { ...call.params, trigger: 'manual', retryOf: null }), call.language), { status: 202 });
  },
});

const list = defineOperation({
  id: 'listRuns',
  area,
  method: 'GET',
  path: '/runs',
  filtered: true,
  summary: { en: 'Lists runs, newest first unless sorted otherwise.', zh: '列出运行，默认最新在前。' },
  access: 'runs:read',
  query: strictObject({
    project: T.Optional(projectName()),
    pipeline: T.Optional(resourceName()),
    state: T.Optional(oneOf(states, help('What goes on now.', '当前状态。'))),
    result: T.Optional(oneOf(results, help('How it ended.', '结束结果。'))),
    triesOf: T.Optional(
      T.String({ maxLength: 64, ...help('All tries of what this run tried, itself among them.', '该次运行的全部尝试，包括其自身。') }),
    ),
    from: T.Optional(T.Integer({ minimum: 0, ...help('Queued at or after, ms since 1970.', '排队时间不早于（毫秒）。') })),
    to: T.Optional(T.Integer({ minimum: 0, ...help('Queued before, ms since 1970.', '排队时间早于（毫秒）。') })),
    ...order.query,
  }),
  response: named('RunPage', strictObject({ items: T.Array(run), next: orNull(T.String()) })),
  async handler({ query, caller, language }, parts) {
    const { project, sort: _sort, after: _after, triesOf, ...filter } = query;
    const projects = projectsOf(caller, project);
    const tried = triesOf === undefined ? undefined : await parts.runs.get(triesOf);
    if (triesOf !== undefined && !tried) return { items: [], next: null };
    // The pipeline's own index finds them: all tries are runs of one pipeline.
    const ofOne = tried ? { project: tried.project, pipeline: tried.pipeline, triesOf: tried.retryOf ?? tried.id } : {};
    const found = await parts.runs.list({ ...filter, ...ofOne, ...(projects ? { projects } : {}), ...order.read(query) });
    return { items: found.map((one) => view(one, language)), next: order.next(found, query) };
  },
});

const get = defineOperation({
  id: 'getRun',
  area,
  method: 'GET',
  path: '/runs/{id}',
  filtered: true,
  summary: { en: 'Reads one run with the progress of its streams.', zh: '读取一次运行及各流进度。' },
  access: 'runs:read',
  params,
  response: run,
  handler: async (call, parts) => view(await find(call, parts), call.language),
});

const cancel = defineOperation({
  id: 'cancelRun',
  area,
  method: 'POST',
  path: '/runs/{id}/cancel',
  status: 202,
  filtered: true,
  summary: { en: 'Asks a run to stop; what is committed stays.', zh: '请求停止运行；已提交的内容保留。' },
  access: 'runs:write',
  params,
  response: run,
  async handler(call, parts) {
    const found = await find(call, parts);
    if (found.state === 'done') throw problems.raise['run-over']({ values: { id: found.id, result: found.result } });
    await parts.runRequests.cancel(found, actorOf(call));
    return reply(view(await find(call, parts), call.language), { status: 202 });
  },
});

const retry = defineOperation({
  id: 'retryRun',
  area,
  method: 'POST',
  path: '/runs/{id}/retry',
  status: 202,
  filtered: true,
  summary: { en: 'Queues a run that ended once more.', zh: '将已结束的运行重新加入队列。' },
  access: 'runs:write',
  params,
  response: run,
  async handler(call, parts) {
    const old = await find(call, parts);
    if (old.state !== 'done') throw problems.raise['run-not-over']({ values: { id: old.id } });
    const first = old.retryOf ?? old.id;
    const next = await enqueue(call, parts, { project: old.project, name: old.pipeline, trigger: 'retry', retryOf: first });
    return reply(view(next, call.language), { status: 202 });
  },
});

const logs = defineOperation({
  id: 'listRunLogs',
  area,
  method: 'GET',
  path: '/runs/{id}/logs',
  filtered: true,
  summary: { en: 'Log lines of a run after a sequence number, oldest first.', zh: '运行日志，自某序号之后，最旧在前。' },
  access: 'runs:read',
  params,
  query: strictObject({
    after: T.Integer({ minimum: 0, default: 0, ...help('Sequence number of the last line seen.', '已读最后一行的序号。') }),
    limit: T.Integer({ minimum: 1, maximum: 1000, default: 200, ...help('Most lines of an answer.', '返回的最多行数。') }),
  }),
  response: named(
    'RunLogs',
    strictObject({
      items: T.Array(
        strictObject({
          run: T.String(),
          sequence: T.Integer(),
          time: time(),
          level: oneOf(['debug', 'info', 'warn', 'error']),
          message: T.String(),
          stream: orNull(T.String()),
        }),
      ),
    }),
  ),
  async handler(call, parts) {
    await find(call, parts);
    const lines = await parts.runs.logs(call.params.id, call.query.after, call.query.limit);
    return { items: lines.map((line) => ({ ...line, message: line.message[call.language] })) };
  },
});

type Wanted = { project: string; name: string; trigger: Run['trigger']; retryOf: string | null };

async function enqueue(call: Pick<Call, 'caller' | 'address'>, parts: Parts, wanted: Wanted): Promise<Run> {
  const { project, name, trigger, retryOf } = wanted;
  const pipeline = await parts.resources.get({ project, kind: 'Pipeline', name });
  if (!pipeline.enabled) throw problems.raise['pipeline-off']({ values: { name } });
  const release = pipeline.status.serving ?? pipeline.release;
  const attempts = (pipeline.spec['retry'] as { attempts?: number } | undefined)?.attempts ?? 3;
  const overlap = pipeline.spec['overlap'] === 'queue' ? 'queue' : 'skip';
  const wish = { project, pipeline: name, release, trigger, retryOf, overlap, attemptsMax: attempts, dueAt: parts.clock.now() } as const;
  const queued = await parts.runRequests.start(wish, actorOf(call));
  if (!queued) throw problems.raise['run-exists']({ values: { name, overlap } });
  parts.runsWaiting();
  return queued;
}

async function find(call: { caller: Call['caller']; params: { id: string } }, parts: Parts): Promise<Run> {
  const found = await parts.runs.get(call.params.id);
  if (found && mayTouch(call.caller, found.project)) return found;
  const what = { en: 'run', zh: '运行' };
  throw problems.raise['not-found']({ values: { what, name: call.params.id }, cause: found ? OUT_OF_REACH : undefined });
}

function view(found: Run, language: Language) {
  const { leaseUntil: _, streams, problem, retryOf, ...rest } = found;
  return {
    ...rest,
    retryOf: retryOf ?? null,
    problem: told(problem, language),
    streams: streams.map((s) => ({ ...s, problem: told(s.problem, language) })),
  };
}

function told(problem: StoredProblem | null, language: Language): { code: string; detail: string } | null {
  return problem && { code: problem.code, detail: problem.detail[language] };
}

export { run as runShape, view as runView };

export default [start, list, get, cancel, retry, logs];
