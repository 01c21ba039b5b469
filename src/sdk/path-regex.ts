/**
 * Paths of routes written as regular expressions: `~/v(?<version>[0-9]+)/orders/.*`. The expression stands for the whole
 * path as routes see it: percent-decoded, without the query and without a slash at its end. Pure.
 */
import { compileLinearPattern, type LinearPattern } from '../base/linear-pattern.ts';
import type { Text } from '../base/text.ts';

/** What marks a path as an expression. */
export const REGEX_MARK = '~';

export interface PathRegex {
  readonly pattern: LinearPattern;
  /** Literal segments every path that matches begins with: where a router looks for it. */
  readonly prefix: readonly string[];
}

const GROUP = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const META = /[\\.[\](){}*+?|^$]/;

/** Reads what stands behind the mark. */
export function parsePathRegex(
  text: string,
): { readonly ok: true; readonly value: PathRegex } | { readonly ok: false; readonly error: Text } {
  if (/^\^|(?<!\\)\$$/.test(text)) {
    return {
      ok: false,
      error: {
        en: 'is always matched against the whole path: leave out "^" and "$"',
        zh: '总是匹配整个路径：请去掉“^”和“$”',
      },
    };
  }
  const compiled = compileLinearPattern(text);
  if (!compiled.ok) return compiled;
  const unfit = compiled.value.groups.find((name) => !GROUP.test(name));
  if (unfit !== undefined) {
    return {
      ok: false,
      error: {
        en: `has the group "${unfit.slice(0, 60)}"; a name is letters, digits and "_", at most 63`,
        zh: `含有分组“${unfit.slice(0, 60)}”；名称只能由字母、数字和“_”组成，最多 63 个字符`,
      },
    };
  }
  return { ok: true, value: { pattern: compiled.value, prefix: literalPrefix(text) } };
}

/** The path as expressions see it. */
export function regexPath(decoded: readonly string[]): string {
  return `/${decoded.join('/')}`;
}

/** Whole segments before anything that is no plain character; none when an alternative stands beside them. */
function literalPrefix(text: string): string[] {
  if (!text.startsWith('/') || hasTopAlternative(text)) return [];
  const meta = text.search(META);
  let end = meta < 0 ? text.length : meta;
  if (meta >= 0 && '?*{+'.includes(text[meta]!)) end--; // It repeats the character before it.
  const plain = text.slice(1, Math.max(1, text.lastIndexOf('/', end - 1)));
  return plain === '' || end < 1 ? [] : plain.split('/');
}

function hasTopAlternative(text: string): boolean {
  if (text.includes('\\Q')) return true;
  let depth = 0;
  let inClass = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\') i++;
    else if (inClass) inClass = c !== ']' || text[i - 1] === '[' || text.endsWith('[^', i);
    else if (c === '[') inClass = true;
    else if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === '|' && depth === 0) return true;
  }
  return false;
}
