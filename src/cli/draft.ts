/** One document of a kind that a verb tries before it is saved: from a file, or as it is saved now. */
import type { Client } from '../../generated/client.ts';
import { readDocuments } from './files.ts';
import problems from './problems.ts';
import type { Given } from './verb.ts';

export interface Draft {
  readonly project: string;
  readonly name: string;
  readonly spec: Record<string, unknown>;
}

/** The document of `-f`, or the resource named. Raises `nothing-named`, `not-a-draft`. */
export async function draftOf(given: Given, client: Client, kind: string): Promise<Draft> {
  const file = given.options['file'] as string | undefined;
  const [name] = given.args;
  if (name !== undefined && file === undefined) {
    const { data } = await client.getResource({ params: { project: given.project, kind, name } });
    return { project: given.project, name, spec: data.spec };
  }
  if (file === undefined) throw problems.raise['nothing-named']();
  const texts = await readDocuments(given.io, [file]);
  const { data } = await client.editDocument({ body: { text: texts[0]!.text } });
  const value = data.value as { kind?: unknown; metadata?: { name?: unknown; project?: unknown }; spec?: unknown } | null;
  const { metadata, spec } = value ?? {};
  if (texts.length !== 1 || value?.kind !== kind || typeof spec !== 'object' || spec === null)
    throw problems.raise['not-a-draft']({ values: { file, kind } });
  const text = (word: unknown) => (typeof word === 'string' ? word : undefined);
  return {
    project: text(metadata?.project) ?? given.project,
    name: text(metadata?.name) ?? 'draft',
    spec: spec as Record<string, unknown>,
  };
}
