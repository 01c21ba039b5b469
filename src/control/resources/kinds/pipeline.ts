/** Records carried from a source to a sink. Its spec stands in the sdk, where the pipeline plane reads it too. */
import { Cron } from 'croner';
import type { ProblemPointer } from '../../../base/problem.ts';
import { pipelineSpec } from '../../../sdk/specs/pipeline.ts';
import { defineResource } from '../define.ts';

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
  check: ({ spec }) => (spec.schedule ? checkSchedule(spec.schedule) : []),
  compile: ({ key, enabled, release, spec, written }, scope) => {
    if (!enabled) return { entries: [] };
    const idle = [spec.source.connection, spec.sink.connection].find((name) => !scope.get('Connection', name)?.enabled);
    const failure = idle === undefined ? {} : { failure: `its connection "${idle}" is disabled or missing: runs will fail` };
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

function checkSchedule(schedule: { cron: string; timezone: string }): ProblemPointer[] {
  if (!isTimeZone(schedule.timezone))
    return [
      {
        pointer: '/spec/schedule/timezone',
        detail: `"${schedule.timezone.slice(0, 60)}" is not an IANA time zone such as Asia/Shanghai or UTC`,
      },
    ];
  try {
    const next = new Cron(schedule.cron, { timezone: schedule.timezone, paused: true }).nextRun();
    return next ? [] : [{ pointer: '/spec/schedule/cron', detail: 'never comes due' }];
  } catch (error) {
    return [{ pointer: '/spec/schedule/cron', detail: `is not a cron expression: ${(error as Error).message.slice(0, 200)}` }];
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
