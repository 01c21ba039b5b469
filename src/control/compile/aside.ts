/**
 * A document that is not saved, checked and compiled as if it were: so that people can try it first. In: kind,
 * name and spec as a form holds them, secrets as values, variables or placeholders of the stored version.
 * Out: its entries, secrets resolved. Nothing is stored and nothing is served.
 */
import { type ProblemPointer } from '../../base/problem.ts';
import type { AnyEntry } from '../../sdk/revision.ts';
import { API_VERSION, type ResourceKey, type StoredResource } from '../../sdk/resource.ts';
import { writeDocument } from '../documents/edit.ts';
import type { DocumentReading } from '../documents/reading.ts';
import { checkKinds, checkSources } from '../resources/apply.ts';
import { readLive } from '../resources/catalog.ts';
import type { CheckEnvironment } from '../resources/check.ts';
import type { CheckTools } from '../resources/define.ts';
import { settle, type Wish, wish } from '../resources/plan.ts';
import problems from '../resources/problems.ts';
import { type CompilerParts, createCompiler } from './compile.ts';

/** Compiles a draft. Raises `invalid` with every mistake, pointers as in the document, also when a secret cannot be had. */
export type CompileDraft = (key: ResourceKey, spec: Readonly<Record<string, unknown>>) => Promise<readonly AnyEntry[]>;

/** Makes the compiler of drafts. */
export function createDraftCompiler(
  parts: CompilerParts & CheckEnvironment & Pick<CheckTools, 'roles'> & { readonly reading: DocumentReading },
): CompileDraft {
  const compiler = createCompiler(parts);
  return async (key, spec) => {
    const { project, kind, name } = key;
    const text = writeDocument({ apiVersion: API_VERSION, kind, metadata: { name, project }, spec });
    const [document] = await checkKinds(await checkSources([{ text }], parts), parts.catalog, parts);
    if (!document?.key || document.problems.length > 0) throw invalid(document?.problems ?? []);
    const manager = parts.catalog.get(key)?.stored.manager ?? 'api';
    const wanted = await wish(document, key, { ...parts, manager, earlier: () => new Map() });
    settle([wanted], [], parts.catalog);
    if (wanted.problems.length > 0) throw invalid(wanted.problems);
    const { entries, failure } = compiler.compileAside(readLive(storedForm(wanted, manager), parts));
    if (entries.length === 0) throw invalid([{ pointer: '/spec', detail: failure ?? NOTHING_MADE }]);
    return entries;
  };
}

function storedForm({ key, document, sealed }: Wish, manager: StoredResource['manager']): StoredResource {
  return {
    ...key,
    manager,
    text: sealed.text,
    spec: sealed.spec,
    labels: document.labels,
    description: document.description,
    enabled: true,
    version: 0,
    release: sealed.release,
    createdAt: 0,
    updatedAt: 0,
    updatedBy: '',
  };
}

const NOTHING_MADE = { en: 'is disabled: nothing is made of it', zh: '已停用：不会由它产生任何内容' };

/** The pointers without lines: the lines are of a text nobody wrote. */
function invalid(errors: readonly ProblemPointer[]): Error {
  return problems.raise.invalid({
    values: { count: errors.length },
    errors: errors.map(({ pointer, detail }) => ({ pointer, detail })),
  });
}
