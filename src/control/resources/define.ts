/**
 * One kind of resource = one file in `kinds/` whose default export is made here. From it come the
 * validator, editor schema, admin API paths, CLI verbs, forms, docs and the compile step.
 */
import type { ProblemPointer } from '../../base/problem.ts';
import type { TSchema } from '../../base/schema.ts';
import type { Text } from '../../base/text.ts';
import type { DataApiCompiler } from '../../sdk/dataapi.ts';
import type { ConnectorRole } from '../../sdk/connector.ts';
import type { Dialect } from '../../sdk/query.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import type { EntryType, EntryValues } from '../../sdk/revision.ts';
import type { Tables } from '../../store/types.ts';
import type { Permission } from '../api/caller.ts';
import type { SpecParts } from './parts.ts';

/** A resource on its way through the compile step. */
export interface CompileInput<S = Readonly<Record<string, unknown>>> {
  readonly key: ResourceKey;
  readonly enabled: boolean;
  readonly release: string;
  readonly description: string | undefined;
  /** What code uses: defaults filled in, durations in milliseconds, sizes in bytes, variables and secrets resolved. */
  readonly spec: S;
  /** People's form with variables and secrets resolved: what extensions read themselves. */
  readonly written: Readonly<Record<string, unknown>>;
}

/** What a kind's compile step may look at. Every look is remembered: a change there compiles this one again. */
export interface CompileScope {
  /** A resource of the same project, or undefined. */
  get(kind: string, name: string): Omit<CompileInput, 'key'> | undefined;
  readonly dataApis: DataApiCompiler;
  /** Dialect of a connector's query side; undefined when it has none. */
  dialect(connector: string): Dialect | undefined;
  /** Key (hex) under which an API's cursors are signed. */
  cursorKey(project: string, name: string): string;
}

/** An entry before it is hashed. */
export type EntryDraft = { [K in EntryType]: { readonly type: K; readonly value: EntryValues[K] } }[EntryType];

export interface Compiled {
  readonly entries: readonly EntryDraft[];
  /** The `dataapi` entry waits until it was checked on this connection; undefined = serve at once. */
  readonly check?: { readonly connection: string };
  /** Why it cannot serve though it is valid, in words for people. Without entries, the last good ones stay. */
  readonly failure?: Text;
  readonly warnings?: readonly Text[];
}

/** What a semantic check may ask. Pure: nothing outside the documents is looked at. */
export interface CheckTools {
  readonly dataApis: DataApiCompiler;
  /** Milliseconds since 1970, for what expires; undefined = do not judge it. */
  readonly now: number | undefined;
  /** Connector id of a Connection of the same project, when it is known. */
  connectorOf(connection: string): string | undefined;
  dialect(connector: string): Dialect | undefined;
  /** What a connector can be; undefined when there is none of this id. */
  roles(connector: string): readonly ConnectorRole[] | undefined;
}

/** A check at the end of a change, when one is needed. */
export type LastCheck = (() => Promise<void>) | undefined;

/** A written resource as `mirror` sees it. */
export interface MirroredResource<S> {
  readonly enabled: boolean;
  readonly spec: S;
}

export interface ResourceKindSpec<S> {
  readonly kind: string;
  /** Kebab-case, as in paths of the admin API. */
  readonly plural: string;
  readonly title: Text;
  readonly summary: Text;
  /** Belongs to the whole installation: only project `default` may hold it. */
  readonly installationWide?: boolean;
  /** Permission that reading its resources asks for, besides the one for resources; theirs alone, whatever the door. */
  readonly readAccess?: Permission;
  /** Schema of `spec`, people's form, with the extensions present. */
  spec(parts: SpecParts): TSchema;
  /** Mistakes a schema cannot see; pointers begin with `/spec`. Secrets are not resolved here. */
  check?(resource: Pick<CompileInput<S>, 'key' | 'spec' | 'written'>, tools: CheckTools): ProblemPointer[];
  /**
   * Other tables that follow the resource, changed in its transaction; `after` is undefined when it was
   * deleted. The answer is run once all resources of the change are in place; it raises a problem to take
   * the whole change back.
   */
  mirror?(tables: Tables, key: ResourceKey, after: MirroredResource<S> | undefined, at: number): Promise<LastCheck>;
  /** Left out: nothing is served from it by itself. */
  compile?(resource: CompileInput<S>, scope: CompileScope): Compiled;
  /** Documents as people write them. Tried by tests: they validate, and dump → apply is the identity. */
  readonly examples: readonly { readonly title: Text; readonly text: string }[];
}

/** A kind as the registry of kinds holds it; the type of its spec is known only inside its file. */
export type ResourceKind = ResourceKindSpec<never>;

/** Declares a kind; the file's default export. `S` is the spec as code uses it. */
export function defineResource<S = Readonly<Record<string, unknown>>>(spec: ResourceKindSpec<S>): ResourceKindSpec<S> {
  return Object.freeze(spec);
}
