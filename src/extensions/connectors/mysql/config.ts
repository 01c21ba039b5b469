/** What people write to read MariaDB or MySQL. */
import { type ConfigOf, connectorProblems, duration, help, type ProblemFactory, secret, strictObject, T } from '../../../sdk/index.ts';

export type TlsMode = 'disable' | 'require' | 'verify-full';

export const mysqlConfig = strictObject({
  host: T.String({
    minLength: 1,
    maxLength: 255,
    ...help('Host name or address.', '主机名或地址。', '主机'),
    examples: ['erp.example.test'],
  }),
  port: T.Integer({ minimum: 1, maximum: 65_535, default: 3306, ...help('Port.', '端口。', '端口') }),
  database: T.String({ minLength: 1, maxLength: 64, examples: ['shop'], ...help('Database to read.', '要读取的数据库。', '数据库') }),
  user: T.String({
    minLength: 1,
    maxLength: 80,
    examples: ['weir'],
    ...help('Login; SELECT on the database is enough.', '登录用户，只需 SELECT 权限。', '用户'),
  }),
  password: T.Optional(secret(help('Password; best as `${secret:name}`.', '密码，建议用 `${secret:name}`。', '密码'))),
  tls: strictObject(
    {
      mode: T.Unsafe<TlsMode>({
        type: 'string',
        enum: ['disable', 'require', 'verify-full'],
        default: 'disable',
        ...help(
          'disable, require (no check of the certificate), verify-full (certificate and host name checked).',
          'disable 不用；require 必须加密但不校验证书；verify-full 校验证书与主机名。',
          '加密方式',
        ),
      }),
      ca: T.Optional(
        T.String({
          minLength: 1,
          maxLength: 100_000,
          ...help('Certificate authority in PEM.', 'PEM 格式的 CA 证书。', { en: 'CA certificate', zh: 'CA 证书' }),
        }),
      ),
    },
    { default: {}, ...help('Encryption of the connection.', '连接加密。', { en: 'TLS', zh: '加密（TLS）' }) },
  ),
  zeroDates: T.Unsafe<'fail' | 'null'>({
    type: 'string',
    enum: ['fail', 'null'],
    default: 'fail',
    ...help(
      'What to do with dates such as 0000-00-00, which are none: stop with the row’s key, or carry NULL.',
      '遇到 0000-00-00 之类的无效日期时：fail 停止并指出该行；null 以 NULL 代替。',
      '零日期',
    ),
  }),
  connectTimeout: duration({
    default: '10s',
    'x-minimum': '100ms',
    'x-maximum': '2m',
    'x-advanced': true,
    ...help('Longest wait for a connection.', '建立连接的最长等待。', '连接超时'),
  }),
});

export type MysqlConfig = ConfigOf<typeof mysqlConfig>;
export const mysqlProblems = { ...connectorProblems } as const;
export type MysqlProblems = ProblemFactory<typeof mysqlProblems>;
