/** What there is to configure: kinds, policies, auth methods, connectors, with schema, examples and problems. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { stringify } from 'yaml';
import type { Component } from '../../../sdk/component.ts';
import type { ConnectorComponent } from '../../../sdk/connector.ts';
import { componentsOf } from '../../../sdk/registry.ts';
import type { KindView } from '../../resources/types.ts';
import { defineOperation } from '../operation.ts';
import type { Parts } from '../parts.ts';
import problems from '../problems.ts';
import { nearOrAll } from '../resource-views.ts';
import { named, oneOf, orNull, text } from '../shapes.ts';

const area = 'components';

const summary = {
  kind: oneOf(['resource', 'policy', 'auth', 'connector', 'discovery']),
  id: T.String(),
  title: text,
  summary: text,
  since: orNull(T.String()),
  status: orNull(oneOf(['experimental', 'beta', 'stable'])),
  roles: T.Array(oneOf(['source', 'sink', 'query']), help('What a connector can be; empty for others.', '连接器可担任的角色；其他为空。')),
};
const component = named('Component', strictObject(summary));
const explained = named(
  'ComponentDetail',
  strictObject({
    ...summary,
    schema: T.Record(
      T.String(),
      T.Unknown(),
      help('JSON Schema 2020-12 of the configuration, people’s form.', '配置的 JSON Schema 2020-12。'),
    ),
    examples: T.Array(strictObject({ title: text, text: T.String(help('YAML.', 'YAML 文本。')) })),
    problems: T.Array(strictObject({ code: T.String(), status: T.Integer(), title: text, detail: orNull(text) })),
  }),
);

const list = defineOperation({
  id: 'listComponents',
  area,
  method: 'GET',
  path: '/components',
  summary: {
    en: 'Lists resource kinds, policies, auth methods, connectors and discoveries of this build.',
    zh: '列出本版本的资源类型、策略、认证方式、连接器与发现方式。',
  },
  access: 'signed-in',
  response: named('Components', strictObject({ items: T.Array(component) })),
  handler: async (_call, parts) => ({ items: all(parts).map(({ schema: _s, examples: _e, problems: _p, ...rest }) => rest) }),
});

const explain = defineOperation({
  id: 'explainComponent',
  area,
  method: 'GET',
  path: '/components/{name}',
  summary: {
    en: 'Explains a kind or an extension: `DataApi`, `rate-limit`, or `policy/rate-limit`.',
    zh: '说明某个资源类型或扩展：`DataApi`、`rate-limit` 或 `policy/rate-limit`。',
  },
  access: 'signed-in',
  params: strictObject({
    name: T.String({ minLength: 1, maxLength: 100, ...help('Its id, or `kind/id` (with %2F).', '其 id，或 `kind/id`（使用 %2F）。') }),
  }),
  response: explained,
  async handler({ params }, parts) {
    const known = all(parts);
    const plain = params.name.toLowerCase();
    const found = known.find((c) => [c.id.toLowerCase(), `${c.kind}/${c.id}`.toLowerCase()].includes(plain));
    if (found) return found;
    throw problems.raise['no-such-component']({
      values: {
        name: params.name,
        near: nearOrAll(
          params.name,
          known.map((c) => c.id),
        ),
      },
    });
  },
});

/** Everything that can be explained, kinds first. */
function all(parts: Parts) {
  return [...parts.resources.kinds().map(kindDetail), ...componentsOf(parts.registry).map(componentDetail)];
}

function kindDetail(kind: KindView) {
  return {
    kind: 'resource' as const,
    id: kind.kind,
    title: { ...kind.title },
    summary: { ...kind.summary },
    since: null,
    status: null,
    roles: [],
    schema: plainJson(kind.schema),
    examples: kind.examples.map((e) => ({ title: { ...e.title }, text: e.text })),
    problems: [],
  };
}

function componentDetail(found: Component) {
  const { kind, id, since, status } = found;
  return {
    kind,
    id,
    since,
    status,
    roles: 'roles' in found ? [...(found as ConnectorComponent).roles] : [],
    title: { ...found.title },
    summary: { ...found.summary },
    schema: plainJson(found.config),
    examples: found.examples.map((e) => ({
      title: { ...e.title },
      text: stringify({ type: id, ...e.config }),
    })),
    problems: Object.entries(found.problems).map(([name, spec]) => ({
      code: `${kind}/${id}/${name}`,
      status: spec.status,
      title: { ...spec.title },
      detail: spec.detail ? { ...spec.detail } : null,
    })),
  };
}

/** Schemas carry symbols of their library; answers carry JSON. */
function plainJson(schema: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema)) as Record<string, unknown>;
}

export default [list, explain];
