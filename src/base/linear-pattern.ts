/**
 * Regular expressions that people write and strangers are matched against: in time that grows with the text alone,
 * whatever the expression (RE2's syntax: no look-around, no back-references). JavaScript's own can take for ever.
 * Source: https://github.com/google/re2/wiki/Syntax; Cox, "Regular Expression Matching Can Be Simple And Fast" (2007).
 */
import { createRequire } from 'node:module';
import type { Text } from './text.ts';
import { tell, verbatim } from './text.ts';

/** A compiled expression. */
export interface LinearPattern {
  readonly text: string;
  /** Names of its named groups, in no order. */
  readonly groups: readonly string[];
  /** Steps that one character of a value may take. */
  readonly size: number;
  /** True when the whole of `value` matches. */
  matches(value: string): boolean;
  /** Values of the named groups that took part; undefined when the whole of `value` does not match. */
  read(value: string): Record<string, string> | undefined;
}

export type CompiledPattern = { readonly ok: true; readonly value: LinearPattern } | { readonly ok: false; readonly error: Text };

const LENGTH_MAX = 512;
/** Instructions of the compiled program: matching costs at most this many steps for each character. */
const PROGRAM_MAX = 200;
/**
 * Values up to here are matched by a machine that makes its states as it goes: most expressions need few, and are matched six times
 * faster; the worst make one for each character, which costs six times as much. So that is bounded by the length.
 */
const STATES_LENGTH_MAX = 1024;

const TOO_LONG: Text = { en: 'is a regular expression of more than {max} characters', zh: '正则表达式超过 {max} 个字符' };
const TOO_LARGE: Text = {
  en: 'is a regular expression that repeats too much ({size} steps for each character, {max} are allowed)',
  zh: '正则表达式重复过多（每个字符需 {size} 步，最多 {max} 步）',
};
const NOT_READ: Text = {
  en: 'is not a regular expression in RE2 syntax: {words}',
  zh: '不是 RE2 语法的正则表达式：{words}',
};

/** Compiles `text`; it must match whole values, as if it stood between `^` and `$`. Loads the library with the first one. */
export function compileLinearPattern(text: string): CompiledPattern {
  if (text.length > LENGTH_MAX) return { ok: false, error: tell(TOO_LONG, { max: LENGTH_MAX }) };
  const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof import('re2js');
  try {
    const compiled = RE2JS.compile(text);
    const size = compiled.programSize();
    if (size > PROGRAM_MAX) return { ok: false, error: tell(TOO_LARGE, { size, max: PROGRAM_MAX }) };
    const groups = Object.keys(compiled.namedGroups());
    const read = (value: string): Record<string, string> | undefined => {
      const found = compiled.matcher(value);
      if (!found.matches()) return undefined;
      return Object.fromEntries(groups.flatMap((name): [string, string][] => part(name, found.group(name))));
    };
    const matches = (value: string) => (value.length <= STATES_LENGTH_MAX ? compiled.testExact(value) : compiled.matcher(value).matches());
    return { ok: true, value: { text, groups, size, matches, read } };
  } catch (error) {
    const words = (error as Error).message.replace(/^error parsing regexp: /, '').slice(0, 200);
    return { ok: false, error: tell(NOT_READ, { words: verbatim(words) }) };
  }
}

function part(name: string, value: string | null | undefined): [string, string][] {
  return typeof value === 'string' ? [[name, value]] : [];
}
