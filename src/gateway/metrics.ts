/** Metrics of the gateway. Routes and projects are what is published; methods and reasons come from short lists. */
import { defineMetrics } from '../telemetry/metric-specs.ts';

const route = ['route', 'project'] as const;

export default defineMetrics({
  requests: {
    name: 'weir_gateway_requests_total',
    type: 'counter',
    labels: [...route, 'method', 'code', 'protocol'],
    help: {
      en: 'Requests that ended, by method, class of status (none: no answer was sent) and the client’s protocol.',
      zh: '已结束的请求数，按方法、状态类别（none 表示未发送应答）与客户端协议统计。',
    },
  },
  duration: {
    name: 'weir_gateway_request_duration_seconds',
    type: 'histogram',
    labels: route,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    help: { en: 'From the first byte of a request to the last of its answer.', zh: '从请求首字节到应答末字节的时间。' },
  },
  upstreamDuration: {
    name: 'weir_gateway_upstream_duration_seconds',
    type: 'histogram',
    labels: route,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    help: {
      en: 'From a request being sent on to the first byte of the answer; for data APIs, the query.',
      zh: '从转发请求到收到应答首字节的时间；数据 API 为查询时间。',
    },
  },
  inFlight: {
    name: 'weir_gateway_in_flight',
    type: 'gauge',
    labels: route,
    help: { en: 'Requests being served now.', zh: '正在处理的请求数。' },
  },
  requestBytes: {
    name: 'weir_gateway_request_bytes_total',
    type: 'counter',
    labels: route,
    help: { en: 'Bytes of requests read from clients.', zh: '从客户端读取的请求字节数。' },
  },
  responseBytes: {
    name: 'weir_gateway_response_bytes_total',
    type: 'counter',
    labels: route,
    help: { en: 'Bytes of answers written to clients.', zh: '写给客户端的应答字节数。' },
  },
  rejections: {
    name: 'weir_gateway_rejections_total',
    type: 'counter',
    labels: [...route, 'reason'],
    help: { en: 'Requests that did not end in an ordinary answer, by reason.', zh: '未得到正常应答的请求数，按原因统计。' },
  },
  connections: {
    name: 'weir_gateway_connections',
    type: 'gauge',
    labels: ['listener'],
    help: { en: 'Client connections open now.', zh: '当前打开的客户端连接数。' },
  },
  connectionsAccepted: {
    name: 'weir_gateway_connections_total',
    type: 'counter',
    labels: ['listener'],
    help: { en: 'Client connections accepted.', zh: '已接受的客户端连接数。' },
  },
  connectionsEnded: {
    name: 'weir_gateway_connections_ended_total',
    type: 'counter',
    labels: ['listener', 'reason'],
    help: {
      en: 'Client connections the gateway refused or ended by itself: limits, TLS, PROXY protocol, keep-alive.',
      zh: '由网关拒绝或主动结束的客户端连接数：限制、TLS、PROXY 协议、保持时间。',
    },
  },
  upstreamEvents: {
    name: 'weir_gateway_upstream_events_total',
    type: 'counter',
    labels: ['upstream', 'project', 'event'],
    help: {
      en: 'What happened towards upstreams: connects, every limit that bit, repeats, ejections, panics (docs/guides/gateway.md lists them).',
      zh: '访问上游时发生的事件：连接、触发的各项限制、重试、剔除、恐慌模式（见 docs/guides/gateway.md）。',
    },
  },
  upstreamTargets: {
    name: 'weir_gateway_upstream_targets',
    type: 'gauge',
    labels: ['upstream', 'project', 'state'],
    aggregate: 'max',
    help: {
      en: 'Targets of upstreams by state, as the thread with the most in that state has it.',
      zh: '按状态统计的上游目标数，取该状态最多的线程的值。',
    },
  },
  targetsLeftOut: {
    name: 'weir_gateway_discovered_targets_left_out',
    type: 'gauge',
    labels: ['upstream', 'project'],
    help: {
      en: 'Targets that discovery found beyond the 1,000 of an upstream that are used, at least.',
      zh: '服务发现找到但超出每个上游 1000 个上限、因而未使用的目标数（至少）。',
    },
  },
  callsDropped: {
    name: 'weir_gateway_calls_dropped_total',
    type: 'counter',
    help: { en: 'Call records dropped because they were not collected in time.', zh: '因未及时收集而丢弃的调用记录数。' },
  },
  evictions: {
    name: 'weir_gateway_counter_evictions_total',
    type: 'counter',
    help: {
      en: 'Rate-limit buckets forgotten before they were full again: the table is too small.',
      zh: '尚未恢复就被遗忘的限流桶数；说明计数表过小。',
    },
  },
  lockTakeovers: {
    name: 'weir_gateway_counter_lock_takeovers_total',
    type: 'counter',
    help: { en: 'Locks of the rate-limit table taken over from a thread that died.', zh: '从异常退出的线程接管的限流表锁数。' },
  },
  threads: {
    name: 'weir_gateway_threads',
    type: 'gauge',
    help: { en: 'Threads that serve sockets now.', zh: '当前处理连接的线程数。' },
  },
  threadRestarts: {
    name: 'weir_gateway_thread_restarts_total',
    type: 'counter',
    help: { en: 'Threads that ended by themselves and were started again.', zh: '意外退出后被重新启动的线程数。' },
  },
  connectionsLost: {
    name: 'weir_gateway_connections_lost_total',
    type: 'counter',
    help: {
      en: 'Client connections that ended with a thread that ended by itself; not those the kernel had not handed over yet.',
      zh: '因线程意外退出而中断的客户端连接数（不含内核尚未移交的连接）。',
    },
  },
  divergences: {
    name: 'weir_gateway_divergences_total',
    type: 'counter',
    labels: ['reason'],
    help: {
      en: 'How often a thread (hash, order, overflow) or the process did not hold the revision it should and was given everything anew.',
      zh: '线程（hash、order、overflow）或进程所持修订与应有不符、因而重新获取全部内容的次数。',
    },
  },
  failedEntries: {
    name: 'weir_gateway_failed_entries',
    type: 'gauge',
    aggregate: 'max',
    help: {
      en: 'Routes and plans whose newest version could not be made; the last good one serves.',
      zh: '最新版本无法生效、仍由上一个可用版本服务的路由与套餐数。',
    },
  },
});
