/** Details of audit entries in words: what Weir writes there itself has one form each; anything else is shown as it stands. */
import type { Text } from '../../ui/language.tsx';

const FORMS: readonly (readonly [form: RegExp, words: (value: string) => Text])[] = [
  [/^version (\d+)$/, (n) => ({ en: `version ${n}`, zh: `第 ${n} 版` })],
  [/^version (\d+) was the last$/, (n) => ({ en: `version ${n} was the last`, zh: `最后为第 ${n} 版` })],
  [/^role (\S+)$/, (name) => ({ en: `role ${name}`, zh: `角色 ${name}` })],
  [/^(\d+) more within a minute$/, (n) => ({ en: `${n} more within a minute`, zh: `一分钟内另有 ${n} 次` })],
];

/** The words of a detail, whose parts stand behind semicolons. */
export function detailWords(detail: string): Text {
  const parts = detail.split('; ').map(partWords);
  return { en: parts.map((part) => part.en).join('; '), zh: parts.map((part) => part.zh).join('；') };
}

function partWords(part: string): Text {
  for (const [form, words] of FORMS) {
    const found = form.exec(part);
    if (found) return words(found[1]!);
  }
  return { en: part, zh: part };
}
