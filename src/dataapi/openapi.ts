/**
 * The OpenAPI 3.1 path item of a data API, made from the same release that runs; each text of ours
 * in both languages, as `description` and `x-zh`. Source: OpenAPI 3.1.1.
 */
import { help, type Words } from '../base/schema.ts';
import type { BoundParameter, CompiledDataApi } from '../sdk/dataapi.ts';
import type { QueryColumn } from '../sdk/query.ts';
import type { ColumnType } from '../sdk/record.ts';
import { headerName } from './parameters.ts';

const PROBLEMS: Readonly<Record<number, Words>> = {
  400: help('A parameter or cursor is wrong; `errors` names each.', '参数或游标有误，`errors` 逐项列出。'),
  401: help('No valid credential.', '没有有效凭证。'),
  422: help('The answer would pass the row or byte cap of this API.', '结果将超过此 API 的行数或字节数上限。'),
  429: help('The consumer’s limit is used up; see `Retry-After`.', '消费者的限额已用完，见 `Retry-After`。'),
  502: help('The database failed to answer.', '数据库未能返回结果。'),
  503: help('No database connection came free in time; see `Retry-After`.', '未能及时取得空闲的数据库连接，见 `Retry-After`。'),
  504: help('The query passed its time limit.', '查询超过时限。'),
};
const NO_RECORD = help('No record matches.', '没有匹配的记录。');

/** Path item (`{ get }`) for `path`; `security` is a list of security requirements, empty for an open API. */
export function openApi(api: CompiledDataApi, path: string, security: readonly Record<string, unknown>[]): Record<string, unknown> {
  const problems: Record<number, Words> = api.single ? { ...PROBLEMS, 404: NO_RECORD } : { ...PROBLEMS };
  if (security.length === 0) delete problems[401];
  const responses = Object.fromEntries(Object.entries(problems).map(([status, words]) => [status, problemResponse(Number(status), words)]));
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
      ...help('Rows of a page.', '每页行数。'),
      schema: { type: 'integer', minimum: 1, maximum: sizeMax, default: sizeDefault },
    },
    {
      name: 'cursor',
      in: 'query',
      required: false,
      ...help('Where the page starts: `x-next-cursor` of the page before.', '本页的起点：上一页返回的 `x-next-cursor`。'),
      schema: { type: 'string', maxLength: 4096 },
    },
  ];
}

const RECORD = help('The record.', '该记录。');
const RECORDS = help('The records.', '所有记录。');
const PAGE = help('One page of records, in order of the sort.', '一页记录，按排序列的顺序。');

function okResponse(api: CompiledDataApi): Record<string, unknown> {
  const row = {
    type: 'object',
    properties: Object.fromEntries(api.columns.map((c) => [c.name, columnSchema(c)])),
    required: api.columns.map((c) => c.name),
  };
  const headers = {
    Link: {
      ...help('The next page, `rel="next"`; absent on the last one.', '下一页，`rel="next"`；末页没有。'),
      schema: { type: 'string' },
    },
    'X-Next-Cursor': {
      ...help('Value of `cursor` for the next page; absent on the last one.', '下一页的 `cursor` 值；末页没有。'),
      schema: { type: 'string' },
    },
  };
  return {
    ...(api.single ? RECORD : api.page ? PAGE : RECORDS),
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
  int64: { type: 'integer', format: 'int64', ...help('May pass 2^53: read its digits exactly.', '可能超过 2^53，请按原样读取数字。') },
  decimal: { type: 'number', ...help('Exact decimal digits.', '精确的十进制数。') },
  float32: { type: 'number', format: 'float' },
  float64: { type: 'number', format: 'double' },
  text: { type: 'string' },
  bytes: {
    type: 'string',
    pattern: '^\\\\x[0-9a-f]*$',
    ...help('Bytes as `\\x` and hexadecimal digits.', '以 `\\x` 加十六进制数字表示的字节。'),
  },
  date: { type: 'string', format: 'date' },
  time: { type: 'string' },
  timestamp: { type: 'string', ...help('ISO 8601 without a zone.', '不带时区的 ISO 8601。') },
  timestamptz: { type: 'string', format: 'date-time' },
  json: {},
  uuid: { type: 'string', format: 'uuid' },
};

function problemResponse(status: number, words: Words): Record<string, unknown> {
  const retry = { 'Retry-After': { ...help('Seconds to wait.', '需等待的秒数。'), schema: { type: 'integer' } } };
  return {
    ...words,
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
