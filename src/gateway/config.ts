/** Process config of the gateway: section `gateway` of `weir.yaml`, env `WEIR_GATEWAY_*`. */
import { duration, help, type Static, strictObject, T } from '../base/schema.ts';
import { clientLimits, gatewayLimits, proxyFields } from '../sdk/specs/listener.ts';
import type { DefaultListener, EngineLimits } from './contract.ts';

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
  ...proxyFields,
  ticketKeyAge: duration({
    default: '1h',
    'x-minimum': '1m',
    'x-maximum': '24h',
    'x-advanced': true,
    ...help(
      'How long one key makes TLS session tickets; clients with an older ticket do a full handshake.',
      'TLS 会话票据密钥的使用时长；持有更旧票据的客户端进行完整握手。',
    ),
  }),
  limits: gatewayLimits,
});

export type GatewayConfig = Static<typeof gatewayConfig>;

/** The engine's limits of a configuration. */
export function engineLimits({ limits }: Pick<GatewayConfig, 'limits'>): EngineLimits {
  return clientLimits(limits);
}

/** The listener of a configuration. */
export function defaultListener({ host, port, proxyProtocol, trustedProxies, forwarded, via, http2 }: GatewayConfig): DefaultListener {
  return { host, port, proxyProtocol, trustedProxies, forwarded, via, http2 };
}

/**
 * Threads to start: what the configuration says, else one per core, at most 8. One where threads cannot
 * share a port (no `reusePort`: macOS and Windows).
 */
export function threadCount(config: Pick<GatewayConfig, 'threads'>, cores: number, platform: string): number {
  if (platform === 'darwin' || platform === 'win32') return 1;
  return config.threads ?? Math.max(1, Math.min(8, cores));
}
