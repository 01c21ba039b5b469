/** Verbs that try connections: check, streams, preview. */
import type { ConnectionCheck } from '../../../generated/client.ts';
import { draftOf } from '../draft.ts';
import { EXIT } from '../exit.ts';
import type { Given, Verb, VerbArgument } from '../verb.ts';

const NAME: VerbArgument = { name: '<name>', help: { en: 'Name of the connection.', zh: '连接名称。' } };

const check: Verb = {
  name: 'connection check',
  summary: { en: 'Tries a connection step by step; exits 1 at the step that fails.', zh: '逐步检查连接；某步失败时退出码为 1。' },
  arguments: [{ name: '[name]', help: { en: 'Name of a saved connection.', zh: '已保存连接的名称。' } }],
  options: [
    {
      flags: '-f, --file <place>',
      help: {
        en: 'File with a Connection that is not saved, or - (standard input).',
        zh: '含未保存 Connection 的文件，或 -（标准输入）。',
      },
    },
  ],
  async run(given) {
    const data = await checked(given);
    given.out.list(data.steps, {
      columns: [
        { title: { en: 'STEP', zh: '步骤' }, value: (s) => s.step },
        { title: { en: 'RESULT', zh: '结果' }, value: (s) => (s.ok ? (s.warning ? 'warning' : 'ok') : 'failed') },
        { title: { en: 'MS', zh: '毫秒' }, value: (s) => Math.round(s.ms), right: true },
        { title: { en: 'DETAIL', zh: '说明' }, value: (s) => [s.detail, s.warning].filter(Boolean).join('; ') },
      ],
      name: (s) => s.step,
    });
    return data.ok ? EXIT.ok : EXIT.failed;
  },
};

/** The saved connection as it serves, or the one of the file. */
async function checked(given: Given): Promise<ConnectionCheck> {
  const client = given.client();
  const [name] = given.args;
  if (name !== undefined && given.options['file'] === undefined)
    return (await client.checkConnection({ params: { project: given.project, name } })).data;
  const draft = await draftOf(given, client, 'Connection');
  const body = { name: draft.name, spec: draft.spec };
  return (await client.checkConnectionDraft({ params: { project: draft.project }, body })).data;
}

const streams: Verb = {
  name: 'connection streams',
  summary: { en: 'Lists the streams a connection can read.', zh: '列出连接可读取的流。' },
  arguments: [NAME],
  async run(given) {
    const { data } = await given.client().discoverStreams({ params: { project: given.project, name: given.args[0]! } });
    given.out.list(data.items, {
      columns: [
        { title: { en: 'STREAM', zh: '流' }, value: (s) => s.name },
        { title: { en: 'COLUMNS', zh: '列数' }, value: (s) => s.columns.length, right: true },
        { title: { en: 'KEY', zh: '主键' }, value: (s) => s.primaryKey.join(', ') },
        { title: { en: 'ROWS (ABOUT)', zh: '行数（约）' }, value: (s) => s.rowsEstimate, right: true },
      ],
      name: (s) => s.name,
    });
  },
};

const preview: Verb = {
  name: 'connection preview',
  summary: { en: 'Shows the first rows of a stream.', zh: '显示流的前几行。' },
  arguments: [NAME, { name: '<stream>', help: { en: 'Name of the stream.', zh: '流名称。' } }],
  async run(given) {
    const [name, stream] = given.args;
    const { data } = await given.client().previewStream({ params: { project: given.project, name: name! }, query: { stream: stream! } });
    if (given.out.form === 'json' || given.out.form === 'yaml') return given.out.one(data, { name: () => stream! });
    given.out.list(data.rows, {
      columns: data.columns.map((column, i) => ({
        title: { en: column.name, zh: column.name },
        value: (row: (string | null)[]) => row[i],
      })),
      name: (row) => String(row[0]),
    });
  },
};

export default [check, streams, preview];
