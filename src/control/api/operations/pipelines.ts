/** Pipelines as people watch them: what goes on now and how the last run ended are two answers. */
import { statusView } from '../resource-views.ts';
import { type Language } from '../../../base/text.ts';
import { help, strictObject, T } from '../../../base/schema.ts';
import type { ResourceView } from '../../resources/types.ts';
import { projectsOf } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import type { Parts } from '../parts.ts';
import { named, oneOf, orNull, page, projectName, resourceName, resourceStatus, time } from '../shapes.ts';
import { sorting } from '../sorting.ts';
import { runShape, runView } from './runs.ts';

/** Of one pipeline at most one run is queued and one goes on: the third newest is over. */
const NEWEST = 3;

const keyOf = (r: ResourceView) => `${r.project}/${r.kind}/${r.name}`;
const order = sorting<ResourceView, 'key' | 'name' | 'updated' | 'state'>(
  { key: keyOf, name: (r) => r.name, updated: (r) => r.updatedAt, state: (r) => r.status.state },
  keyOf,
  'key',
);

const overview = named(
  'PipelineOverview',
  strictObject({
    project: T.String(),
    name: T.String(),
    description: orNull(T.String()),
    enabled: T.Boolean(),
    manager: oneOf(['folder', 'api']),
    status: resourceStatus,
    source: T.String(help('Connection it reads from.', '读取数据的连接。')),
    sink: T.String(help('Connection it writes to.', '写入数据的连接。')),
    streams: T.Integer(help('Entries of its list of streams; patterns count once.', '流列表的条目数，模式计为一条。')),
    schedule: orNull(strictObject({ cron: T.String(), timezone: T.String() })),
    nextAt: orNull(time()),
    current: orNull(runShape),
    last: orNull(runShape),
  }),
);

const list = defineOperation({
  id: 'listPipelines',
  area: 'pipelines',
  method: 'GET',
  path: '/pipelines',
  filtered: true,
  summary: {
    en: 'Lists pipelines with the run that goes on, the last one that ended, and the next firing.',
    zh: '列出管道及其正在进行的运行、上次结束的运行和下次触发时间。',
  },
  access: 'runs:read',
  query: strictObject({
    project: T.Optional(projectName()),
    name: T.Optional(T.String({ maxLength: 63, ...help('Part of the name.', '名称的一部分。') })),
    ...order.query,
  }),
  response: page('PipelinePage', overview),
  async handler({ query, caller, language }, parts) {
    const { project, name } = query;
    const projects = projectsOf(caller, project);
    const found = await parts.resources.list({
      kind: 'Pipeline',
      ...(projects ? { projects } : {}),
      ...(name ? { name } : {}),
      ...order.read(query),
    });
    return { items: await Promise.all(found.items.map((one) => look(one, language, parts))), next: order.write(found.next, query) };
  },
});

const get = defineOperation({
  id: 'getPipeline',
  area: 'pipelines',
  method: 'GET',
  path: '/projects/{project}/pipelines/{name}',
  summary: {
    en: 'Reads one pipeline with the run that goes on, the last one that ended, and the next firing.',
    zh: '读取一个管道及其正在进行的运行、上次结束的运行和下次触发时间。',
  },
  access: 'runs:read',
  params: strictObject({ project: projectName(), name: resourceName() }),
  response: overview,
  handler: async ({ params, language }, parts) => look(await parts.resources.get({ ...params, kind: 'Pipeline' }), language, parts),
});

interface PipelineSpec {
  readonly source: { readonly connection: string; readonly streams: readonly unknown[] };
  readonly sink: { readonly connection: string };
  readonly schedule?: { readonly cron: string; readonly timezone?: string };
}

async function look({ project, name, description, enabled, manager, status, spec }: ResourceView, language: Language, parts: Parts) {
  const { source, sink, schedule } = spec as unknown as PipelineSpec;
  const fires = enabled && schedule !== undefined;
  const [runs, nextAt] = await Promise.all([
    parts.runs.list({ project, pipeline: name, limit: NEWEST }),
    fires ? parts.schedules.next(project, name) : null,
  ]);
  const current = runs.find((run) => run.state === 'running') ?? runs.find((run) => run.state === 'queued');
  const last = runs.find((run) => run.state === 'done');
  return {
    project,
    name,
    description: description ?? null,
    enabled,
    manager,
    status: statusView(status, language),
    source: source.connection,
    sink: sink.connection,
    streams: source.streams.length,
    schedule: schedule ? { cron: schedule.cron, timezone: schedule.timezone ?? 'UTC' } : null,
    nextAt,
    current: current ? runView(current, language) : null,
    last: last ? runView(last, language) : null,
  };
}

export default [list, get];
