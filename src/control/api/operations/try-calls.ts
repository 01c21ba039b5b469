/** Calling what the gateway serves, as a consumer would, without its key. */
import { mistake } from '../../../base/problem.ts';
import { duration, help, strictObject, T } from '../../../base/schema.ts';
import { actorOf } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import { named, oneOf, orNull, projectParams, resourceName } from '../shapes.ts';
import problems from '../problems.ts';

const area = 'calls';

/** Fields the connection itself is made of, and those that Weir writes. */
const OWN_FIELDS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
]);

const headerField = strictObject({
  name: T.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$", ...help('Name.', '名称。') }),
  value: T.String({ maxLength: 4000, pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$', ...help('Value.', '值。') }),
});

const attempt = defineOperation({
  id: 'tryCall',
  area,
  method: 'POST',
  path: '/projects/{project}/try-call',
  summary: {
    en: 'Calls a route or data API through the gateway as a consumer: same auth, limits, policies and call record.',
    zh: '以某消费者身份经网关调用路由或数据 API：认证、限流、策略与调用记录均与真实调用一致。',
  },
  access: 'keys:write',
  params: projectParams,
  timeoutMs: 45_000,
  body: strictObject({
    consumer: T.Optional(resourceName()),
    method: oneOf(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], { default: 'GET', ...help('Method.', '方法。') }),
    path: T.String({
      pattern: '^/[\\x21\\x22\\x24-\\x7e]*$',
      maxLength: 8000,
      examples: ['/data/v1/orders?status=open'],
      ...help('Path and query, encoded as in a URL.', '路径与查询串，按 URL 编码。'),
    }),
    host: T.Optional(
      T.String({
        pattern: '^[A-Za-z0-9.:\\[\\]-]{1,260}$',
        ...help('Host field, for routes with hosts.', 'Host 头，用于限定主机的路由。'),
      }),
    ),
    headers: T.Array(headerField, { default: [], maxItems: 50, ...help('Header fields.', '请求头。') }),
    body: T.String({ default: '', maxLength: 262_144, ...help('Body, sent as UTF-8.', '请求体，以 UTF-8 发送。') }),
    timeout: duration({ default: '30s', 'x-minimum': '100ms', 'x-maximum': '30s', ...help('Longest wait.', '最长等待。') }),
  }),
  response: named(
    'TriedCall',
    strictObject({
      requestId: T.String(help('Of the call record, which is stored a moment later.', '调用记录的请求 id；记录稍后写入。')),
      consumer: orNull(
        T.String(help('Whose key was used; null when the route asks for none.', '所用密钥的消费者；路由无需密钥时为 null。')),
      ),
      route: T.String(help('`project/name`.', '`项目/名称`。')),
      status: T.Integer(),
      headers: T.Array(strictObject({ name: T.String(), value: T.String() })),
      body: T.String(),
      encoding: oneOf(['utf8', 'base64']),
      truncated: T.Boolean(help('True when the body goes on; 256 KiB are shown.', '正文未完时为 true；最多显示 256 KiB。')),
      ms: T.Number(),
    }),
  ),
  async handler(call, parts) {
    const { consumer, host, timeout, headers, ...rest } = call.body;
    const own = headers.findIndex(({ name }) => OWN_FIELDS.has(name.toLowerCase()));
    if (own !== -1)
      throw problems.raise['invalid-request']({
        errors: [mistake(`/body/headers/${own}/name`, OWN_FIELD, { name: headers[own]!.name })],
      });
    if (consumer !== undefined) await parts.resources.get({ project: call.params.project, kind: 'Consumer', name: consumer });
    const wanted = { ...rest, headers, project: call.params.project, consumer: consumer ?? null, host, timeoutMs: timeout };
    const answer = await parts.tryCalls.call(wanted, actorOf(call), call.signal);
    return { ...answer, headers: answer.headers.map((h) => ({ ...h })) };
  },
});

const OWN_FIELD = { en: '"{name}" is written by Weir itself', zh: '“{name}”由 Weir 自行写入' };

export default [attempt];
