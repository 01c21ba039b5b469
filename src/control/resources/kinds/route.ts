/** Which requests are taken, who may make them, what happens to them on the way, and where they go. */
import { bytes, duration, help, ref, refOfInstallation, strictObject, T } from '../../../base/schema.ts';
import { mistake } from '../../../base/problem.ts';
import { tell } from '../../../base/text.ts';
import { DEFAULT_LISTENER } from '../../../sdk/listener.ts';
import { checkRouteMatch, type RouteMatch } from '../../../sdk/route-pattern.ts';
import { defineResource } from '../define.ts';
import { namedConfigs, policiesOf, type WrittenConfig } from '../parts.ts';

interface RouteSpec {
  match: Required<RouteMatch>;
  upstream: string;
  rewrite?: string;
  preserveHost: boolean;
  keepCredential: boolean;
  timeouts: { connect: number; firstByte: number; idle: number; tunnel: number };
  bodyMax: number;
  upgrades: string[];
  auth: WrittenConfig[];
  policies: WrittenConfig[];
}

const MATCH_MAX = 16;

const fields = (en: string, zh: string, name: string, example: Record<string, string>) =>
  T.Array(
    strictObject({
      name: T.String({ minLength: 1, maxLength: 80, ...help('Its name.', '名称。', '名称') }),
      value: T.Optional(T.String({ maxLength: 1024, ...help('Must be exactly this.', '必须完全等于此值。', '值') })),
      pattern: T.Optional(
        T.String({
          minLength: 1,
          maxLength: 512,
          ...help('Must match this regular expression (RE2) as a whole.', '整个值必须匹配此正则表达式（RE2 语法）。', '正则表达式'),
        }),
      ),
      absent: T.Optional(T.Boolean(help('Must not be there.', '必须不存在。', '不存在'))),
    }),
    { maxItems: MATCH_MAX, default: [], 'x-advanced': true, ...help(en, zh, name), examples: [[example]] },
  );

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
        'Paths: literal segments, `{name}` for one segment, `**` at the end for the rest; or `~` and a regular expression (RE2).',
        '路径：固定段、`{name}` 匹配一段、末尾 `**` 匹配其余部分；或以 `~` 开头的正则表达式（RE2 语法）。',
        '路径',
      ),
      examples: [['/orders/**']],
    }),
    methods: T.Array(T.String({ minLength: 1, maxLength: 31 }), {
      maxItems: 16,
      default: [],
      ...help('Methods; empty = any.', '请求方法；为空表示任意。', '方法'),
    }),
    headers: fields(
      'Header fields a request must have; with neither value nor pattern the field must be there.',
      '请求必须具有的请求头；未写值或正则时，只要求存在。',
      '请求头',
      { name: 'x-tenant', value: 'acme' },
    ),
    query: fields(
      'Query parameters a request must have (their first value counts).',
      '请求必须具有的查询参数（以第一个值为准）。',
      '查询参数',
      {
        name: 'version',
        pattern: '2(\\.[0-9]+)?',
      },
    ),
    cookies: fields('Cookies a request must have.', '请求必须具有的 Cookie。', 'Cookie', { name: 'beta' }),
    clientAddresses: T.Array(T.String({ minLength: 2, maxLength: 50 }), {
      maxItems: 256,
      default: [],
      'x-advanced': true,
      ...help('Addresses or networks the client must come from; empty = any.', '客户端必须来自的地址或网段；为空表示任意。', '客户端地址'),
      examples: [['10.0.0.0/8', '2001:db8::/32']],
    }),
    listeners: T.Array(refOfInstallation('Listener', [DEFAULT_LISTENER], help('A listener.', '监听器。', '监听器')), {
      maxItems: 64,
      default: [],
      'x-advanced': true,
      ...help(
        'Listeners the request must have come in by; empty = any. `default` is the one of the process configuration.',
        '请求必须来自的监听器；为空表示任意。`default` 为进程配置中的监听器。',
        '监听器',
      ),
    }),
    priority: T.Integer({
      default: 0,
      minimum: -1000,
      maximum: 1000,
      'x-advanced': true,
      ...help(
        'Routes of a higher priority are asked first; within one priority the most specific route wins.',
        '优先级高的路由先匹配；同一优先级内，最具体的路由胜出。',
        '优先级',
      ),
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
    tunnel: duration({
      default: '10m',
      'x-minimum': '1s',
      'x-maximum': '24h',
      'x-advanced': true,
      ...help('Longest silence of a WebSocket.', 'WebSocket 的最长静默时间。', 'WebSocket 静默'),
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

/** A tunnel in which whole requests would pass unseen. */
const NEVER = new Set(['h2c', 'h2', 'http', 'http/1.1', 'http/2.0', 'tls/1.0']);
const NO_UPGRADE = {
  en: '"{name}" would carry requests past every route and policy, and is never switched to',
  zh: '“{name}”会让请求绕过所有路由和策略，因此从不切换',
};
const TUNNEL_MS = 600_000;

function isDefaultUpgrades(upgrades: readonly string[]): boolean {
  return upgrades.length === 1 && upgrades[0] === 'websocket';
}

/** Conditions and priority that were set: what is left out keeps the entries of routes without them as they always were. */
function termsOf({ headers, query, cookies, clientAddresses, listeners, priority }: RouteSpec['match']): Partial<RouteMatch> {
  return {
    ...(headers.length > 0 ? { headers } : {}),
    ...(query.length > 0 ? { query } : {}),
    ...(cookies.length > 0 ? { cookies } : {}),
    ...(clientAddresses.length > 0 ? { clientAddresses } : {}),
    ...(listeners.length > 0 ? { listeners } : {}),
    ...(priority === 0 ? {} : { priority }),
  };
}

export default defineResource<RouteSpec>({
  kind: 'Route',
  plural: 'routes',
  title: { en: 'Route', zh: '路由' },
  summary: {
    en: 'Matches requests by host, path, method and conditions, and passes them through its chain to an upstream.',
    zh: '按主机、路径、方法和条件匹配请求，经策略链转发到上游。',
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
      upgrades: T.Array(T.String({ pattern: '^[a-z0-9][a-z0-9!#$%&*+.^_`|~-]{0,39}$' }), {
        maxItems: 8,
        default: ['websocket'],
        'x-advanced': true,
        ...help(
          'Protocols a connection may switch to (`Upgrade`), in lower case; empty = none. `h2c` is never switched to.',
          '允许连接切换到的协议（`Upgrade`），小写；为空表示不允许。永不切换到 `h2c`。',
          '协议切换',
        ),
      }),
      bodyMax: bytes({ default: '10MiB', 'x-maximum': '10GiB', ...help('Largest request body.', '请求正文的最大大小。', '请求体上限') }),
      auth: parts.auth,
      policies: parts.policies,
    }),
  check: ({ spec }) => [
    ...checkRouteMatch(spec.match, spec.rewrite).map((error) => ({ ...error, pointer: `/spec${error.pointer}` })),
    ...spec.upgrades.flatMap((name, i) => (NEVER.has(name) ? [mistake(`/spec/upgrades/${i}`, NO_UPGRADE, { name })] : [])),
  ],
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
      ...termsOf(spec.match),
      target: { kind: 'upstream', name: spec.upstream },
      rewrite: spec.rewrite,
      preserveHost: spec.preserveHost,
      keepCredential: spec.keepCredential,
      ...(isDefaultUpgrades(spec.upgrades) ? {} : { upgrades: spec.upgrades }),
      ...(spec.timeouts.tunnel === TUNNEL_MS ? {} : { tunnelIdleMs: spec.timeouts.tunnel }),
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
    {
      title: { en: 'Versions by expression, for one tenant’s own network', zh: '按正则匹配版本，仅限某租户的网段' },
      text: `apiVersion: weir/v1
kind: Route
metadata:
  name: orders-acme
spec:
  match:
    paths: ["~/v(?<version>[0-9]+)/orders/(?<rest>.*)"]
    headers: [{ name: x-tenant, value: acme }]
    clientAddresses: ["10.0.0.0/8"]
    priority: 10           # asked before the routes of priority 0
  upstream: orders-upstream
  rewrite: /{version}/orders/{rest}
`,
    },
  ],
});
