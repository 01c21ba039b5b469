/** Settings of the way in that process configuration and Listener documents share: limits, proxies, what upstreams are told. */
import { bytes, duration, help, strictObject, T, type TSchema } from '../../base/schema.ts';
import type { ClientLimits, ForwardedForm } from '../listener.ts';

/** Limits towards clients as configuration names them; times in milliseconds, sizes in bytes. */
export interface LimitSettings {
  readonly head: number;
  readonly headers: number;
  readonly target: number;
  readonly headTimeout: number;
  readonly request: number;
  readonly bodyIdle: number;
  readonly bodyRate: number;
  readonly body: number;
  readonly keepAlive: number;
  readonly writeIdle: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly requestsPerConnection: number;
  readonly pipeline: number;
  readonly handshake: number;
  readonly handshakes: number;
  readonly streams: number;
  readonly streamResets: number;
  readonly streamWindow: number;
  readonly sessionMemory: number;
}

type Options = Readonly<Record<string, unknown>>;
type Make = (options: Options) => TSchema;

const size = bytes as unknown as Make;
const time = duration as unknown as Make;
const count: Make = (options) => T.Integer(options);

const LIMITS: Readonly<Record<keyof LimitSettings, readonly [Make, string | number, Options]>> = {
  head: [
    size,
    '16KiB',
    {
      'x-minimum': '1KiB',
      'x-maximum': '1MiB',
      ...help('Largest head (request line and fields).', '请求头部（请求行与字段）的上限。', '头部上限'),
    },
  ],
  headers: [count, 100, { minimum: 10, maximum: 1000, ...help('Most header fields of a request.', '请求头字段数上限。', '头字段数') }],
  target: [
    size,
    '8KiB',
    {
      'x-minimum': '64B',
      'x-maximum': '1MiB',
      ...help('Longest path with its query; 414 beyond.', '路径与查询的最大长度，超出返回 414。', '请求目标长度'),
    },
  ],
  headTimeout: [
    time,
    '10s',
    { 'x-minimum': '100ms', 'x-maximum': '5m', ...help('Time for a client to send a whole head.', '客户端发完头部的时限。', '头部时限') },
  ],
  request: [
    time,
    '10m',
    {
      'x-minimum': '1s',
      'x-maximum': '24h',
      ...help('Time for a client to send a whole request, head and body.', '客户端发完整个请求（头部与正文）的时限。', '请求时限'),
    },
  ],
  bodyIdle: [
    time,
    '30s',
    {
      'x-minimum': '100ms',
      'x-maximum': '1h',
      ...help('Longest pause of a client within a body.', '客户端发送正文时的最长停顿。', '正文停顿'),
    },
  ],
  bodyRate: [
    size,
    '2KiB',
    {
      'x-maximum': '1MiB',
      ...help(
        'Bytes a second: while others wait for a full upstream, a request whose body comes more slowly is ended (408) and gives its connection to them. 0 = never.',
        '每秒字节数：上游连接已满且有请求等待时，正文到达速度低于此值的请求会被终止（408），其连接让给等待者。0 表示从不终止。',
        '正文最低速率',
      ),
    },
  ],
  body: [
    size,
    '10GiB',
    {
      'x-maximum': '1024GiB',
      ...help('Largest request body, whatever a route allows; 413 beyond.', '请求正文上限，优先于路由的设置；超出返回 413。', '请求体上限'),
    },
  ],
  keepAlive: [
    time,
    '65s',
    { 'x-minimum': '100ms', 'x-maximum': '1h', ...help('How long an idle connection stays open.', '空闲连接的保持时间。', '空闲保持') },
  ],
  writeIdle: [
    time,
    '60s',
    {
      'x-minimum': '100ms',
      'x-maximum': '1h',
      ...help('Longest time a client may take nothing of an answer.', '客户端停止接收响应的最长时间。', '写出停顿'),
    },
  ],
  connections: [
    count,
    20_000,
    {
      minimum: 10,
      maximum: 1_000_000,
      ...help(
        'New connections are refused (503) while the gateway has as many open, over all listeners and threads.',
        '网关在所有监听器和线程上的连接数达到此值时，拒绝新连接（503）。',
        '连接总数',
      ),
    },
  ],
  connectionsPerAddress: [
    count,
    5000,
    {
      minimum: 1,
      maximum: 1_000_000,
      ...help(
        'Most connections of one client: an IPv4 address, or a /64 of IPv6 (429 beyond). Trusted proxies are not counted.',
        '单个客户端（一个 IPv4 地址或一个 IPv6 /64 网段）的连接上限，超出返回 429；可信代理不计。',
        '每客户端连接数',
      ),
    },
  ],
  requestsPerConnection: [
    count,
    100_000,
    {
      minimum: 1,
      maximum: 1_000_000_000,
      ...help('Requests after which a connection is closed.', '单个连接处理多少请求后关闭。', '每连接请求数'),
    },
  ],
  pipeline: [
    size,
    '64KiB',
    {
      'x-minimum': '1KiB',
      'x-maximum': '16MiB',
      ...help('Bytes of pipelined requests kept while one is answered.', '响应期间缓存的流水线请求字节上限。', '流水线缓存'),
    },
  ],
  handshake: [
    time,
    '10s',
    { 'x-minimum': '100ms', 'x-maximum': '5m', ...help('Time for a TLS handshake.', 'TLS 握手的时限。', '握手时限') },
  ],
  handshakes: [
    count,
    1000,
    {
      minimum: 1,
      maximum: 100_000,
      ...help(
        'TLS handshakes under way on one thread of a listener; further connections are closed.',
        '监听器每个线程同时进行的 TLS 握手上限，超出的连接被关闭。',
        '握手并发数',
      ),
    },
  ],
  streams: [
    count,
    128,
    {
      minimum: 1,
      maximum: 10_000,
      ...help('Requests at once on a connection of HTTP/2.', '单个 HTTP/2 连接的并发请求上限。', '并发流上限'),
    },
  ],
  streamResets: [
    count,
    1000,
    {
      minimum: 30,
      maximum: 1_000_000,
      ...help(
        'Requests that a client of HTTP/2 may take back at once; a thirtieth of them comes back each second. Beyond, the connection is closed.',
        'HTTP/2 客户端可集中撤销的请求数，每秒恢复其三十分之一；超出则关闭连接。',
        '流重置上限',
      ),
    },
  ],
  streamWindow: [
    size,
    '256KiB',
    {
      'x-minimum': '64KiB',
      'x-maximum': '64MiB',
      ...help(
        'Bytes of a request body of HTTP/2 that may wait to be read; more is faster over long distances.',
        'HTTP/2 请求正文允许未读取的字节数；远距离传输时调大更快。',
        '流窗口',
      ),
    },
  ],
  sessionMemory: [
    size,
    '16MiB',
    {
      'x-minimum': '1MiB',
      'x-maximum': '1GiB',
      ...help(
        'Memory of a connection of HTTP/2; further requests on it are refused.',
        '单个 HTTP/2 连接的内存上限，超出后拒绝新请求。',
        '会话内存',
      ),
    },
  ],
};

function fieldsOf(wrap: (make: Make, standard: string | number, options: Options) => TSchema): Record<string, TSchema> {
  return Object.fromEntries(Object.entries(LIMITS).map(([name, [make, standard, options]]) => [name, wrap(make, standard, options)]));
}

/** Schema of the limits of the process configuration: every one has a default. */
export const gatewayLimits = T.Unsafe<LimitSettings>(
  strictObject(
    fieldsOf((make, standard, options) => make({ default: standard, ...options })),
    { default: {}, ...help('Limits towards clients; a Listener may have its own.', '面向客户端的限制；监听器可单独设置。') },
  ),
);

/** Schema of the limits of one listener: only what differs. */
export const listenerLimits = strictObject(
  fieldsOf((make, _standard, options) => T.Optional(make(options))),
  {
    default: {},
    ...help('Limits that differ from those of the process configuration.', '与进程配置不同的限制。', '限制'),
  },
);

/** Limits under the names code uses. */
export function clientLimits(settings: LimitSettings): ClientLimits {
  return partialLimits(settings) as ClientLimits;
}

/** The same for a part of them. */
export function partialLimits(settings: Partial<LimitSettings>): Partial<ClientLimits> {
  const limits: Record<string, number> = {};
  for (const [name, inside] of Object.entries(INSIDE)) {
    const value = settings[name as keyof LimitSettings];
    if (value !== undefined) limits[inside] = value;
  }
  return limits;
}

const INSIDE: Readonly<Record<keyof LimitSettings, keyof ClientLimits>> = {
  head: 'headBytesMax',
  headers: 'headersMax',
  target: 'targetBytesMax',
  headTimeout: 'headMs',
  request: 'requestMs',
  bodyIdle: 'bodyIdleMs',
  bodyRate: 'bodyRateMin',
  body: 'bodyBytesMax',
  keepAlive: 'keepAliveMs',
  writeIdle: 'writeIdleMs',
  connections: 'connectionsMax',
  connectionsPerAddress: 'connectionsPerAddressMax',
  requestsPerConnection: 'requestsPerConnectionMax',
  pipeline: 'pipelineBytesMax',
  handshake: 'handshakeMs',
  handshakes: 'handshakesMax',
  streams: 'streamsMax',
  streamResets: 'streamResetsMax',
  streamWindow: 'streamWindowBytes',
  sessionMemory: 'sessionBytesMax',
};

/** Whom a listener believes about the client's address, and what upstreams are told of it. */
export interface ProxySettings {
  readonly proxyProtocol: 'off' | 'required';
  readonly trustedProxies: string[];
  readonly forwarded: ForwardedForm;
  readonly via: boolean;
  readonly http2: boolean;
}

/** Schema fields of `ProxySettings`. */
export const proxyFields = {
  trustedProxies: T.Array(T.String({ minLength: 2, maxLength: 64, examples: ['10.0.0.0/8'] }), {
    maxItems: 256,
    default: [],
    ...help(
      'Addresses and networks of proxies whose word about the client is believed (X-Forwarded-*, Forwarded, PROXY protocol).',
      '可信代理的地址与网段：采信其提供的客户端信息（X-Forwarded-*、Forwarded、PROXY 协议）。',
      '可信代理',
    ),
  }),
  proxyProtocol: T.Unsafe<'off' | 'required'>({
    type: 'string',
    enum: ['off', 'required'],
    default: 'off',
    ...help(
      'required = every connection begins with a PROXY protocol header (version 1 or 2), taken from trusted proxies only.',
      'required 表示每个连接须以 PROXY 协议头（版本 1 或 2）开始，且仅接受可信代理。',
      'PROXY 协议',
    ),
  }),
  forwarded: T.Unsafe<ForwardedForm>({
    type: 'string',
    enum: ['x-forwarded', 'forwarded', 'both'],
    default: 'x-forwarded',
    ...help(
      'Fields that tell upstreams who called; `forwarded` (RFC 7239) is then also the one read from trusted proxies.',
      '告知上游调用方的字段；取 `forwarded`（RFC 7239）时，也从可信代理读取该字段。',
      '转发字段',
    ),
  }),
  via: T.Boolean({ default: false, ...help('Adds Via to requests.', '在请求中添加 Via。', 'Via') }),
  http2: T.Boolean({
    default: true,
    ...help(
      'Speaks HTTP/2 with clients that want it: by ALPN over TLS, by its preface without (h2c).',
      '与支持的客户端使用 HTTP/2：TLS 上通过 ALPN 协商，明文时通过连接前言（h2c）。',
      'HTTP/2',
    ),
  }),
} as const;
