/** Upstreams as the gateways see them: which of their targets answer. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { defineOperation } from '../operation.ts';
import { keyOf } from '../resource-views.ts';
import { named, oneOf, orNull, projectName, resourceName, time } from '../shapes.ts';

const targetHealth = named(
  'TargetHealth',
  strictObject({
    address: T.String(help('`host:port`.', '`主机:端口`。')),
    weight: T.Integer(),
    state: oneOf(
      ['ok', 'failing', 'unused', 'starting', 'ejected', 'unhealthy'],
      help(
        '`ok`: the last call got an answer, of any status. `failing`: it got none, or not all of it. `unused`: not called yet. `starting`: new or back, and gets few requests. `ejected`: failed too often in a row and gets none for a while. `unhealthy`: its health check fails.',
        '`ok`：最近一次调用得到应答（任意状态码）。`failing`：没有应答或应答不完整。`unused`：尚未被调用。`starting`：新增或刚恢复，只得到少量请求。`ejected`：连续失败过多，暂不接收请求。`unhealthy`：健康检查失败。',
      ),
    ),
    stateReason: orNull(T.String(help('Why it is unhealthy or ejected.', '不健康或被剔除的原因。'))),
    stateSince: orNull(time()),
    requests: T.Integer(help('Requests sent since the gateway’s threads began.', '自网关线程启动以来发送的请求数。')),
    open: T.Integer(help('Open connections.', '已打开的连接数。')),
    idle: T.Integer(help('Open connections that wait for a request.', '等待请求的空闲连接数。')),
    failures: T.Integer(help('Failures since the last success.', '上次成功之后的失败次数。')),
    failingSince: orNull(time()),
    lastSuccessAt: orNull(time()),
    lastFailureAt: orNull(time()),
    lastFailure: orNull(
      T.String(
        help('Problem code of the last failure, such as `upstream-unreachable`.', '最近一次失败的错误码，如 `upstream-unreachable`。'),
      ),
    ),
  }),
);

const health = defineOperation({
  id: 'getUpstreamHealth',
  area: 'upstreams',
  method: 'GET',
  path: '/projects/{project}/upstreams/{name}/health',
  summary: {
    en: 'Tells what the connected gateways know of an upstream’s targets, about a second old.',
    zh: '显示已连接的网关所知的上游目标状况，约有一秒延迟。',
  },
  access: 'resources:read',
  params: strictObject({ project: projectName(), name: resourceName() }),
  response: named(
    'UpstreamHealth',
    strictObject({
      threads: T.Integer(help('Gateway threads that called it.', '调用过该上游的网关线程数。')),
      targets: T.Array(
        targetHealth,
        help(
          'In their order, then those that were discovered; empty while the upstream does not serve.',
          '按配置顺序，其后为发现的目标；上游未生效时为空。',
        ),
      ),
      discoveryFailure: orNull(
        T.String(help('Why discovery gets no answer now; the targets found last stay.', '发现目标失败的原因；保留上次发现的目标。')),
      ),
    }),
  ),
  async handler({ params, caller }, parts) {
    await parts.resources.get(keyOf(parts, { ...params, kind: 'Upstream' }, caller)); // Raises not-found.
    const { threads, targets, discoveryFailure } = parts.upstreamHealth(params.project, params.name);
    return { threads, targets: targets.map((target) => ({ ...target })), discoveryFailure };
  },
});

export default [health];
