/** Details of audit entries in words: what Weir writes there itself has one form each; anything else is shown as it stands. */
import type { Text } from '../../ui/language.tsx';
import { roleName } from '../../ui/roles.ts';

/** What Weir says of a credential that did not count, behind the problem's code. */
const SPENT: Readonly<Record<string, string>> = {
  expired: '已过期',
  revoked: '已撤销',
  'account disabled': '账户已停用',
  'not from this machine': '并非来自本机',
  'not a project of this credential': '该凭证无权访问此项目',
};

const PLAIN: Readonly<Record<string, string>> = {
  reset: '重设',
  many: '多项',
  documents: '文档',
  'the first user, with a new password': '首个用户，密码为新生成',
  'the first user, with the password given': '首个用户，密码由外部指定',
};

type Words = (...values: string[]) => string;

const FORMS: readonly (readonly [form: RegExp, zh: Words])[] = [
  [/^version (\d+)$/, (n) => `第 ${n} 版`],
  [/^version (\d+) was the last$/, (n) => `最后为第 ${n} 版`],
  [/^role (\S+)$/, (name) => `角色：${roleName(name!).zh}`],
  [/^(\d+) resources$/, (n) => `${n} 个资源`],
  [/^(\d+) more within a minute$/, (n) => `一分钟内另有 ${n} 次`],
  [/^(\S+\/\S+): ([a-z ]+)$/, (code, why) => `${code}：${SPENT[why!] ?? why}`],
  [/^(\d+) of (\d+) refused: (.*)$/, (n, all, names) => `${all} 个中有 ${n} 个被拒绝：${namesOf(names!)}`],
  [/^([A-Z]+ \S+ \(\S+\)) as (\S+)$/, (call, consumer) => `${call}，以 ${consumer} 的身份`],
];

/** The words of a detail, or of a subject, whose parts stand behind semicolons. */
export function detailWords(detail: string): Text {
  return { en: detail, zh: detail.split('; ').map(partWords).join('；') };
}

function partWords(part: string): string {
  if (Object.hasOwn(SPENT, part)) return SPENT[part]!;
  const plain = Object.hasOwn(PLAIN, part) ? PLAIN[part] : undefined;
  if (plain !== undefined) return plain;
  for (const [form, words] of FORMS) {
    const found = form.exec(part);
    if (found) return words(...found.slice(1));
  }
  return part;
}

function namesOf(names: string): string {
  return names
    .replaceAll(' (not allowed)', '（无权限）')
    .replace(/ and (\d+) more$/, '，另有 $1 个')
    .replaceAll(', ', '、');
}
