/** What the first screen needs in one call, and what one consumer did. Sums are of call records and bounded. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { type Text, tell, verbatim } from '../../../base/text.ts';
import type { Run } from '../../../sdk/run.ts';
import { dataApiRoute } from '../../resources/kinds/data-api.ts';
import { type Caller, projectsOf } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import type { Parts } from '../parts.ts';
import { exceptHidden } from '../resource-views.ts';
import { named, oneOf, orNull, projectName, resourceKey, resourceName, text, time } from '../shapes.ts';
import { CALLS_MAX, countsOf, pointsOf, trafficCounts, trafficPoint } from '../traffic.ts';

const area = 'overview';
const MINUTE = 60_000;
const MINUTES = 60;
const EXPIRY_MS = 14 * 24 * 60 * MINUTE;
const ATTENTION_MAX = 50;
const RUNS_MAX = 200;

const KINDS = ['run-failed', 'resource-failed', 'resource-pending', 'resource-warning', 'incident', 'key-expires', 'doctor'] as const;

const attention = named(
  'Attention',
  strictObject({
    kind: oneOf(KINDS),
    level: oneOf(['failed', 'warning']),
    resource: orNull(resourceKey),
    id: orNull(
      T.String(help('Id of the run, incident or key; of a finding of doctor, its check.', '运行、事件或密钥的 id；诊断结果则为检查项。')),
    ),
    time: orNull(time()),
    text,
  }),
);

type Attention = {
  kind: (typeof KINDS)[number];
  level: 'failed' | 'warning';
  resource: { project: string; kind: string; name: string } | null;
  id: string | null;
  time: number | null;
  text: { en: string; zh: string };
};

const lastRun = named(
  'LastRun',
  strictObject({
    id: T.String(),
    project: T.String(),
    pipeline: T.String(),
    state: oneOf(['queued', 'running', 'done']),
    result: orNull(oneOf(['succeeded', 'failed', 'cancelled', 'skipped'])),
    createdAt: time(),
    finishedAt: orNull(time()),
  }),
);

const overview = defineOperation({
  id: 'getOverview',
  area,
  method: 'GET',
  path: '/overview',
  filtered: true,
  summary: {
    en: 'What needs attention first, the last hour of traffic per minute, the newest run of each pipeline, the sample. Parts the caller may not read are null.',
    zh: '首先需要关注的事项、最近一小时每分钟流量、各管道最新运行、示例状态。调用者无权读取的部分为 null。',
  },
  access: 'resources:read',
  query: strictObject({ project: T.Optional(projectName()) }),
  response: named(
    'Overview',
    strictObject({
      attention: T.Array(attention, help('The worst first; at most 50.', '最严重的在前，最多 50 条。')),
      traffic: orNull(T.Array(trafficPoint, help('One point a minute, the oldest first.', '每分钟一个点，最旧在前。'))),
      runs: orNull(T.Array(lastRun)),
      sample: oneOf(['absent', 'loaded', 'removed']),
    }),
  ),
  async handler({ query, caller, signal }, parts) {
    const projects = projectsOf(caller, query.project);
    const may = (permission: Parameters<Caller['permissions']['has']>[0]) => caller.permissions.has(permission);
    const runs = may('runs:read') ? newestRuns(await recentRuns(parts, projects)) : undefined;
    const [resources, incidents, findings, keys, traffic, sample] = await Promise.all([
      troubledResources(parts, projects, caller),
      may('system:read') && projects === undefined ? openIncidents(parts) : [],
      may('system:read') && projects === undefined ? findingsOf(parts, signal) : [],
      may('keys:read') ? expiringKeys(parts, projects ?? (await parts.projects())) : [],
      may('calls:read') ? trafficOf(parts, projects) : null,
      parts.sample.status(),
    ]);
    const found = [...failedRuns(runs ?? []), ...resources, ...incidents, ...findings, ...keys];
    found.sort((a, b) => (a.level === b.level ? (b.time ?? 0) - (a.time ?? 0) : a.level === 'failed' ? -1 : 1));
    return {
      attention: found.slice(0, ATTENTION_MAX),
      traffic,
      runs: runs
        ? runs.map(({ id, project, pipeline, state, result, createdAt, finishedAt }) => ({
            id,
            project,
            pipeline,
            state,
            result,
            createdAt,
            finishedAt,
          }))
        : null,
      sample: sample.state,
    };
  },
});

const usage = defineOperation({
  id: 'getConsumerUsage',
  area,
  method: 'GET',
  path: '/projects/{project}/consumers/{name}/usage',
  summary: {
    en: 'Calls of one consumer in the last hour and day by status class, and the limits of its plan.',
    zh: '某消费者最近一小时与一天的调用数（按状态类别）及其套餐限制。',
  },
  access: 'calls:read',
  params: strictObject({ project: projectName(), name: resourceName() }),
  response: named(
    'ConsumerUsage',
    strictObject({
      hour: strictObject(trafficCounts),
      day: strictObject(trafficCounts),
      plan: orNull(T.String()),
      policies: T.Array(
        T.Record(T.String(), T.Unknown()),
        help(
          'Policies of the plan, as written; none for callers who may not read resources.',
          '套餐中的策略（原样）；无资源读取权限时为空。',
        ),
      ),
    }),
  ),
  async handler({ params, caller }, parts) {
    const consumer = await parts.resources.get({ project: params.project, kind: 'Consumer', name: params.name });
    // What a plan says stands in resources: who may not read those does not learn it here.
    const plan = caller.permissions.has('resources:read') ? consumer.spec['plan'] : undefined;
    const policies =
      typeof plan === 'string' ? (await parts.resources.get({ ...consumer, kind: 'Plan', name: plan })).spec['policies'] : [];
    const to = parts.clock.now() + 1;
    const since = (ms: number) =>
      parts.calls.totals({ from: to - ms, to, spanMs: ms, projects: [params.project], consumer: params.name, rowsMax: CALLS_MAX });
    const [hour, day] = await Promise.all([since(60 * MINUTE), since(24 * 60 * MINUTE)]);
    return {
      hour: countsOf(hour),
      day: countsOf(day),
      plan: typeof plan === 'string' ? plan : null,
      policies: (policies as Record<string, unknown>[] | undefined) ?? [],
    };
  },
});

const apiUsage = defineOperation({
  id: 'getDataApiUsage',
  area,
  method: 'GET',
  path: '/projects/{project}/data-apis/{name}/usage',
  summary: {
    en: 'Calls of one data API in the last hour and day by status class.',
    zh: '某数据 API 最近一小时与一天的调用数（按状态类别）。',
  },
  access: 'calls:read',
  params: strictObject({ project: projectName(), name: resourceName() }),
  response: named('DataApiUsage', strictObject({ hour: strictObject(trafficCounts), day: strictObject(trafficCounts) })),
  async handler({ params }, parts) {
    const to = parts.clock.now() + 1;
    const filter = { to, projects: [params.project], route: dataApiRoute(params.name), rowsMax: CALLS_MAX };
    const since = (ms: number) => parts.calls.totals({ ...filter, from: to - ms, spanMs: ms });
    const [hour, day] = await Promise.all([since(60 * MINUTE), since(24 * 60 * MINUTE)]);
    return { hour: countsOf(hour), day: countsOf(day) };
  },
});

const apisUsage = defineOperation({
  id: 'listDataApiUsage',
  area,
  method: 'GET',
  path: '/data-apis/usage',
  filtered: true,
  summary: {
    en: 'Calls of every data API in the last hour; those without calls are left out.',
    zh: '各数据 API 最近一小时的调用数；没有调用的不列出。',
  },
  access: 'calls:read',
  query: strictObject({ project: T.Optional(projectName()) }),
  response: named(
    'DataApiUsages',
    strictObject({
      items: T.Array(
        strictObject({ project: T.String(), name: T.String(), requests: T.Integer(), failed: T.Integer(), limited: T.Integer() }),
      ),
    }),
  ),
  async handler({ query, caller }, parts) {
    const to = parts.clock.now() + 1;
    const projects = projectsOf(caller, query.project);
    const prefix = dataApiRoute('');
    const filter = { from: to - 60 * MINUTE, to, prefix, rowsMax: CALLS_MAX, ...(projects ? { projects } : {}) };
    const found = await parts.calls.totalsByRoute(filter);
    return { items: found.map(({ route, calls, ...rest }) => ({ ...rest, name: route.slice(prefix.length), requests: calls })) };
  },
});

async function trafficOf(parts: Parts, projects: readonly string[] | undefined) {
  const to = (Math.floor(parts.clock.now() / MINUTE) + 1) * MINUTE;
  const from = to - MINUTES * MINUTE;
  const filter = { from, to, spanMs: MINUTE, rowsMax: CALLS_MAX, ...(projects ? { projects } : {}) };
  return pointsOf(await parts.calls.totals(filter), from, MINUTE, MINUTES);
}

async function recentRuns(parts: Parts, projects: readonly string[] | undefined): Promise<Run[]> {
  const lists = (projects ?? [undefined]).map((project) => parts.runs.list({ limit: RUNS_MAX, ...(project ? { project } : {}) }));
  return (await Promise.all(lists)).flat().sort((a, b) => (a.id < b.id ? 1 : -1));
}

/** The newest run of each pipeline, the newest first. */
function newestRuns(runs: readonly Run[]): Run[] {
  const seen = new Set<string>();
  return runs.filter(({ project, pipeline }) => {
    const key = `${project}/${pipeline}`;
    return !seen.has(key) && seen.add(key);
  });
}

function failedRuns(runs: readonly Run[]): Attention[] {
  return runs
    .filter((run) => run.result === 'failed')
    .map((run) => ({
      kind: 'run-failed',
      level: 'failed',
      resource: { project: run.project, kind: 'Pipeline', name: run.pipeline },
      id: run.id,
      time: run.finishedAt,
      text: {
        en: `The last run of pipeline ${run.pipeline} failed: ${run.problem?.code ?? '–'}. Look at its log, mend the cause, then retry it.`,
        zh: `管道 ${run.pipeline} 的最近一次运行失败：${run.problem?.code ?? '–'}。请查看日志、排除原因后重试。`,
      },
    }));
}

async function troubledResources(parts: Parts, projects: readonly string[] | undefined, caller: Caller): Promise<Attention[]> {
  const { items } = await parts.resources.list({ limit: 1000, ...exceptHidden(parts, caller), ...(projects ? { projects } : {}) });
  return items.flatMap(({ project, kind, name, status, updatedAt }): Attention[] => {
    const resource = { project, kind, name };
    const about = { resource, id: null, time: updatedAt };
    const say = (reason: Text) => tell({ en: '{kind} {name}: {reason}', zh: '{kind} {name}：{reason}' }, { kind, name, reason });
    const warnings = status.warnings.map(
      (warning): Attention => ({ ...about, kind: 'resource-warning', level: 'warning', text: say(warning) }),
    );
    if (status.state !== 'failed' && status.state !== 'pending') return warnings;
    const failed = status.state === 'failed';
    return [
      {
        ...about,
        kind: failed ? 'resource-failed' : 'resource-pending',
        level: failed ? 'failed' : 'warning',
        text: say(status.reason ?? verbatim('–')),
      },
      ...warnings,
    ];
  });
}

async function openIncidents(parts: Parts): Promise<Attention[]> {
  const open = await parts.incidents.list({ open: true, limit: ATTENTION_MAX });
  return open.map(({ id, openedAt, detail }) => ({
    kind: 'incident',
    level: 'warning',
    resource: null,
    id,
    time: openedAt,
    text: { ...detail },
  }));
}

/** What doctor finds of the installation itself; resources and incidents stand in the list already. */
async function findingsOf(parts: Parts, signal: AbortSignal): Promise<Attention[]> {
  return (await parts.doctor(signal)).flatMap(({ check, title, level, subject, detail }): Attention[] =>
    level === 'ok' || subject !== undefined
      ? []
      : [{ kind: 'doctor', level, resource: null, id: check, time: null, text: tell(FINDING, { title, detail }) }],
  );
}

const FINDING: Text = { en: '{title}: {detail}', zh: '{title}：{detail}' };

async function expiringKeys(parts: Parts, projects: readonly string[]): Promise<Attention[]> {
  const now = parts.clock.now();
  const keys = (await Promise.all(projects.map((project) => parts.keys.list(project)))).flat();
  return keys
    .filter((key) => key.revokedAt === null && key.expiresAt !== null && key.expiresAt < now + EXPIRY_MS && key.expiresAt > now - EXPIRY_MS)
    .map(({ id, project, consumer, hint, expiresAt }): Attention => {
      const over = expiresAt! <= now;
      return {
        kind: 'key-expires',
        level: over ? 'failed' : 'warning',
        resource: { project, kind: 'Consumer', name: consumer },
        id,
        time: expiresAt,
        text: {
          en: `Key ${hint}… of consumer ${consumer} ${over ? 'has expired' : 'expires within 14 days'}: create a new one and revoke this.`,
          zh: `消费者 ${consumer} 的密钥 ${hint}… ${over ? '已过期' : '将在 14 天内过期'}：请新建密钥并吊销此密钥。`,
        },
      };
    });
}

export default [overview, usage, apiUsage, apisUsage];
