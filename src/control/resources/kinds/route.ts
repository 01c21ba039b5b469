/** Which requests are taken, who may make them, what happens to them on the way, and where they go. */
import { bytes, duration, help, ref, strictObject, T } from '../../../base/schema.ts';
import { tell } from '../../../base/text.ts';
import { checkRouteMatch } from '../../../sdk/route-pattern.ts';
import { defineResource } from '../define.ts';
import { namedConfigs, policiesOf, type WrittenConfig } from '../parts.ts';

interface RouteSpec {
  match: { hosts: string[]; paths: string[]; methods: string[] };
  upstream: string;
  rewrite?: string;
  preserveHost: boolean;
  keepCredential: boolean;
  timeouts: { connect: number; firstByte: number; idle: number };
  bodyMax: number;
  auth: WrittenConfig[];
  policies: WrittenConfig[];
}

const match = strictObject(
  {
    hosts: T.Array(T.String({ minLength: 1, maxLength: 253 }), {
      maxItems: 64,
      default: [],
      ...help('Host names, or `*.example.test`; empty = any host.', '主机名，或 `*.example.test`；为空表示任意主机。', '主机名'),
    }),
    paths: T.Array(T.String({ minLength: 1, maxLength: 1024 }), {
      minItems: 1,
      maxItems: 64,
      ...help(
        'Paths: literal segments, `{name}` for one segment, `**` at the end for the rest.',
        '路径：固定段、`{name}` 匹配一段、末尾 `**` 匹配其余部分。',
        '路径',
      ),
      examples: [['/orders/**']],
    }),
    methods: T.Array(T.String({ minLength: 1, maxLength: 31 }), {
      maxItems: 16,
      default: [],
      ...help('Methods; empty = any.', '请求方法；为空表示任意。', '方法'),
    }),
  },
  help('Which requests this route takes.', '该路由匹配的请求。', '匹配条件'),
);

const timeouts = strictObject(
  {
    connect: duration({
      default: '5s',
      'x-minimum': '10ms',
      'x-maximum': '5m',
      ...help('Until a connection to the target stands.', '与目标建立连接的时限。', '建立连接'),
    }),
    firstByte: duration({
      default: '30s',
      'x-minimum': '10ms',
      'x-maximum': '1h',
      ...help('From the request being sent until the first byte of the response.', '从请求发出到收到响应首字节的时限。', '首字节'),
    }),
    idle: duration({
      default: '30s',
      'x-minimum': '10ms',
      'x-maximum': '1h',
      ...help('Longest silence while a body flows.', '传输正文时的最长静默时间。', '空闲时长'),
    }),
  },
  { default: {}, ...help('Deadlines towards the upstream.', '访问上游的时限。', '超时') },
);

const UPSTREAM_DISABLED = {
  en: 'its upstream "{name}" is disabled: requests are answered 503',
  zh: '其上游“{name}”已停用：请求将得到 503',
};
const UPSTREAM_MISSING = {
  en: 'its upstream "{name}" is missing: requests are answered 503',
  zh: '其上游“{name}”不存在：请求将得到 503',
};

export default defineResource<RouteSpec>({
  kind: 'Route',
  plural: 'routes',
  title: { en: 'Route', zh: '路由' },
  summary: {
    en: 'Matches requests by host, path and method, and passes them through its chain to an upstream.',
    zh: '按主机、路径和方法匹配请求，经策略链转发到上游。',
  },
  spec: (parts) =>
    strictObject({
      match,
      upstream: ref('Upstream', help('Upstream the requests go to.', '请求转发到的上游。', '上游')),
      rewrite: T.Optional(
        T.String({
          minLength: 1,
          maxLength: 1024,
          ...help(
            'Path sent upstream instead: may use `{name}` of the matched path and end in `**`.',
            '发往上游的路径：可使用匹配到的 `{name}`，可以 `**` 结尾。',
            '路径改写',
          ),
          examples: ['/v2/{id}'],
        }),
      ),
      preserveHost: T.Boolean({
        default: false,
        ...help('Sends the caller’s Host on instead of the target’s.', '向上游发送调用方的 Host，而不是目标的。', '保留 Host'),
      }),
      keepCredential: T.Boolean({
        default: false,
        ...help('Sends the caller’s credential on to the upstream.', '把调用方的凭证一并发往上游。', '保留凭据'),
      }),
      timeouts,
      bodyMax: bytes({ default: '10MiB', 'x-maximum': '10GiB', ...help('Largest request body.', '请求正文的最大大小。', '请求体上限') }),
      auth: parts.auth,
      policies: parts.policies,
    }),
  check: ({ spec }) => checkRouteMatch(spec.match, spec.rewrite).map((error) => ({ ...error, pointer: `/spec${error.pointer}` })),
  compile: ({ key, enabled, release, spec, written }, scope) => {
    if (!enabled) return { entries: [] };
    const upstream = scope.get('Upstream', spec.upstream);
    const route = {
      project: key.project,
      name: key.name,
      release,
      hosts: spec.match.hosts.map((host) => host.toLowerCase()),
      paths: spec.match.paths,
      methods: spec.match.methods,
      target: { kind: 'upstream', name: spec.upstream },
      rewrite: spec.rewrite,
      preserveHost: spec.preserveHost,
      keepCredential: spec.keepCredential,
      timeouts: { connectMs: spec.timeouts.connect, firstByteMs: spec.timeouts.firstByte, idleMs: spec.timeouts.idle },
      bodyBytesMax: spec.bodyMax,
      auth: namedConfigs(written['auth']),
      policies: policiesOf(key, written['policies'], 'route'),
    } as const;
    const failure = upstream?.enabled ? undefined : tell(upstream ? UPSTREAM_DISABLED : UPSTREAM_MISSING, { name: spec.upstream });
    return { entries: [{ type: 'route', value: route }], ...(failure === undefined ? {} : { failure }) };
  },
  examples: [
    {
      title: { en: 'All of a path, by key, with a limit', zh: '整个路径，按密钥访问并限流' },
      text: `apiVersion: weir/v1
kind: Route
metadata:
  name: orders
  labels: { tier: core }
spec:
  match: { paths: ["/orders/**"], methods: [GET, POST] }
  upstream: orders-upstream
  rewrite: /v2/**          # the upstream knows only /v2
  timeouts: { firstByte: 5s }
  auth: [{ type: api-key }]
  policies: [{ type: rate-limit, limit: 100 }]   # a minute, each consumer
`,
    },
  ],
});
