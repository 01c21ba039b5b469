/** Fields of an Upstream beyond its targets: how one is chosen, watched, repeated and spoken to. Each is off when left out. */
import { bytes, duration, expression, help, secret, strictObject, T, variants } from '../../base/schema.ts';
import type { Text } from '../../base/text.ts';

const percent = (standard: number, words: ReturnType<typeof help>) => T.Integer({ minimum: 0, maximum: 100, default: standard, ...words });

/** A way to choose that has no settings. */
const plainWay = (type: string, name: Text, words: Text) =>
  strictObject({ type: T.Literal(type, help(name.en, name.zh, '方式')) }, { title: type, ...help(words.en, words.zh) });

export const balance = variants(
  [
    plainWay(
      'round-robin',
      { en: 'In turn', zh: '轮流' },
      { en: 'In turn, by weight. What counts when nothing is said.', zh: '按权重轮流；不设置时的默认方式。' },
    ),
    plainWay(
      'least-requests',
      { en: 'Fewest requests under way', zh: '进行中请求最少' },
      { en: 'To the target with the fewest requests under way for its weight.', zh: '发往进行中请求最少（按权重）的目标。' },
    ),
    plainWay(
      'lowest-latency',
      { en: 'Lowest latency', zh: '延迟最低' },
      {
        en: 'Of two targets drawn at random, to the one with the lower smoothed latency and load (EWMA, power of two choices).',
        zh: '随机取两个目标，发往平滑延迟与负载较低者（EWMA、二选一）。',
      },
    ),
    strictObject(
      {
        type: T.Literal('hash', help('By hash of a key', '按键哈希', '方式')),
        key: expression({
          examples: ['request.header.x-tenant', 'request.cookie.session', 'client.address'],
          ...help(
            'What equal requests share: a header, query parameter, cookie, address, consumer or path. A request without it goes anywhere.',
            '相同请求的依据：请求头、查询参数、Cookie、地址、消费者或路径；缺失时发往任意目标。',
            '哈希键',
          ),
        }),
        boundedLoad: T.Number({
          minimum: 1,
          maximum: 100,
          default: 1.25,
          ...help(
            'How many times its fair part of the requests under way a target may have before its keys go to the next.',
            '目标的进行中请求达到其应得份额的多少倍后，其键转到下一个目标。',
            '负载上限',
          ),
        }),
      },
      {
        title: 'hash',
        ...help('Equal keys to the same target (consistent hash with bounded load).', '相同的键发往同一目标（有界负载一致性哈希）。'),
      },
    ),
  ],
  help('How a target is chosen; in turn when left out.', '选择目标的方式；省略时轮流。', '负载均衡'),
);

export const health = strictObject(
  {
    path: T.String({
      pattern: '^/[^\\s#]*$',
      maxLength: 1024,
      default: '/',
      examples: ['/health'],
      ...help('Path that is asked.', '检查的路径。', '路径'),
    }),
    method: T.Union([T.Literal('GET'), T.Literal('HEAD'), T.Literal('OPTIONS')], {
      default: 'GET',
      ...help('Method it is asked with.', '检查所用的方法。', '方法'),
    }),
    host: T.Optional(
      T.String({
        pattern: '^[A-Za-z0-9._:\\[\\]-]+$',
        maxLength: 260,
        ...help('Host field of the check; that of the target when left out.', '检查所用的 Host；省略时为目标自己的。', '主机'),
      }),
    ),
    statuses: T.Array(T.String({ pattern: '^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$' }), {
      minItems: 1,
      maxItems: 16,
      default: ['200-299'],
      ...help('Statuses that say a target is well: `204` or `200-299`.', '表示健康的状态码：`204` 或 `200-299`。', '状态码'),
    }),
    interval: duration({
      default: '10s',
      'x-minimum': '500ms',
      'x-maximum': '1h',
      ...help('Time between two checks of a target, a tenth more or less by chance.', '同一目标两次检查的间隔，随机增减十分之一。', '间隔'),
    }),
    timeout: duration({
      default: '2s',
      'x-minimum': '50ms',
      'x-maximum': '1m',
      ...help('Longest wait for the head of the answer.', '等待应答头的最长时间。', '超时'),
    }),
    healthyAfter: T.Integer({
      minimum: 1,
      maximum: 100,
      default: 2,
      ...help('Good checks in a row until a target is used again.', '连续多少次正常后恢复使用。', '恢复阈值'),
    }),
    unhealthyAfter: T.Integer({
      minimum: 1,
      maximum: 100,
      default: 3,
      ...help('Bad checks in a row until a target is used no more.', '连续多少次异常后停止使用。', '异常阈值'),
    }),
  },
  help(
    'Asks every target regularly and uses those that answer well. Left out: nobody is asked.',
    '定期检查每个目标，只使用健康的目标；省略则不检查。',
    '健康检查',
  ),
);

export const outliers = strictObject(
  {
    errors: T.Integer({
      minimum: 0,
      maximum: 1000,
      default: 5,
      ...help('Answers of 500–599 in a row; 0 = does not count.', '连续的 500–599 应答数；0 表示不计。', '错误应答数'),
    }),
    gatewayErrors: T.Integer({
      minimum: 0,
      maximum: 1000,
      default: 0,
      ...help('Answers of 502, 503 and 504 in a row; 0 = does not count.', '连续的 502、503、504 应答数；0 表示不计。', '网关错误数'),
    }),
    localErrors: T.Integer({
      minimum: 0,
      maximum: 1000,
      default: 5,
      ...help(
        'Calls in a row without a complete answer (no connection, late, cut, malformed); 0 = does not count.',
        '连续没有完整应答的调用数（无法连接、超时、中断、格式错误）；0 表示不计。',
        '本地错误数',
      ),
    }),
    ejection: duration({
      default: '30s',
      'x-minimum': '100ms',
      'x-maximum': '1h',
      ...help(
        'How long it gets no requests the first time; each further time so much longer.',
        '首次剔除的时长；之后每次再加这么长。',
        '剔除时长',
      ),
    }),
    ejectionMax: duration({
      default: '5m',
      'x-minimum': '100ms',
      'x-maximum': '24h',
      ...help('Longest ejection.', '最长剔除时间。', '最长剔除'),
    }),
    ejectedMax: percent(
      50,
      help(
        'Share of the targets in percent that may be out at once; one may always be, unless 0.',
        '可同时剔除的目标百分比；除非为 0，总可剔除一个。',
        '剔除上限',
      ),
    ),
  },
  help(
    'Takes targets out for a while that fail several times in a row. Left out: none is.',
    '暂时剔除连续失败的目标；省略则不剔除。',
    '异常剔除',
  ),
);

const budget = strictObject(
  {
    percent: percent(20, help('Part of the requests, in percent.', '占请求数的百分比。', '百分比')),
    least: T.Integer({
      minimum: 0,
      maximum: 10_000,
      default: 10,
      ...help('Repeats that are allowed however few requests there are.', '请求很少时仍允许的重试数。', '最少数'),
    }),
    window: duration({
      default: '10s',
      'x-minimum': '1s',
      'x-maximum': '10m',
      ...help('Time over which both are counted.', '统计的时间窗口。', '时间窗口'),
    }),
  },
  { default: {}, ...help('How many repeats there may be in all, per thread.', '每个线程允许的重试总量。', '重试预算') },
);

export const retries = strictObject(
  {
    attempts: T.Integer({
      minimum: 2,
      maximum: 10,
      default: 2,
      ...help('Tries of one request, the first among them.', '单个请求的尝试次数，含首次。', '尝试次数'),
    }),
    conditions: T.Array(T.Union([T.Literal('connect'), T.Literal('closed'), T.Literal('timeout'), T.Literal('malformed')]), {
      maxItems: 4,
      default: ['connect', 'closed'],
      ...help(
        'Which failures: no connection, closed before its answer, no answer in time, a malformed answer.',
        '重试的失败类型：无法连接、应答前关闭、超时、应答格式错误。',
        '失败类型',
      ),
    }),
    statuses: T.Array(T.Integer({ minimum: 400, maximum: 599 }), {
      maxItems: 20,
      default: [502, 503, 504],
      ...help('Which statuses of answers.', '重试的应答状态码。', '状态码'),
    }),
    allMethods: T.Boolean({
      default: false,
      ...help('Also repeats POST and PATCH, which may then be done twice.', '也重试 POST 与 PATCH，它们可能因此被执行两次。', '所有方法'),
    }),
    perTry: T.Optional(
      duration({
        'x-minimum': '10ms',
        'x-maximum': '1h',
        ...help('Longest wait for the head of one try’s answer.', '单次尝试等待应答头的最长时间。', '单次时限'),
      }),
    ),
    deadline: duration({
      default: '30s',
      'x-minimum': '10ms',
      'x-maximum': '1h',
      ...help('Until when the last try must have an answer, from the first.', '自首次尝试起，最后一次尝试得到应答的时限。', '总时限'),
    }),
    bodyMax: bytes({
      default: '64KiB',
      'x-maximum': '10MiB',
      ...help(
        'Largest body that is kept to be sent again; requests with larger ones are not repeated.',
        '为重发而保留的最大正文；更大的请求不重试。',
        '正文上限',
      ),
    }),
    bodiesMax: bytes({
      default: '64MiB',
      'x-maximum': '4GiB',
      'x-advanced': true,
      ...help(
        'Memory of all bodies kept so at once, per thread; requests beyond it are not repeated.',
        '每个线程同时保留的全部正文所占内存；超出后的请求不重试。',
        '正文总上限',
      ),
    }),
    backoff: duration({
      default: '25ms',
      'x-minimum': '1ms',
      'x-maximum': '1m',
      ...help(
        'Wait before the first repeat; doubled each time, by chance between half and all.',
        '首次重试前的等待；每次加倍，随机取一半到全部。',
        '退避',
      ),
    }),
    backoffMax: duration({
      default: '250ms',
      'x-minimum': '1ms',
      'x-maximum': '1m',
      ...help('Longest wait before a repeat.', '重试前的最长等待。', '最长退避'),
    }),
    budget,
  },
  help(
    'Repeats requests that failed, idempotent ones only unless said otherwise. Left out: only what certainly did not arrive is repeated.',
    '重试失败的请求，默认仅限幂等方法；省略则只重试确定未送达的请求。',
    '重试',
  ),
);

export const tls = strictObject(
  {
    serverName: T.Optional(
      T.String({
        pattern: '^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$',
        maxLength: 253,
        ...help(
          'Name that is asked for (SNI) and verified; the target’s own when left out.',
          '请求（SNI）并校验的名称；省略时为目标自己的名称。',
          '服务器名称',
        ),
      }),
    ),
    ca: T.Optional(
      T.String({
        maxLength: 262_144,
        ...help('Certificates that are trusted instead of the system’s, PEM.', '替代系统信任库的 CA 证书，PEM 格式。', {
          en: 'CA',
          zh: 'CA 证书',
        }),
      }),
    ),
    certificate: T.Optional(
      T.String({
        maxLength: 65_536,
        ...help('Our own certificate, with its chain, PEM.', '网关自己的客户端证书（含链），PEM 格式。', '客户端证书'),
      }),
    ),
    key: T.Optional(secret(help('Its private key, PEM; best as `${secret:name}`.', '其私钥，PEM 格式，建议用 `${secret:name}`。', '私钥'))),
    minVersion: T.Union([T.Literal('1.2'), T.Literal('1.3')], {
      default: '1.2',
      ...help('Oldest version of TLS that is spoken.', '允许的最低 TLS 版本。', '最低版本'),
    }),
    verify: T.Boolean({
      default: true,
      'x-advanced': true,
      ...help(
        'Verifies the target’s certificate. Without it anybody in between can read and change everything.',
        '校验目标的证书。关闭后，中间人可读取并篡改全部内容。',
        '校验证书',
      ),
    }),
  },
  help('How targets are spoken to over https.', '通过 https 访问目标的方式。', { en: 'TLS', zh: 'TLS 设置' }),
);

export const http2 = strictObject(
  {
    connections: T.Integer({
      minimum: 1,
      maximum: 100,
      default: 2,
      ...help('Most connections to each target, per gateway thread.', '每个网关线程到每个目标的最大连接数。', '连接数上限'),
    }),
    streams: T.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 100,
      ...help(
        'Most requests at once on a connection; a target may allow fewer.',
        '单个连接的并发请求上限；目标允许的更少时以目标为准。',
        '并发流上限',
      ),
    }),
    window: bytes({
      default: '1MiB',
      'x-minimum': '64KiB',
      'x-maximum': '64MiB',
      'x-advanced': true,
      ...help('Bytes of an answer that may come before its client reads them.', '客户端读取前可接收的响应字节数。', '流窗口'),
    }),
    ping: duration({
      default: '30s',
      'x-minimum': '1s',
      'x-maximum': '1h',
      'x-advanced': true,
      ...help('How often a connection in use is asked whether it still stands.', '检查使用中的连接是否仍有效的间隔。', '探测间隔'),
    }),
  },
  help('How targets are spoken to over HTTP/2.', '通过 HTTP/2 访问目标的方式。', 'HTTP/2'),
);

export const panicBelow = T.Integer({
  minimum: 0,
  maximum: 100,
  default: 50,
  ...help(
    'With fewer healthy targets than this percentage all are used, since the rest would be overrun; 0 = never.',
    '健康目标低于此百分比时使用全部目标，以免压垮其余目标；0 表示从不。',
    '恐慌阈值',
  ),
});

export const slowStart = duration({
  'x-minimum': '1s',
  'x-maximum': '1h',
  ...help('Time in which a target that is new or back grows to its whole share.', '新增或恢复的目标逐步达到全部份额的时间。', '慢启动'),
  examples: ['30s'],
});

export const pendingMax = T.Integer({
  minimum: 0,
  maximum: 100_000,
  default: 1024,
  ...help(
    'Requests that may wait for a connection, per gateway thread; more are answered 503.',
    '每个网关线程可等待连接的请求数，超出则返回 503。',
    '等待上限',
  ),
});

export const pipelining = T.Integer({
  minimum: 1,
  maximum: 32,
  default: 1,
  ...help(
    'Requests without body (`GET`, `HEAD`, `OPTIONS`) that are ready together may share a write, and answers come in order; 1 = never. Only for targets that keep their answers in order without fail: an answer too many would go to the wrong caller.',
    '同时就绪且无请求体的请求（`GET`、`HEAD`、`OPTIONS`）可合并发送，应答按顺序返回；1 表示从不。仅用于确保应答顺序无误的目标：多出的应答会发给错误的调用方。',
    '流水线深度',
  ),
});

export const requestsPerConnection = T.Integer({
  minimum: 1,
  maximum: 1_000_000_000,
  ...help(
    'Requests after which a connection is closed; no bound when left out.',
    '单个连接处理多少请求后关闭；省略则不限。',
    '单连接请求数',
  ),
});

export const requestTrailers = T.Union([T.Literal('drop'), T.Literal('pass')], {
  default: 'drop',
  ...help(
    'Trailer fields of requests: dropped, or passed on to targets that read them. Policies do not see them.',
    '请求的尾部字段（trailer）：丢弃，或转发给会读取它们的目标。策略看不到这些字段。',
    '请求尾部字段',
  ),
});
