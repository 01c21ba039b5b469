/** The verb that lists pipelines with what goes on and how the last run ended. */
import type { Verb } from '../verb.ts';

const LIMIT = 1000;

const list: Verb = {
  name: 'pipeline list',
  summary: {
    en: 'Lists pipelines: what goes on now, how the last run ended, when the next one is due.',
    zh: '列出管道：当前状态、上次运行结果、下次运行时间。',
  },
  arguments: [{ name: '[name]', help: { en: 'Part of the name.', zh: '名称的一部分。' } }],
  async run(given) {
    const { data } = await given.client().listPipelines({ query: { project: given.project, name: given.args[0], limit: LIMIT } });
    given.out.list(data.items, {
      columns: [
        { title: { en: 'NAME', zh: '名称' }, value: (p) => p.name },
        { title: { en: 'SOURCE', zh: '源' }, value: (p) => p.source },
        { title: { en: 'TARGET', zh: '目标' }, value: (p) => p.sink },
        { title: { en: 'NOW', zh: '当前' }, value: (p) => p.current?.state ?? (p.enabled ? 'idle' : 'disabled') },
        { title: { en: 'LAST RESULT', zh: '上次结果' }, value: (p) => p.last?.result },
        {
          title: { en: 'ROWS', zh: '行数' },
          value: (p) => p.last?.streams.reduce((sum, stream) => sum + stream.rowsWritten, 0),
          right: true,
        },
        { title: { en: 'ENDED (UTC)', zh: '结束（UTC）' }, value: (p) => given.out.time(p.last?.finishedAt ?? null) },
        { title: { en: 'SCHEDULE', zh: '计划' }, value: (p) => p.schedule && `${p.schedule.cron} ${p.schedule.timezone}` },
        { title: { en: 'NEXT (UTC)', zh: '下次（UTC）' }, value: (p) => given.out.time(p.nextAt) },
      ],
      name: (p) => p.name,
    });
  },
};

export default [list];
