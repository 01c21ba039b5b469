/**
 * Cuts a SQL template into tokens: tags, binds, and SQL that is respected as the database reads it
 * (strings, dollar quotes, quoted identifiers, comments). In: text and dialect. Out: tokens, or errors
 * with their line. Source: PostgreSQL manual 4.1 "Lexical Structure"; SQLite "SQL Language: tokens".
 */
import { type Text, tell } from '../../base/text.ts';
import type { Dialect } from '../../sdk/query.ts';

export type TokenKind =
  | 'space'
  | 'word'
  | 'number'
  | 'string'
  | 'identifier'
  | 'symbol'
  | 'open'
  | 'close'
  | 'comma'
  | 'semicolon'
  | 'bind'
  | 'where'
  | 'where-end'
  | 'if'
  | 'if-end';

/** `text` is what goes into SQL; of a bind its name, of an `<if>` its test. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly line: number;
  /** Offset in the template; of a token made later, undefined. */
  readonly at?: number;
}

/** A mistake in the template; `line` counts from 1. */
export interface TemplateError {
  readonly line: number;
  readonly detail: Text;
}

const STRING: Text = { en: 'a string', zh: '字符串' };
const QUOTED_NAME: Text = { en: 'a quoted name', zh: '带引号的名称' };
const COMMENT: Text = { en: 'a comment', zh: '注释' };
const NEVER_CLOSED: Text = { en: '{what} is never closed', zh: '{what}未闭合' };
const NO_PASTE: Text = {
  en: '`${…}` does not exist: text is never pasted into SQL; bind a value with `#{name}`',
  zh: '没有 `${…}` 写法：文本不会拼入 SQL；请用 `#{name}` 绑定值',
};
const NO_ESCAPES: Text = {
  en: 'Unicode escapes (`U&`) are not taken; write the characters themselves',
  zh: '不支持 Unicode 转义（`U&`）；请直接书写字符',
};
const OWN_PARAMETER: Text = {
  en: 'a parameter of the database’s own (`{mark}`) cannot be bound; write `#{name}`',
  zh: '不能绑定数据库自己的参数写法（`{mark}`）；请写 `#{name}`',
};
const TEST_UNQUOTED: Text = {
  en: 'the test of `<if>` must be one quoted text: `<if test="name != null">`',
  zh: '`<if>` 的条件必须是一段带引号的文本：`<if test="name != null">`',
};
const TEST_MISSING: Text = { en: '`<if>` needs a test: `<if test="name != null">`', zh: '`<if>` 需要条件：`<if test="name != null">`' };
const UNKNOWN_TAG: Text = {
  en: 'the tag `{tag}` is not known; there are only <where> and <if test="…">',
  zh: '未知的标签 `{tag}`；只有 <where> 和 <if test="…">',
};
const BIND_NAME: Text = { en: '`#{…}` must hold one parameter name: `#{customer_id}`', zh: '`#{…}` 中必须是一个参数名：`#{customer_id}`' };
const BIND_INSIDE: Text = {
  en: '`{mark}` stands inside {what}, where nothing is bound; move it out (join texts with ||)',
  zh: '`{mark}` 位于{what}内，此处不会绑定；请移到外面（用 || 连接文本）',
};

interface Cursor {
  readonly text: string;
  readonly dialect: Dialect;
  at: number;
  line: number;
  readonly tokens: Token[];
  readonly errors: TemplateError[];
}

/** Reads the whole template; with errors the tokens must not be used. */
export function lexTemplate(text: string, dialect: Dialect): { tokens: readonly Token[]; errors: readonly TemplateError[] } {
  const cursor: Cursor = { text, dialect, at: 0, line: 1, tokens: [], errors: [] };
  if (text.includes('\0')) cursor.errors.push({ line: 1, detail: { en: 'holds a NUL character', zh: '含有 NUL 字符' } });
  while (cursor.at < text.length) readToken(cursor);
  return cursor;
}

function readToken(c: Cursor): void {
  const rest = c.text.slice(c.at, c.at + 4);
  const first = rest[0]!;
  if (/\s/.test(first)) return take(c, 'space', /\s+/y);
  if (rest.startsWith('--')) return readComment(c, /--[^\n]*/y);
  if (rest.startsWith('/*')) return readBlockComment(c);
  if (rest.startsWith('#{')) return readBind(c);
  if (rest.startsWith('${')) return refuse(c, 2, NO_PASTE);
  if (first === '<') return readAngle(c);
  if (/[uU]&['"]/.test(rest.slice(0, 3))) return refuse(c, 3, NO_ESCAPES);
  if (/[eE]'/.test(rest.slice(0, 2)) && c.dialect === 'postgres') return quoted(c, 'string', /[eE]'(?:[^'\\]|''|\\[\s\S])*'/y, STRING);
  if (first === "'") return quoted(c, 'string', /'(?:[^']|'')*'/y, STRING);
  if (first === '"') return quoted(c, 'identifier', /"(?:[^"]|"")*"/y, QUOTED_NAME);
  if (c.dialect === 'sqlite' && first === '`') return quoted(c, 'identifier', /`(?:[^`]|``)*`/y, QUOTED_NAME);
  if (c.dialect === 'sqlite' && first === '[') return quoted(c, 'identifier', /\[[^\]]*\]/y, QUOTED_NAME);
  if (first === '$') return readDollar(c);
  if (/[A-Za-z_\u0080-\uffff]/.test(first)) return take(c, 'word', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y);
  if (/\d/.test(first) || /^\.\d/.test(rest)) return take(c, 'number', /(?:\d[\d_]*)?\.?\d*(?:[eE][+-]?\d+|[A-Za-z]\w*)?/y);
  readSymbol(c, first);
}

function readSymbol(c: Cursor, first: string): void {
  const kinds: Record<string, TokenKind> = { '(': 'open', ')': 'close', ',': 'comma', ';': 'semicolon' };
  if (kinds[first]) return push(c, kinds[first], first, first);
  if (c.dialect === 'sqlite' && /^(\?|[:@][A-Za-z_])/.test(c.text.slice(c.at, c.at + 2))) {
    return refuse(c, 1, OWN_PARAMETER, { mark: `${first}…` });
  }
  push(c, 'symbol', first, first);
}

/** `<` opens a tag only as `<where>`, `<if test="…">` or their ends; everything else is SQL. */
function readAngle(c: Cursor): void {
  const tag = at(c, /<(\/?)(where|if)\s*>/y) ?? at(c, /<()(if)\s+test\s*=\s*("[^"]*"|'[^']*')\s*>/y);
  if (tag) return pushTag(c, tag);
  if (at(c, /<if\s+test\b/y)) return refuse(c, 3, TEST_UNQUOTED);
  const unknown =
    at(c, /<\/\s*([A-Za-z]\w*)/y) ?? at(c, /<(choose|when|otherwise|foreach|set|trim|bind|include)(?:\s*>|\s+\w+\s*=\s*["'])/y);
  if (unknown) return refuse(c, unknown[0].length, UNKNOWN_TAG, { tag: unknown[1] });
  push(c, 'symbol', '<', '<');
}

function pushTag(c: Cursor, [all, slash, name, test]: RegExpExecArray): void {
  if (slash) return push(c, name === 'where' ? 'where-end' : 'if-end', all, all);
  if (name === 'where') return push(c, 'where', all, all);
  if (test === undefined) return refuse(c, all.length, TEST_MISSING);
  push(c, 'if', all, test.slice(1, -1));
}

function readBind(c: Cursor): void {
  const bind = at(c, /#\{\s*([A-Za-z_][A-Za-z0-9_]{0,62})\s*\}/y);
  if (bind) return push(c, 'bind', bind[0], bind[1]!);
  refuse(c, 2, BIND_NAME);
}

function readDollar(c: Cursor): void {
  if (c.dialect === 'postgres') {
    const open = at(c, /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y);
    if (open) return readDollarQuote(c, open[0]);
  }
  refuse(c, 1, OWN_PARAMETER, { mark: '$…' });
}

function readDollarQuote(c: Cursor, mark: string): void {
  const end = c.text.indexOf(mark, c.at + mark.length);
  if (end < 0)
    return refuse(
      c,
      c.text.length - c.at,
      { en: 'a string opened by {mark} is never closed', zh: '由 {mark} 开始的字符串未闭合' },
      { mark },
    );
  const all = c.text.slice(c.at, end + mark.length);
  noBindInside(c, all, STRING);
  push(c, 'string', all, all);
}

function quoted(c: Cursor, kind: TokenKind, pattern: RegExp, what: Text): void {
  const match = at(c, pattern);
  if (!match) return refuse(c, c.text.length - c.at, NEVER_CLOSED, { what });
  noBindInside(c, match[0], what);
  push(c, kind, match[0], match[0]);
}

function readComment(c: Cursor, pattern: RegExp): void {
  const all = at(c, pattern)![0];
  noBindInside(c, all, COMMENT);
  push(c, 'space', all, ' ');
}

/** PostgreSQL nests block comments, SQLite does not. */
function readBlockComment(c: Cursor): void {
  let depth = 0;
  const marks = /\/\*|\*\//g;
  marks.lastIndex = c.at;
  for (let mark = marks.exec(c.text); mark; mark = marks.exec(c.text)) {
    if (mark[0] === '*/') depth -= 1;
    else if (depth === 0 || c.dialect === 'postgres') depth += 1;
    if (depth > 0) continue;
    const all = c.text.slice(c.at, marks.lastIndex);
    noBindInside(c, all, COMMENT);
    return push(c, 'space', all, ' ');
  }
  refuse(c, c.text.length - c.at, NEVER_CLOSED, { what: COMMENT });
}

function noBindInside(c: Cursor, all: string, what: Text): void {
  const index = all.search(/[#$]\{/);
  if (index < 0) return;
  const line = c.line + countLines(all.slice(0, index));
  c.errors.push({
    line,
    detail: tell(BIND_INSIDE, { mark: `${all.slice(index, index + 2)}…}`, what }),
  });
}

function take(c: Cursor, kind: TokenKind, pattern: RegExp): void {
  const all = at(c, pattern)![0];
  push(c, kind, all, all);
}

function push(c: Cursor, kind: TokenKind, all: string, text: string): void {
  c.tokens.push({ kind, text, line: c.line, at: c.at });
  c.at += all.length;
  c.line += countLines(all);
}

function refuse(c: Cursor, length: number, text: Text, values?: Record<string, unknown>): void {
  c.errors.push({ line: c.line, detail: tell(text, values) });
  const all = c.text.slice(c.at, c.at + length);
  c.at += Math.max(1, length);
  c.line += countLines(all);
}

function at(c: Cursor, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = c.at;
  return pattern.exec(c.text);
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
