/**
 * Tokens ─▶ a tree of `<where>` and `<if>`, with the rules every template must keep: one statement that
 * reads, at most 6 `<if>` (64 shapes), balanced tags, no function that acts.
 */
import { type Text, tell } from '../../base/text.ts';
import type { Dialect } from '../../sdk/query.ts';
import { deniedFunction } from './denied-functions.ts';
import { lexTemplate, type TemplateError, type Token } from './lexer.ts';

export const IFS_MAX = 6;

export type TemplateNode =
  | { readonly kind: 'token'; readonly token: Token }
  | { readonly kind: 'where'; readonly children: readonly TemplateNode[] }
  | { readonly kind: 'if'; readonly index: number; readonly children: readonly TemplateNode[] };

/** A template that keeps the rules; `tests[i]` is the test of the `<if>` with index i. */
export interface Template {
  readonly nodes: readonly TemplateNode[];
  readonly tests: readonly Token[];
  /** Every bind of the text, in order. */
  readonly binds: readonly Token[];
  /** The SQL tokens of all branches together, without tags. */
  readonly flat: readonly Token[];
}

/** Reads a template; `template` is undefined when there are errors. */
export function parseTemplate(text: string, dialect: Dialect): { template?: Template; errors: readonly TemplateError[] } {
  const lexed = lexTemplate(text, dialect);
  const errors = [...lexed.errors];
  const tokens = dropLastSemicolon(lexed.tokens, errors);
  const tree = buildTree(tokens, errors);
  checkStatement(tokens, dialect, errors);
  if (tree.tests.length > IFS_MAX) {
    const line = tree.tests[IFS_MAX]!.line;
    errors.push({
      line,
      detail: {
        en: `has ${tree.tests.length} <if>; at most ${IFS_MAX} (${2 ** IFS_MAX} combinations) are compiled: split the API`,
        zh: `有 ${tree.tests.length} 个 <if>；最多编译 ${IFS_MAX} 个（${2 ** IFS_MAX} 种组合）：请拆分此 API`,
      },
    });
  }
  if (errors.length > 0) return { errors: errors.sort((a, b) => a.line - b.line) };
  const flat = tokens.flatMap((t) => (t.kind === 'where' ? [{ ...t, kind: 'word' as const, text: 'WHERE' }] : isTag(t) ? [] : [t]));
  return { template: { ...tree, binds: tokens.filter((t) => t.kind === 'bind'), flat }, errors };
}

/** The tokens that say something: no spaces. */
export function significant(tokens: readonly Token[]): readonly Token[] {
  return tokens.filter((t) => t.kind !== 'space');
}

/** A word as SQL reads it: keywords compare in upper case. */
export function keyword(token: Token | undefined): string {
  return token?.kind === 'word' ? token.text.toUpperCase() : '';
}

function isTag(token: Token): boolean {
  return token.kind === 'where' || token.kind === 'where-end' || token.kind === 'if' || token.kind === 'if-end';
}

function dropLastSemicolon(tokens: readonly Token[], errors: TemplateError[]): readonly Token[] {
  const first = tokens.findIndex((t) => t.kind === 'semicolon');
  if (first < 0) return tokens;
  const after = significant(tokens.slice(first + 1));
  if (after.length > 0) errors.push({ line: after[0]!.line, detail: SECOND_STATEMENT });
  return tokens.slice(0, first);
}

interface Open {
  readonly kind: 'where' | 'if';
  readonly line: number;
  readonly index: number;
  readonly parent: TemplateNode[];
}

function buildTree(tokens: readonly Token[], errors: TemplateError[]): { nodes: readonly TemplateNode[]; tests: readonly Token[] } {
  const nodes: TemplateNode[] = [];
  const tests: Token[] = [];
  const open: Open[] = [];
  let into = nodes;
  for (const token of tokens) {
    if (token.kind === 'where' || token.kind === 'if') {
      if (token.kind === 'where' && open.some((o) => o.kind === 'where'))
        errors.push({ line: token.line, detail: { en: 'opens <where> inside <where>', zh: '在 <where> 内又打开了 <where>' } });
      const children: TemplateNode[] = [];
      into.push(token.kind === 'where' ? { kind: 'where', children } : { kind: 'if', index: tests.length, children });
      open.push({ kind: token.kind, line: token.line, index: tests.length, parent: into });
      if (token.kind === 'if') tests.push(token);
      into = children;
    } else if (token.kind === 'where-end' || token.kind === 'if-end') {
      const expected = open.pop();
      if (expected?.kind !== token.kind.slice(0, -4)) {
        errors.push({
          line: token.line,
          detail: wrongEnd(token.kind.slice(0, -4), expected),
        });
      }
      if (expected) into = expected.parent;
    } else {
      into.push({ kind: 'token', token });
    }
  }
  for (const left of open)
    errors.push({ line: left.line, detail: { en: `opens <${left.kind}> and never closes it`, zh: `打开了 <${left.kind}> 但没有闭合` } });
  return { nodes, tests };
}

function wrongEnd(tag: string, expected: Open | undefined): Text {
  return expected
    ? {
        en: `closes </${tag}> where <${expected.kind}> of line ${expected.line} is open`,
        zh: `闭合了 </${tag}>，但此处打开的是第 ${expected.line} 行的 <${expected.kind}>`,
      }
    : { en: `closes </${tag}>, which was not opened`, zh: `闭合了 </${tag}>，但它没有打开` };
}

const SECOND_STATEMENT: Text = {
  en: 'starts a second statement after `;`; an API is one SELECT',
  zh: '在 `;` 之后开始了第二条语句；API 只能是一条 SELECT',
};
const NO_SELECT: Text = {
  en: 'must be one SELECT (or WITH … SELECT); it starts with "{first}"',
  zh: '必须是一条 SELECT（或 WITH … SELECT）；它以“{first}”开头',
};

/** What holds for the text as a whole, whatever branches are taken. */
function checkStatement(tokens: readonly Token[], dialect: Dialect, errors: TemplateError[]): void {
  const words = significant(tokens);
  const first = words.find((t) => t.kind !== 'open');
  if (!['SELECT', 'WITH', 'VALUES'].includes(keyword(first))) {
    errors.push({
      line: first?.line ?? 1,
      detail: tell(NO_SELECT, { first: first?.text.slice(0, 30) ?? '' }),
    });
  }
  words.forEach((token, i) => {
    const qualified = words[i - 1]?.text === '.';
    if (keyword(token) === 'INTO' && !qualified)
      errors.push({
        line: token.line,
        detail: { en: 'writes (`INTO`); a data API only reads', zh: '会写入（`INTO`）；数据 API 只能读取' },
      });
    if (words[i + 1]?.kind !== 'open' || (token.kind !== 'word' && token.kind !== 'identifier')) return;
    const why = deniedFunction(token, dialect);
    if (why) errors.push({ line: token.line, detail: why });
  });
}
