/** Pieces of specs that come from the extensions present: lists of policies and auth methods, connectors. */
import { help, T, type TSchema, variants } from '../../base/schema.ts';
import type { Component } from '../../sdk/component.ts';
import type { Registry } from '../../sdk/registry.ts';
import type { NamedConfig } from '../../sdk/revision.ts';

/** A policy, auth method or connector as people write it: its `type` beside its own fields. */
export type WrittenConfig = Readonly<Record<string, unknown>> & { readonly type: string };

export interface SpecParts {
  /** `auth: [{ type: api-key }]`; an empty list by default. */
  readonly auth: TSchema;
  /** `policies: [{ type: rate-limit, limit: 100 }]`; an empty list by default. */
  readonly policies: TSchema;
  /** One discovery by `type`, its fields beside it. */
  readonly discovery: TSchema;
  /** One connector by `type`, its fields beside it; `extra` fields are added to each. */
  connector(extra: Readonly<Record<string, TSchema>>): TSchema;
}

/** Builds the pieces from a registry. */
export function specParts(registry: Registry): SpecParts {
  return {
    auth: list(
      registry.auth,
      8,
      help(
        'Ways to say who is calling; the first whose credential is found decides. Empty = anybody may call.',
        '识别调用方的方式，先找到凭证者生效；为空表示任何人可调用。',
        { en: 'Authentication', zh: '认证方式' },
      ),
    ),
    policies: list(
      registry.policies,
      32,
      help(
        'Steps of the chain, in this order for requests and in reverse for responses.',
        '链上的策略：请求按此顺序执行，响应按相反顺序执行。',
        '策略',
      ),
    ),
    discovery: variants(
      [...registry.discovery.values()].map((component) => variant(component, {})),
      help('How targets are found besides those that are written down.', '除写明的目标外，如何发现目标。', '服务发现'),
    ),
    connector: (extra) => variants([...registry.connectors.values()].map((component) => variant(component, extra))),
  };
}

function list(components: ReadonlyMap<string, Component>, maxItems: number, words: ReturnType<typeof help>): TSchema {
  return T.Array(variants([...components.values()].map((component) => variant(component, {}))), { default: [], maxItems, ...words });
}

/** The component's own schema with `type` put in front. */
function variant(component: Component, extra: Readonly<Record<string, TSchema>>): TSchema {
  const { properties = {}, required = [], ...rest } = component.config as unknown as { properties?: object; required?: string[] };
  return T.Unsafe({
    additionalProperties: false,
    ...rest,
    type: 'object',
    title: component.id,
    description: component.summary.en,
    'x-zh': component.summary.zh,
    required: ['type', ...required],
    properties: {
      type: { const: component.id, type: 'string', description: component.title.en, 'x-zh': component.title.zh },
      ...properties,
      ...extra,
    },
  });
}

/** Written configs as entries hold them: `type` apart from the rest. */
export function namedConfigs(written: unknown): NamedConfig[] {
  return ((written as WrittenConfig[] | undefined) ?? []).map(({ type, ...config }) => ({ type, config }));
}

/** Policies with the identity their counters live under: stable while the resource and the policy's turn among its type stay. */
export function policiesOf(
  key: { project: string; name: string },
  written: unknown,
  place: string,
): (NamedConfig & { readonly identity: string })[] {
  const seen = new Map<string, number>();
  return namedConfigs(written).map((policy) => {
    const turn = seen.get(policy.type) ?? 0;
    seen.set(policy.type, turn + 1);
    return { ...policy, identity: `${place}/${key.project}/${key.name}/${policy.type}/${turn}` };
  });
}
