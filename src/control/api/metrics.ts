/** Metrics of control itself. */
import { defineMetrics } from '../../telemetry/metric-specs.ts';

export default defineMetrics({
  requests: {
    name: 'weir_control_requests_total',
    type: 'counter',
    labels: ['operation', 'status'],
    help: { en: 'Answered admin requests by operation and status.', zh: '按操作与状态统计的管理请求数。' },
  },
  duration: {
    name: 'weir_control_request_duration_seconds',
    type: 'histogram',
    labels: ['operation'],
    help: { en: 'Time from an admin request’s head to the end of its answer.', zh: '管理请求从请求头到应答结束的时间。' },
  },
  refused: {
    name: 'weir_control_refusals_total',
    type: 'counter',
    labels: ['reason'],
    help: {
      en: 'Requests refused before their operation: wrong host, foreign page, no login, no permission, too many at once.',
      zh: '在执行操作前被拒绝的请求：主机名错误、外部网页、未登录、无权限、并发过多。',
    },
  },
  nodes: {
    name: 'weir_control_nodes',
    type: 'gauge',
    labels: ['role'],
    help: { en: 'Connected role processes.', zh: '已连接的角色进程数。' },
  },
  revision: {
    name: 'weir_control_revision',
    type: 'gauge',
    help: { en: 'Number of the newest revision.', zh: '最新修订号。' },
  },
  callsStored: {
    name: 'weir_control_calls_stored_total',
    type: 'counter',
    help: { en: 'Call records written to the store.', zh: '写入存储的调用记录数。' },
  },
  callsDropped: {
    name: 'weir_control_calls_dropped_total',
    type: 'counter',
    labels: ['where'],
    help: {
      en: 'Call records lost: at the gateway for want of room, here because the store was too slow, or killed with a gateway process or thread, or on the disk, where they could not be read any more.',
      zh: '丢失的调用记录：网关空间不足、存储过慢在此丢失、随网关进程或线程被杀而丢失，或在磁盘上已损坏无法读取。',
    },
  },
  callsDeleted: {
    name: 'weir_control_calls_deleted_total',
    type: 'counter',
    help: {
      en: 'Call records deleted since they were older than `control.calls.age`, or all took more than `control.calls.bytes`.',
      zh: '因早于 `control.calls.age` 或总大小超过 `control.calls.bytes` 而删除的调用记录数。',
    },
  },
  callsBytes: {
    name: 'weir_control_calls_bytes',
    type: 'gauge',
    help: {
      en: 'Bytes that call records take on the disk; 0 until some are stored, and on PostgreSQL.',
      zh: '调用记录占用的磁盘字节数；尚未写入时及使用 PostgreSQL 时为 0。',
    },
  },
  callsWaiting: {
    name: 'weir_control_calls_waiting',
    type: 'gauge',
    help: { en: 'Call records in memory, not yet in the store.', zh: '尚未写入存储的调用记录数。' },
  },
});
