/** A named group of targets that requests are passed on to. */
import { mistake, type ProblemPointer } from '../../../base/problem.ts';
import { duration, help, strictObject, T } from '../../../base/schema.ts';
import { defineResource } from '../define.ts';

const byAddress = strictObject({
  host: T.String({
    minLength: 1,
    maxLength: 253,
    pattern: '^[^\\s/?#@]+$',
    ...help('Host name or address.', '主机名或地址。', '主机'),
    examples: ['orders.internal'],
  }),
  port: T.Integer({ minimum: 1, maximum: 65_535, default: 80, ...help('TCP port.', 'TCP 端口。', '端口') }),
  weight: T.Integer({
    minimum: 1,
    maximum: 1000,
    default: 1,
    ...help('Share of requests, against the other targets.', '相对其他目标的请求份额。', '权重'),
  }),
});

const byUrl = strictObject({
  url: T.String({
    maxLength: 500,
    ...help('`http://host:port`, without a path.', '`http://主机:端口`，不含路径。', { en: 'URL', zh: '地址（URL）' }),
    examples: ['http://127.0.0.1:9000'],
  }),
  weight: T.Integer({
    minimum: 1,
    maximum: 1000,
    default: 1,
    ...help('Share of requests, against the other targets.', '相对其他目标的请求份额。', '权重'),
  }),
});

type Target = { url: string; weight: number } | { host: string; port: number; weight: number };

interface UpstreamSpec {
  targets: Target[];
  connectionsMax: number;
  idle: number;
}

export default defineResource<UpstreamSpec>({
  kind: 'Upstream',
  plural: 'upstreams',
  title: { en: 'Upstream', zh: '上游' },
  summary: { en: 'A named group of targets that routes pass requests on to, in turn.', zh: '路由转发请求的目标组，按权重轮流分配。' },
  spec: () =>
    strictObject({
      targets: T.Array(T.Union([byUrl, byAddress]), {
        minItems: 1,
        maxItems: 256,
        ...help('Where requests go.', '请求的去向。', '目标地址'),
      }),
      connectionsMax: T.Integer({
        minimum: 1,
        maximum: 10_000,
        default: 256,
        ...help('Most open connections to each target, per gateway thread.', '每个网关线程到每个目标的最大连接数。', '连接数上限'),
      }),
      idle: duration({
        default: '30s',
        'x-minimum': '1s',
        'x-maximum': '10m',
        ...help('How long an unused connection is kept.', '空闲连接的保留时间。', '空闲时长'),
      }),
    }),
  check: ({ spec }) => spec.targets.flatMap((target, index) => ('url' in target ? checkUrl(target.url, `/spec/targets/${index}/url`) : [])),
  compile: ({ key, enabled, spec }) => {
    if (!enabled) return { entries: [] };
    const targets = spec.targets.map((target) => ('url' in target ? { ...addressOf(target.url), weight: target.weight } : target));
    return {
      entries: [
        {
          type: 'upstream',
          value: { project: key.project, name: key.name, targets, connectionsMax: spec.connectionsMax, idleMs: spec.idle },
        },
      ],
    };
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
  ],
});

const NO_ADDRESS = { en: 'must be http://host:port; got {got}', zh: '必须是 http://主机:端口；当前为 {got}' };
const NO_PATH = {
  en: 'must not hold a path or query: use "rewrite" of the route to change paths',
  zh: '不能含路径或查询：请用路由的“rewrite”更改路径',
};

function checkUrl(text: string, pointer: string): ProblemPointer[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.protocol !== 'http:')
    return [mistake(pointer, NO_ADDRESS, { got: JSON.stringify(text.replace(/\/\/[^/]*@/, '//…@').slice(0, 60)) })];
  if (url.username || url.password) return [mistake(pointer, { en: 'must not hold a user name or password', zh: '不能含用户名或密码' })];
  if (url.pathname !== '/' || url.search || url.hash) return [mistake(pointer, NO_PATH)];
  return [];
}

function addressOf(text: string): { host: string; port: number } {
  const url = new URL(text);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 80 : Number(url.port) };
}
