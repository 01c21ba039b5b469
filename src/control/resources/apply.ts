/**
 * Apply: documents ─▶ checked ─▶ wishes ─▶ settled ─▶ written ─▶ published. Used by the admin API, the CLI
 * through it, single changes of forms, and the watched folder: there is no other way in.
 */
import type { Clock } from '../../base/clock.ts';
import { mistake } from '../../base/problem.ts';
import { type Text, tell } from '../../base/text.ts';
import type { NewId } from '../../base/id.ts';
import type { DataApiCompiler } from '../../sdk/dataapi.ts';
import type { ConnectorRole } from '../../sdk/connector.ts';
import type { Dialect } from '../../sdk/query.ts';
import type { Store } from '../../store/types.ts';
import { mapSliced } from '../../base/slices.ts';
import { locate } from '../documents/parse.ts';
import type { DocumentReading } from '../documents/reading.ts';
import { unifiedDiff } from '../documents/text-diff.ts';
import type { Catalog, LiveResource } from './catalog.ts';
import { checkDocument, type CheckedDocument, type CheckEnvironment, checkKind } from './check.ts';
import type { CheckTools } from './define.ts';
import { isSame, type Removal, settle, type Wish, wish } from './plan.ts';
import problems from './problems.ts';
import { blindBox, keyText, sealedValues, type SecretBox } from './seal.ts';
import type { ApplyOptions, ApplyResult, DocumentResult, SourceText } from './types.ts';
import type { Writer, Written } from './write.ts';

export interface ApplyParts extends CheckEnvironment {
  /** Judges what expires; left out, nothing is said of that. */
  readonly clock?: Pick<Clock, 'now'>;
  readonly reading: DocumentReading;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly writer: Writer;
  readonly box: SecretBox;
  readonly dataApis: DataApiCompiler;
  readonly newId: NewId;
  dialect(connector: string): Dialect | undefined;
  roles(connector: string): readonly ConnectorRole[] | undefined;
  /** Reads the catalog from the store again. */
  reload(): Promise<void>;
  /** Called after each commit, in order; begins publishing. */
  changed(written: Written): void;
}

const DOCUMENTS_MAX = 20_000;

/** Reads and checks documents by themselves. Raises too-large. */
export async function checkSources(
  sources: readonly SourceText[],
  parts: CheckEnvironment & { readonly reading: DocumentReading },
): Promise<CheckedDocument[]> {
  const documents = await parts.reading.parse(sources);
  if (documents.length > DOCUMENTS_MAX)
    throw problems.raise['too-large']({
      values: { what: { en: `${documents.length} documents`, zh: `${documents.length} 个文档` }, limit: DOCUMENTS_MAX },
    });
  return mapSliced(documents, parts.reading.slices(), (parsed) => checkDocument(parsed, parts));
}

/** Adds the kinds' own checks; a connection's type is looked up among the documents, then in the catalog. */
export async function checkKinds(
  documents: readonly CheckedDocument[],
  catalog: Catalog | undefined,
  parts: Pick<ApplyParts, 'dataApis' | 'dialect' | 'roles' | 'clock' | 'reading'>,
): Promise<CheckedDocument[]> {
  const byKey = new Map(documents.flatMap((d) => (d.key ? [[keyText(d.key), d] as const] : [])));
  return mapSliced(documents, parts.reading.slices(), (document) => {
    if (!document.key) return document;
    const { project } = document.key;
    const tools: CheckTools = {
      dataApis: parts.dataApis,
      now: parts.clock?.now(),
      dialect: parts.dialect,
      roles: parts.roles,
      connectorOf(name) {
        const text = keyText({ project, kind: 'Connection', name });
        const type = (byKey.get(text) ?? catalog?.byText(text))?.written['type'];
        return typeof type === 'string' ? type : undefined;
      },
    };
    return checkKind(document, tools);
  });
}

/** Applies documents; must run in turn (see queue.ts). */
export async function applyDocuments(
  parts: ApplyParts,
  checked: readonly CheckedDocument[],
  options: ApplyOptions,
  retried = false,
): Promise<ApplyResult> {
  const documents = refuseRepeated(await checkKinds(checked, parts.catalog, parts));
  const earlier = await earlierValues(parts, documents);
  const sealing = options.blind ? { ...parts, box: blindBox(parts.box, parts.newId()) } : parts;
  const slices = parts.reading.slices();
  const wishes = await mapSliced(documents, slices, (document) => makeWish(sealing, document, options, earlier));
  const removals = options.prune ? findRemovals(parts.catalog, documents, options) : [];
  const broken = new Set(documents.flatMap(({ key, problems: found }) => (key && found.length > 0 ? [keyText(key)] : [])));
  const open = wishes.filter((w) => w !== undefined);
  settle(open, removals, parts.catalog, broken, options.projects);
  const good = wishes.filter((w): w is Wish => w !== undefined && w.problems.length === 0 && !(w.before && isSame(w.before, w.sealed)));
  const gone = removals.filter((removal) => removal.problems.length === 0);
  let written: Written | undefined = { put: [], removed: [] };
  if (!options.dryRun && good.length + gone.length > 0) {
    written = await parts.writer.write(good, gone, options);
    if (!written) {
      if (retried) throw problems.raise.contended();
      await parts.reload();
      return applyDocuments(parts, checked, options, true);
    }
    parts.changed(written);
  }
  const after = new Map(written.put.map((live) => [keyText(live.key), live]));
  const results = [
    ...(await mapSliced(documents, slices, (document, index) => resultOf(document, wishes[index], after))),
    ...removals.map(removalResult),
  ];
  return { results, refused: results.some((result) => result.outcome === 'refused') };
}

/** The second document of one resource is refused: which one is meant cannot be known. */
function refuseRepeated(documents: readonly CheckedDocument[]): CheckedDocument[] {
  const first = new Map<string, CheckedDocument>();
  return documents.map((document) => {
    if (!document.key) return document;
    const text = keyText(document.key);
    const other = first.get(text);
    if (!other) first.set(text, document);
    if (!other) return document;
    const place = placeOf(other.parsed);
    return {
      ...document,
      problems: [...document.problems, ...locate(document.parsed, [mistake('/metadata/name', STANDS_TWICE, { key: text, place })])],
    };
  });
}

async function makeWish(
  parts: ApplyParts,
  document: CheckedDocument,
  options: ApplyOptions,
  earlier: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Promise<Wish | undefined> {
  const { key } = document;
  if (!key || document.problems.length > 0) return undefined;
  const known = () => earlier.get(keyText(key)) ?? new Map();
  const made = await wish(document, key, { ...parts, manager: options.manager, earlier: known });
  const forbidden =
    options.projects && !options.projects.includes(key.project) ? tell(NOT_YOURS, { project: key.project }) : options.forbid?.(key);
  if (forbidden === undefined) return made;
  // Nothing else is said: the other problems, as the version, would tell what is stored.
  return { ...made, denied: true, problems: locate(document.parsed, [{ pointer: '/metadata', detail: forbidden }]) };
}

/** Secret values of older versions, for documents with placeholders the current version does not have. */
async function earlierValues(parts: ApplyParts, documents: readonly CheckedDocument[]): Promise<Map<string, Map<string, string>>> {
  const found = new Map<string, Map<string, string>>();
  for (const { key, secrets } of documents) {
    if (!key || !secrets.some(({ kept }) => kept !== undefined)) continue;
    const known = sealedValues(parts.catalog.get(key)?.stored.spec);
    if (secrets.every(({ kept }) => kept === undefined || known.has(kept))) continue;
    const history = await parts.store.resources.history(key, 200);
    found.set(keyText(key), new Map(history.flatMap((entry) => [...sealedValues(entry.spec)])));
  }
  return found;
}

function findRemovals(catalog: Catalog, documents: readonly CheckedDocument[], options: ApplyOptions): Removal[] {
  const named = new Set(documents.flatMap(({ key }) => (key ? [keyText(key)] : [])));
  const may = (project: string) => options.projects?.includes(project) ?? true;
  const projects = new Set(documents.flatMap(({ key }) => (key && may(key.project) ? [key.project] : [])));
  const unclear = documents.find(({ key }) => key === undefined);
  // Documents that tell of no user at all are not a list of users: nobody loses their account by them.
  const tellsOf = (kind: string) => kind !== 'User' || documents.some(({ key }) => key?.kind === kind);
  return [...catalog.all()]
    .filter(
      ({ key, stored }) =>
        stored.manager === options.manager &&
        !options.unseen?.includes(key.kind) &&
        (options.manager === 'folder' || (projects.has(key.project) && tellsOf(key.kind))) &&
        !named.has(keyText(key)),
    )
    .map((before) => {
      const reason = unclear ? tell(KEPT, { place: placeOf(unclear.parsed) }) : options.forbid?.(before.key);
      return { before, problems: reason === undefined ? [] : [{ pointer: '', detail: reason }] };
    });
}

function placeOf({ file, line }: { readonly file: string | undefined; readonly line: number }): Text {
  return file === undefined ? { en: `line ${line}`, zh: `第 ${line} 行` } : { en: `${file}, line ${line}`, zh: `${file} 第 ${line} 行` };
}

const STANDS_TWICE: Text = { en: '{key} stands twice: also at {place}', zh: '{key} 出现了两次：另一处在{place}' };
const NOT_YOURS: Text = { en: 'you may not change project "{project}"', zh: '您无权修改项目“{project}”' };
const KEPT: Text = {
  en: 'is kept: the document at {place} does not say which resource it is',
  zh: '被保留：{place}的文档没有说明它是哪个资源',
};

function resultOf(document: CheckedDocument, made: Wish | undefined, after: ReadonlyMap<string, LiveResource>): DocumentResult {
  const { key, parsed } = document;
  const base = { file: parsed.file, line: parsed.line, key };
  const found = made?.problems ?? document.problems;
  if (!made || found.length > 0)
    return {
      ...base,
      outcome: 'refused',
      version: made?.denied ? undefined : made?.before?.stored.version,
      release: made?.denied ? undefined : made?.before?.stored.release,
      problems: found,
      ...(made?.denied ? { denied: true } : {}),
      diff: '',
    };
  const before = made.before?.stored;
  if (before && made.before && isSame(made.before, made.sealed))
    return { ...base, outcome: 'unchanged', version: before.version, release: before.release, problems: [], diff: '' };
  const stored = after.get(keyText(made.key))?.stored;
  return {
    ...base,
    outcome: before ? 'updated' : 'created',
    version: stored?.version ?? (before?.version ?? 0) + 1,
    release: made.sealed.release,
    problems: [],
    diff: unifiedDiff(
      before?.text ?? '',
      made.sealed.text,
      before ? `${keyText(made.key)} version ${before.version}` : '/dev/null',
      `${keyText(made.key)} new`,
    ),
  };
}

function removalResult({ before, problems: found }: Removal): DocumentResult {
  const { version, release, text } = before.stored;
  const base = { file: undefined, line: undefined, key: before.key, version, release, problems: found };
  return found.length > 0
    ? { ...base, outcome: 'refused', diff: '' }
    : { ...base, outcome: 'deleted', diff: unifiedDiff(text, '', `${keyText(before.key)} version ${version}`, '/dev/null') };
}
