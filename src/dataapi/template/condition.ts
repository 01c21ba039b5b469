/**
 * The small language of `<if test="…">`: parsed at publish into plain JSON, evaluated without `eval`.
 *
 *   or  := and ('or' and)*      and := not ('and' not)*      not := 'not' not | one
 *   one := '(' or ')' | name | name compare literal | literal compare name
 *   compare := == | != | < | <= | > | >=        literal := null | true | false | number | 'text'
 *
 * A comparison with a parameter that was not given is false, except `== null` and `!= literal`.
 */
import { Told } from '../../base/problem.ts';
import { didYouMean } from '../../base/suggest.ts';
import { type Text, tell } from '../../base/text.ts';
import type { BoundParameter } from '../../sdk/dataapi.ts';

export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** A compiled test; plain JSON, so that it travels with the release. */
export type Test =
  | { readonly op: 'and' | 'or'; readonly all: readonly Test[] }
  | { readonly op: 'not'; readonly test: Test }
  | { readonly op: 'null'; readonly name: string }
  | { readonly op: 'compare'; readonly name: string; readonly by: Comparison; readonly value: string; readonly as: TestKind };

/** How two values are compared: as exact integers, as numbers, as texts (by code unit) or as truth values. */
export type TestKind = 'integer' | 'number' | 'text' | 'boolean';

export type TestResult = { readonly ok: true; readonly test: Test } | { readonly ok: false; readonly detail: Text };

const DEPTH_MAX = 20;
const SYMBOLS: Readonly<Record<string, Comparison>> = { '==': 'eq', '!=': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' };
const MIRROR: Readonly<Record<Comparison, Comparison>> = { eq: 'eq', ne: 'ne', lt: 'gt', le: 'ge', gt: 'lt', ge: 'le' };

/** What is wrong with a test, said after its text. */
class TestMistake extends Told {}

/** Compiles the text of a test over the API's parameters. */
export function compileTest(text: string, parameters: readonly BoundParameter[]): TestResult {
  try {
    const reader = new Reader(tokenize(text), parameters);
    const test = reader.or(0);
    reader.end();
    return { ok: true, test };
  } catch (error) {
    if (error instanceof TestMistake)
      return {
        ok: false,
        detail: tell({ en: 'the test "{text}" {words}', zh: '条件“{text}”{words}' }, { text: text.slice(0, 80), words: error.detail }),
      };
    throw error;
  }
}

/** Names a test reads. */
export function testNames(test: Test): string[] {
  if (test.op === 'not') return testNames(test.test);
  return 'all' in test ? test.all.flatMap(testNames) : [test.name];
}

/** Evaluates a test over the values of a request, as the texts that will be bound; null = not given. */
export function evaluateTest(test: Test, valueOf: (name: string) => string | null): boolean {
  switch (test.op) {
    case 'and':
      return test.all.every((t) => evaluateTest(t, valueOf));
    case 'or':
      return test.all.some((t) => evaluateTest(t, valueOf));
    case 'not':
      return !evaluateTest(test.test, valueOf);
    case 'null':
      return valueOf(test.name) === null;
    case 'compare': {
      const value = valueOf(test.name);
      return value === null ? test.by === 'ne' : holds(test.by, order(value, test.value, test.as));
    }
  }
}

function order(a: string, b: string, as: TestKind): number {
  const [x, y] = as === 'integer' ? [BigInt(a), BigInt(b)] : as === 'number' ? [Number(a), Number(b)] : [a, b];
  return x < y ? -1 : x > y ? 1 : 0;
}

function holds(by: Comparison, sign: number): boolean {
  return { eq: sign === 0, ne: sign !== 0, lt: sign < 0, le: sign <= 0, gt: sign > 0, ge: sign >= 0 }[by];
}

interface Lexeme {
  readonly kind: 'word' | 'number' | 'text' | 'symbol' | 'end';
  readonly text: string;
}

function tokenize(text: string): Lexeme[] {
  const lexemes: Lexeme[] = [];
  const pattern = /\s*(?:([A-Za-z_]\w*)|(-?\d+(?:\.\d+)?)|('[^']*'|"[^"]*")|(==|!=|<=|>=|<|>|\(|\)|&&|\|\||!))/y;
  const trimmed = text.trimEnd();
  while (pattern.lastIndex < trimmed.length) {
    const at = pattern.lastIndex;
    const m = pattern.exec(trimmed);
    if (!m) throw new TestMistake(tell(UNREADABLE, { at: trimmed.slice(at, at + 20).trim() }));
    if (m[1] !== undefined) lexemes.push({ kind: 'word', text: m[1] });
    else if (m[2] !== undefined) lexemes.push({ kind: 'number', text: m[2] });
    else if (m[3] !== undefined) lexemes.push({ kind: 'text', text: m[3].slice(1, -1) });
    else lexemes.push({ kind: 'symbol', text: m[4]! });
  }
  return [...lexemes, { kind: 'end', text: '' }];
}

const UNREADABLE: Text = {
  en: 'cannot be read at "{at}"; use ==, !=, <, <=, >, >=, and, or, not, ( )',
  zh: '在“{at}”处无法读取；可用 ==、!=、<、<=、>、>=、and、or、not、( )',
};
const TOO_DEEP: Text = { en: 'is nested too deeply', zh: '嵌套过深' };

type Operand = { readonly parameter: BoundParameter } | { readonly literal: 'null' | TestKind; readonly text: string };

class Reader {
  #at = 0;
  readonly #lexemes: readonly Lexeme[];
  readonly #parameters: readonly BoundParameter[];

  constructor(lexemes: readonly Lexeme[], parameters: readonly BoundParameter[]) {
    this.#lexemes = lexemes;
    this.#parameters = parameters;
  }

  or(depth: number): Test {
    if (depth > DEPTH_MAX) throw new TestMistake(TOO_DEEP);
    const all = [this.#and(depth)];
    while (this.#accept('or', '||')) all.push(this.#and(depth));
    return all.length === 1 ? all[0]! : { op: 'or', all };
  }

  end(): void {
    const rest = this.#lexemes[this.#at]!;
    if (rest.kind !== 'end')
      throw new TestMistake(tell({ en: 'has something left over at "{at}"', zh: '在“{at}”处有多余内容' }, { at: rest.text }));
  }

  #and(depth: number): Test {
    const all = [this.#not(depth)];
    while (this.#accept('and', '&&')) all.push(this.#not(depth));
    return all.length === 1 ? all[0]! : { op: 'and', all };
  }

  #not(depth: number): Test {
    if (depth > DEPTH_MAX) throw new TestMistake(TOO_DEEP);
    if (this.#accept('not', '!')) return { op: 'not', test: this.#not(depth + 1) };
    if (!this.#accept('(')) return this.#comparison();
    const inner = this.or(depth + 1);
    if (!this.#accept(')')) throw new TestMistake({ en: 'has a "(" that is never closed', zh: '有未闭合的“(”' });
    return inner;
  }

  #comparison(): Test {
    const left = this.#operand();
    const symbol = this.#lexemes[this.#at]!;
    const by = symbol.kind === 'symbol' ? SYMBOLS[symbol.text] : undefined;
    if (!by) return alone(left);
    this.#at += 1;
    const right = this.#operand();
    if ('parameter' in left && !('parameter' in right)) return compare(left.parameter, by, right);
    if ('parameter' in right && !('parameter' in left)) return compare(right.parameter, MIRROR[by], left);
    throw new TestMistake({ en: 'must compare one parameter with one literal', zh: '必须是一个参数与一个字面值的比较' });
  }

  #operand(): Operand {
    const lexeme = this.#lexemes[this.#at++]!;
    if (lexeme.kind === 'number') return { literal: lexeme.text.includes('.') ? 'number' : 'integer', text: lexeme.text };
    if (lexeme.kind === 'text') return { literal: 'text', text: lexeme.text };
    if (lexeme.kind !== 'word')
      throw new TestMistake(
        lexeme.kind === 'end'
          ? { en: 'ends too early', zh: '不完整' }
          : tell({ en: 'has "{at}" where a name should stand', zh: '应为名称的位置是“{at}”' }, { at: lexeme.text }),
      );
    if (lexeme.text === 'null') return { literal: 'null', text: '' };
    if (lexeme.text === 'true' || lexeme.text === 'false') return { literal: 'boolean', text: lexeme.text === 'true' ? 't' : 'f' };
    const parameter = this.#parameters.find((p) => p.name === lexeme.text);
    if (parameter) return { parameter };
    const known = this.#parameters.map((p) => p.name);
    const hint = known.length > 0 ? didYouMean(lexeme.text, known) : { en: 'the API declares none', zh: '此 API 没有声明参数' };
    throw new TestMistake(
      tell(
        { en: 'names "{name}", which is no parameter; {hint}', zh: '使用了“{name}”，但它不是参数；{hint}' },
        { name: lexeme.text, hint },
      ),
    );
  }

  #accept(...texts: readonly string[]): boolean {
    const lexeme = this.#lexemes[this.#at]!;
    if (lexeme.kind === 'text' || lexeme.kind === 'number' || !texts.includes(lexeme.text)) return false;
    this.#at += 1;
    return true;
  }
}

function alone(operand: Operand): Test {
  if ('parameter' in operand && kindOf(operand.parameter) === 'boolean') {
    return { op: 'compare', name: operand.parameter.name, by: 'eq', value: 't', as: 'boolean' };
  }
  throw new TestMistake({ en: 'must compare something: `name != null`', zh: '必须是比较式，例如 `name != null`' });
}

function compare(parameter: BoundParameter, by: Comparison, literal: Exclude<Operand, { parameter: unknown }>): Test {
  const { name } = parameter;
  if (literal.literal === 'null') {
    if (by === 'eq') return { op: 'null', name };
    if (by === 'ne') return { op: 'not', test: { op: 'null', name } };
    throw new TestMistake({ en: 'compares null with something other than == or !=', zh: '与 null 比较只能用 == 或 !=' });
  }
  const kind = kindOf(parameter);
  const as = kind === 'integer' && literal.literal === 'number' ? 'number' : kind;
  const fits = literal.literal === as || (as === 'number' && literal.literal === 'integer');
  if (!fits)
    throw new TestMistake({
      en: `compares "${name}", which is ${kind}, with a ${literal.literal} literal`,
      zh: `把 ${kind} 类型的“${name}”与 ${literal.literal} 类型的字面值比较`,
    });
  if (as === 'boolean' && by !== 'eq' && by !== 'ne')
    throw new TestMistake({ en: `orders "${name}", which is boolean; use == or !=`, zh: `对布尔参数“${name}”比较大小；请用 == 或 !=` });
  return { op: 'compare', name, by, value: literal.text, as };
}

function kindOf(parameter: BoundParameter): TestKind {
  switch (parameter.type) {
    case 'boolean':
      return 'boolean';
    case 'int16':
    case 'int32':
    case 'int64':
      return 'integer';
    case 'decimal':
    case 'float32':
    case 'float64':
      return 'number';
    default:
      return 'text';
  }
}
