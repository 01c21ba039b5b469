/**
 * JSON Schema 2020-12 of the documents people write, for editors
 * (`# yaml-language-server: $schema=…/weir.schema.json`). People's form: members with a default are
 * optional, `${env:…}` may stand for any text.
 */
import { NAME_PATTERN, type JsonSchema } from '../../src/base/schema.ts';
import { type ResourceKindSpec } from '../../src/control/resources/define.ts';
import { specParts } from '../../src/control/resources/parts.ts';
import { API_VERSION } from '../../src/sdk/resource.ts';
import type { Registry } from '../../src/sdk/registry.ts';

type Kind = Pick<ResourceKindSpec<never>, 'kind' | 'spec' | 'title' | 'summary'>;

/** The schema of a kind's `spec` as people write it. */
export function kindSchema(kind: Kind, registry: Registry): JsonSchema {
  return outer(JSON.parse(JSON.stringify(kind.spec(specParts(registry)))) as JsonSchema);
}

/** One schema for all kinds. */
export function renderEditorSchema(kinds: readonly Kind[], registry: Registry): string {
  const document = (kind: Kind) => ({
    title: kind.kind,
    description: kind.summary.en,
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    additionalProperties: false,
    properties: {
      apiVersion: { const: API_VERSION },
      kind: { const: kind.kind },
      metadata: { $ref: '#/$defs/metadata' },
      enabled: { type: 'boolean', default: true },
      spec: kindSchema(kind, registry),
    },
  });
  const metadata = {
    type: 'object',
    required: ['name'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', pattern: NAME_PATTERN },
      project: { type: 'string', pattern: NAME_PATTERN, default: 'default' },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      description: { type: 'string' },
    },
  };
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Weir documents',
    $defs: { metadata },
    oneOf: kinds.map(document),
  };
  return `${JSON.stringify(schema, null, 1)}\n`;
}

/** A default makes a member required for code and optional for people. */
function outer(schema: JsonSchema): JsonSchema {
  const properties = schema.properties && Object.fromEntries(Object.entries(schema.properties).map(([key, field]) => [key, outer(field)]));
  const required = schema.required?.filter((key) => schema.properties?.[key]?.default === undefined);
  return {
    ...schema,
    ...(properties ? { properties } : {}),
    ...(required ? { required } : {}),
    ...(schema.items ? { items: outer(schema.items) } : {}),
    ...(schema.anyOf ? { anyOf: schema.anyOf.map(outer) } : {}),
    ...(schema.patternProperties
      ? { patternProperties: Object.fromEntries(Object.entries(schema.patternProperties).map(([p, field]) => [p, outer(field)])) }
      : {}),
    ...(typeof schema.additionalProperties === 'object' ? { additionalProperties: outer(schema.additionalProperties) } : {}),
  };
}
