/** A named group of targets that requests are passed on to. */
import type { ProblemPointer } from '../../../base/problem.ts';
import { duration, help, strictObject, T } from '../../../base/schema.ts';
import { type Text, tell } from '../../../base/text.ts';
import { defineResource } from '../define.ts';
import { checkUpstream, compileUpstream, ownKeyFault, type UpstreamSpec } from '../upstream-compile.ts';
import {
  balance,
  health,
  http2,
  outliers,
  panicBelow,
  pendingMax,
  pipelining,
  requestsPerConnection,
  requestTrailers,
  retries,
  slowStart,
  tls,
} from '../upstream-parts.ts';

const KEY_UNFIT: Text = { en: 'its key (tls.key) {fault}', zh: '其密钥（tls.key）{fault}' };

const weight = T.Integer({
  minimum: 1,
  maximum: 1000,
  default: 1,
  ...help('Share of requests, against the other targets.', '相对其他目标的请求份额。', '权重'),
});

const byAddress = strictObject({
  host: T.String({
    minLength: 1,
    maxLength: 253,
    pattern: '^[^\\s/?#@]+$',
    ...help('Host name or address.', '主机名或地址。', '主机'),
    examples: ['orders.internal'],
  }),
  port: T.Integer({ minimum: 1, maximum: 65_535, default: 80, ...help('TCP port.', 'TCP 端口。', '端口') }),
  weight,
});

const byUrl = strictObject({
  url: T.String({
    maxLength: 500,
    ...help('`http://host:port` or `https://host:port`, without a path.', '`http://主机:端口` 或 `https://主机:端口`，不含路径。', {
      en: 'URL',
      zh: '地址（URL）',
    }),
    examples: ['http://127.0.0.1:9000'],
  }),
  weight,
});

export default defineResource<UpstreamSpec>({
  kind: 'Upstream',
  plural: 'upstreams',
  title: { en: 'Upstream', zh: '上游' },
  summary: {
    en: 'A named group of targets that routes pass requests on to: how one is chosen, watched and spoken to.',
    zh: '路由转发请求的目标组：如何选择、检查和访问目标。',
  },
  spec: (parts) =>
    strictObject({
      protocol: T.Optional(
        T.Union([T.Literal('http'), T.Literal('https'), T.Literal('h2'), T.Literal('h2c')], {
          ...help(
            'What targets speak; what their URLs say when left out, else `http`. `h2` is HTTP/2 over TLS, `h2c` HTTP/2 without.',
            '目标使用的协议；省略时取自 URL，否则为 `http`。`h2` 为基于 TLS 的 HTTP/2，`h2c` 为明文 HTTP/2。',
            '协议',
          ),
        }),
      ),
      targets: T.Array(T.Union([byUrl, byAddress]), {
        maxItems: 256,
        default: [],
        ...help('Where requests go. May be empty when there is a discovery.', '请求的去向；配置了发现方式时可为空。', '目标地址'),
      }),
      discovery: T.Optional(parts.discovery),
      balance: T.Optional(balance),
      health: T.Optional(health),
      outliers: T.Optional(outliers),
      panicBelow: T.Optional(panicBelow),
      slowStart: T.Optional(slowStart),
      retries: T.Optional(retries),
      tls: T.Optional(tls),
      http2: T.Optional(http2),
      connectionsMax: T.Integer({
        minimum: 1,
        maximum: 10_000,
        default: 256,
        ...help('Most open connections to each target, per gateway thread.', '每个网关线程到每个目标的最大连接数。', '连接数上限'),
      }),
      pendingMax: T.Optional(pendingMax),
      requestsPerConnection: T.Optional(requestsPerConnection),
      pipelining: T.Optional(pipelining),
      requestTrailers: T.Optional(requestTrailers),
      idle: duration({
        default: '30s',
        'x-minimum': '1s',
        'x-maximum': '10m',
        ...help('How long an unused connection is kept.', '空闲连接的保留时间。', '空闲时长'),
      }),
    }),
  check: ({ spec, written }): ProblemPointer[] => checkUpstream(spec, written),
  compile: ({ key, enabled, spec, written }) => {
    if (!enabled) return { entries: [] };
    const fault = ownKeyFault(spec);
    if (fault) return { entries: [], failure: tell(KEY_UNFIT, { fault }) };
    return { entries: [{ type: 'upstream', value: compileUpstream(key, spec, written) }] };
  },
  examples: [
    {
      title: { en: 'Two targets, one with twice the share', zh: '两个目标，其一份额加倍' },
      text: `apiVersion: weir/v1
kind: Upstream
metadata: { name: orders-upstream }
spec:
  targets:
    - url: http://10.0.0.5:9000   # the older machine
    - { host: orders.internal, port: 9000, weight: 2 }
  connectionsMax: 64
`,
    },
    {
      title: { en: 'Targets from DNS over TLS, watched, repeated', zh: '通过 DNS 发现的 TLS 目标，带健康检查与重试' },
      text: `apiVersion: weir/v1
kind: Upstream
metadata: { name: stock-upstream }
spec:
  protocol: https
  discovery: { type: dns, name: stock.internal, port: 8443 }
  balance: { type: hash, key: request.header.x-tenant }   # a tenant stays with its target
  health: { path: /health, interval: 5s }
  outliers: { errors: 5 }
  slowStart: 30s
  retries: { attempts: 3, perTry: 2s }
`,
    },
    {
      title: { en: 'gRPC', zh: 'gRPC' },
      text: `apiVersion: weir/v1
kind: Upstream
metadata: { name: greeter-upstream }
spec:
  protocol: h2c   # h2 over TLS
  targets: [{ host: greeter.internal, port: 50051 }]
  http2: { connections: 2, streams: 100 }
`,
    },
  ],
});
