/** What people write to use an SQLite file. */
import {
  type ConfigOf,
  connectorProblems,
  duration,
  help,
  type ProblemFactory,
  sinkProblems,
  strictObject,
  T,
} from '../../../sdk/index.ts';

export const sqliteConfig = strictObject({
  file: T.String({
    minLength: 1,
    maxLength: 1000,
    ...help(
      'Database file inside a folder of `files.roots`; a sink makes it when missing.',
      '`files.roots` 目录内的数据库文件；作为目标时不存在会自动创建。',
      '文件',
    ),
    examples: ['warehouse.db'],
  }),
  lockTimeout: duration({
    default: '30s',
    'x-minimum': '100ms',
    'x-maximum': '1h',
    'x-advanced': true,
    ...help('Longest wait while another program writes the file.', '其他程序写入该文件时的最长等待。', '锁等待'),
  }),
});

export type SqliteConfig = ConfigOf<typeof sqliteConfig>;

export const sqliteProblems = {
  ...connectorProblems,
  ...sinkProblems,
  'file-missing': {
    status: 404,
    retry: 'later',
    title: { en: 'No such file', zh: '文件不存在' },
    detail: {
      en: 'The file "{file}" is not there. Check its name and the folders of `files.roots`.',
      zh: '文件“{file}”不存在。请检查文件名和 `files.roots` 中的目录。',
    },
  },
  'not-a-database': {
    status: 422,
    retry: 'never',
    title: { en: 'Not an SQLite database', zh: '不是 SQLite 数据库' },
    detail: { en: '"{file}" cannot be read as an SQLite database: {reason}.', zh: '“{file}”无法作为 SQLite 数据库读取：{reason}。' },
  },
  'file-replaced': {
    status: 409,
    retry: 'later',
    title: { en: 'The file was replaced', zh: '文件已被替换' },
    detail: {
      en: '"{file}" was replaced by another file while it was in use. Try again.',
      zh: '“{file}”在使用中被另一个文件替换，请重试。',
    },
  },
  'no-schemas': {
    status: 422,
    retry: 'never',
    title: { en: 'SQLite has no schemas', zh: 'SQLite 没有 schema' },
    detail: {
      en:
        'The pipeline names schema "{namespace}" for its targets, which SQLite does not have. ' +
        'Leave it out; use `prefix` to keep names apart.',
      zh: '管道为目标指定了 schema“{namespace}”，但 SQLite 没有 schema。请去掉它，可用 `prefix` 区分表名。',
    },
  },
} as const;

export type SqliteProblems = ProblemFactory<typeof sqliteProblems>;
