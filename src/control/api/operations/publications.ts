/** What is published: data APIs and their OpenAPI document. */
import { help, strictObject, T } from '../../../base/schema.ts';
import type { Language } from '../../../base/text.ts';
import { projectsOf } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import type { PublishedApi } from '../parts.ts';
import { named, orNull, projectName } from '../shapes.ts';

const area = 'publications';
const query = strictObject({ project: T.Optional(projectName()) });

const list = defineOperation({
  id: 'listDataApis',
  area,
  method: 'GET',
  path: '/data-apis',
  filtered: true,
  summary: { en: 'Lists the data APIs that serve now.', zh: '列出当前提供服务的数据 API。' },
  access: 'resources:read',
  query,
  response: named(
    'DataApis',
    strictObject({
      items: T.Array(
        named(
          'PublishedApi',
          strictObject({ project: T.String(), name: T.String(), path: T.String(), release: T.String(), description: orNull(T.String()) }),
        ),
      ),
    }),
  ),
  async handler(call, parts) {
    const found = parts.publications(projectsOf(call.caller, call.query.project));
    return {
      items: found.map(({ project, name, path, release, description }) => ({
        project,
        name,
        path,
        release,
        description: description ?? null,
      })),
    };
  },
});

const openApi = defineOperation({
  id: 'getDataApisOpenApi',
  area,
  method: 'GET',
  path: '/data-apis/openapi.json',
  filtered: true,
  summary: { en: 'OpenAPI 3.1 document of the published data APIs.', zh: '已发布数据 API 的 OpenAPI 3.1 文档。' },
  access: 'resources:read',
  query,
  response: T.Record(T.String(), T.Unknown(), help('OpenAPI 3.1.', 'OpenAPI 3.1 文档。')),
  async handler(call, parts) {
    const apis = parts.publications(projectsOf(call.caller, call.query.project));
    return inLanguage(publishedDocument(apis, parts.version), call.language) as Record<string, unknown>;
  },
});

function publishedDocument(apis: readonly PublishedApi[], version: string): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: { title: 'Data APIs published by Weir', 'x-zh-title': '由 Weir 发布的数据 API', version },
    paths: Object.fromEntries(apis.map((api) => [api.path, api.pathItem])),
    components: { securitySchemes: Object.assign({}, ...apis.map((api) => api.securitySchemes)) },
  };
}

/** Texts of a document in one language; `x-zh` and `x-zh-title` stand beside each and go. Depth is bounded by our own schemas. */
function inLanguage(value: unknown, language: Language): unknown {
  if (Array.isArray(value)) return value.map((one) => inLanguage(one, language));
  if (typeof value !== 'object' || value === null) return value;
  const { 'x-zh': description, 'x-zh-title': title, ...rest } = value as Record<string, unknown>;
  const inner = Object.fromEntries(Object.entries(rest).map(([name, one]) => [name, inLanguage(one, language)]));
  const chinese = { title, description };
  for (const [name, text] of Object.entries(chinese)) if (language === 'zh' && typeof text === 'string') inner[name] = text;
  return inner;
}

export default [list, openApi];
