/** CSV files and exports as sources. */
import { type CheckStep, defineConnector, Problem, type Text, tell, type StreamSchema } from '../../../sdk/index.ts';
import type { CsvTools } from './bytes.ts';
import { type CsvConfig, csvConfig, csvProblems } from './config.ts';
import { createSource, discoverStream, previewRows } from './source.ts';

export default defineConnector({
  id: 'csv',
  title: { en: 'CSV', zh: 'CSV 文件' },
  summary: {
    en: 'Reads a CSV file, or a CSV export over HTTP; strict, with line numbers in every refusal.',
    zh: '读取 CSV 文件或 HTTP 导出的 CSV；严格校验，错误均指出行号。',
  },
  since: '0.1',
  status: 'beta',
  version: 1,
  config: csvConfig,
  problems: csvProblems,
  examples: [
    {
      title: { en: 'A file with typed columns', zh: '带列类型的文件' },
      config: { file: 'orders.csv', columns: { id: 'int64', total: 'decimal' } },
    },
    {
      title: { en: 'An export in GBK', zh: 'GBK 编码的导出' },
      config: { url: 'https://crm.example.test/export/customers.csv', encoding: 'gbk', delimiter: ';' },
    },
  ],
  roles: ['source'],
  transactional: false,
  create(config, tools) {
    return {
      check: (signal) => checkSteps(config, tools, signal),
      discover: async (signal) => [await discoverStream(config, tools, signal)],
      preview: (stream, rows, signal) => previewRows(config, tools, stream, rows, signal),
      source: createSource(config, tools),
      close: async () => {},
    };
  },
});

async function* checkSteps(config: CsvConfig, tools: CsvTools, signal: AbortSignal): AsyncGenerator<CheckStep> {
  const start = tools.clock.monotonic();
  const step = config.file === undefined ? 'tcp' : 'path';
  const ms = () => Math.round((tools.clock.monotonic() - start) * 10) / 10;
  try {
    const stream = await discoverStream(config, tools, signal);
    yield {
      step,
      ok: true,
      ms: ms(),
      detail: tell(FOUND, { name: stream.name, count: stream.columns.length, columns: namesOf(stream) }),
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    yield { step, ok: false, ms: ms(), detail: error.detail };
  }
}

const FOUND: Text = { en: '"{name}" has {count} column(s): {columns}', zh: '“{name}”有 {count} 列：{columns}' };

function namesOf({ columns }: StreamSchema): string {
  return columns
    .map((column) => column.name)
    .join(', ')
    .slice(0, 300);
}
