/**
 * The pure part of publishing a data API: a DataApi spec ─▶ a `CompiledDataApi`, or every mistake at once.
 * No connection is used; `publish.ts` then checks the shapes on the real one.
 */
import { mistake, type ProblemPointer } from '../base/problem.ts';
import { type Static, strictObject } from '../base/schema.ts';
import { readValue } from '../base/schema-read.ts';
import { didYouMean } from '../base/suggest.ts';
import { type Text, tell } from '../base/text.ts';
import type { BoundParameter, CompiledDataApi, DataApiCompilation, DataApiCompiler, DataApiInput, DataApiPage } from '../sdk/dataapi.ts';
import { dataApiProperties } from '../sdk/specs/dataapi.ts';
import { openApi } from './openapi.ts';
import { readParameters } from './parameters.ts';
import { compileTest, type Test, testNames } from './template/condition.ts';
import type { TemplateError } from './template/lexer.ts';
import { keyword, parseTemplate, significant, type Template } from './template/parser.ts';
import { buildShapes, simpleTable, topLevel } from './template/shapes.ts';

const specSchema = strictObject(dataApiProperties);
type Spec = Static<typeof specSchema>;

/** Makes the compiler that main.ts hands to control. */
export function createDataApiCompiler(): DataApiCompiler {
  return Object.freeze({ compile: compileDataApi, openApi });
}

function compileDataApi(input: DataApiInput): DataApiCompilation {
  const own = Object.fromEntries(Object.entries(input.spec).filter(([key]) => Object.hasOwn(dataApiProperties, key)));
  const read = readValue(specSchema, own);
  if (read.errors.length > 0) return { ok: false, errors: read.errors };
  const spec = read.value as Spec;
  const { parameters, errors: parameterErrors } = readParameters(spec.parameters, spec.path);
  const errors = [...parameterErrors];
  const parsed = parseTemplate(spec.sql, input.dialect);
  errors.push(...sqlErrors(parsed.errors));
  if (!parsed.template) return { ok: false, errors };
  const tests = compileTests(parsed.template, parameters, errors);
  checkBinds(parsed.template, parameters, errors);
  const page = readPage(spec, parsed.template, input, errors);
  const built = buildShapes(parsed.template, parameters, page, input.dialect);
  errors.push(...sqlErrors(built.errors));
  if (errors.length > 0) return { ok: false, errors };
  const warnings = unusedParameters(parsed.template, parameters, tests);
  return { ok: true, warnings, api: assemble(input, spec, { parameters, page, shapes: built.shapes, conditions: tests }) };
}

function assemble(
  input: DataApiInput,
  spec: Spec,
  parts: Pick<CompiledDataApi, 'parameters' | 'page' | 'shapes' | 'conditions'>,
): CompiledDataApi {
  const { project, name, release, dialect, cursorKey } = input;
  const { rows, bytes, timeout } = spec.limits;
  return {
    project,
    name,
    release,
    dialect,
    cursorKey,
    ...parts,
    connection: spec.connection,
    single: spec.single,
    limits: { rowsMax: spec.single ? 1 : rows, bytesMax: bytes, timeoutMs: timeout },
    columns: [],
    description: input.description,
  };
}

function sqlErrors(errors: readonly TemplateError[]): ProblemPointer[] {
  return errors.map(({ line, detail }) => ({
    ...mistake('/sql', { en: 'SQL line {line}: {detail}', zh: 'SQL 第 {line} 行：{detail}' }, { line, detail }),
    line,
  }));
}

function compileTests(template: Template, parameters: readonly BoundParameter[], errors: ProblemPointer[]): Test[] {
  return template.tests.flatMap((token) => {
    const result = compileTest(token.text, parameters);
    if (result.ok) return [result.test];
    errors.push(...sqlErrors([{ line: token.line, detail: result.detail }]));
    return [];
  });
}

function checkBinds(template: Template, parameters: readonly BoundParameter[], errors: ProblemPointer[]): void {
  const names = parameters.map((p) => p.name);
  for (const bind of template.binds.filter((b) => !names.includes(b.text))) {
    const hint = names.length > 0 ? didYouMean(bind.text, names) : { en: 'the API declares none', zh: '此 API 没有声明参数' };
    const text = { en: 'binds "{name}", which is no parameter; {hint}', zh: '绑定了“{name}”，但它不是参数；{hint}' };
    errors.push(...sqlErrors([{ line: bind.line, detail: tell(text, { name: bind.text, hint }) }]));
  }
}

function unusedParameters(template: Template, parameters: readonly BoundParameter[], tests: readonly Test[]): Text[] {
  const used = new Set([...template.binds.map((b) => b.text), ...tests.flatMap(testNames)]);
  const text = { en: 'Parameter "{name}" is declared but never used in the SQL.', zh: '参数“{name}”已声明，但 SQL 中未使用。' };
  return parameters.filter((p) => !used.has(p.name)).map(({ name }) => tell(text, { name }));
}

function readPage(spec: Spec, template: Template, input: DataApiInput, errors: ProblemPointer[]): DataApiPage | undefined {
  const { page } = spec;
  if (!page) return undefined;
  const fail = (pointer: string, text: Text) => void errors.push(mistake(pointer, text));
  if (spec.single) fail('/single', { en: 'cannot go with `page`: one object has no pages', zh: '不能与 `page` 同用：单个对象没有分页' });
  const more = (size: number, name: string, limit: number) => ({
    en: `is ${size}, more than ${name} ${limit}`,
    zh: `为 ${size}，大于 ${name} 的 ${limit}`,
  });
  if (page.sizeDefault > page.sizeMax) fail('/page/sizeDefault', more(page.sizeDefault, 'sizeMax', page.sizeMax));
  if (page.sizeMax > spec.limits.rows) fail('/page/sizeMax', more(page.sizeMax, 'limits.rows', spec.limits.rows));
  const sort = page.sort.map((s) => (s.startsWith('-') ? { column: s.slice(1), descending: true } : { column: s, descending: false }));
  if (new Set(sort.map((s) => s.column)).size < sort.length) fail('/page/sort', { en: 'names a column twice', zh: '重复指定了同一列' });
  const clause = topLevel(significant(template.flat)).find((t) => ['ORDER', 'LIMIT', 'OFFSET', 'FETCH'].includes(keyword(t)));
  if (clause) errors.push(...sqlErrors([{ line: clause.line, detail: tell(OWN_CLAUSE, { word: keyword(clause) }) }]));
  const declared = page.table === undefined ? undefined : splitTable(page.table);
  const found = declared ? { ...declared, declared: true } : simple(template, input);
  return { sort, sizeDefault: page.sizeDefault, sizeMax: page.sizeMax, ...(found ? { table: found } : {}) };
}

const OWN_CLAUSE: Text = {
  en: 'has {word}, which paging adds itself; remove it (`page.sort` orders the rows)',
  zh: '含有 {word}，分页会自行添加；请删除（由 `page.sort` 决定顺序）',
};

function simple(template: Template, input: DataApiInput): DataApiPage['table'] {
  const table = simpleTable(template.flat, input.dialect);
  return table ? { ...table, declared: false } : undefined;
}

function splitTable(name: string): { namespace: string | undefined; table: string } {
  const dot = name.indexOf('.');
  return dot < 0 ? { namespace: undefined, table: name } : { namespace: name.slice(0, dot), table: name.slice(dot + 1) };
}
