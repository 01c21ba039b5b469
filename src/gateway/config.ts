/** Process config of the gateway: section `gateway` of `weir.yaml`, env `WEIR_GATEWAY_*`. */
import { bytes, duration, help, type Static, strictObject, T } from '../base/schema.ts';
import type { EngineLimits } from './contract.ts';

const limits = strictObject(
  {
    head: bytes({
      default: '16KiB',
      'x-minimum': '1KiB',
      'x-maximum': '1MiB',
      ...help('Largest head (request line and fields).', '请求头部（请求行与字段）的上限。'),
    }),
    headers: T.Integer({ default: 100, minimum: 10, maximum: 1000, ...help('Most header fields of a request.', '请求头字段数上限。') }),
    headTimeout: duration({
      default: '10s',
      'x-minimum': '100ms',
      'x-maximum': '5m',
      ...help('Time for a client to send a whole head.', '客户端发完头部的时限。'),
    }),
    bodyIdle: duration({
      default: '30s',
      'x-minimum': '100ms',
      'x-maximum': '1h',
      ...help('Longest pause of a client within a body.', '客户端发送正文时的最长停顿。'),
    }),
    keepAlive: duration({
      default: '65s',
      'x-minimum': '100ms',
      'x-maximum': '1h',
      ...help('How long an idle connection stays open.', '空闲连接的保持时间。'),
    }),
    writeIdle: duration({
      default: '60s',
      'x-minimum': '100ms',
      'x-maximum': '1h',
      ...help('Longest time a client may take nothing of an answer.', '客户端停止接收响应的最长时间。'),
    }),
    connections: T.Integer({
      default: 20_000,
      minimum: 10,
      maximum: 1_000_000,
      ...help('Most client connections of one thread.', '每个线程的客户端连接上限。'),
    }),
    requestsPerConnection: T.Integer({
      default: 100_000,
      minimum: 1,
      maximum: 1_000_000_000,
      ...help('Requests after which a connection is closed.', '单个连接处理多少请求后关闭。'),
    }),
    pipeline: bytes({
      default: '64KiB',
      'x-minimum': '1KiB',
      'x-maximum': '16MiB',
      ...help('Bytes of pipelined requests kept while one is answered.', '响应期间缓存的流水线请求字节上限。'),
    }),
  },
  { default: {}, ...help('Limits towards clients, for each thread.', '面向客户端的限制（每线程）。') },
);

/** The section's schema; control and `weir config print` read it too. */
export const gatewayConfig = strictObject({
  port: T.Integer({
    default: 8080,
    minimum: 0,
    maximum: 65_535,
    ...help('Port of the listener (WEIR_GATEWAY_PORT); 0 takes a free one.', '监听端口（WEIR_GATEWAY_PORT）；0 表示任选空闲端口。'),
  }),
  host: T.String({ default: '0.0.0.0', minLength: 1, maxLength: 253, ...help('Address to listen on.', '监听地址。') }),
  threads: T.Optional(
    T.Integer({
      minimum: 1,
      maximum: 64,
      ...help(
        'Threads that serve sockets; the number of cores, at most 8, when left out.',
        '处理连接的线程数；省略时为 CPU 核数，最多 8。',
      ),
    }),
  ),
  drain: duration({
    default: '10s',
    'x-minimum': '0s',
    'x-maximum': '5m',
    ...help('How long requests in flight may take to end when the gateway stops.', '停止时等待进行中请求结束的时间。'),
  }),
  counters: T.Integer({
    default: 262_144,
    minimum: 1024,
    maximum: 16_777_216,
    'x-advanced': true,
    ...help('Rate-limit buckets kept in memory; 16 bytes each.', '内存中的限流桶数量，每个 16 字节。'),
  }),
  callsBuffered: T.Integer({
    default: 16_384,
    minimum: 256,
    maximum: 1_048_576,
    'x-advanced': true,
    ...help(
      'Call records a thread keeps until they are collected; more are dropped and counted.',
      '每线程在被收集前保留的调用记录数，超出则丢弃并计数。',
    ),
  }),
  limits,
});

export type GatewayConfig = Static<typeof gatewayConfig>;

/** The engine's limits of a configuration. */
export function engineLimits({ limits: l }: GatewayConfig): EngineLimits {
  return {
    headBytesMax: l.head,
    headersMax: l.headers,
    headMs: l.headTimeout,
    bodyIdleMs: l.bodyIdle,
    keepAliveMs: l.keepAlive,
    writeIdleMs: l.writeIdle,
    connectionsMax: l.connections,
    requestsPerConnectionMax: l.requestsPerConnection,
    pipelineBytesMax: l.pipeline,
  };
}

/**
 * Threads to start: what the configuration says, else one per core, at most 8. One where threads cannot
 * share a port (no `reusePort`: macOS and Windows).
 */
export function threadCount(config: Pick<GatewayConfig, 'threads'>, cores: number, platform: string): number {
  if (platform === 'darwin' || platform === 'win32') return 1;
  return config.threads ?? Math.max(1, Math.min(8, cores));
}
