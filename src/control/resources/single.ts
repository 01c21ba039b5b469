/** Changes of one resource by API or form: put, delete, switch, roll back. Raises a problem instead of a refusal. */
import { mistake } from '../../base/problem.ts';
import type { Text } from '../../base/text.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import { writeDocument, writeEnabled } from '../documents/edit.ts';
import { parseDocuments } from '../documents/parse.ts';
import { applyDocuments, type ApplyParts, checkSources } from './apply.ts';
import type { LiveResource } from './catalog.ts';
import { readBefore, readVersion } from './history.ts';
import type { Removal } from './plan.ts';
import problems from './problems.ts';
import type { TurnQueue } from './queue.ts';
import { keyText } from './seal.ts';
import type { Condition, DocumentResult, PutOptions, Resources } from './types.ts';
import { unifiedDiff } from '../documents/text-diff.ts';
import { API_VERSION } from '../../sdk/resource.ts';

interface SingleParts {
  readonly apply: ApplyParts;
  readonly turns: TurnQueue;
  /** Raises not-found. */
  find(key: ResourceKey): LiveResource;
}

/** Makes the single changes. */
export function createSingleChanges(parts: SingleParts): Pick<Resources, 'put' | 'delete' | 'setEnabled' | 'rollback'> {
  const { catalog, store } = parts.apply;
  return {
    put: (key, document, options) => parts.turns.run(() => putText(parts, key, textOf(document, key, catalog.get(key)), options)),
    delete: (key, options) => parts.turns.run(() => deleteOne(parts, key, options)),
    setEnabled: (key, enabled, options) =>
      parts.turns.run(() => {
        const { stored } = parts.find(key);
        const [parsed] = parseDocuments(stored.text);
        return putText(parts, key, stored.enabled === enabled ? stored.text : writeEnabled(stored.text, parsed!.places, enabled), options);
      }),
    rollback: (key, version, options) =>
      parts.turns.run(async () => {
        const { text } = version === undefined ? await readBefore(store, key) : await readVersion(store, key, version);
        return putText(parts, key, text, options, true);
      }),
  };
}

/** The document's text: of an object, merged into the stored text so that its comments stay. */
function textOf(document: string | Readonly<Record<string, unknown>>, key: ResourceKey, before: LiveResource | undefined): string {
  if (typeof document === 'string') return document;
  const { apiVersion = API_VERSION, kind = key.kind, metadata, ...rest } = document;
  const named = { name: key.name, ...(key.project === 'default' ? {} : { project: key.project }), ...(metadata as object | undefined) };
  return writeDocument({ apiVersion, kind, metadata: named, ...rest }, before?.stored.text);
}

async function putText(parts: SingleParts, key: ResourceKey, text: string, options: PutOptions, rollback = false): Promise<DocumentResult> {
  const before = parts.apply.catalog.get(key);
  checkCondition(key, before, options);
  if (before?.stored.manager === 'folder') throw problems.raise['folder-owned']({ values: { ...key } });
  const checked = await checkSources([{ text }], parts.apply);
  const [document] = checked;
  if (checked.length !== 1)
    throw invalid([
      mistake('', { en: 'must be one document; found {count}', zh: '必须是一个文档；找到 {count} 个' }, { count: checked.length }),
    ]);
  const other = document!.key && keyText(document!.key) !== keyText(key) ? keyText(document!.key) : undefined;
  if (other) throw invalid([mistake('/metadata', OTHER_RESOURCE, { other, key: keyText(key) })]);
  const { results } = await applyDocuments(parts.apply, checked, { ...options, manager: 'api', rollback });
  if (results[0]!.denied) throw problems.raise.refused({ values: { reason: results[0]!.problems.at(-1)!.detail } });
  if (results[0]!.outcome === 'refused') throw invalid(results[0]!.problems);
  return results[0]!;
}

const OTHER_RESOURCE: Text = {
  en: 'is of {other}, but the change is for {key}: a resource cannot be renamed',
  zh: '属于 {other}，但要修改的是 {key}：资源不能改名',
};

async function deleteOne(parts: SingleParts, key: ResourceKey, options: PutOptions): Promise<DocumentResult> {
  const before = parts.find(key);
  checkCondition(key, before, options);
  if (before.stored.manager === 'folder') throw problems.raise['folder-owned']({ values: { ...key } });
  const forbidden = options.forbid?.(key);
  if (forbidden !== undefined) throw problems.raise.refused({ values: { reason: forbidden } });
  const users = [...parts.apply.catalog.usersOf(keyText(key))].filter((user) => user !== keyText(key)).sort();
  if (users.length > 0)
    throw problems.raise['in-use']({
      values: { ...key, users: users.slice(0, 10).join(', ') },
      extensions: { usedBy: users.slice(0, 100) },
    });
  const removal: Removal = { before, problems: [] };
  if (!options.dryRun) {
    const written = await parts.apply.writer.write([], [removal], { actor: options.actor, manager: 'api' });
    if (!written) {
      await parts.apply.reload();
      throw problems.raise.contended();
    }
    await parts.apply.changed(written);
  }
  const { version, release, text } = before.stored;
  return {
    outcome: 'deleted',
    file: undefined,
    line: undefined,
    key,
    version,
    release,
    problems: [],
    diff: unifiedDiff(text, '', `${keyText(key)} version ${version}`, '/dev/null'),
  };
}

function checkCondition(key: ResourceKey, before: LiveResource | undefined, { ifMatch, mustNotExist }: Condition): void {
  if (mustNotExist && before) throw problems.raise.exists({ values: { ...key } });
  const actual = before?.stored.version;
  if (ifMatch !== undefined && ifMatch !== actual)
    throw problems.raise['changed-since']({
      values: { ...key, expected: ifMatch, actual: actual ?? { en: 'none (it does not exist)', zh: '无（不存在）' } },
    });
}

function invalid(errors: DocumentResult['problems']): Error {
  return problems.raise.invalid({ values: { count: errors.length }, errors });
}
