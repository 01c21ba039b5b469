/** The OpenAPI 3.1 path item of a data API, made from the same release that runs. Source: OpenAPI 3.1.1. */
import type { BoundParameter, CompiledDataApi } from '../sdk/dataapi.ts';
import type { QueryColumn } from '../sdk/query.ts';
import type { ColumnType } from '../sdk/record.ts';
import { headerName } from './parameters.ts';

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'A parameter or cursor is wrong; `errors` names each.',
  401: 'No valid credential.',
  422: 'The answer would pass the row or byte cap of this API.',
  429: 'The consumer’s limit is used up; see `Retry-After`.',
  502: 'The database failed to answer.',
  503: 'No database connection came free in time; see `Retry-After`.',
  504: 'The query passed its time limit.',
};

/** Path item (`{ get }`) for `path`; `security` is a list of security requirements, empty for an open API. */
export function openApi(api: CompiledDataApi, path: string, security: readonly Record<string, unknown>[]): Record<string, unknown> {
  const problems: Record<number, string> = api.single ? { ...PROBLEMS, 404: 'No record matches.' } : { ...PROBLEMS };
  if (security.length === 0) delete problems[401];
  const responses = Object.fromEntries(
    Object.entries(problems).map(([status, description]) => [status, problemResponse(Number(status), description)]),
  );
  const parameters = api.parameters.filter((p) => p.in !== 'path' || path.includes(`{${p.name}}`));
  const get = {
    operationId: `${api.project}-${api.name}`,
    summary: api.name,
    ...(api.description ? { description: api.description } : {}),
    tags: [api.project],
    parameters: [...parameters.map((p) => parameterObject(p)), ...pageParameters(api)],
    security,
    responses: { 200: okResponse(api), ...responses },
    'x-weir-release': api.release,
  };
  return { get };
}

function parameterObject(parameter: BoundParameter): Record<string, unknown> {
  return {
    name: parameter.in === 'header' ? headerName(parameter.name) : parameter.name,
    in: parameter.in,
    required: parameter.required && parameter.default === undefined,
    ...(parameter.description ? { description: parameter.description } : {}),
    schema: parameter.schema,
  };
}

function pageParameters(api: CompiledDataApi): Record<string, unknown>[] {
  if (!api.page) return [];
  const { sizeDefault, sizeMax } = api.page;
  return [
    {
      name: 'page_size',
      in: 'query',
      required: false,
      description: 'Rows of a page.',
      schema: { type: 'integer', minimum: 1, maximum: sizeMax, default: sizeDefault },
    },
    {
      name: 'cursor',
      in: 'query',
      required: false,
      description: 'Where the page starts: `x-next-cursor` of the page before.',
      schema: { type: 'string', maxLength: 4096 },
    },
  ];
}

function okResponse(api: CompiledDataApi): Record<string, unknown> {
  const row = {
    type: 'object',
    properties: Object.fromEntries(api.columns.map((c) => [c.name, columnSchema(c)])),
    required: api.columns.map((c) => c.name),
  };
  const headers = {
    Link: { description: 'The next page, `rel="next"`; absent on the last one.', schema: { type: 'string' } },
    'X-Next-Cursor': { description: 'Value of `cursor` for the next page; absent on the last one.', schema: { type: 'string' } },
  };
  return {
    description: api.single ? 'The record.' : api.page ? 'One page of records, in order of the sort.' : 'The records.',
    ...(api.page ? { headers } : {}),
    content: {
      'application/json': { schema: api.single ? row : { type: 'array', items: row, maxItems: api.page?.sizeMax ?? api.limits.rowsMax } },
    },
  };
}

function columnSchema(column: QueryColumn): Record<string, unknown> {
  const { type, ...rest } = COLUMN_SCHEMAS[column.type];
  return type === undefined ? { ...rest } : { type: [type, 'null'], ...rest };
}

const COLUMN_SCHEMAS: Readonly<Record<ColumnType, { type?: string; [keyword: string]: unknown }>> = {
  boolean: { type: 'boolean' },
  int16: { type: 'integer', format: 'int32' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64', description: 'May pass 2^53: read its digits exactly.' },
  decimal: { type: 'number', description: 'Exact decimal digits.' },
  float32: { type: 'number', format: 'float' },
  float64: { type: 'number', format: 'double' },
  text: { type: 'string' },
  bytes: { type: 'string', pattern: '^\\\\x[0-9a-f]*$', description: 'Bytes as `\\x` and hexadecimal digits.' },
  date: { type: 'string', format: 'date' },
  time: { type: 'string' },
  timestamp: { type: 'string', description: 'ISO 8601 without a zone.' },
  timestamptz: { type: 'string', format: 'date-time' },
  json: {},
  uuid: { type: 'string', format: 'uuid' },
};

function problemResponse(status: number, description: string): Record<string, unknown> {
  const retry = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } };
  return {
    description,
    ...(status === 429 || status === 503 ? { headers: retry } : {}),
    content: { 'application/problem+json': { schema: PROBLEM_SCHEMA } },
  };
}

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', required: ['pointer', 'detail'], properties: { pointer: { type: 'string' }, detail: { type: 'string' } } },
    },
  },
} as const;
