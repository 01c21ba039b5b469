/** The whole process configuration: each role's section, and what they share. */
import { help, secret, strictObject, T, type Static, type TSchema } from '../base/schema.ts';
import { controlConfig } from '../control/config.ts';
import { gatewayConfig } from '../gateway/config.ts';
import { workerConfig } from '../pipeline/config.ts';

const common = {
  dataDir: T.String({
    minLength: 1,
    default: '.weir',
    ...help('Folder of Weir’s own state, mode 0700.', 'Weir 自身状态的目录，权限 0700。'),
  }),
  roles: T.Array(T.Unsafe<'gateway' | 'control' | 'worker'>({ enum: ['gateway', 'control', 'worker'] }), {
    default: ['control', 'gateway', 'worker'],
    minItems: 1,
    maxItems: 3,
    ...help('Roles this instance runs.', '本实例运行的角色。'),
  }),
  logLevel: T.Unsafe<'debug' | 'info' | 'warn' | 'error'>({
    enum: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    ...help(
      'Least level that is logged; when it is left out and standard error is a terminal, `warn`.',
      '最低日志级别；未设置且标准错误为终端时为 `warn`。',
    ),
  }),
  spare: T.Unsafe<'auto' | 'on' | 'off'>({
    enum: ['auto', 'on', 'off'],
    default: 'auto',
    ...help(
      'Keep one process that has loaded what roles need, so that a role that dies is back sooner, for about 200 MB of memory; `auto`: where there are 2 GiB of memory or more.',
      '保留一个已加载各角色所需代码的备用进程，使终止的角色更快恢复，约占 200 MB 内存；`auto`：内存不少于 2 GiB 时启用。',
    ),
  }),
  store: strictObject(
    {
      url: T.Optional(
        secret(
          help(
            'PostgreSQL URL of the store; an SQLite file in the data folder when left out.',
            '存储所用 PostgreSQL 的 URL；省略时使用数据目录中的 SQLite 文件。',
          ),
        ),
      ),
    },
    { default: {}, ...help('Where Weir keeps its own data.', 'Weir 自身数据的存储。') },
  ),
  files: strictObject(
    {
      roots: T.Array(T.String({ minLength: 1 }), {
        default: ['files'],
        maxItems: 50,
        ...help(
          'Folders connectors may read and write files in, relative to the folder the data folder stands in.',
          '连接器可读写文件的目录，相对于数据目录所在的目录。',
        ),
      }),
    },
    { default: {}, ...help('Files of connectors.', '连接器的文件。') },
  ),
  resources: strictObject(
    {
      folder: T.Optional(
        T.String({
          minLength: 1,
          ...help('Watched folder of resource documents; none when left out.', '被监视的资源文档目录；省略则不监视。'),
        }),
      ),
      environment: T.Array(T.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), {
        default: [],
        maxItems: 500,
        ...help(
          'Environment variables that documents may use as ${env:NAME}, besides WEIR_VAR_*.',
          '除 WEIR_VAR_* 外，文档可用 ${env:NAME} 引用的环境变量。',
        ),
      }),
    },
    { default: {}, ...help('Where resources come from besides the admin API.', '除管理 API 外资源的来源。') },
  ),
  secrets: strictObject(
    {
      masterKeyFile: T.Optional(
        T.String({
          minLength: 1,
          ...help(
            'File of the master key (also WEIR_MASTER_KEY_FILE); <data folder>/master.key, made at the first start, when left out.',
            '主密钥文件（也可用 WEIR_MASTER_KEY_FILE）；省略时为数据目录下首次启动生成的 master.key。',
          ),
        }),
      ),
    },
    { default: {}, ...help('How secrets are kept.', '密钥的保存。') },
  ),
} as const satisfies Record<string, TSchema>;

/** Schema of `weir.yaml`. */
export const processConfig = strictObject({
  ...common,
  gateway: { ...gatewayConfig, default: {}, ...help('The gateway role: its listener and its limits.', '网关角色：监听与限制。') },
  control: controlConfig,
  worker: workerConfig,
});

export type ProcessConfig = Static<typeof processConfig>;

/** What roles are started with: the configuration with paths made absolute. Travels as JSON. */
export interface RoleConfig {
  readonly config: ProcessConfig;
  /** Absolute. */
  readonly dataFolder: string;
  readonly fileRoots: readonly string[];
  readonly resourceFolder: string | undefined;
  readonly masterKeyFile: string;
  /** Load the sample project unless it was removed before. */
  readonly loadSample: boolean;
  /** Variables that documents may use. */
  readonly variables: Readonly<Record<string, string>>;
  /** Password for the first admin, when the environment names one. */
  readonly adminPassword: string | undefined;
}
