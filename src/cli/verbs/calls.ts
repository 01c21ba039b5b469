/** The verb over call records. */
import type { CallDetail, CallRecord, CallStep } from '../../../generated/client.ts';
import { verbatim } from '../../base/text.ts';
import { parseDuration } from '../../base/units.ts';
import problems from '../problems.ts';
import type { Shape } from '../render.ts';
import type { Given, Verb, VerbOption } from '../verb.ts';

const FIELDS: readonly VerbOption[] = [
  { flags: '--consumer <name>', help: { en: 'Only of this consumer.', zh: '仅此消费者。' } },
  { flags: '--client <address>', help: { en: 'Only from this address.', zh: '仅此客户端地址。' } },
  { flags: '--route <name>', help: { en: 'Only on this route or data API.', zh: '仅此路由或数据 API。' } },
  { flags: '--method <method>', help: { en: 'Only with this method.', zh: '仅此方法。' } },
  {
    flags: '--protocol <protocol>',
    help: { en: 'Only http/1.0, http/1.1, h2, websocket or upgrade.', zh: '仅 http/1.0、http/1.1、h2、websocket 或 upgrade。' },
  },
  { flags: '--path <prefix>', help: { en: 'Only paths that begin so.', zh: '仅此前缀的路径。' } },
  { flags: '--release <hash>', help: { en: 'Only of this release.', zh: '仅此发布。' } },
  { flags: '--status <status>', help: { en: 'Status 404 or class 5xx.', zh: '状态码 404 或类别 5xx。' } },
  { flags: '--reason <code>', help: { en: 'Only with this problem code.', zh: '仅此问题代码。' } },
  { flags: '--trace <id>', help: { en: 'Only of this trace.', zh: '仅此跟踪。' } },
  { flags: '--id <id>', help: { en: 'Only this request.', zh: '仅此请求。' } },
  { flags: '--since <duration>', help: { en: 'Only of the last 15m, 2h, 1d …', zh: '仅最近 15m、2h、1d……' } },
  { flags: '--slower-than <duration>', help: { en: 'Only calls that took longer.', zh: '仅耗时更长的调用。' } },
  { flags: '--limit <count>', default: '50', help: { en: 'Most calls (up to 10000).', zh: '最多条数（不超过 10000）。' } },
  { flags: '-f, --follow', help: { en: 'Shows calls as they come in, until stopped.', zh: '实时显示新的调用，直到停止。' } },
  { flags: '--all-projects', help: { en: 'Every project, and calls that no route took.', zh: '所有项目，以及未匹配任何路由的调用。' } },
];

const PAGE = 1000;
const DAY_MS = 86_400_000;

const shape = (given: Given): Shape<CallRecord> => ({
  columns: [
    { title: { en: 'TIME (UTC)', zh: '时间（UTC）' }, value: (c) => given.out.time(c.time) },
    { title: { en: 'STATUS', zh: '状态' }, value: (c) => c.status, right: true },
    { title: { en: 'METHOD', zh: '方法' }, value: (c) => c.method },
    { title: { en: 'PATH', zh: '路径' }, value: (c) => c.path },
    { title: { en: 'ROUTE', zh: '路由' }, value: (c) => c.route },
    { title: { en: 'CONSUMER', zh: '消费者' }, value: (c) => c.consumer },
    { title: { en: 'MS', zh: '毫秒' }, value: (c) => Math.round(c.durationMs * 10) / 10, right: true },
    { title: { en: 'REASON', zh: '原因' }, value: (c) => c.reason },
    { title: { en: 'ID', zh: 'ID' }, value: (c) => c.id },
  ],
  name: (c) => c.id,
});

const calls: Verb = {
  name: 'calls',
  summary: {
    en: 'Searches the calls of the gateway, newest first; with an id shows all of one.',
    zh: '搜索网关调用记录，最新在前；给出 ID 则显示其全部过程。',
  },
  arguments: [{ name: '[id]', help: { en: 'Request id: shows what happened in that call.', zh: '请求 ID：显示该调用的全部过程。' } }],
  options: FIELDS,
  async run(given) {
    const client = given.client();
    const [id] = given.args;
    if (id !== undefined) return showOne(given, (await client.getCall({ params: { id } })).data);
    if (given.options['follow'] === true) return follow(given, client);
    const wanted = Math.min(10_000, number(given, 'limit'));
    const query = queryOf(given);
    const items: CallRecord[] = [];
    let after: string | undefined;
    while (items.length < wanted) {
      const { data } = await client.searchCalls({ query: { ...query, after, limit: Math.min(PAGE, wanted - items.length) } });
      items.push(...data.items);
      if (data.next === null) break;
      after = data.next;
    }
    given.out.list(items, shape(given));
  },
};

const steps: Shape<CallStep> = {
  columns: [
    { title: { en: 'STEP', zh: '步骤' }, value: (s) => s.id },
    { title: { en: 'PLACE', zh: '位置' }, value: (s) => s.place },
    { title: { en: 'PHASE', zh: '阶段' }, value: (s) => s.phase },
    { title: { en: 'OUTCOME', zh: '结果' }, value: (s) => s.outcome },
    { title: { en: 'µs', zh: '微秒' }, value: (s) => s.us, right: true },
    {
      title: { en: 'FACTS', zh: '情况' },
      value: (s) => [s.code, ...Object.entries(s.facts).map(([name, value]) => `${name}=${value}`)].filter((text) => text !== '').join(' '),
    },
  ],
  name: (s) => s.id,
};

/** One call: what is recorded, where the time went, and each step of the chain. */
function showOne(given: Given, call: CallDetail): void {
  const { story, time, ...record } = call;
  if (given.out.form !== 'table' || story === null) return given.out.one({ ...call, time: given.out.time(time) }, { name: (c) => c.id });
  const { target, tries, retried, reused, phases } = story;
  const address = target && `#${target.index}${target.address === null ? '' : ` ${target.address}`}`;
  given.out.one({ time: given.out.time(time), ...record, target: address, tries, retried, reused, phases }, { name: () => call.id });
  if (story.steps.length > 0) given.out.text('');
  given.out.list(story.steps, steps);
}

/** Calls as they come: one line each, as text or JSON. Ends with the server, the credential or `--timeout` (a day). */
async function follow(given: Given, client: ReturnType<Given['client']>): Promise<void> {
  const end = AbortSignal.timeout(given.options['timeout'] === undefined ? DAY_MS : given.timeoutMs);
  let rest = '';
  const onText = (piece: string): void => {
    const events = (rest + piece).split('\n\n');
    rest = events.pop()!;
    for (const event of events) showEvent(given, event);
  };
  try {
    await client.streamCalls({ query: queryOf(given), signal: end, accept: 'text/event-stream', onText });
  } catch (error) {
    if (!end.aborted) throw error;
  }
  given.out.note({ en: 'The stream has ended.', zh: '推送已结束。' });
}

function showEvent(given: Given, event: string): void {
  const fields = new Map(event.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  const data = fields.get('data');
  if (data === undefined) return;
  if (fields.get('event') === 'dropped') {
    const { count } = JSON.parse(data) as { count: number | null };
    return given.out.note(
      { en: '{count} calls are not shown: they came too fast.', zh: '有 {count} 条调用因过快未显示。' },
      { count: count ?? '?' },
    );
  }
  if (given.out.form !== 'table') return given.out.text(plain(data));
  const call = JSON.parse(data) as CallRecord;
  given.out.text(
    plain(
      shape(given)
        .columns.map(({ value }) => value(call) || '-')
        .join('  '),
    ),
  );
}

/** What others wrote must not steer the terminal. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\0-\x1f\x7f-\x9f]/g, '\ufffd');
}

function queryOf(given: Given) {
  const { consumer, client, route, method, path, release, status, reason, trace, id } = given.options as Record<string, string | undefined>;
  const protocol = given.options['protocol'] as (CallRecord['protocol'] & 'h2') | undefined;
  const since = span(given, 'since');
  const slower = span(given, 'slowerThan');
  return {
    consumer,
    route,
    path,
    release,
    status,
    reason,
    id,
    clientAddress: client,
    traceId: trace,
    protocol,
    method: method?.toUpperCase(),
    ...(since === undefined ? {} : { from: given.io.clock.now() - since }),
    ...(slower === undefined ? {} : { slowerThan: slower }),
    ...(given.options['allProjects'] === true ? {} : { project: given.project }),
  };
}

function span(given: Given, name: string): number | undefined {
  const text = given.options[name];
  if (text === undefined) return undefined;
  const ms = parseDuration(String(text));
  if (ms === undefined)
    throw problems.raise['bad-value']({
      values: { what: verbatim(`--${name === 'since' ? name : 'slower-than'}`), value: text, example: '15m' },
    });
  return ms;
}

function number(given: Given, name: string): number {
  const text = String(given.options[name]);
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw problems.raise['bad-value']({ values: { what: verbatim(`--${name}`), value: text, example: '100' } });
  return Number(text);
}

export default [calls];
