/** Section `control` of the process configuration: where control listens, and the bounds it works within. */
import { type Static, bytes, duration, help, strictObject, T } from '../base/schema.ts';

export const controlConfig = strictObject(
  {
    host: T.String({
      minLength: 1,
      maxLength: 255,
      default: '127.0.0.1',
      ...help('Address control listens on. Anything but loopback should stand behind TLS.', '控制端监听地址。非回环地址应置于 TLS 之后。'),
    }),
    port: T.Integer({
      minimum: 0,
      maximum: 65535,
      default: 8081,
      ...help('Port of console, admin API, metrics and health.', '控制台、管理 API、指标与健康检查的端口。'),
    }),
    hosts: T.Array(T.String({ minLength: 1, maxLength: 255 }), {
      default: [],
      maxItems: 100,
      examples: [['weir.example.test']],
      ...help(
        'Names control may be asked for besides localhost and loopback addresses; a request with another Host is refused.',
        '除 localhost 与回环地址外允许访问的主机名；其他 Host 的请求会被拒绝。',
      ),
    }),
    secureCookie: T.Boolean({
      default: false,
      ...help('Marks the session cookie Secure: for use behind TLS.', '为会话 Cookie 加 Secure 标记：在 TLS 之后使用。'),
    }),
    session: strictObject(
      {
        idle: duration({
          default: '8h',
          'x-minimum': '1m',
          'x-maximum': '30d',
          ...help('A session not used for this long ends.', '会话闲置超过此时间即失效。'),
        }),
        longest: duration({
          default: '7d',
          'x-minimum': '1m',
          'x-maximum': '90d',
          ...help('A session ends after this long, used or not.', '会话的最长有效期。'),
        }),
      },
      { default: {}, ...help('Sessions of people in the console.', '控制台用户的会话。') },
    ),
    calls: strictObject(
      {
        age: duration({
          default: '7d',
          'x-minimum': '1m',
          ...help('Call records older than this are deleted.', '早于此时间的调用记录会被删除。'),
        }),
        bytes: bytes({
          default: '1GiB',
          'x-minimum': '1MiB',
          ...help('Oldest call records are deleted when they take more than this.', '调用记录超过此大小时删除最旧的。'),
        }),
        queue: T.Integer({
          minimum: 100,
          maximum: 10_000_000,
          default: 100_000,
          'x-advanced': true,
          ...help(
            'Call records kept in memory while the store is slow; more are dropped and counted.',
            '存储变慢时内存中保留的调用记录数；超出的会被丢弃并计数。',
          ),
        }),
      },
      { default: {}, ...help('How long call records are kept.', '调用记录的保留。') },
    ),
    requests: strictObject(
      {
        body: bytes({
          default: '16MiB',
          'x-minimum': '64KiB',
          'x-maximum': '256MiB',
          ...help('Largest body of an admin request.', '管理请求体的最大值。'),
        }),
        timeout: duration({
          default: '30s',
          'x-minimum': '1s',
          'x-maximum': '10m',
          ...help('Longest time an admin operation may take, when it names none of its own.', '管理操作的最长时间（操作另有规定者除外）。'),
        }),
        atOnce: T.Integer({
          minimum: 4,
          maximum: 10_000,
          default: 200,
          'x-advanced': true,
          ...help('Requests answered at the same time; more get 503.', '同时处理的请求数；超出返回 503。'),
        }),
      },
      { default: {}, ...help('Bounds of admin requests.', '管理请求的上限。') },
    ),
    exports: strictObject(
      {
        rows: T.Integer({
          minimum: 1,
          maximum: 10_000_000,
          default: 100_000,
          ...help(
            'Most rows of a list as CSV; the trailer `x-weir-truncated` says whether there were more.',
            '列表导出为 CSV 的最多行数；尾部字段 `x-weir-truncated` 说明是否被截断。',
          ),
        }),
        timeout: duration({
          default: '5m',
          'x-minimum': '1s',
          'x-maximum': '1h',
          ...help('Longest time the sending of a list as CSV may take.', '导出 CSV 的最长时间。'),
        }),
      },
      { default: {}, ...help('Bounds of lists as CSV.', '列表导出 CSV 的上限。') },
    ),
  },
  { default: {}, ...help('The control role: console, admin API, metrics.', '控制角色：控制台、管理 API、指标。') },
);
export type ControlConfig = Static<typeof controlConfig>;
