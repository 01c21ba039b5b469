/**
 * Which of the wished changes may happen together. A refused document leaves its resource as it is, which
 * can take the ground from under another one: so refusals are sought until nothing changes any more.
 * Pure; in: checked documents and the catalog, out: a decision for each.
 */
import { mistake, type ProblemPointer } from '../../base/problem.ts';
import { didYouMean } from '../../base/suggest.ts';
import { type Text, tell, verbatim } from '../../base/text.ts';
import { findConflicts, routesOverlap } from '../../sdk/route-pattern.ts';
import type { Manager, ResourceKey } from '../../sdk/resource.ts';
import { locate } from '../documents/parse.ts';
import { type Catalog, type LiveResource, targetsOf } from './catalog.ts';
import type { CheckedDocument } from './check.ts';
import { type Matched, matchedBy, shapesOf } from './route-places.ts';
import { keyText, sealDocument, sealedValues, type SealedDocument, type SealParts } from './seal.ts';

/** A document that could be written, or says why not. */
export interface Wish {
  readonly document: CheckedDocument;
  readonly key: ResourceKey;
  readonly before: LiveResource | undefined;
  readonly sealed: SealedDocument;
  /** The actor may not make this change, whatever it says; it is one of the problems. */
  readonly denied?: boolean;
  readonly problems: ProblemPointer[];
}

/** A resource no document names any more. */
export interface Removal {
  readonly before: LiveResource;
  readonly problems: ProblemPointer[];
}

/** Sealed values a placeholder may stand for, besides those of the current version. */
export type EarlierValues = (key: ResourceKey) => ReadonlyMap<string, string>;

interface WishParts extends SealParts {
  readonly catalog: Catalog;
  readonly manager: Manager;
  readonly earlier: EarlierValues;
}

/** Turns a checked document into a wish: seals it, and checks that `manager` may change the resource. */
export async function wish(
  document: CheckedDocument,
  key: ResourceKey,
  { catalog, manager, earlier, ...sealing }: WishParts,
): Promise<Wish> {
  const before = catalog.get(key);
  const known = new Map([...earlier(key), ...sealedValues(before?.stored.spec)]);
  const sealed = await sealDocument(document, key, known, sealing);
  const problems = [...sealed.problems];
  const same = before && isSame(before, sealed);
  if (before && before.stored.manager !== manager && !(same && manager === 'api')) {
    problems.push(...locate(document.parsed, [{ pointer: '/metadata/name', detail: ownerMessage(before) }]));
  }
  return { document, key, before, sealed, problems };
}

/** True when writing the document would change nothing. */
export function isSame(before: LiveResource, sealed: SealedDocument): boolean {
  return before.stored.text === sealed.text;
}

function ownerMessage({ key, stored }: LiveResource): Text {
  return tell(stored.manager === 'folder' ? OF_FOLDER : OF_API, { key: keyText(key) });
}

const OF_FOLDER: Text = {
  en: '{key} comes from a file in the watched folder and is read-only here: change the file',
  zh: '{key} 来自监视文件夹中的文件，此处只读：请修改该文件',
};
const OF_API: Text = {
  en: '{key} was made by the API: delete it there first, or take it out of the folder',
  zh: '{key} 由 API 创建：请先在 API 中删除，或从文件夹中移除',
};

/**
 * Refuses, in place, every wish and removal that cannot happen together with the rest. `broken` are the key
 * texts of documents that were refused before, for better words; `reach` are the projects the credential is
 * limited to.
 */
export function settle(
  wishes: readonly Wish[],
  removals: readonly Removal[],
  catalog: Catalog,
  broken: ReadonlySet<string> = new Set(),
  reach?: readonly string[],
): void {
  const plan = {
    wishes: new Map(wishes.map((w) => [keyText(w.key), w])),
    removals: new Map(removals.map((r) => [keyText(r.before.key), r])),
    catalog,
    broken,
    reach,
  };
  const rounds = wishes.length + removals.length + 1;
  for (let round = 0; round < rounds; round++) {
    if (!refuseUsedRemovals(plan) && !refuseDangling(plan) && !refuseConflicts(plan) && !refuseCapture(plan)) return;
  }
}

interface Plan {
  readonly wishes: ReadonlyMap<string, Wish>;
  readonly removals: ReadonlyMap<string, Removal>;
  readonly catalog: Catalog;
  readonly broken: ReadonlySet<string>;
  /** Projects the credential reaches; undefined = all. */
  readonly reach: readonly string[] | undefined;
}

const open = (item: { readonly problems: readonly ProblemPointer[] } | undefined): boolean =>
  item !== undefined && item.problems.length === 0;

/** What the resource will name when the plan is carried out; undefined when it will not exist. */
function targetsAfter(plan: Plan, text: string): Set<string> | undefined {
  const wanted = plan.wishes.get(text);
  if (wanted && open(wanted)) return targetsOf({ key: wanted.key, references: wanted.document.references });
  if (open(plan.removals.get(text))) return undefined;
  const live = plan.catalog.byText(text);
  return live && targetsOf(live);
}

function refuseUsedRemovals(plan: Plan): boolean {
  let refused = false;
  const wishUsers = new Map<string, string[]>();
  for (const [text, wanted] of plan.wishes) {
    if (!open(wanted)) continue;
    for (const target of targetsOf({ key: wanted.key, references: wanted.document.references }))
      wishUsers.set(target, [...(wishUsers.get(target) ?? []), text]);
  }
  for (const [text, removal] of plan.removals) {
    if (!open(removal)) continue;
    const candidates = new Set([...plan.catalog.usersOf(text), ...(wishUsers.get(text) ?? [])]);
    const users = [...candidates].filter((user) => user !== text && targetsAfter(plan, user)?.has(text)).sort();
    if (users.length === 0) continue;
    removal.problems.push(
      mistake(
        '',
        { en: 'is used by {users}: change or delete those first', zh: '正被 {users} 使用：请先修改或删除它们' },
        { users: listed(users) },
      ),
    );
    refused = true;
  }
  return refused;
}

function refuseDangling(plan: Plan): boolean {
  let refused = false;
  for (const wanted of plan.wishes.values()) {
    if (!open(wanted)) continue;
    const missing = wanted.document.references.filter(
      ({ project = wanted.key.project, kind, name }) => targetsAfter(plan, keyText({ project, kind, name })) === undefined,
    );
    if (missing.length === 0) continue;
    const details = missing.map(({ project = wanted.key.project, kind, name, pointer }) => ({
      pointer,
      detail: missingMessage(plan, project, kind, name),
    }));
    wanted.problems.push(...locate(wanted.document.parsed, details));
    refused = true;
  }
  return refused;
}

function missingMessage(plan: Plan, project: string, kind: string, name: string): Text {
  const text = keyText({ project, kind, name });
  if (plan.wishes.has(text) || plan.broken.has(text)) return tell(NAMES_REFUSED, { kind, name });
  const prefix = `${project}/${kind}/`;
  const known = [...plan.catalog.all()].filter(({ key }) => key.project === project && key.kind === kind).map(({ key }) => key.name);
  known.push(...[...plan.wishes.keys()].filter((text) => text.startsWith(prefix)).map((text) => text.slice(prefix.length)));
  const none = { en: `project "${project}" has none`, zh: `项目“${project}”中没有此类资源` };
  const hint = known.length === 0 ? none : didYouMean(name, [...new Set(known)].sort());
  return tell(NAMES_MISSING, { kind, name, project, hint });
}

const NAMES_REFUSED: Text = {
  en: 'names the {kind} "{name}", whose own document is refused',
  zh: '引用了 {kind}“{name}”，但它自己的文档被拒绝',
};
const NAMES_MISSING: Text = {
  en: 'names the {kind} "{name}", which does not exist in project "{project}"; {hint}',
  zh: '引用了 {kind}“{name}”，但项目“{project}”中没有它；{hint}',
};

/** Routes and data APIs share one listener: two that take the same requests cannot both be. */
function refuseConflicts(plan: Plan): boolean {
  const changed = [...plan.wishes.values()].filter((w) => open(w) && matchedBy(w.key, w.document.enabled, w.document.spec) !== undefined);
  if (changed.length === 0) return false;
  const all: Matched[] = changed.map((w) => matchedBy(w.key, w.document.enabled, w.document.spec)!);
  const near = new Set(all.flatMap((matched) => shapesOf(matched)).flatMap((shape) => [...plan.catalog.takersOf(shape)]));
  for (const text of near) {
    if (open(plan.wishes.get(text)) || open(plan.removals.get(text))) continue;
    const live = plan.catalog.byText(text)!;
    if (live.problems.length === 0) all.push(matchedBy(live.key, live.stored.enabled, live.spec)!);
  }
  let refused = false;
  for (const conflict of findConflicts(all)) {
    // The later of two new ones gives way, and a new one gives way to one that stands.
    const loser = [conflict.second, conflict.first].map((id) => changed.find((w) => keyText(w.key) === id)).find(Boolean);
    if (!loser || !open(loser)) continue;
    const other = keyText(loser.key) === conflict.second ? conflict.first : conflict.second;
    const { host, path, method } = conflict;
    const detail = tell(SAME_REQUESTS, { other, host, path, method });
    loser.problems.push(...locate(loser.document.parsed, [{ pointer: loser.key.kind === 'Route' ? '/spec/match' : '/spec/path', detail }]));
    refused = true;
  }
  return refused;
}

/**
 * Routes of all projects share one listener, and the more specific one wins. A credential that is limited to
 * projects must not take requests, and the keys in them, away from a project that it does not reach.
 */
function refuseCapture(plan: Plan): boolean {
  const { reach } = plan;
  if (reach === undefined) return false;
  let refused = false;
  for (const wanted of plan.wishes.values()) {
    if (wanted.before && isSame(wanted.before, wanted.sealed)) continue;
    const matched = open(wanted) && matchedBy(wanted.key, wanted.document.enabled, wanted.document.spec);
    if (!matched) continue;
    for (const live of plan.catalog.all()) {
      const other = reach.includes(live.key.project) ? undefined : matchedBy(live.key, live.stored.enabled, live.spec);
      if (!other || !routesOverlap(matched, other)) continue;
      wanted.problems.push(
        ...locate(wanted.document.parsed, [{ pointer: wanted.key.kind === 'Route' ? '/spec/match' : '/spec/path', detail: CAPTURES }]),
      );
      refused = true;
      break;
    }
  }
  return refused;
}

const SAME_REQUESTS: Text = {
  en: 'takes the same requests as {other} (host {host}, path {path}, method {method}): change one of them',
  zh: '与 {other} 匹配相同的请求（主机 {host}，路径 {path}，方法 {method}）：请修改其中之一',
};
const CAPTURES: Text = {
  en: 'takes requests that belong to a project your credential does not reach: choose another host or path',
  zh: '会截走属于您的凭证无权访问的项目的请求：请换用其他主机或路径',
};

function listed(users: readonly string[]): Text {
  if (users.length <= 10) return verbatim(users.join(', '));
  const first = users.slice(0, 10).join(', ');
  return { en: `${first} and ${users.length - 10} more`, zh: `${first} 等 ${users.length} 个资源` };
}
