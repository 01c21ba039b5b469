/**
 * The OpenAPI 3.1 document of the admin API, made from the operations alone, without a server.
 * Shapes with an `x-name` become named components; each extension's configuration stands under
 * `components.schemas` as `<kind>.<id>`.
 */
import type { JsonSchema } from '../../base/schema.ts';
import { componentsOf, type Registry } from '../../sdk/registry.ts';
import { isExportable } from './export-list.ts';
import { API_PREFIX, type Operation } from './operation.ts';

type Json = Record<string, unknown>;

/** The document, its members in a fixed order. */
export function openApiDocument(registry: Registry, operations: readonly Operation[], version: string): Json {
  const schemas: Json = { Problem: PROBLEM_SCHEMA };
  const paths: Record<string, Json> = {};
  for (const operation of [...operations].sort((a, b) => (a.path === b.path ? compare(a.method, b.method) : compare(a.path, b.path)))) {
    (paths[API_PREFIX + operation.path] ??= {})[operation.method.toLowerCase()] = describe(operation, schemas);
  }
  for (const component of componentsOf(registry)) {
    schemas[`${component.kind}.${component.id}`] = {
      title: component.title.en,
      'x-zh-title': component.title.zh,
      ...hoist(component.config as JsonSchema, schemas),
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Weir admin API', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => compare(a, b))),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'API token, as made by `weir token create`.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'weir_session',
          description: 'Session of a login; changes also need the header `x-weir-csrf`.',
        },
      },
    },
  };
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function describe(operation: Operation, schemas: Json): Json {
  const status = String(operation.status ?? (operation.response ? 200 : 204));
  return {
    operationId: operation.id,
    tags: [operation.area],
    summary: operation.summary.en,
    'x-zh-summary': operation.summary.zh,
    'x-permission': operation.access,
    ...(operation.access === 'public' ? { security: [] } : {}),
    parameters: [...parameters(operation, 'path', schemas), ...parameters(operation, 'query', schemas), ...conditionHeaders(operation)],
    ...(operation.body ? { requestBody: requestBody(operation, schemas) } : {}),
    responses: {
      [status]: operation.response ? { description: 'Done.', content: content(operation, schemas) } : { description: 'Done.' },
      default: {
        description: 'A problem (RFC 9457).',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function parameters(operation: Operation, place: 'path' | 'query', schemas: Json): Json[] {
  const schema = (place === 'path' ? operation.params : operation.query) as JsonSchema | undefined;
  const required = new Set(schema?.required);
  return Object.entries(schema?.properties ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || (required.has(name) && field.default === undefined),
    ...(field.description ? { description: field.description } : {}),
    schema: hoist(field, schemas),
  }));
}

/** Changes of one resource take conditions. */
function conditionHeaders(operation: Operation): Json[] {
  if (operation.method === 'GET' || !operation.path.includes('/resources/{kind}/{name}')) return [];
  return ['if-match', 'if-none-match'].map((name) => ({ name, in: 'header', required: false, schema: { type: 'string' } }));
}

function requestBody(operation: Operation, schemas: Json): Json {
  return {
    required: (operation.body as JsonSchema).type !== 'object' || ((operation.body as JsonSchema).required ?? []).length > 0,
    content: {
      'application/json': { schema: hoist(operation.body as JsonSchema, schemas) },
      ...(operation.fromYaml ? { 'application/yaml': { schema: { type: 'string' } } } : {}),
    },
  };
}

function content(operation: Operation, schemas: Json): Json {
  const types = [...(operation.answers ?? []), ...(isExportable(operation) ? ['text/csv'] : [])];
  const others = Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' } }]));
  const isTextOnly = (operation.response as JsonSchema).type === 'string' && operation.answers;
  return isTextOnly ? others : { 'application/json': { schema: hoist(operation.response as JsonSchema, schemas) }, ...others };
}

/** A copy of `schema` with named shapes moved to `schemas` and referred to. */
function hoist(schema: JsonSchema, schemas: Json): Json {
  const { 'x-name': name, 'x-csv': _csv, ...rest } = schema as JsonSchema & { 'x-name'?: string };
  if (name === undefined) return copy(rest, schemas) as Json;
  if (!(name in schemas)) {
    schemas[name] = {}; // Holds the place, should the shape contain itself.
    schemas[name] = copy(rest, schemas);
  }
  return { $ref: `#/components/schemas/${name}` };
}

function copy(value: unknown, schemas: Json): unknown {
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? hoist(item as JsonSchema, schemas) : copy(item, schemas)));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, isObject(item) ? hoist(item as JsonSchema, schemas) : copy(item, schemas)]),
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const PROBLEM_SCHEMA: Json = {
  type: 'object',
  description: 'RFC 9457 problem.',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', examples: ['urn:weir:problem:core/api/forbidden'] },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Stable; its page is at /problems/<code>.' },
    instance: { type: 'string' },
    requestId: { type: 'string' },
    traceId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string' }, detail: { type: 'string' }, file: { type: 'string' }, line: { type: 'integer' } },
      },
    },
  },
};
