/** Resources of every kind: list, read, write, delete, switch on and off. */
import { help, strictObject, T } from '../../../base/schema.ts';
import type { ResourceOrderField, ResourceView } from '../../resources/types.ts';
import { changeOf, projectsOf } from '../caller.ts';
import { conditionOf, dryRunOf, needsCondition } from '../condition.ts';
import { defineOperation } from '../operation.ts';
import { entityTag, reply } from '../reply.ts';
import { changed, exceptHidden, keyOf, readableKind, result, view } from '../resource-views.ts';
import { documentResult, kindName, oneOf, page, projectName, resource, resourceParams } from '../shapes.ts';
import { sorting } from '../sorting.ts';

const area = 'resources';
const order = sorting<ResourceView, ResourceOrderField>(
  {
    key: (r) => `${r.project}/${r.kind}/${r.name}`,
    name: (r) => r.name,
    kind: (r) => r.kind,
    updated: (r) => r.updatedAt,
    version: (r) => r.version,
    state: (r) => r.status.state,
  },
  (r) => `${r.project}/${r.kind}/${r.name}`,
  'key',
);
const path = '/projects/{project}/resources/{kind}/{name}';

const list = defineOperation({
  id: 'listResources',
  area,
  method: 'GET',
  path: '/resources',
  filtered: true,
  summary: { en: 'Lists resources, by project, kind and name unless sorted otherwise.', zh: '列出资源，默认按项目、类型、名称排序。' },
  access: 'resources:read',
  query: strictObject({
    project: T.Optional(projectName()),
    kind: T.Optional(kindName()),
    name: T.Optional(T.String({ maxLength: 63, ...help('Part of the name.', '名称的一部分。') })),
    manager: T.Optional(oneOf(['folder', 'api'], help('Who owns it.', '管理者。'))),
    label: T.Array(T.String({ pattern: '^[^=]{1,63}=.{0,255}$' }), {
      default: [],
      maxItems: 16,
      ...help('`key=value`; may be repeated, all must hold.', '`key=value`，可重复，须全部满足。'),
    }),
    text: T.Optional(
      T.String({ minLength: 1, maxLength: 200, ...help('Part of the document, upper or lower case.', '文档中的部分内容，不区分大小写。') }),
    ),
    state: T.Optional(oneOf(['ready', 'pending', 'failed', 'disabled'], help('Where it stands.', '当前状态。'))),
    ...order.query,
  }),
  response: page('ResourcePage', resource),
  async handler({ query, caller, language }, parts) {
    const projects = projectsOf(caller, query.project);
    const where = order.read(query);
    const found = await parts.resources.list({
      ...(projects ? { projects } : {}),
      ...(query.kind ? { kind: readableKind(parts, query.kind, caller) } : exceptHidden(parts, caller)),
      ...(query.name ? { name: query.name } : {}),
      ...(query.manager ? { manager: query.manager } : {}),
      labels: Object.fromEntries(query.label.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])),
      ...(query.text ? { text: query.text } : {}),
      ...(query.state ? { state: query.state } : {}),
      order: where.order,
      limit: where.limit,
      ...(where.after ? { after: where.after } : {}),
    });
    return { items: found.items.map((one) => view(one, language, parts.fileOf?.(one))), next: order.write(found.next, query) };
  },
});

const get = defineOperation({
  id: 'getResource',
  area,
  method: 'GET',
  path,
  summary: {
    en: 'Reads one resource: JSON, or with `Accept: application/yaml` the document as written.',
    zh: '读取一个资源：JSON，或用 `Accept: application/yaml` 取原样文档。',
  },
  access: 'resources:read',
  params: resourceParams,
  response: resource,
  answers: ['application/yaml'],
  async handler({ params, header, language, caller }, parts) {
    const found = await parts.resources.get(keyOf(parts, params, caller));
    const headers = { etag: entityTag(found.version) };
    if (header('if-none-match') === headers.etag) return reply(undefined, { status: 304, headers });
    const wantsYaml = /\b(application|text)\/(x-)?yaml\b/.test(header('accept') ?? '');
    return wantsYaml
      ? reply(found.text, { headers, contentType: 'application/yaml' })
      : reply(view(found, language, parts.fileOf?.(found)), { headers });
  },
});

const put = defineOperation({
  id: 'putResource',
  area,
  method: 'PUT',
  path,
  summary: {
    en: 'Creates (`If-None-Match: *`) or changes (`If-Match`) a resource.',
    zh: '新建（`If-None-Match: *`）或修改（`If-Match`）资源。',
  },
  access: 'resources:write',
  params: resourceParams,
  query: strictObject({ dryRun: dryRunOf() }),
  body: T.Unsafe<string | Record<string, unknown>>({
    anyOf: [{ type: 'object' }, { type: 'string', minLength: 1 }],
    ...help('The document, or its YAML text.', '文档对象，或其 YAML 文本。'),
  }),
  fromYaml: (text) => text,
  response: documentResult,
  async handler(call, parts) {
    const options = { ...changeOf(call), dryRun: call.query.dryRun, ...needsCondition(call) };
    return changed(await parts.resources.put(keyOf(parts, call.params, call.caller), call.body, options), call.language);
  },
});

const remove = defineOperation({
  id: 'deleteResource',
  area,
  method: 'DELETE',
  path,
  summary: { en: 'Deletes a resource; refused while others use it.', zh: '删除资源；仍被其他资源使用时拒绝。' },
  access: 'resources:write',
  params: resourceParams,
  query: strictObject({ dryRun: dryRunOf() }),
  response: documentResult,
  async handler(call, parts) {
    const options = { ...changeOf(call), dryRun: call.query.dryRun, ...conditionOf(call) };
    return result(await parts.resources.delete(keyOf(parts, call.params, call.caller), options), call.language);
  },
});

const switches = (['enable', 'disable'] as const).map((verb) =>
  defineOperation({
    id: `${verb}Resource`,
    area,
    method: 'POST',
    path: `${path}/${verb}`,
    summary:
      verb === 'enable'
        ? { en: 'Switches a resource on.', zh: '启用资源。' }
        : { en: 'Switches a resource off; it keeps its document and history.', zh: '停用资源；保留文档与历史。' },
    access: 'resources:write',
    params: resourceParams,
    response: documentResult,
    async handler(call, parts) {
      const options = { ...changeOf(call), ...conditionOf(call) };
      return changed(await parts.resources.setEnabled(keyOf(parts, call.params, call.caller), verb === 'enable', options), call.language);
    },
  }),
);

export default [list, get, put, remove, ...switches];
