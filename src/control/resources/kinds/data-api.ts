/** A query published as an API. Its spec stands in the sdk; auth and policies are added here. */
import { mistake, type ProblemPointer, pointersTold } from '../../../base/problem.ts';
import { tell } from '../../../base/text.ts';
import { strictObject, type TSchema } from '../../../base/schema.ts';
import type { CompiledDataApi, DataApiInput } from '../../../sdk/dataapi.ts';
import { dataApiProperties } from '../../../sdk/specs/dataapi.ts';
import { parsePathPattern, WITH_VALUE } from '../../../sdk/route-pattern.ts';
import { type Compiled, type CompileInput, type CompileScope, defineResource } from '../define.ts';
import { namedConfigs, policiesOf } from '../parts.ts';

interface DataApiSpec {
  connection: string;
  path: string;
  limits: { timeout: number };
}

export default defineResource<DataApiSpec>({
  kind: 'DataApi',
  plural: 'data-apis',
  title: { en: 'Data API', zh: '数据 API' },
  summary: {
    en: 'A read-only SQL query published at a path, with parameters, paging, auth and policies.',
    zh: '把只读 SQL 查询发布为 API，带参数、分页、认证和策略。',
  },
  spec: (parts) =>
    strictObject({ ...(dataApiProperties as unknown as Record<string, TSchema>), auth: parts.auth, policies: parts.policies }),
  check: ({ key, spec, written }, tools) => {
    const errors = checkPath(spec.path);
    const connector = tools.connectorOf(spec.connection);
    const dialect = connector === undefined ? undefined : tools.dialect(connector);
    if (connector !== undefined && dialect === undefined)
      errors.push(mistake('/spec/connection', NO_QUERIES, { name: spec.connection, connector }));
    if (errors.length > 0) return errors;
    const compilation = tools.dataApis.compile({
      project: key.project,
      name: key.name,
      release: '',
      spec: querySpec(written),
      dialect: dialect ?? 'postgres',
      cursorKey: '00',
    });
    return compilation.ok ? [] : compilation.errors.map((error) => ({ ...error, pointer: `/spec${error.pointer}` }));
  },
  compile: compileDataApi,
  examples: [
    {
      title: { en: 'A filtered list with pages', zh: '带筛选和分页的列表' },
      text: `apiVersion: weir/v1
kind: DataApi
metadata: { name: customer-invoices, labels: { tier: core } }
spec:
  connection: warehouse
  path: /data/v1/customers/{customer_id}/invoices
  parameters:
    customer_id: { in: path, schema: { type: integer, minimum: 1 } }
    from: { in: query, schema: { type: string, format: date } }
  # keyset paging needs a unique order
  sql: |
    SELECT invoice_id, invoice_date, total FROM invoice
    <where> customer_id = #{customer_id} <if test="from != null"> AND invoice_date >= #{from} </if> </where>
  page: { mode: keyset, sort: [invoice_id], sizeDefault: 50, sizeMax: 1000 }
`,
    },
  ],
});

const NO_QUERIES = {
  en: '"{name}" is of type {connector}, which cannot answer queries',
  zh: '“{name}”的类型是 {connector}，不能用于查询',
};
const OPEN_END = { en: 'must not end in **: a data API answers one path', zh: '不能以 ** 结尾：一个数据 API 只应答一个路径' };
const DISABLED = { en: 'its connection "{name}" is disabled', zh: '其连接“{name}”已停用' };
const MISSING = { en: 'its connection "{name}" is missing', zh: '其连接“{name}”不存在' };
const CANNOT_ANSWER = { en: 'its connection "{name}" cannot answer queries', zh: '其连接“{name}”不能用于查询' };

function checkPath(path: string): ProblemPointer[] {
  const parsed = parsePathPattern(path);
  if (!parsed.ok) return [mistake('/spec/path', WITH_VALUE, { fault: parsed.error, got: path.slice(0, 60) })];
  return parsed.value.rest ? [mistake('/spec/path', OPEN_END)] : [];
}

function compileDataApi({ key, enabled, release, description, spec, written }: CompileInput<DataApiSpec>, scope: CompileScope): Compiled {
  if (!enabled) return { entries: [] };
  const connection = scope.get('Connection', spec.connection);
  const dialect = connection && scope.dialect(String(connection.written['type']));
  if (!connection?.enabled) return { entries: [], failure: tell(connection ? DISABLED : MISSING, { name: spec.connection }) };
  if (!dialect) return { entries: [], failure: tell(CANNOT_ANSWER, { name: spec.connection }) };
  const input: DataApiInput = {
    project: key.project,
    name: key.name,
    release,
    spec: querySpec(written),
    dialect,
    cursorKey: scope.cursorKey(key.project, key.name),
    description,
  };
  const compilation = scope.dataApis.compile(input);
  if (!compilation.ok) return { entries: [], failure: pointersTold(compilation.errors) };
  return {
    entries: [
      { type: 'dataapi', value: compilation.api },
      { type: 'route', value: routeOf(compilation.api, spec, written) },
    ],
    check: { connection: spec.connection },
    warnings: compilation.warnings,
  };
}

/** The part the compiler reads: `dataApiSpec` of the sdk. */
function querySpec(written: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { auth: _auth, policies: _policies, ...query } = written;
  return query;
}

/** Name of the route of a data API. No Route can be called so: a dot is not allowed in names. */
export function dataApiRoute(name: string): string {
  return `data-api.${name}`;
}

/** The route that leads to the API: GET (and so HEAD) at its path. */
function routeOf(api: CompiledDataApi, spec: DataApiSpec, written: Readonly<Record<string, unknown>>) {
  const key = { project: api.project, name: api.name };
  return {
    project: api.project,
    name: dataApiRoute(api.name),
    release: api.release,
    hosts: [],
    paths: [spec.path],
    methods: ['GET'],
    target: { kind: 'dataapi', name: api.name },
    rewrite: undefined,
    preserveHost: false,
    keepCredential: false,
    timeouts: { connectMs: spec.limits.timeout, firstByteMs: spec.limits.timeout, idleMs: spec.limits.timeout },
    bodyBytesMax: 0,
    auth: namedConfigs(written['auth']),
    policies: policiesOf(key, written['policies'], 'data-api'),
  } as const;
}
