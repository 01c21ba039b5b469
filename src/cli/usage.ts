/** What the parser of the command line says about wrong usage, in both languages. */
import { fill, type Language } from '../base/text.ts';

/** The parser's own sentences: group 1 and 2 of the pattern fill {1} and {2}. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/^error: unknown command '(.*)'$/, '错误：没有命令 “{1}”'],
  [/^error: unknown option '(.*)'$/, '错误：没有选项 “{1}”'],
  [/^error: missing required argument '(.*)'$/, '错误：缺少参数 “{1}”'],
  [/^error: option '(.*)' argument missing$/, '错误：选项 “{1}” 缺少取值'],
  [/^error: option '(.*)' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/, '错误：选项 “{1}” 的取值 “{2}” 无效，可选：{3}。'],
  [
    /^error: too many arguments(?: for '(.*)')?\. Expected (\d+) arguments? but got (\d+).*$/,
    '错误：参数过多：应为 {2} 个，给出了 {3} 个。',
  ],
  [/^\(Did you mean one of (.*)\?\)$/, '（是否指 {1}？）'],
  [/^\(Did you mean (.*)\?\)$/, '（是否指 {1}？）'],
];

/** `text` as the parser wrote it, line by line in `language`; a sentence unknown here stays as it is. */
export function usageText(text: string, language: Language): string {
  if (language === 'en') return text;
  return text.split('\n').map(inChinese).join('\n');
}

function inChinese(line: string): string {
  for (const [pattern, zh] of SENTENCES) {
    const found = pattern.exec(line);
    if (found) return fill({ en: line, zh }, 'zh', { ...found });
  }
  return line;
}
