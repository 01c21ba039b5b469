/** Publish side of parameters: the document's `parameters` ─▶ bound parameters, with every mistake told. */
import type { ProblemPointer } from '../base/problem.ts';
import { escapePointer } from '../base/schema-read.ts';
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
    if (specs[name]?.in !== 'path') errors.push({ pointer: '/path', detail: `holds {${name}}, which is no parameter with \`in: path\`` });
  }
  for (const { name } of parameters.filter((p) => p.in === 'path' && !inPath.includes(p.name))) {
    errors.push({ pointer: `/parameters/${escapePointer(name)}/in`, detail: `is \`path\`, but the path has no {${name}}` });
  }
  return { parameters, errors };
}

function readParameter(name: string, spec: ParameterSpec, errors: ProblemPointer[]): BoundParameter {
  const pointer = `/parameters/${escapePointer(name)}`;
  const fail = (at: string, detail: string) => errors.push({ pointer: `${pointer}${at}`, detail });
  for (const mistake of schemaMistakes(spec.schema)) fail('/schema', mistake);
  if (RESERVED_NAMES.includes(name)) fail('', `is named "${name}", which paging uses itself; take another name`);
  if (spec.in === 'header' && HEADERS_REFUSED.test(headerName(name)))
    fail('', `would read the header "${headerName(name)}", which is not for parameters`);
  if (spec.in === 'path' && spec.required === false) fail('/required', 'cannot be false: a path parameter is always there');
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
