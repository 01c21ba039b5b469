/** Trying a data API before it is saved: parameters found, SQL shape, plan, first rows, mistakes with their place. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { defineOperation } from '../operation.ts';
import { named, oneOf, orNull, projectParams, resourceName } from '../shapes.ts';

const area = 'publications';

const place = strictObject({ line: T.Integer(), column: T.Integer() });

const report = named(
  'DataApiDraft',
  strictObject({
    parameters: T.Array(
      strictObject({
        name: T.String(),
        in: oneOf(['path', 'query', 'header']),
        declared: T.Boolean(help('False for one found in the SQL only.', '仅在 SQL 中发现时为 false。')),
        required: T.Boolean(),
        used: T.Array(place),
        inferred: orNull(T.String(help('Type as the database names it.', '数据库给出的类型名。'))),
        schema: T.Record(T.String(), T.Unknown(), help('As declared, or a proposal.', '已声明的，或建议的。')),
      }),
    ),
    mistakes: T.Array(
      strictObject({
        pointer: T.String(help('Into the spec, or `/values/<name>`.', '指向 spec，或 `/values/<名称>`。')),
        detail: T.String(),
        line: orNull(T.Integer(help('Line of the SQL, from 1.', 'SQL 行号，从 1 开始。'))),
        column: orNull(T.Integer()),
      }),
    ),
    warnings: T.Array(T.String()),
    shapes: T.Integer(help('SQL shapes the template compiles into.', '模板编译出的 SQL 形态数。')),
    shape: orNull(
      strictObject({
        branches: T.Array(T.Integer(help('Number of an `<if>` that is taken.', '被选中的 `<if>` 序号。'))),
        sql: T.String(),
        binds: T.Array(strictObject({ name: T.String(), value: orNull(T.String()), type: T.String() })),
      }),
    ),
    columns: T.Array(strictObject({ name: T.String(), type: T.String() })),
    plan: orNull(strictObject({ lines: T.Array(T.String()), json: T.Unknown() })),
    result: orNull(
      strictObject({
        json: T.String(help('The first rows, as the API would answer them.', '前几行，与 API 返回一致的 JSON 文本。')),
        rows: T.Integer(),
        more: T.Boolean(),
      }),
    ),
    timings: strictObject({ describeMs: orNull(T.Number()), planMs: orNull(T.Number()), runMs: orNull(T.Number()) }),
  }),
);

const attempt = defineOperation({
  id: 'tryDataApi',
  area,
  method: 'POST',
  path: '/projects/{project}/data-apis/try',
  summary: {
    en: 'Tries an unsaved data API read-only: parameters, SQL shape with bound values, plan, time, the first rows, mistakes with their line.',
    zh: '只读试运行未保存的数据 API：参数、带绑定值的 SQL、执行计划、耗时、前几行、带行号的错误。',
  },
  access: 'connections:use',
  params: projectParams,
  timeoutMs: 60_000,
  body: strictObject({
    name: T.Optional(resourceName()),
    spec: T.Record(
      T.String(),
      T.Unknown(),
      help('`spec` of a DataApi; auth and policies are not tried.', 'DataApi 的 `spec`；不试认证与策略。'),
    ),
    values: T.Record(T.String({ maxLength: 63 }), T.String({ maxLength: 10_000 }), {
      default: {},
      maxProperties: 100,
      ...help('Values by parameter, as a request would carry them.', '按参数给出的值，与请求中的写法一致。'),
    }),
    rows: T.Integer({ minimum: 1, maximum: 50, default: 50, ...help('Most rows.', '最多行数。') }),
  }),
  response: report,
  async handler({ params, body, signal, language }, parts) {
    const draft = { project: params.project, name: body.name ?? 'draft', spec: body.spec, values: body.values, rows: body.rows };
    const found = await parts.drafts.try(draft, signal);
    const { describeMs = null, planMs = null, runMs = null } = found.timings;
    return {
      parameters: found.parameters.map((p) => ({
        ...p,
        used: p.used.map((u) => ({ ...u })),
        inferred: p.inferred ?? null,
        schema: { ...p.schema },
      })),
      mistakes: found.mistakes.map(({ pointer, detail, line = null, column = null }) => ({
        pointer,
        detail: detail[language],
        line,
        column,
      })),
      warnings: found.warnings.map((warning) => warning[language]),
      shapes: found.shapes,
      shape: found.shape ? { ...found.shape, branches: [...found.shape.branches], binds: found.shape.binds.map((b) => ({ ...b })) } : null,
      columns: found.columns.map(({ name, type }) => ({ name, type })),
      plan: found.plan ? { lines: [...found.plan.lines], json: found.plan.json ?? null } : null,
      result: found.result ? { ...found.result } : null,
      timings: { describeMs, planMs, runMs },
    };
  },
});

export default [attempt];
