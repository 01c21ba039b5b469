/** Publish side of parameters: the document's `parameters` ─▶ bound parameters, with every mistake told. */
import { mistake, type ProblemPointer } from '../base/problem.ts';
import { escapePointer } from '../base/schema-read.ts';
import type { Text } from '../base/text.ts';
import type { BoundParameter } from '../sdk/dataapi.ts';
import type { ParameterSpec } from '../sdk/specs/dataapi.ts';
import { bindTypeOf, schemaMistakes } from './schema-check.ts';

/** Query names that paging uses itself. */
export const RESERVED_NAMES = ['page_size', 'cursor'];

const HEADERS_REFUSED =
  /^(authorization|proxy-.*|(set-)?cookie|host|connection|content-.*|transfer-.*|te|trailer|upgrade|expect|keep-alive|x-api-key|x-weir.*)$/;

/** The header field a header parameter is read from: `x_tenant` ─▶ `x-tenant`. */
export function headerName(parameter: string): string {
  return parameter.toLowerCase().replaceAll('_', '-');
}

/** Reads the parameters of an API with `path`; bound parameters come back also when there are errors, for further checks. */
export function readParameters(
  specs: Readonly<Record<string, ParameterSpec>>,
  path: string,
): { parameters: readonly BoundParameter[]; errors: readonly ProblemPointer[] } {
  const errors: ProblemPointer[] = [];
  const parameters = Object.entries(specs).map(([name, spec]) => readParameter(name, spec, errors));
  const inPath = [...path.matchAll(/\{([^{}]*)\}/g)].map((m) => m[1]!);
  for (const name of inPath) {
    if (specs[name]?.in !== 'path') errors.push(mistake('/path', NOT_IN_PATH, { name: `{${name}}` }));
  }
  for (const { name } of parameters.filter((p) => p.in === 'path' && !inPath.includes(p.name))) {
    errors.push(mistake(`/parameters/${escapePointer(name)}/in`, LACKING_IN_PATH, { name: `{${name}}` }));
  }
  return { parameters, errors };
}

const REFUSED_HEADER: Text = {
  en: 'would read the header "{header}", which is not for parameters',
  zh: '会读取头字段“{header}”，它不能用作参数',
};
const NOT_IN_PATH: Text = { en: 'holds {name}, which is no parameter with `in: path`', zh: '含有 {name}，但没有 `in: path` 的同名参数' };
const LACKING_IN_PATH: Text = { en: 'is `path`, but the path has no {name}', zh: '为 `path`，但路径中没有 {name}' };

function readParameter(name: string, spec: ParameterSpec, errors: ProblemPointer[]): BoundParameter {
  const pointer = `/parameters/${escapePointer(name)}`;
  const fail = (at: string, text: Text, values?: Record<string, unknown>) => errors.push(mistake(`${pointer}${at}`, text, values));
  for (const mistake of schemaMistakes(spec.schema)) fail('/schema', mistake);
  if (RESERVED_NAMES.includes(name))
    fail(
      '',
      { en: 'is named "{name}", which paging uses itself; take another name', zh: '名为“{name}”，与分页自用的名称冲突；请换一个名称' },
      { name },
    );
  if (spec.in === 'header' && HEADERS_REFUSED.test(headerName(name))) fail('', REFUSED_HEADER, { header: headerName(name) });
  if (spec.in === 'path' && spec.required === false)
    fail('/required', { en: 'cannot be false: a path parameter is always there', zh: '不能为 false：路径参数总是存在' });
  return {
    name,
    in: spec.in,
    required: spec.in === 'path' || spec.required === true,
    schema: spec.schema,
    type: bindTypeOf(spec.schema),
    ...(spec.schema['default'] === undefined ? {} : { default: spec.schema['default'] }),
    ...(spec.description === undefined ? {} : { description: spec.description }),
  };
}
