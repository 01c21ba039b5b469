/** Verbs that sum up: what needs attention, and what a consumer or a data API did. */
import type { DataApiUsage, DataApiUsages } from '../../../generated/client.ts';
import { EXIT } from '../exit.ts';
import type { Given, Verb } from '../verb.ts';

const overview: Verb = {
  name: 'overview',
  summary: {
    en: 'Shows what needs attention and the traffic of the last hour; exits 1 when something has failed.',
    zh: '显示需要关注的事项与最近一小时的流量；有失败项时退出码为 1。',
  },
  options: [{ flags: '--all-projects', help: { en: 'Every project, not only one.', zh: '所有项目。' } }],
  async run(given) {
    const { out, language } = given;
    const query = given.options['allProjects'] === true ? {} : { project: given.project };
    const { data } = await given.client().getOverview({ query });
    if (out.form === 'json' || out.form === 'yaml') out.one(data, { name: () => 'overview' });
    else {
      out.list(data.attention, {
        columns: [
          { title: { en: 'LEVEL', zh: '级别' }, value: (a) => a.level },
          { title: { en: 'WHAT', zh: '事项' }, value: (a) => a.text[language] },
          { title: { en: 'SINCE (UTC)', zh: '时间（UTC）' }, value: (a) => out.time(a.time) },
        ],
        name: (a) => a.id ?? a.kind,
      });
      const points = data.traffic ?? [];
      const sum = (field: 'requests' | 'clientErrors' | 'serverErrors') => points.reduce((all, point) => all + point[field], 0);
      out.note(
        {
          en: 'Last hour: {requests} calls, {client} 4xx, {server} 5xx.',
          zh: '最近一小时：{requests} 次调用，{client} 次 4xx，{server} 次 5xx。',
        },
        { requests: sum('requests'), client: sum('clientErrors'), server: sum('serverErrors') },
      );
    }
    return data.attention.some((a) => a.level === 'failed') ? EXIT.failed : EXIT.ok;
  },
};

const usage: Verb = {
  name: 'usage',
  summary: { en: 'Shows the calls of a consumer in the last hour and day.', zh: '显示某消费者最近一小时与一天的调用。' },
  arguments: [{ name: '<consumer>', help: { en: 'Name of the consumer.', zh: '消费者名称。' } }],
  async run(given) {
    const { data } = await given.client().getConsumerUsage({ params: { project: given.project, name: given.args[0]! } });
    showUsage(given, data);
  },
};

const apiUsage: Verb = {
  name: 'api usage',
  summary: {
    en: 'Shows the calls of a data API in the last hour and day; without a name those of all in the last hour.',
    zh: '显示某数据 API 最近一小时与一天的调用；不给名称则列出全部数据 API 最近一小时的调用。',
  },
  arguments: [{ name: '[api]', help: { en: 'Name of the data API.', zh: '数据 API 名称。' } }],
  async run(given) {
    if (given.args[0] === undefined) return listUsage(given, (await given.client().listDataApiUsage({})).data.items);
    const { data } = await given.client().getDataApiUsage({ params: { project: given.project, name: given.args[0]! } });
    showUsage(given, data);
  },
};

function listUsage(given: Given, items: DataApiUsages['items']): void {
  given.out.list(items, {
    columns: [
      { title: { en: 'PROJECT', zh: '项目' }, value: (one) => one.project },
      { title: { en: 'NAME', zh: '名称' }, value: (one) => one.name },
      { title: { en: 'CALLS', zh: '调用' }, value: (one) => one.requests, right: true },
      { title: { en: 'FAILED', zh: '失败' }, value: (one) => one.failed, right: true },
      { title: { en: 'LIMITED', zh: '被限流' }, value: (one) => one.limited, right: true },
    ],
    name: (one) => `${one.project}/${one.name}`,
  });
}

function showUsage(given: Given, data: DataApiUsage): void {
  if (given.out.form === 'json' || given.out.form === 'yaml') return given.out.one(data, { name: () => given.args[0]! });
  const spans = [
    { span: { en: 'hour', zh: '一小时' }, ...data.hour },
    { span: { en: 'day', zh: '一天' }, ...data.day },
  ];
  given.out.list(spans, {
    columns: [
      { title: { en: 'LAST', zh: '最近' }, value: (s) => s.span[given.language] },
      { title: { en: 'CALLS', zh: '调用' }, value: (s) => s.requests, right: true },
      { title: { en: '4XX', zh: '4xx' }, value: (s) => s.clientErrors, right: true },
      { title: { en: '429', zh: '429' }, value: (s) => s.limited, right: true },
      { title: { en: '5XX', zh: '5xx' }, value: (s) => s.serverErrors, right: true },
      { title: { en: 'P95 MS (ABOUT)', zh: 'P95 毫秒（约）' }, value: (s) => s.p95Ms, right: true },
    ],
    name: (s) => s.span.en,
  });
}

export default [overview, usage, apiUsage];
