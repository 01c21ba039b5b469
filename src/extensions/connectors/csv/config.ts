/** What people write to read a CSV file or export. */
import {
  type ColumnType,
  type ConfigOf,
  bytes,
  connectorProblems,
  duration,
  help,
  type ProblemFactory,
  secret,
  strictObject,
  T,
} from '../../../sdk/index.ts';

export type Encoding = 'utf-8' | 'gbk' | 'gb18030' | 'utf-16le' | 'utf-16be' | 'windows-1252';
export type CsvType = Exclude<ColumnType, 'bytes'>;

const TYPES: readonly CsvType[] = [
  'boolean',
  'int16',
  'int32',
  'int64',
  'decimal',
  'float32',
  'float64',
  'text',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'json',
  'uuid',
];

export const csvConfig = strictObject({
  file: T.Optional(
    T.String({
      minLength: 1,
      maxLength: 1000,
      ...help('File inside a folder of `files.roots`. Either this or `url`.', '`files.roots` 目录内的文件；与 `url` 二选一。', '文件'),
      examples: ['customers.csv'],
    }),
  ),
  url: T.Optional(
    T.String({
      // A user name or password here would stand readable in dumps and history: `authorization` is for secrets.
      pattern: '^https?://[^\\s/?#@\\\\]+([/?#]|$)',
      maxLength: 2000,
      ...help(
        'Address of an export, read by GET, without user and password; redirects are not followed.',
        '以 GET 读取的导出地址，不含用户名和密码，不跟随重定向。',
        { en: 'URL', zh: '地址（URL）' },
      ),
      examples: ['https://crm.example.test/export/customers.csv'],
    }),
  ),
  authorization: T.Optional(
    secret(help('Value of the Authorization header sent to `url`.', '发送给 `url` 的 Authorization 头。', '授权头')),
  ),
  stream: T.Optional(
    T.String({
      minLength: 1,
      maxLength: 128,
      pattern: '^[^/\\\\\\x00-\\x1f]+$',
      ...help('Name of the stream; the file’s name without its ending when left out.', '流名；省略时为去掉扩展名的文件名。', '流'),
    }),
  ),
  delimiter: T.String({
    minLength: 1,
    maxLength: 1,
    default: ',',
    ...help('Character between cells.', '单元格分隔符。', '分隔符'),
    examples: [',', ';', '\t'],
  }),
  quote: T.String({
    minLength: 1,
    maxLength: 1,
    default: '"',
    ...help('Character around cells that hold delimiters or line ends; doubled inside.', '引用符；在引用内重复表示其本身。', '引用符'),
  }),
  encoding: T.Unsafe<Encoding>({
    type: 'string',
    enum: ['utf-8', 'gbk', 'gb18030', 'utf-16le', 'utf-16be', 'windows-1252'],
    default: 'utf-8',
    ...help('Encoding of the text; a byte that is none stops the read.', '文本编码；遇到非法字节即停止。', '编码'),
  }),
  nullText: T.String({
    maxLength: 20,
    default: '',
    ...help('An unquoted cell of this text is NULL.', '未加引号且等于此文本的单元格视为 NULL。', '空值文本'),
  }),
  columns: T.Unsafe<Record<string, CsvType>>({
    type: 'object',
    default: {},
    additionalProperties: { type: 'string', enum: TYPES },
    ...help(
      'Types of columns by their header; all others are text. A value that does not fit stops the read.',
      '按表头指定列类型，其余为文本；不符合的值会停止读取。',
      '列',
    ),
    examples: [{ id: 'int64', balance: 'decimal' }],
  }),
  rowMax: bytes({
    default: '1MiB',
    'x-minimum': '1KiB',
    'x-maximum': '64MiB',
    'x-advanced': true,
    ...help('Longest row.', '单行最大长度。', '单行上限'),
  }),
  timeout: duration({
    default: '30s',
    'x-minimum': '100ms',
    'x-maximum': '10m',
    'x-advanced': true,
    ...help('Longest wait for the server’s next bytes.', '等待服务器后续数据的最长时间。', '超时'),
  }),
});

export type CsvConfig = ConfigOf<typeof csvConfig>;

export const csvProblems = {
  ...connectorProblems,
  'bad-line': {
    status: 422,
    retry: 'never',
    title: { en: 'A line is not valid CSV', zh: 'CSV 行无效' },
    detail: { en: '"{source}", line {line}: {reason}. Nothing more was read.', zh: '“{source}”第 {line} 行：{reason}。已停止读取。' },
  },
  'bad-header': {
    status: 422,
    retry: 'never',
    title: { en: 'The header row is not valid', zh: '表头无效' },
    detail: { en: 'The first row of "{source}" must name the columns: {reason}.', zh: '“{source}”的第一行必须是列名：{reason}。' },
  },
  'changed-while-read': {
    status: 409,
    retry: 'later',
    title: { en: 'The file changed while it was read', zh: '文件在读取中被修改' },
    detail: {
      en: '"{source}" changed while it was read, so its rows may not belong together. Try again when it is complete.',
      zh: '“{source}”在读取过程中被修改，数据可能不一致。请在文件完整后重试。',
    },
  },
  'bad-answer': {
    status: 502,
    retry: 'later',
    title: { en: 'The export was not given', zh: '未取得导出文件' },
    detail: { en: 'The server answered {reason} instead of the file.', zh: '服务器返回 {reason}，而不是文件。' },
  },
  'nothing-to-read': {
    status: 422,
    retry: 'never',
    title: { en: 'Neither file nor url', zh: '未指定文件或地址' },
    detail: { en: 'A csv connection needs either `file` or `url`, not both.', zh: 'csv 连接需要 `file` 或 `url` 之一，且只能有一个。' },
  },
} as const;

export type CsvProblems = ProblemFactory<typeof csvProblems>;
