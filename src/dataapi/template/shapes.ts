/**
 * A template ─▶ its finite set of SQL shapes: one per combination of `<if>` branches (bit i = branch i
 * taken), and with paging a second half for "after a cursor". Values appear only as `$1 … $n`.
 */
import type { Text } from '../../base/text.ts';
import type { BoundParameter, CompiledShape, DataApiPage } from '../../sdk/dataapi.ts';
import type { Dialect } from '../../sdk/query.ts';
import type { ColumnType } from '../../sdk/record.ts';
import type { Template, TemplateNode } from './parser.ts';
import { keyword, significant } from './parser.ts';
import type { TemplateError, Token } from './lexer.ts';

/** Bind name of the number of rows to fetch; `$cursor.0 …` are the sort values after which a page starts. */
export const PAGE_SIZE_BIND = '$page.size';
export const cursorBind = (index: number): string => `$cursor.${index}`;

/** Which piece of a shape's SQL came from where in the template: offsets in UTF-16 units. */
export interface ShapeMark {
  readonly from: number;
  readonly length: number;
  readonly at: number;
}

/** A parameter whose type is not known yet: its mark has no cast. */
export type LooseParameter = Pick<BoundParameter, 'name'> & { readonly type: ColumnType | undefined };

/** All shapes, in the order `mask` then, with paging, `mask + 2^ifs` for pages after the first. */
export function buildShapes(
  template: Template,
  parameters: readonly LooseParameter[],
  page: DataApiPage | undefined,
  dialect: Dialect,
): { shapes: readonly CompiledShape[]; marks: readonly (readonly ShapeMark[])[]; errors: readonly TemplateError[] } {
  const errors: TemplateError[] = [];
  const firsts: Written[] = [];
  const nexts: Written[] = [];
  for (let mask = 0; mask < 2 ** template.tests.length; mask++) {
    const tokens = render(template.nodes, mask);
    errors.push(...checkParentheses(tokens));
    const plain = new ShapeWriter(dialect, parameters);
    plain.tokens(tokens);
    if (!page) firsts.push(plain.written());
    else {
      firsts.push(paged(tokens, page, false, new ShapeWriter(dialect, parameters)));
      nexts.push(paged(tokens, page, true, new ShapeWriter(dialect, parameters)));
    }
  }
  const all = [...firsts, ...nexts];
  return { shapes: all.map((w) => w.shape), marks: all.map((w) => w.marks), errors: unique(errors) };
}

interface Written {
  readonly shape: CompiledShape;
  readonly marks: readonly ShapeMark[];
}

/** Chooses branches; tags leave a space, so that nothing grows together. */
function render(nodes: readonly TemplateNode[], mask: number): Token[] {
  return nodes.flatMap((node): Token[] => {
    if (node.kind === 'token') return [node.token];
    if (node.kind === 'if') return mask & (1 << node.index) ? [SPACE, ...render(node.children, mask), SPACE] : [SPACE];
    return renderWhere(render(node.children, mask));
  });
}

const SPACE: Token = { kind: 'space', text: ' ', line: 0 };

/** `WHERE …` without a leading AND or OR; nothing at all when no branch left a condition. */
function renderWhere(inside: readonly Token[]): Token[] {
  let start = inside.findIndex((t) => t.kind !== 'space');
  if (start >= 0 && ['AND', 'OR'].includes(keyword(inside[start]))) {
    const rest = inside.slice(start + 1).findIndex((t) => t.kind !== 'space');
    start = rest < 0 ? -1 : start + 1 + rest;
  }
  if (start < 0) return [SPACE];
  return [SPACE, { kind: 'word', text: 'WHERE', line: inside[start]!.line }, SPACE, ...inside.slice(start), SPACE];
}

function checkParentheses(tokens: readonly Token[]): TemplateError[] {
  const open: Token[] = [];
  for (const token of tokens) {
    if (token.kind === 'open') open.push(token);
    if (token.kind === 'close' && !open.pop()) return [{ line: token.line, detail: CLOSES_TOO_MUCH }];
  }
  return open.map((t) => ({ line: t.line, detail: NOT_CLOSED }));
}

const CLOSES_TOO_MUCH: Text = {
  en: 'closes a parenthesis that was not opened (in some combination of branches)',
  zh: '闭合了未打开的括号（在某种分支组合下）',
};
const NOT_CLOSED: Text = {
  en: 'opens a parenthesis that is not closed (in some combination of branches)',
  zh: '打开的括号没有闭合（在某种分支组合下）',
};

/** A page as a sub-select, so that the template's own clauses and column names cannot mix with ours. */
function paged(tokens: readonly Token[], page: DataApiPage, after: boolean, writer: ShapeWriter): Written {
  writer.raw('SELECT * FROM (\n');
  writer.tokens(tokens);
  writer.raw('\n) AS weir_page');
  if (after) writer.raw(` WHERE ${afterCursor(page, writer)}`);
  writer.raw(` ORDER BY ${page.sort.map((s) => `${column(s.column)}${s.descending ? ' DESC' : ''}`).join(', ')}`);
  writer.raw(` LIMIT ${writer.bind(PAGE_SIZE_BIND, 'int64')}`);
  return writer.written();
}

/** "Comes after": a row comparison when all columns go one way, else nested so that the first still bounds an index. */
function afterCursor(page: DataApiPage, writer: ShapeWriter): string {
  const sign = (i: number) => (page.sort[i]!.descending ? '<' : '>');
  const names = page.sort.map((s) => column(s.column));
  const marks = page.sort.map((_, i) => writer.bind(cursorBind(i), undefined));
  if (page.sort.every((s) => s.descending === page.sort[0]!.descending)) {
    return names.length === 1 ? `${names[0]} ${sign(0)} ${marks[0]}` : `(${names.join(', ')}) ${sign(0)} (${marks.join(', ')})`;
  }
  const from = (i: number): string =>
    i === names.length - 1
      ? `${names[i]} ${sign(i)} ${marks[i]}`
      : `(${names[i]} ${sign(i)}= ${marks[i]} AND (${names[i]} ${sign(i)} ${marks[i]} OR ${from(i + 1)}))`;
  return from(0);
}

function column(name: string): string {
  return `weir_page."${name}"`;
}

const POSTGRES_CASTS: Readonly<Record<ColumnType, string>> = {
  boolean: 'bool',
  int16: 'int2',
  int32: 'int4',
  int64: 'int8',
  decimal: 'numeric',
  float32: 'float4',
  float64: 'float8',
  text: 'text',
  bytes: 'bytea',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  json: 'jsonb',
  uuid: 'uuid',
};

/** Writes SQL and gives each bound name one number. On PostgreSQL a mark carries its type, so nothing is guessed. */
class ShapeWriter {
  readonly #binds: string[] = [];
  readonly #types: ColumnType[] = [];
  readonly #dialect: Dialect;
  readonly #parameters: readonly LooseParameter[];
  readonly #marks: ShapeMark[] = [];
  #sql = '';

  constructor(dialect: Dialect, parameters: readonly LooseParameter[]) {
    this.#dialect = dialect;
    this.#parameters = parameters;
  }

  raw(text: string): void {
    this.#sql += text;
  }

  tokens(tokens: readonly Token[]): void {
    for (const token of tokens) {
      const from = this.#sql.length;
      if (token.kind === 'bind') this.raw(this.#mark(token.text));
      else this.raw(token.text);
      if (token.at !== undefined) this.#marks.push({ from, length: this.#sql.length - from, at: token.at });
    }
    this.#sql = this.#sql.trimEnd();
  }

  #mark(name: string): string {
    const found = this.#parameters.find((p) => p.name === name);
    return this.bind(name, found ? found.type : 'text');
  }

  /** The mark of `name`; without a type the database takes that of the column it is compared with. */
  bind(name: string, type: ColumnType | undefined): string {
    let index = this.#binds.indexOf(name);
    if (index < 0) {
      index = this.#binds.push(name) - 1;
      this.#types.push(type ?? 'text');
    }
    const cast = this.#dialect === 'postgres' && type ? `::${POSTGRES_CASTS[type]}` : '';
    return `$${index + 1}${cast}`;
  }

  written(): Written {
    const blank = this.#sql.length - this.#sql.trimStart().length;
    const shape = { sql: this.#sql.trim(), parameterTypes: this.#types, binds: this.#binds };
    return { shape, marks: this.#marks.map((mark) => ({ ...mark, from: mark.from - blank })) };
  }
}

/** The only table of a `SELECT … FROM table [alias]` without joins, unions or groups; undefined otherwise. */
export function simpleTable(flat: readonly Token[], dialect: Dialect): { namespace: string | undefined; table: string } | undefined {
  const top = topLevel(significant(flat));
  const words = top.map(keyword);
  const stops = ['WITH', 'JOIN', 'UNION', 'INTERSECT', 'EXCEPT', 'GROUP', 'LATERAL', 'TABLESAMPLE'];
  if (words[0] !== 'SELECT' || words.some((w) => stops.includes(w))) return undefined;
  const from = words.indexOf('FROM');
  if (from < 0 || words.indexOf('FROM', from + 1) >= 0) return undefined;
  const ends = top.findIndex((t, i) => i > from && ['WHERE', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH'].includes(keyword(t)));
  const clause = top.slice(from + 1, ends < 0 ? undefined : ends);
  const isName = (t: Token | undefined) => t?.kind === 'word' || t?.kind === 'identifier';
  if (!isName(clause[0]) || clause.some((t) => t.kind === 'comma' || t.kind === 'open')) return undefined;
  const dotted = clause[1]?.text === '.' && isName(clause[2]);
  const rest = clause.slice(dotted ? 3 : 1);
  if (rest.length > 0 && !rest.every(isName)) return undefined;
  const name = (t: Token) => nameOf(t, dialect);
  return dotted ? { namespace: name(clause[0]!), table: name(clause[2]!) } : { namespace: undefined, table: name(clause[0]!) };
}

/** Tokens outside parentheses; a parenthesis itself stays, as a mark. */
export function topLevel(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  return tokens.filter((t) => {
    if (t.kind === 'close') depth -= 1;
    const keep = depth === 0;
    if (t.kind === 'open') depth += 1;
    return keep;
  });
}

function nameOf(token: Token, dialect: Dialect): string {
  if (token.kind === 'identifier') return token.text.slice(1, -1).replaceAll('""', '"');
  return dialect === 'postgres' ? token.text.toLowerCase() : token.text;
}

function unique(errors: readonly TemplateError[]): TemplateError[] {
  const seen = new Map(errors.map((e) => [`${e.line}:${e.detail.en}`, e]));
  return [...seen.values()];
}
