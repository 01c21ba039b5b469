/** A new connection as typed so far, kept in the browser without its secrets. Pure. */
import { mayTellSecret, secretNames } from '../../documents/cover-secrets.ts';
import { applyChange, type Change } from '../../forms/change.ts';
import { isObject, type JsonObject, type JsonSchema } from '../../forms/schema.ts';

export interface ConnectionDraft {
  readonly name: string;
  readonly description: string;
  readonly spec: JsonObject;
}

/** The alternative of the Connection kind for one connector. */
export function variantFor(schema: JsonSchema, type: string): JsonSchema | undefined {
  return (schema.anyOf ?? schema.oneOf ?? []).find((variant) => variant.properties?.['type']?.const === type);
}

/** A copy without what the schema calls secret; the name of a stored Secret may stay. */
export function withoutSecrets(schema: JsonSchema, value: unknown): unknown {
  if (!isObject(value)) return value;
  const kept = Object.entries(value).flatMap(([name, member]) => {
    const inner = schema.properties?.[name];
    if (inner?.['x-secret'] === true && !/^\$\{(secret|env):/.test(String(member))) return [];
    return [[name, inner ? withoutSecrets(inner, member) : member] as const];
  });
  return Object.fromEntries(kept);
}

/** What may be kept of a draft: without its secrets, with what fields hold that are not left yet (pointers begin with `/spec`). */
export function keptOf(draft: ConnectionDraft, held: readonly Change[], schema: JsonSchema): ConnectionDraft {
  const names = secretNames(schema);
  const spec = held
    .filter((change) => !mayTellSecret(change, names))
    .reduce<unknown>((value, change) => applyChange(value, { ...change, pointer: change.pointer.slice('/spec'.length) }), draft.spec);
  return { ...draft, spec: withoutSecrets(schema, spec) as JsonObject };
}

/** A kept draft of this type; undefined when there is none that can be read. */
export function readDraft(text: string | null, type: string): ConnectionDraft | undefined {
  if (text === null) return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    if (!isObject(value) || typeof value['name'] !== 'string' || typeof value['description'] !== 'string') return undefined;
    return isObject(value['spec']) && value['spec']['type'] === type ? (value as unknown as ConnectionDraft) : undefined;
  } catch {
    return undefined;
  }
}

/** The document that is saved. */
export function documentOf({ name, description, spec }: ConnectionDraft, project: string): Record<string, unknown> {
  const metadata = { name, ...(project === 'default' ? {} : { project }), ...(description ? { description } : {}) };
  return { apiVersion: 'weir/v1', kind: 'Connection', metadata, spec };
}
