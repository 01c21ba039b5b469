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
  /** What every path that matches begins with, also within a segment. */
  readonly beginning: string;
}

/**
 * Steps that one request's expressions may take together, each as many as its size for each character of the path: some
 * milliseconds. A path that would need more is refused (`too-costly`), and not given to what comes after them.
 */
export const PATH_STEPS_MAX = 4_000_000;

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
  const beginning = literalBeginning(text);
  return { ok: true, value: { pattern: compiled.value, prefix: wholeSegments(beginning), beginning } };
}

/** The path as expressions see it. */
export function regexPath(decoded: readonly string[]): string {
  return `/${decoded.join('/')}`;
}

/** All before anything that is no plain character; nothing when an alternative stands beside it. */
function literalBeginning(text: string): string {
  if (!text.startsWith('/') || hasTopAlternative(text)) return '';
  const meta = text.search(META);
  let end = meta < 0 ? text.length : meta;
  // It repeats the character before it, which may take two places.
  if (meta >= 0 && '?*{+'.includes(text[meta]!)) end -= /[\udc00-\udfff]/.test(text[meta - 1] ?? '') ? 2 : 1;
  return text.slice(0, Math.max(0, end));
}

/** Its whole segments. */
function wholeSegments(beginning: string): string[] {
  const plain = beginning.slice(1, Math.max(1, beginning.lastIndexOf('/')));
  return plain === '' ? [] : plain.split('/');
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
