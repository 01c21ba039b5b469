/** What happened to a resource, and what hangs on it: versions, differences, rollback, use, standing. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { changeOf } from '../caller.ts';
import { conditionOf } from '../condition.ts';
import { defineOperation } from '../operation.ts';
import { changed, hiddenKinds, keyOf, statusView } from '../resource-views.ts';
import { documentResult, named, oneOf, resourceKey, resourceParams, resourceStatus, time } from '../shapes.ts';

const area = 'resources';
const path = '/projects/{project}/resources/{kind}/{name}';

const version = named(
  'ResourceVersion',
  strictObject({
    version: T.Integer(),
    change: oneOf(['created', 'updated', 'rolled-back', 'deleted']),
    release: T.String(),
    at: time(),
    by: T.String(),
    text: T.String(help('Document of that version; secret values as placeholders.', '该版本的文档；机密值为占位符。')),
  }),
);

const listVersions = defineOperation({
  id: 'listResourceVersions',
  area,
  method: 'GET',
  path: `${path}/versions`,
  summary: {
    en: 'Lists versions of a resource, newest first; works for deleted ones too.',
    zh: '列出资源的历史版本，最新在前；已删除的也可查。',
  },
  access: 'resources:read',
  params: resourceParams,
  query: strictObject({
    limit: T.Integer({ minimum: 1, maximum: 200, default: 50, ...help('Most versions of an answer.', '返回的最多版本数。') }),
    before: T.Optional(T.Integer({ minimum: 1, ...help('Only versions before this one.', '只返回此版本之前的。') })),
  }),
  response: named('ResourceVersions', strictObject({ items: T.Array(version) })),
  async handler({ params, query, caller }, parts) {
    const items = await parts.resources.history(keyOf(parts, params, caller), query);
    return { items: items.map((item) => ({ ...item })) };
  },
});

const diff = defineOperation({
  id: 'diffResourceVersions',
  area,
  method: 'GET',
  path: `${path}/diff`,
  summary: { en: 'Shows how two versions differ.', zh: '比较两个版本。' },
  access: 'resources:read',
  params: resourceParams,
  query: strictObject({
    from: T.Integer({ minimum: 1, ...help('Older version.', '旧版本。') }),
    to: T.Integer({ minimum: 1, ...help('Newer version.', '新版本。') }),
  }),
  response: named(
    'TextDiff',
    strictObject({ diff: T.String(help('Unified diff; empty when nothing differs.', '统一格式差异；无差异时为空。')) }),
  ),
  async handler({ params, query, caller }, parts) {
    return { diff: await parts.resources.diffVersions(keyOf(parts, params, caller), query.from, query.to) };
  },
});

const rollback = defineOperation({
  id: 'rollbackResource',
  area,
  method: 'POST',
  path: `${path}/rollback`,
  summary: {
    en: 'Writes an older version again, as a new version; brings a deleted resource back.',
    zh: '将旧版本写为新版本；可恢复已删除的资源。',
  },
  access: 'resources:write',
  params: resourceParams,
  body: strictObject({
    version: T.Optional(
      T.Integer({
        minimum: 1,
        ...help('Version to go back to; the one before the newest when left out.', '要回退到的版本；省略则为最新版本的前一版本。'),
      }),
    ),
    dryRun: T.Boolean({ default: false, ...help('Says what would happen and changes nothing.', '只说明将发生什么，不做更改。') }),
  }),
  response: documentResult,
  async handler(call, parts) {
    const options = { ...changeOf(call), dryRun: call.body.dryRun, ...conditionOf(call) };
    return changed(await parts.resources.rollback(keyOf(parts, call.params, call.caller), call.body.version, options), call.language);
  },
});

const uses = defineOperation({
  id: 'listResourceUses',
  area,
  method: 'GET',
  path: `${path}/used-by`,
  summary: { en: 'Lists the resources that name this one.', zh: '列出引用该资源的资源。' },
  access: 'resources:read',
  params: resourceParams,
  response: named('ResourceUses', strictObject({ items: T.Array(resourceKey) })),
  async handler({ params, caller }, parts) {
    const items = await parts.resources.usedBy(keyOf(parts, params, caller));
    const hidden = new Set(hiddenKinds(parts, caller).map(({ kind }) => kind));
    return { items: items.filter(({ kind }) => !hidden.has(kind)).map((key) => ({ ...key })) };
  },
});

const status = defineOperation({
  id: 'getResourceStatus',
  area,
  method: 'GET',
  path: `${path}/status`,
  summary: { en: 'Says whether a resource serves, and if not, why.', zh: '说明资源是否生效，未生效的原因。' },
  access: 'resources:read',
  params: resourceParams,
  response: resourceStatus,
  async handler({ params, language, caller }, parts) {
    return statusView(await parts.resources.status(keyOf(parts, params, caller)), language);
  },
});

export default [listVersions, diff, rollback, uses, status];
