/** What a pipeline would do before it is saved: its streams, targets, types and what its mode cannot see. */
import { help, strictObject, T } from '../../../base/schema.ts';
import type { PlannedStream } from '../../../sdk/pipeline-plan.ts';
import { defineOperation } from '../operation.ts';
import { problemView } from '../resource-views.ts';
import { named, oneOf, orNull, problemText, projectParams, resourceName, text } from '../shapes.ts';

const area = 'pipelines';

const keys = {
  primaryKey: T.Array(T.String()),
  uniqueKeys: T.Array(T.Array(T.String())),
  cursors: T.Array(
    strictObject({ column: T.String(), why: text }, help('A column that could be the cursor.', '可作游标的列。')),
    help('The likeliest first.', '最可能的在前。'),
  ),
};

const plannedStream = named(
  'PlannedStream',
  strictObject({
    stream: T.String(),
    namespace: orNull(T.String()),
    table: T.String(),
    mode: oneOf(['full', 'incremental']),
    cursor: orNull(T.String()),
    write: oneOf(['append', 'upsert', 'replace']),
    key: T.Array(T.String()),
    rowsEstimate: orNull(T.Number()),
    targetExists: orNull(T.Boolean(help('Null when the target could not be asked.', '无法查询目标时为 null。'))),
    columns: T.Array(
      strictObject({
        name: T.String(),
        sourceType: T.String(),
        nullable: T.Boolean(),
        targetType: orNull(T.String()),
        fit: orNull(
          oneOf(
            ['new', 'same', 'narrower', 'conflict'],
            help(
              'new: made; same: fits; narrower: values that do not fit fail; conflict: hardly any value fits.',
              'new 新建；same 完全适合；narrower 不适合的值会失败；conflict 类型冲突。',
            ),
          ),
        ),
      }),
    ),
    notes: T.Array(
      strictObject({ level: oneOf(['info', 'warn']), text }),
      help('What this cannot see or promise.', '无法看到或保证的内容。'),
    ),
    ...keys,
  }),
);

const plan = defineOperation({
  id: 'planPipeline',
  area,
  method: 'POST',
  path: '/projects/{project}/pipelines/plan',
  summary: {
    en: 'Plans an unsaved pipeline as a run would: streams, target tables, types with conflicts, what its mode cannot see. Moves no row.',
    zh: '像运行时一样规划未保存的管道：流、目标表、类型及冲突、模式的盲点。不移动任何行。',
  },
  access: 'connections:use',
  params: projectParams,
  timeoutMs: 60_000,
  body: strictObject({
    name: T.Optional(resourceName()),
    spec: T.Record(T.String(), T.Unknown(), help('`spec` of a Pipeline.', 'Pipeline 的 `spec`。')),
  }),
  response: named(
    'PipelinePlan',
    strictObject({
      streams: T.Array(plannedStream),
      refused: T.Array(strictObject({ stream: T.String(), problem: problemText, ...keys })),
      targetProblem: orNull(problemText),
    }),
  ),
  async handler({ params, body, signal }, parts) {
    const found = await parts.plans.plan(params.project, body.name ?? 'draft', body.spec, signal);
    return {
      streams: found.streams.map(view),
      refused: found.refused.map(({ stream, problem, found: known }) => ({
        stream,
        problem: problemView(problem),
        ...keysView(known ?? { primaryKey: [], uniqueKeys: [], cursors: [] }),
      })),
      targetProblem: found.targetProblem ? problemView(found.targetProblem) : null,
    };
  },
});

function keysView({ primaryKey, uniqueKeys, cursors }: Pick<PlannedStream, 'primaryKey' | 'uniqueKeys' | 'cursors'>) {
  return {
    primaryKey: [...primaryKey],
    uniqueKeys: uniqueKeys.map((key) => [...key]),
    cursors: cursors.map(({ column, why }) => ({ column, why: { ...why } })),
  };
}

function view(stream: PlannedStream) {
  return {
    ...stream,
    namespace: stream.namespace ?? null,
    cursor: stream.cursor ?? null,
    key: [...stream.key],
    rowsEstimate: stream.rowsEstimate ?? null,
    targetExists: stream.targetExists ?? null,
    columns: stream.columns.map((c) => ({ ...c, targetType: c.targetType ?? null, fit: c.fit ?? null })),
    notes: stream.notes.map(({ level, text: said }) => ({ level, text: { ...said } })),
    ...keysView(stream),
  };
}

export default [plan];
