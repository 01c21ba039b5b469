/**
 * What every kind of extension shares. One extension is one file whose default export is a component;
 * the validator, editor schema, OpenAPI part, form, CLI help, reference page and registry come from it.
 */
import type { ProblemCatalogue, ProblemSpecs } from '../base/problem.ts';
import { defineProblems } from '../base/problem.ts';
import type { Static, TSchema } from '../base/schema.ts';
import type { Text } from '../base/text.ts';

export type ComponentKind = 'policy' | 'auth' | 'connector' | 'discovery';

/** A configuration as people write it, shown in docs and tried by the kind's suite. */
export interface Example {
  readonly title: Text;
  readonly config: Readonly<Record<string, unknown>>;
}

/** The part of a component that documents and validates it. */
export interface ComponentSpec<C extends TSchema, P extends ProblemSpecs> {
  /** Kebab-case, equal to the file's (or folder's) name; never changes. */
  readonly id: string;
  readonly title: Text;
  readonly summary: Text;
  /** The release it first came in, for example `0.1`. */
  readonly since: string;
  readonly status: 'experimental' | 'beta' | 'stable';
  /** Version of the configuration's shape; `upgrade` lifts older ones. */
  readonly version: number;
  readonly upgrade?: (old: Record<string, unknown>, from: number) => Record<string, unknown>;
  readonly config: C;
  readonly problems: P;
  /** At least one. */
  readonly examples: readonly Example[];
}

/** A component as the registry holds it. */
export interface Component<K extends ComponentKind = ComponentKind, C extends TSchema = TSchema, P extends ProblemSpecs = ProblemSpecs>
  extends ComponentSpec<C, P> {
  readonly kind: K;
  readonly catalogue: ProblemCatalogue<P>;
}

/** The configuration as code receives it: defaults filled in, durations in milliseconds, sizes in bytes. */
export type ConfigOf<C extends TSchema> = Readonly<Static<C>>;

/** Freezes a spec into a component of `kind`; used by the `define…` functions only. */
export function makeComponent<K extends ComponentKind, C extends TSchema, P extends ProblemSpecs, S extends ComponentSpec<C, P>>(
  kind: K,
  spec: S,
): S & Component<K, C, P> {
  return Object.freeze({ ...spec, kind, catalogue: defineProblems(`${kind}/${spec.id}`, spec.problems) }) as S & Component<K, C, P>;
}
