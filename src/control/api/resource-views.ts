/** How resources and changes to them look in answers, and how paths name them. */
import type { Problem } from '../../base/problem.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import { toldPointer } from '../../base/problem.ts';
import { nearest } from '../../base/suggest.ts';
import type { Language, Text } from '../../base/text.ts';
import type { DocumentResult, ResourceStatus, ResourceView } from '../resources/types.ts';
import { type Caller, hasAccess, type Permission } from './caller.ts';
import type { Parts } from './parts.ts';
import problems from './problems.ts';
import { entityTag, reply } from './reply.ts';
import { orNulls } from './shapes.ts';

/** The kind a path or option means: `DataApi`, `dataapi`, `data-apis` are one. Raises `not-found` with a suggestion. */
export function kindOf(parts: Pick<Parts, 'resources'>, written: string): string {
  const kinds = parts.resources.kinds();
  const plain = written.toLowerCase().replaceAll('-', '');
  const found = kinds.find((k) => [k.kind.toLowerCase(), `${k.kind.toLowerCase()}s`, k.plural.replaceAll('-', '')].includes(plain));
  if (found) return found.kind;
  throw problems.raise['no-such-kind']({
    values: {
      name: written,
      near: nearOrAll(
        written,
        kinds.map((k) => k.kind),
      ),
    },
  });
}

/** A problem inside a good answer, in both languages. */
export function problemView(problem: Problem): { code: string; title: { en: string; zh: string }; detail: { en: string; zh: string } } {
  const [en, zh] = [problem.toBody('en'), problem.toBody('zh')];
  return { code: problem.code, title: { en: en.title, zh: zh.title }, detail: { en: en.detail, zh: zh.detail } };
}

/** Asks whether the nearest of the known words was meant, or lists what there is. */
export function nearOrAll(word: string, known: readonly string[]): Text {
  const near = nearest(word, known);
  if (near) return { en: `did you mean "${near}"?`, zh: `是否指 "${near}"？` };
  const all = known.slice(0, 20).join(', ') || '-';
  return { en: `there are: ${all}`, zh: `现有：${all}` };
}

/** The key a path names. Raises `forbidden` for a kind that the caller may not read. */
export function keyOf(
  parts: Pick<Parts, 'resources'>,
  params: { project: string; kind: string; name: string },
  caller: Caller,
): ResourceKey {
  return { project: params.project, kind: readableKind(parts, params.kind, caller), name: params.name };
}

/** Like `kindOf`; raises `forbidden` for a kind that the caller may not read. */
export function readableKind(parts: Pick<Parts, 'resources'>, written: string, caller: Caller): string {
  const kind = kindOf(parts, written);
  const hidden = hiddenKinds(parts, caller).find((found) => found.kind === kind);
  if (hidden) throw problems.raise.forbidden({ values: { name: caller.name, permission: hidden.access, place: '' } });
  return kind;
}

/** Kinds that ask for more than `resources:read`, and this caller does not have it: their own list would refuse them too. */
export function hiddenKinds(parts: Pick<Parts, 'resources'>, caller: Caller): { readonly kind: string; readonly access: Permission }[] {
  return parts.resources
    .kinds()
    .flatMap(({ kind, readAccess: access }) =>
      access === undefined || hasAccess(caller, { access, filtered: false }, undefined) ? [] : [{ kind, access }],
    );
}

/** True when the caller may read resources of the kind: what else tells of one asks this. */
export function mayReadKind(parts: Pick<Parts, 'resources'>, caller: Caller, kind: string): boolean {
  return caller.permissions.has('resources:read') && !hiddenKinds(parts, caller).some((hidden) => hidden.kind === kind);
}

/** What a list of resources of many kinds must not show this caller. */
export function exceptHidden(parts: Pick<Parts, 'resources'>, caller: Caller): { exceptKinds?: readonly string[] } {
  const kinds = hiddenKinds(parts, caller).map(({ kind }) => kind);
  return kinds.length === 0 ? {} : { exceptKinds: kinds };
}

/** A resource as answers show it to a reader of `language`. */
export function view(found: ResourceView, language: Language, file?: string) {
  return {
    file: file ?? null,
    ...orNulls({ ...found, description: found.description }),
    labels: { ...found.labels },
    spec: { ...found.spec },
    status: statusView(found.status, language),
  };
}

/** Where a resource stands, as answers show it. */
export function statusView({ state, reason, serving, warnings, notes = [] }: ResourceStatus, language: Language) {
  const say = (text: Text) => text[language];
  return { state, reason: reason?.[language] ?? '', serving: serving ?? null, warnings: warnings.map(say), notes: notes.map(say) };
}

/** A change as answers show it. */
export function result(change: DocumentResult, language: Language) {
  const { outcome, file, line, key, version, release, diff } = change;
  return {
    ...orNulls({ outcome, file, line, version, release, diff }),
    key: key ? { ...key } : null,
    problems: change.problems.map((problem) => toldPointer(problem, language)),
  };
}

/** The answer to a change of one resource: 201 when it is new, with its ETag. */
export function changed(change: DocumentResult, language: Language) {
  return reply(result(change, language), {
    status: change.outcome === 'created' ? 201 : 200,
    headers: change.version === undefined ? {} : { etag: entityTag(change.version) },
  });
}
