/** The kinds with their schemas built from the extensions present, by name. */
import type { JsonSchema, TSchema } from '../../base/schema.ts';
import type { Registry } from '../../sdk/registry.ts';
import type { ResourceKind } from './define.ts';
import { specParts } from './parts.ts';
import type { KindView } from './types.ts';

/** A kind ready to validate: its definition and the schema of its spec. */
export interface BoundKind {
  readonly definition: ResourceKind;
  readonly schema: TSchema;
}

export type KindTable = ReadonlyMap<string, BoundKind>;

/** Binds `kinds` to the extensions of `registry`. */
export function bindKinds(kinds: readonly ResourceKind[], registry: Registry): KindTable {
  const parts = specParts(registry);
  return new Map(kinds.map((definition) => [definition.kind, Object.freeze({ definition, schema: definition.spec(parts) })]));
}

/** The kinds as docs, forms and route tables see them, sorted. */
export function kindViews(kinds: KindTable): KindView[] {
  return [...kinds.values()]
    .map(({ definition, schema }) => ({
      kind: definition.kind,
      plural: definition.plural,
      title: definition.title,
      summary: definition.summary,
      ...(definition.readAccess === undefined ? {} : { readAccess: definition.readAccess }),
      schema: schema as unknown as JsonSchema as Readonly<Record<string, unknown>>,
      examples: definition.examples,
    }))
    .sort((a, b) => (a.kind < b.kind ? -1 : 1));
}
