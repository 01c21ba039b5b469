/** The spec of a DataApi resource: control validates it, the dataapi plane compiles and runs it. */
import { bytes, duration, help, ref, strictObject, T } from '../../base/schema.ts';

const parameter = strictObject({
  in: T.Unsafe<'path' | 'query' | 'header'>({
    enum: ['path', 'query', 'header'],
    type: 'string',
    default: 'query',
    ...help('Where the parameter is taken from.', '参数来源。', { en: 'Taken from', zh: '位置' }),
  }),
  schema: T.Unsafe<Record<string, unknown>>({
    type: 'object',
    ...help('JSON Schema 2020-12 of the value.', '值的 JSON Schema 2020-12。', { en: 'JSON Schema', zh: '取值约束' }),
  }),
  required: T.Optional(
    T.Boolean({ ...help('Path parameters are always required; others not unless said so.', '路径参数必填；其他参数默认可省略。', '必填') }),
  ),
  description: T.Optional(T.String({ maxLength: 1000, ...help('Shown in the published documentation.', '显示在发布的文档中。', '说明') })),
});

/** People's form of a DataApi's `spec`, without `auth` and `policies`, which control adds from the registry. */
export const dataApiProperties = {
  connection: ref('Connection', help('Connection the query runs on.', '查询所用的连接。', '连接')),
  path: T.String({
    pattern: '^/',
    maxLength: 500,
    ...help('Path of the API; `{name}` marks path parameters.', 'API 路径，`{name}` 为路径参数。', '路径'),
    examples: ['/data/v1/orders/{id}'],
  }),
  parameters: T.Unsafe<Record<string, ParameterSpec>>({
    type: 'object',
    default: {},
    maxProperties: 64,
    patternProperties: { '^[A-Za-z_][A-Za-z0-9_]{0,62}$': parameter },
    additionalProperties: false,
    ...help('Parameters by name; an unknown one in a call is a 400.', '按名称列出的参数；调用中出现未知参数返回 400。', '参数'),
  }),
  sql: T.String({
    minLength: 1,
    maxLength: 100_000,
    'x-sql': true,
    examples: ['SELECT id, name FROM customer WHERE id = #{id}'],
    ...help(
      'One SELECT. `#{name}` binds a value; `<where>` and `<if test="…">` choose parts.',
      '一条 SELECT。`#{name}` 绑定值；`<where>`、`<if test="…">` 选择片段。',
      { en: 'SQL', zh: 'SQL' },
    ),
  }),
  page: T.Optional(
    strictObject(
      {
        mode: T.Unsafe<'keyset'>({
          enum: ['keyset'],
          type: 'string',
          default: 'keyset',
          ...help('How pages are cut: by the sort values of the last row.', '按最后一行的排序值分页。', '分页方式'),
        }),
        sort: T.Array(T.String({ pattern: '^-?[A-Za-z_][A-Za-z0-9_]*$' }), {
          minItems: 1,
          maxItems: 8,
          ...help(
            'Output columns that order rows and are unique together; `-` in front for descending.',
            '排序列（合起来唯一），前加 `-` 为降序。',
            '排序列',
          ),
        }),
        table: T.Optional(
          T.String({
            maxLength: 200,
            ...help(
              'Table whose unique key the sort columns are, when it cannot be told from the SQL.',
              '排序列唯一键所属的表，无法从 SQL 判断时填写。',
              '表',
            ),
          }),
        ),
        sizeDefault: T.Integer({
          minimum: 1,
          maximum: 100_000,
          default: 50,
          ...help('Rows per page when the caller does not say.', '默认每页行数。', '默认每页行数'),
        }),
        sizeMax: T.Integer({
          minimum: 1,
          maximum: 100_000,
          default: 1000,
          ...help('Most rows a caller may ask for.', '每页最大行数。', '每页行数上限'),
        }),
      },
      help('Keyset paging with a signed cursor.', '带签名游标的 keyset 分页。', '分页'),
    ),
  ),
  single: T.Boolean({
    default: false,
    ...help('Answers one object (404 when there is none) instead of a list.', '返回单个对象（没有则 404），而不是列表。', '单个对象'),
  }),
  limits: strictObject(
    {
      rows: T.Integer({ minimum: 1, maximum: 1_000_000, default: 10_000, ...help('Most rows of an answer.', '返回的最大行数。', '行数') }),
      bytes: bytes({ default: '8MiB', 'x-maximum': '256MiB', ...help('Most bytes of an answer.', '返回的最大字节数。', '字节数') }),
      timeout: duration({
        default: '10s',
        'x-minimum': '10ms',
        'x-maximum': '10m',
        ...help('Longest time the query may take.', '查询的最长时间。', '超时'),
      }),
    },
    { default: {}, ...help('Caps of one call.', '单次调用的上限。', '上限') },
  ),
} as const;

export interface ParameterSpec {
  in: 'path' | 'query' | 'header';
  schema: Record<string, unknown>;
  required?: boolean;
  description?: string;
}
export const dataApiSpec = strictObject(dataApiProperties);
