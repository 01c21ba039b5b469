/** The verb that says what a pipeline would do, saved or not. */
import type { PlannedStream, PipelinePlan } from '../../../generated/client.ts';
import { fill } from '../../base/text.ts';
import { draftOf } from '../draft.ts';
import { EXIT } from '../exit.ts';
import type { Given, Verb } from '../verb.ts';

const plan: Verb = {
  name: 'run plan',
  summary: {
    en: 'Says what a pipeline would do, saved or not: streams, targets, types; exits 1 when a stream is refused.',
    zh: '说明管道（已保存或未保存）将做什么：流、目标、类型；有流被拒绝时退出码为 1。',
  },
  arguments: [{ name: '[pipeline]', help: { en: 'Name of a saved pipeline.', zh: '已保存管道的名称。' } }],
  options: [
    {
      flags: '-f, --file <place>',
      help: { en: 'File with a Pipeline, or - (standard input).', zh: '含 Pipeline 的文件，或 -（标准输入）。' },
    },
  ],
  async run(given) {
    const client = given.client();
    const draft = await draftOf(given, client, 'Pipeline');
    const { data } = await client.planPipeline({ params: { project: draft.project }, body: { name: draft.name, spec: draft.spec } });
    if (given.out.form === 'json' || given.out.form === 'yaml') given.out.one(data, { name: () => draft.name });
    else show(given, data);
    return data.refused.length > 0 ? EXIT.failed : EXIT.ok;
  },
};

function show(given: Given, { streams, refused, targetProblem }: PipelinePlan): void {
  const { out, language } = given;
  out.list(streams, {
    columns: [
      { title: { en: 'STREAM', zh: '流' }, value: (s) => s.stream },
      { title: { en: 'TARGET', zh: '目标' }, value: (s) => (s.namespace ? `${s.namespace}.${s.table}` : s.table) },
      { title: { en: 'EXISTS', zh: '已存在' }, value: (s) => s.targetExists },
      { title: { en: 'MODE', zh: '模式' }, value: (s) => (s.cursor ? `${s.mode} (${s.cursor})` : s.mode) },
      { title: { en: 'WRITE', zh: '写入' }, value: (s) => (s.key.length > 0 ? `${s.write} (${s.key.join(', ')})` : s.write) },
      { title: { en: 'ROWS (ABOUT)', zh: '行数（约）' }, value: (s) => s.rowsEstimate, right: true },
      { title: { en: 'TYPES TO LOOK AT', zh: '需留意的类型' }, value: doubtful },
    ],
    name: (s) => s.stream,
  });
  const told = new Set(streams.flatMap((s) => s.notes.map((note) => `${note.level === 'warn' ? '! ' : '- '}${note.text[language]}`)));
  for (const text of told) out.note({ en: text, zh: text });
  for (const { stream, problem, cursors } of refused) {
    const hint = cursors.length > 0 ? fill(CURSORS, language, { columns: cursors.map((c) => c.column).join(', ') }) : '';
    given.io.stderr.write(`${stream}: ${problem.detail[language]}${hint}\n`);
  }
  if (targetProblem) given.io.stderr.write(`${targetProblem.title[language]}: ${targetProblem.detail[language]}\n`);
}

const CURSORS = { en: ' Columns that could be the cursor: {columns}.', zh: ' 可作游标的列：{columns}。' };

function doubtful({ columns }: PlannedStream): string {
  return columns
    .filter((c) => c.fit === 'narrower' || c.fit === 'conflict')
    .map((c) => `${c.name}: ${c.sourceType} → ${c.targetType}${c.fit === 'conflict' ? ' ✗' : ''}`)
    .join('; ');
}

export default [plan];
