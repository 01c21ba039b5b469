/** What people write to connect to PostgreSQL. */
import { duration, help, secret, strictObject, T, type ConfigOf } from '../../../sdk/index.ts';

/** How TLS is used: `prefer` takes it when offered, `require` insists, `verify-full` also checks certificate and name. */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-full';

export const postgresConfig = strictObject({
  host: T.String({
    minLength: 1,
    maxLength: 255,
    ...help('Host name or address.', '主机名或地址。', '主机'),
    examples: ['db.example.test'],
  }),
  port: T.Integer({ minimum: 1, maximum: 65_535, default: 5432, ...help('Port.', '端口。', '端口') }),
  database: T.String({
    minLength: 1,
    maxLength: 63,
    examples: ['shop'],
    ...help('Database, in exact case.', '数据库名（区分大小写）。', '数据库'),
  }),
  user: T.String({
    minLength: 1,
    maxLength: 63,
    examples: ['weir'],
    ...help('Login. Grant it no more than it needs.', '登录用户，只授予所需权限。', '用户'),
  }),
  password: T.Optional(secret(help('Password; best as `${secret:name}`.', '密码，建议用 `${secret:name}`。', '密码'))),
  tls: strictObject(
    {
      mode: T.Unsafe<TlsMode>({
        type: 'string',
        enum: ['disable', 'prefer', 'require', 'verify-full'],
        default: 'prefer',
        ...help(
          'disable, prefer (TLS when offered), require (no check of the certificate), verify-full (certificate and host name checked).',
          'disable 不用；prefer 有则用；require 必须加密但不校验证书；verify-full 校验证书与主机名。',
          '加密方式',
        ),
      }),
      ca: T.Optional(
        T.String({
          minLength: 1,
          maxLength: 100_000,
          ...help('Certificate authority in PEM; the system’s own when left out.', 'PEM 格式的 CA 证书；省略时用系统证书。', {
            en: 'CA certificate',
            zh: 'CA 证书',
          }),
        }),
      ),
    },
    { default: {}, ...help('Encryption of the connection.', '连接加密。', { en: 'TLS', zh: '加密（TLS）' }) },
  ),
  connectTimeout: duration({
    default: '10s',
    'x-minimum': '100ms',
    'x-maximum': '2m',
    'x-advanced': true,
    ...help('Longest wait for a connection.', '建立连接的最长等待。', '连接超时'),
  }),
  lockTimeout: duration({
    default: '30s',
    'x-minimum': '100ms',
    'x-maximum': '1h',
    'x-advanced': true,
    ...help('Longest wait for a lock on a target table.', '等待目标表锁的最长时间。', '锁等待'),
  }),
});

export type PostgresConfig = ConfigOf<typeof postgresConfig>;
