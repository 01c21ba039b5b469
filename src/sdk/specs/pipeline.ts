/** The spec of a Pipeline resource: control validates it, the pipeline plane runs it. */
import { duration, help, ref, strictObject, T, bytes } from '../../base/schema.ts';

/** What forms call the ways to write. */
const WRITE_WORDS = {
  append: { en: 'Append', zh: '追加' },
  upsert: { en: 'Upsert', zh: '更新插入' },
  replace: { en: 'Replace', zh: '整体替换' },
};

const incremental = strictObject(
  {
    cursor: T.String({
      minLength: 1,
      maxLength: 128,
      examples: ['updated_at'],
      ...help(
        'Column that grows with every insert and update, for example `updated_at`. A cursor cannot see deletes.',
        '随每次插入和更新而增大的列，例如 `updated_at`。游标列看不到删除。',
        '游标列',
      ),
    }),
    key: T.Optional(
      T.Array(T.String({ minLength: 1 }), {
        maxItems: 16,
        ...help(
          'Unique key that orders rows of equal cursor; the primary key when left out.',
          '用于给游标相同的行排序的唯一键；省略时用主键。',
          '键',
        ),
      }),
    ),
    lookback: duration({
      default: '1m',
      'x-maximum': '7d',
      ...help(
        'How far behind the newest row to stop or re-read where the source cannot tell which transactions are still open (not used on PostgreSQL).',
        '源库无法得知未提交事务时，向后留出的时间（PostgreSQL 不使用）。',
        '回看时长',
      ),
    }),
  },
  help('Reads only rows whose cursor moved. Deletes are not seen.', '只读取游标变化的行，看不到删除。', '增量'),
);

const streamOptions = strictObject({
  name: T.String({
    minLength: 1,
    maxLength: 200,
    examples: ['public.orders'],
    ...help('Stream, or a pattern with `*`: `public.*`.', '流名，或带 `*` 的模式：`public.*`。', '流名'),
  }),
  target: T.Optional(
    T.String({
      minLength: 1,
      maxLength: 128,
      ...help('Table to write, when it is to differ from the stream’s table.', '目标表名，与源表不同时填写。', '目标表'),
    }),
  ),
  mode: T.Optional(
    T.Unsafe<PipelineMode>({
      anyOf: [T.Literal('full'), strictObject({ incremental })],
      ...help('Mode of this stream, when it differs.', '该流的模式，与整体不同时填写。', '模式'),
    }),
  ),
  write: T.Optional(
    T.Unsafe<PipelineWrite>({
      enum: ['append', 'upsert', 'replace'],
      'x-words': WRITE_WORDS,
      type: 'string',
      ...help('Write mode of this stream, when it differs.', '该流的写入方式，与整体不同时填写。', '写入方式'),
    }),
  ),
  key: T.Optional(
    T.Array(T.String({ minLength: 1 }), {
      minItems: 1,
      maxItems: 16,
      ...help('Key for upsert; the primary key when left out.', 'upsert 的键；省略时用主键。', '键'),
    }),
  ),
  columns: T.Optional(
    T.Array(T.String({ minLength: 1 }), {
      minItems: 1,
      maxItems: 1600,
      ...help('Columns to carry; all when left out.', '要同步的列；省略时为全部。', '列'),
    }),
  ),
  adopt: T.Optional(
    T.Boolean({
      ...help(
        'Allows `replace` and added columns on a table Weir did not create.',
        '允许对非 Weir 创建的表执行 replace 与加列。',
        '接管已有表',
      ),
    }),
  ),
  allowEmpty: T.Optional(
    T.Boolean({ ...help('Lets an empty read replace a table whose last run had rows.', '允许空结果替换上次有数据的表。', '允许空结果') }),
  ),
});

export type PipelineWrite = 'append' | 'upsert' | 'replace';
export type PipelineMode = 'full' | { incremental: { cursor: string; key?: string[]; lookback: number } };

/** People's form of `spec` of a Pipeline. */
export const pipelineSpec = strictObject({
  source: strictObject(
    {
      connection: ref('Connection', help('Connection to read from.', '读取数据的连接。', '源连接')),
      streams: T.Array(T.Unsafe<string | StreamOptions>({ anyOf: [T.String({ minLength: 1, maxLength: 200 }), streamOptions] }), {
        minItems: 1,
        maxItems: 500,
        ...help(
          'Streams to carry: names, patterns with `*`, or objects with options. The first entry that names a stream wins.',
          '要同步的流：名称、带 `*` 的模式，或带选项的对象；先匹配者生效。',
          '流',
        ),
      }),
    },
    help('Where records come from.', '数据来源。', '源'),
  ),
  sink: strictObject(
    {
      connection: ref('Connection', help('Connection to write to.', '写入数据的连接。', '目标连接')),
      schema: T.Optional(
        T.String({
          minLength: 1,
          maxLength: 128,
          ...help('Schema of the target tables; made when missing.', '目标表所在的 schema，不存在则创建。', 'Schema'),
        }),
      ),
      prefix: T.Optional(T.String({ maxLength: 60, ...help('Put before each target table’s name.', '加在目标表名前。', '表名前缀') })),
      write: T.Unsafe<PipelineWrite>({
        enum: ['append', 'upsert', 'replace'],
        'x-words': WRITE_WORDS,
        type: 'string',
        default: 'upsert',
        ...help(
          'append adds rows, upsert writes by key, replace swaps the whole contents in one transaction.',
          'append 追加；upsert 按键写入；replace 在一个事务中整体替换。',
          '写入方式',
        ),
      }),
    },
    help('Where records go.', '数据去向。', '目标'),
  ),
  mode: T.Unsafe<PipelineMode>({
    anyOf: [T.Literal('full'), strictObject({ incremental })],
    default: 'full',
    ...help(
      'full reads everything each run; incremental reads rows whose cursor moved and cannot see deletes.',
      'full 每次全量读取；incremental 只读游标变化的行，看不到删除。',
      '模式',
    ),
  }),
  schedule: T.Optional(
    strictObject(
      {
        cron: T.String({
          minLength: 9,
          maxLength: 100,
          ...help('Five or six cron fields.', '五或六段 cron 表达式。', 'Cron 表达式'),
          examples: ['*/5 * * * *'],
        }),
        timezone: T.String({
          default: 'UTC',
          ...help('IANA time zone the cron fields are in.', 'cron 所用的 IANA 时区。', '时区'),
          examples: ['Asia/Shanghai'],
        }),
      },
      help('When to run by itself.', '自动运行的时间。', '调度'),
    ),
  ),
  overlap: T.Unsafe<'skip' | 'queue'>({
    enum: ['skip', 'queue'],
    type: 'string',
    default: 'skip',
    ...help(
      'What to do when a run is due while one is still going: skip it, or queue one.',
      '上次运行未结束时：skip 跳过，queue 排队。',
      '重叠处理',
    ),
  }),
  retry: strictObject(
    {
      attempts: T.Integer({ minimum: 1, maximum: 20, default: 3, ...help('Tries in all.', '总尝试次数。', '尝试次数') }),
      backoff: duration({
        default: '5s',
        'x-maximum': '1h',
        ...help('Wait before the second try; doubles each time.', '第二次尝试前的等待，之后每次加倍。', '重试间隔'),
      }),
      backoffMax: duration({
        default: '5m',
        'x-maximum': '1d',
        ...help('Longest wait between tries.', '两次尝试之间的最长等待。', '最大重试间隔'),
      }),
    },
    { default: {}, ...help('What to do when a run fails.', '运行失败时的重试。', '重试') },
  ),
  timeout: duration({
    default: '6h',
    'x-minimum': '1s',
    'x-maximum': '7d',
    ...help('Longest time one attempt may take.', '一次尝试的最长时间。', '超时'),
  }),
  batch: bytes({
    default: '1MiB',
    'x-minimum': '16KiB',
    'x-maximum': '64MiB',
    'x-advanced': true,
    ...help('Size of the batches that flow.', '批次大小。', '批大小'),
  }),
});

export interface StreamOptions {
  name: string;
  target?: string;
  mode?: PipelineMode;
  write?: PipelineWrite;
  key?: string[];
  columns?: string[];
  adopt?: boolean;
  allowEmpty?: boolean;
}
