/** Records carried from a source to a sink. Its spec stands in the sdk, where the pipeline plane reads it too. */
import { Cron } from 'croner';
import { mistake, type ProblemPointer } from '../../../base/problem.ts';
import { tell } from '../../../base/text.ts';
import { pipelineSpec } from '../../../sdk/specs/pipeline.ts';
import { type CheckTools, defineResource } from '../define.ts';

interface PipelineSpec {
  source: { connection: string };
  sink: { connection: string };
  schedule?: { cron: string; timezone: string };
}

export default defineResource<PipelineSpec>({
  kind: 'Pipeline',
  plural: 'pipelines',
  title: { en: 'Pipeline', zh: '管道' },
  summary: {
    en: 'Carries records from a source connection to a sink connection, on a schedule or on demand.',
    zh: '把记录从源连接同步到目标连接，可定时或手动运行。',
  },
  spec: () => pipelineSpec,
  check: ({ spec }, tools) => [...(spec.schedule ? checkSchedule(spec.schedule) : []), ...checkEnds(spec, tools)],
  compile: ({ key, enabled, release, spec, written }, scope) => {
    if (!enabled) return { entries: [] };
    const idle = [spec.source.connection, spec.sink.connection].find((name) => !scope.get('Connection', name)?.enabled);
    const failure = idle === undefined ? {} : { failure: tell(CONNECTION_IDLE, { name: idle }) };
    return { entries: [{ type: 'pipeline', value: { project: key.project, name: key.name, release, spec: written } }], ...failure };
  },
  examples: [
    {
      title: { en: 'Every five minutes, what changed', zh: '每五分钟同步变化的行' },
      text: `apiVersion: weir/v1
kind: Pipeline
metadata: { name: chinook-to-warehouse }
spec:
  source: { connection: chinook, streams: ["public.*"] }
  sink: { connection: warehouse, schema: chinook, write: upsert }
  mode: { incremental: { cursor: updated_at } }   # a cursor cannot see deletes
  schedule: { cron: "*/5 * * * *", timezone: Asia/Shanghai }
`,
    },
  ],
});

const CONNECTION_IDLE = {
  en: 'its connection "{name}" is disabled or missing: runs will fail',
  zh: '其连接“{name}”已停用或不存在：运行会失败',
};
const NO_ZONE = {
  en: '"{zone}" is not an IANA time zone such as Asia/Shanghai or UTC',
  zh: '“{zone}”不是 IANA 时区，例如 Asia/Shanghai 或 UTC',
};
const NO_CRON = { en: 'is not a cron expression: {words}', zh: '不是 cron 表达式：{words}' };

const CANNOT = {
  source: {
    en: 'reads from "{name}", but a {connector} connection cannot be a source',
    zh: '从“{name}”读取，但 {connector} 连接不能作为源',
  },
  sink: { en: 'writes to "{name}", but a {connector} connection cannot be a sink', zh: '写入“{name}”，但 {connector} 连接不能作为目标' },
};

/** A connection whose connector is known must be able to do what is asked of it. */
function checkEnds(spec: PipelineSpec, tools: CheckTools): ProblemPointer[] {
  return (['source', 'sink'] as const).flatMap((end) => {
    const name = spec[end].connection;
    const connector = tools.connectorOf(name);
    const roles = connector === undefined ? undefined : tools.roles(connector);
    return roles === undefined || roles.includes(end) ? [] : [mistake(`/spec/${end}/connection`, CANNOT[end], { name, connector })];
  });
}

/** Both mistakes at once: the expression is read in UTC when its zone is none. */
function checkSchedule({ cron, timezone }: { cron: string; timezone: string }): ProblemPointer[] {
  const known = isTimeZone(timezone);
  const zone = known ? [] : [mistake('/spec/schedule/timezone', NO_ZONE, { zone: timezone.slice(0, 60) })];
  return [...zone, ...checkCron(cron, known ? timezone : 'UTC')];
}

function checkCron(cron: string, timezone: string): ProblemPointer[] {
  try {
    const next = new Cron(cron, { timezone, paused: true }).nextRun();
    return next ? [] : [mistake('/spec/schedule/cron', { en: 'never comes due', zh: '永远不会到期' })];
  } catch (error) {
    return [mistake('/spec/schedule/cron', NO_CRON, { words: (error as Error).message.slice(0, 200) })];
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
