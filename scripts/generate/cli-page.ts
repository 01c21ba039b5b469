/** The reference page of the command line, from its verbs. */
import { COMMON_OPTIONS, type Verb, type VerbOption } from '../../src/cli/verb.ts';
import { cell, page } from './reference.ts';

/** One section per verb, in the order of `--help`. */
export function cliPage(verbs: readonly Verb[]): string {
  const intro = {
    en: 'Every verb of `weir` (in a checkout `./weir`). Data goes to standard output, notes to standard error. Exit codes: 0 done, 1 failed, 2 wrong use, 3 a difference was found, 4 not found, 5 not allowed.',
    zh: '`weir`（在检出目录中为 `./weir`）的全部命令。数据写到标准输出，提示写到标准错误。退出码：0 完成，1 失败，2 用法错误，3 存在差异，4 未找到，5 无权限。',
  };
  const common = `## Options every verb takes · 通用选项\n\n${optionTable(COMMON_OPTIONS)}\n`;
  return page({ en: 'Command line', zh: '命令行' }, intro, common + verbs.map(section).join('\n'));
}

function section({ name, summary, arguments: args = [], options = [] }: Verb): string {
  const usage = ['weir', name, ...args.map((a) => a.name), ...(options.length > 0 ? ['[options]'] : [])].join(' ');
  const argumentRows = args.map((a) => `| \`${a.name}\` | ${cell(a.help.en)} | ${cell(a.help.zh)} |\n`).join('');
  const argumentTable = args.length > 0 ? `\n| argument | meaning | 含义 |\n|---|---|---|\n${argumentRows}` : '';
  return `## ${name}\n\n\`${usage}\`\n\n${summary.en} · ${summary.zh}\n${argumentTable}${options.length > 0 ? `\n${optionTable(options)}` : ''}`;
}

function optionTable(options: readonly VerbOption[]): string {
  const rows = options.map((o) => {
    const choices = o.choices ? ` (${o.choices.join(', ')})` : '';
    const fallback = o.default === undefined ? '' : `\`${o.default}\``;
    return `| \`${cell(o.flags)}\` | ${fallback} | ${cell(o.help.en + choices)} | ${cell(o.help.zh)} |\n`;
  });
  return `| option | default | meaning | 含义 |\n|---|---|---|---|\n${rows.join('')}`;
}
