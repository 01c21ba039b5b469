/** Columns and filters of calls: the same in the search and in the live tail. */
import { Link } from '@tanstack/react-router';
import type { CallRecord } from '../../../../generated/client.ts';
import { ProblemTitle } from '../../data/problem-words.tsx';
import { TimeAgo, useFormats } from '../../ui/format.tsx';
import type { ListColumn, ListField } from '../../ui/list-view.tsx';
import { Mark, type Tone } from '../../ui/status.tsx';

function toneOf(status: number): Tone {
  if (status >= 500) return 'bad';
  if (status >= 400) return 'warning';
  return status === 0 ? 'stopped' : 'good';
}

/** Status with a mark; 0 is a call whose client left before an answer. */
export function CallStatus({ status }: { readonly status: number }) {
  return <Mark tone={toneOf(status)}>{status === 0 ? '—' : status}</Mark>;
}

/** A duration in the reader's form. */
export function Took({ ms }: { readonly ms: number }) {
  return <>{useFormats().duration(ms)}</>;
}

function Bytes({ value }: { readonly value: number }) {
  return <>{useFormats().bytes(value)}</>;
}

export const callColumns: readonly ListColumn<CallRecord>[] = [
  {
    key: 'time',
    title: { en: 'Time', zh: '时间' },
    sort: 'time',
    render: ({ id, time }) => (
      <Link to={`/calls/${id}`}>
        <TimeAgo at={time} />
      </Link>
    ),
  },
  { key: 'status', title: { en: 'Status', zh: '状态' }, render: ({ status }) => <CallStatus status={status} /> },
  { key: 'method', title: { en: 'Method', zh: '方法' }, render: ({ method }) => method },
  { key: 'path', title: { en: 'Path', zh: '路径' }, render: ({ path }) => <code style={{ overflowWrap: 'anywhere' }}>{path}</code> },
  { key: 'route', title: { en: 'Route', zh: '路由' }, render: ({ route }) => route || '—' },
  { key: 'consumer', title: { en: 'Consumer', zh: '消费者' }, render: ({ consumer }) => consumer || '—' },
  { key: 'durationMs', title: { en: 'Took', zh: '耗时' }, align: 'right', render: ({ durationMs }) => <Took ms={durationMs} /> },
  { key: 'reason', title: { en: 'Reason', zh: '原因' }, render: ({ reason }) => (reason ? <ProblemTitle code={reason} /> : '—') },
  { key: 'protocol', title: { en: 'Protocol', zh: '协议' }, hidden: true, render: ({ protocol }) => protocol || '—' },
  { key: 'project', title: { en: 'Project', zh: '项目' }, hidden: true, render: ({ project }) => project || '—' },
  { key: 'clientAddress', title: { en: 'Client', zh: '客户端' }, hidden: true, render: ({ clientAddress }) => clientAddress },
  {
    key: 'upstreamMs',
    title: { en: 'Upstream', zh: '上游耗时' },
    hidden: true,
    align: 'right',
    render: ({ upstreamMs }) => <Took ms={upstreamMs} />,
  },
  {
    key: 'responseBytes',
    title: { en: 'Answer', zh: '应答大小' },
    hidden: true,
    align: 'right',
    render: ({ responseBytes }) => <Bytes value={responseBytes} />,
  },
  { key: 'traceId', title: { en: 'Trace', zh: '跟踪 id' }, hidden: true, render: ({ traceId }) => <code>{traceId}</code> },
];

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const PROTOCOLS = ['http/1.0', 'http/1.1', 'h2', 'websocket', 'upgrade'];
const STATUSES = ['2xx', '3xx', '4xx', '5xx', '200', '401', '403', '404', '429', '502', '503', '504'];

export const callFields: readonly ListField[] = [
  { name: 'path', label: { en: 'Path begins with', zh: '路径前缀' }, width: 200 },
  { name: 'status', label: { en: 'Status', zh: '状态' }, options: STATUSES.map((value) => ({ value, label: value })), width: 110 },
  { name: 'method', label: { en: 'Method', zh: '方法' }, options: METHODS.map((value) => ({ value, label: value })), width: 120 },
  { name: 'route', label: { en: 'Route', zh: '路由' }, width: 150 },
  { name: 'consumer', label: { en: 'Consumer', zh: '消费者' }, width: 150 },
  { name: 'reason', label: { en: 'Reason', zh: '原因' }, width: 280, more: true },
  {
    name: 'protocol',
    label: { en: 'Protocol', zh: '协议' },
    options: PROTOCOLS.map((value) => ({ value, label: value })),
    width: 120,
    more: true,
  },
  { name: 'clientAddress', label: { en: 'Client address', zh: '客户端地址' }, width: 150, more: true },
  { name: 'traceId', label: { en: 'Trace id', zh: '跟踪 id' }, width: 170, more: true },
  { name: 'release', label: { en: 'Release', zh: '发布' }, width: 150, more: true },
  { name: 'slowerThan', label: { en: 'Slower than (ms)', zh: '慢于（毫秒）' }, width: 150, more: true },
  { name: 'id', label: { en: 'Request id', zh: '请求编号' }, width: 170, more: true },
];
