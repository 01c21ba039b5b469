/** The verb that tries a data API before it is published. */
import type { DataApiDraft } from '../../../generated/client.ts';
import { verbatim } from '../../base/text.ts';
import { draftOf } from '../draft.ts';
import { EXIT } from '../exit.ts';
import problems from '../problems.ts';
import type { Given, Verb } from '../verb.ts';

const attempt: Verb = {
  name: 'api try',
  summary: {
    en: 'Tries a data API read-only, saved or not: parameters, plan, first rows; exits 1 when something is wrong.',
    zh: '只读试运行数据 API（已保存或未保存）：参数、计划、前几行；有错误时退出码为 1。',
  },
  arguments: [{ name: '[api]', help: { en: 'Name of a saved data API.', zh: '已保存数据 API 的名称。' } }],
  options: [
    {
      flags: '-f, --file <place>',
      help: { en: 'File with a DataApi, or - (standard input).', zh: '含 DataApi 的文件，或 -（标准输入）。' },
    },
    { flags: '--param <name=value>', many: true, help: { en: 'Value of a parameter; may be repeated.', zh: '参数值，可重复。' } },
    { flags: '--rows <count>', default: '20', help: { en: 'Most rows, up to 50.', zh: '最多行数，上限 50。' } },
  ],
  async run(given) {
    const client = given.client();
    const values = valuesOf((given.options['param'] as readonly string[] | undefined) ?? []);
    const rows = Number(given.options['rows']);
    if (!Number.isInteger(rows))
      throw problems.raise['bad-value']({ values: { what: verbatim('--rows'), value: given.options['rows'], example: '20' } });
    const draft = await draftOf(given, client, 'DataApi');
    const body = { name: draft.name, spec: draft.spec, values, rows };
    const { data } = await client.tryDataApi({ params: { project: draft.project }, body });
    if (given.out.form === 'json' || given.out.form === 'yaml') given.out.one(data, { name: () => draft.name });
    else show(given, data);
    return data.mistakes.length > 0 ? EXIT.failed : EXIT.ok;
  },
};

function show({ out, io }: Given, report: DataApiDraft): void {
  for (const { pointer, detail, line, column } of report.mistakes)
    io.stderr.write(`${pointer}${line === null ? '' : `:${line}${column === null ? '' : `:${column}`}`}  ${detail}\n`);
  for (const warning of report.warnings) out.note(verbatim(warning));
  if (report.parameters.length > 0) {
    out.list(report.parameters, {
      columns: [
        { title: { en: 'PARAMETER', zh: '参数' }, value: (p) => p.name },
        { title: { en: 'IN', zh: '来源' }, value: (p) => p.in },
        { title: { en: 'DECLARED', zh: '已声明' }, value: (p) => p.declared },
        { title: { en: 'TYPE', zh: '类型' }, value: (p) => p.inferred ?? String(p.schema['format'] ?? p.schema['type'] ?? '') },
        { title: { en: 'SQL LINES', zh: 'SQL 行' }, value: (p) => p.used.map((u) => u.line).join(', ') },
      ],
      name: (p) => p.name,
    });
  }
  if (report.shape) out.note({ en: '{sql}', zh: '{sql}' }, { sql: report.shape.sql });
  if (report.plan) out.note({ en: '{plan}', zh: '{plan}' }, { plan: report.plan.lines.join('\n') });
  if (!report.result) return;
  const { rows, more } = report.result;
  const ms = Math.round(report.timings.runMs ?? 0);
  out.note({ en: '{rows} rows{more} in {ms} ms', zh: '{rows} 行{more}，耗时 {ms} 毫秒' }, { rows, more: more ? '+' : '', ms });
  out.text(report.result.json.replaceAll('},{', '},\n {'));
}

function valuesOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw problems.raise['bad-value']({ values: { what: verbatim('--param'), value: pair, example: 'customer_id=7' } });
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

export default [attempt];
