/** Call records of the gateway: search by any field, newest first. */
import { help, type Static, strictObject, T } from '../../../base/schema.ts';
import { CALL_PROTOCOLS, type CallRecord, type CallStory } from '../../../sdk/call-record.ts';
import { readStory } from '../../../sdk/call-story.ts';
import { type Caller, mayTouch, OUT_OF_REACH, projectsOf } from '../caller.ts';
import type { CallFilter, CallOrderField } from '../../../store/types.ts';
import { dataApiRoute } from '../../resources/kinds/data-api.ts';
import { defineOperation } from '../operation.ts';
import { WATCHERS_EACH_MAX, WATCHERS_MAX, type Watching } from '../../live-calls.ts';
import problems from '../problems.ts';
import { reply } from '../reply.ts';
import { id, named, oneOf, orNull, page, projectName, time } from '../shapes.ts';
import { sorting } from '../sorting.ts';

const area = 'calls';
const order = sorting<CallRecord, CallOrderField>(
  { time: (c) => Math.round(c.time), duration: (c) => Math.round(c.durationMs * 1000), status: (c) => c.status },
  (c) => c.id,
  '-time',
);

const fields = {
  id: T.String(),
  time: time(),
  project: T.String(),
  consumer: T.String(),
  clientAddress: T.String(),
  route: T.String(),
  method: T.String(),
  protocol: T.String(
    help(
      'How the client spoke: `http/1.0`, `http/1.1`, `h2`, or what the connection switched to (`websocket`, `upgrade` for another one).',
      '客户端所用协议：`http/1.0`、`http/1.1`、`h2`，或连接切换到的协议（`websocket`，其他为 `upgrade`）。',
    ),
  ),
  path: T.String(),
  release: T.String(),
  status: T.Integer(),
  reason: T.String(help('Problem code, `client-closed`, or empty for a plain answer.', '问题代码、`client-closed`，正常应答为空。')),
  durationMs: T.Number(),
  upstreamMs: T.Number(),
  requestBytes: T.Number(),
  responseBytes: T.Number(),
  traceId: T.String(),
};

const call = named('CallRecord', strictObject(fields));

const step = named(
  'CallStep',
  strictObject({
    kind: oneOf(['auth', 'policy']),
    id: T.String(help('Component, such as `rate-limit`.', '组件，如 `rate-limit`。')),
    place: T.String(help('Where it stands: `plan`, `route`, `data-api`.', '所在位置：`plan`、`route`、`data-api`。')),
    phase: oneOf(['request', 'response']),
    outcome: oneOf(['passed', 'changed', 'refused', 'answered', 'absent', 'not-reached']),
    code: T.String(help('Problem code of a refusal, else empty.', '拒绝时的问题代码，否则为空。')),
    us: T.Number(help('Microseconds it took.', '耗时（微秒）。')),
    facts: T.Record(T.String(), T.Union([T.String(), T.Number()]), help('What the step says of itself.', '该步骤自述的情况。')),
  }),
);

const story = named(
  'CallStory',
  strictObject({
    target: orNull(
      strictObject({
        index: T.Integer(help('Place among the upstream’s targets, from 0.', '在上游目标列表中的位置，从 0 起。')),
        address: orNull(
          T.String(help('`host:port`; null for callers who may not read resources.', '`host:port`；无资源读取权限时为 null。')),
        ),
      }),
    ),
    tries: T.Integer(help('How often the request was sent to the upstream.', '向上游发送请求的次数。')),
    retried: T.Array(
      T.String(),
      help(
        'Why each try before the last was given up, such as `503` or `closed`.',
        '最后一次之前各次尝试被放弃的原因，如 `503` 或 `closed`。',
      ),
    ),
    reused: T.Boolean(help('An earlier request had used the connection.', '连接曾被先前的请求使用。')),
    phases: strictObject(
      {
        headMs: T.Number(),
        chainMs: T.Number(help('Auth and policies before the upstream.', '上游之前的认证与策略。')),
        waitMs: T.Number(help('Waiting for a connection.', '等待连接。')),
        connectMs: T.Number(),
        firstByteMs: T.Number(help('From the request being sent to the first byte of the answer.', '从发出请求到应答首字节。')),
        responseMs: T.Number(help('Policies on the answer.', '应答上的策略。')),
        totalMs: T.Number(),
      },
      help('Where the time went, in milliseconds.', '时间去向（毫秒）。'),
    ),
    steps: T.Array(step, help('Auth and policies in the order they ran.', '按执行顺序的认证与策略。')),
  }),
);

const told = named('CallDetail', strictObject({ ...fields, story: orNull(story) }));

const exact = (en: string, zh: string, maxLength = 200) => T.Optional(T.String({ maxLength, ...help(en, zh) }));
const moment = (en: string, zh: string) => T.Optional(T.Integer({ minimum: 0, ...help(en, zh) }));

/** What a search and a live tail may ask for. */
const filters = {
  project: T.Optional(projectName()),
  id: exact('Request id.', '请求 id。'),
  consumer: exact('Name of the consumer.', '消费者名称。'),
  clientAddress: exact('Address of the client.', '客户端地址。'),
  route: exact('Name of the route or data API.', '路由或数据 API 的名称。'),
  method: exact('Method.', '方法。', 32),
  protocol: T.Optional(oneOf(CALL_PROTOCOLS, help('How the client spoke.', '客户端所用协议。'))),
  path: exact('Beginning of the path.', '路径前缀。', 2000),
  release: exact('Release hash, or its beginning.', '发布哈希或其前缀。', 64),
  status: T.Optional(
    T.String({
      pattern: '^[1-5](\\d\\d|xx)$',
      examples: ['404', '5xx'],
      ...help('Status (`404`) or class (`5xx`).', '状态码（`404`）或类别（`5xx`）。'),
    }),
  ),
  reason: exact('Problem code or other reason.', '问题代码或其他原因。'),
  traceId: exact('Trace id.', '跟踪 id。', 32),
  from: moment('Not before (milliseconds since 1970).', '起始时间（自 1970 年起毫秒）。'),
  to: moment('Before (milliseconds since 1970).', '截止时间（自 1970 年起毫秒）。'),
  slowerThan: moment('At least this many milliseconds.', '耗时不少于（毫秒）。'),
  failed: T.Optional(oneOf(['true'], help('Only calls with status 400 and above.', '仅状态码 400 及以上。'))),
};
const filterSchema = strictObject(filters);
type Asked = Static<typeof filterSchema>;

const search = defineOperation({
  id: 'searchCalls',
  area,
  method: 'GET',
  path: '/calls',
  filtered: true,
  summary: {
    en: 'Searches calls by any of their fields, newest first unless sorted otherwise.',
    zh: '按任意字段搜索调用记录，默认最新在前。',
  },
  access: 'calls:read',
  query: strictObject({
    ...filters,
    ...order.query,
  }),
  response: page('CallPage', call),
  async handler({ query, caller }, parts) {
    const { sort: _sort, limit: _limit, after: _after, ...asked } = query;
    const found = await parts.calls.search({ ...filterOf(asked, caller), ...order.read(query) });
    return { items: found.map((record) => ({ ...record })), next: order.next(found, query) };
  },
});

const stream = defineOperation({
  id: 'streamCalls',
  area,
  method: 'GET',
  path: '/calls/stream',
  filtered: true,
  summary: {
    en: 'Streams calls as they come in: events `call` (a CallRecord; `id` resumes by Last-Event-ID) and `dropped` (`{"count"}`, null when unknown).',
    zh: '实时推送调用：事件 `call`（CallRecord；可用 Last-Event-ID 续传）与 `dropped`（`{"count"}`，未知时为 null）。',
  },
  access: 'calls:read',
  query: filterSchema,
  response: T.String(),
  answers: ['text/event-stream'],
  async handler({ query, caller, header, stillAllowed }, parts) {
    const after = header('last-event-id')?.slice(0, 200);
    const by = `${caller.kind} ${caller.name}`;
    const events = parts.liveCalls.watch({ filter: filterOf(query, caller), by, after, stillAllowed });
    if (!events)
      throw problems.raise['too-many-watchers']({ values: { limit: WATCHERS_MAX, each: WATCHERS_EACH_MAX }, retryAfterMs: 5000 });
    return reply(events, { contentType: 'text/event-stream' });
  },
});

const get = defineOperation({
  id: 'getCall',
  area,
  method: 'GET',
  path: '/calls/{id}',
  filtered: true,
  summary: { en: 'Reads one call with all that happened in it.', zh: '读取一次调用及其全部过程。' },
  access: 'calls:read',
  params: strictObject({ id: id() }),
  response: told,
  async handler({ params, caller }, parts) {
    const found = await parts.calls.find(params.id);
    if (!found || !mayTouch(caller, found.project)) {
      const what = { en: 'call', zh: '调用记录' };
      throw problems.raise['not-found']({ values: { what, name: params.id }, cause: found ? OUT_OF_REACH : undefined });
    }
    return { ...found, story: found.story === null ? null : shownStory(readStory(found.story), caller.permissions.has('resources:read')) };
  },
});

/** Addresses of targets stand in resources: who may not read those does not learn them here. */
function shownStory(found: CallStory, showsAddress: boolean): Static<typeof story> {
  const { target, steps, retried, ...rest } = found;
  return {
    ...rest,
    retried: [...retried],
    target: target && { index: target.index, address: showsAddress ? target.address : null },
    steps: steps.map((one) => ({ ...one, facts: { ...one.facts } })),
  };
}

/** The store's filter for what was asked, within the projects the caller reaches. */
function filterOf({ project, route, status, failed, slowerThan, ...plain }: Asked, caller: Caller): Watching['filter'] {
  const projects = projectsOf(caller, project);
  return {
    ...plain,
    ...statusRange(status, failed),
    ...(projects ? { projects } : {}),
    ...(route === undefined ? {} : { routes: [route, dataApiRoute(route)] }),
    ...(slowerThan === undefined ? {} : { slowerThanMs: slowerThan }),
  };
}

function statusRange(status: string | undefined, failed: string | undefined): Pick<CallFilter, 'statusFrom' | 'statusTo'> {
  if (status === undefined) return failed ? { statusFrom: 400 } : {};
  const first = Number(status.replace('xx', '00'));
  return { statusFrom: first, statusTo: status.endsWith('xx') ? first + 99 : first };
}

export default [search, stream, get];
