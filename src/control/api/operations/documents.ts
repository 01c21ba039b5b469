/** Many documents at once: apply, compare, check, dump. */
import { mistake, toldPointer } from '../../../base/problem.ts';
import { help, strictObject, T } from '../../../base/schema.ts';
import { type Language, type Text, tell, verbatim } from '../../../base/text.ts';
import type { TextChange } from '../../documents/change.ts';
import { linesOf } from '../../documents/parse.ts';
import type { ApplyResult, SourceText } from '../../resources/types.ts';
import { changeOf, projectsOf } from '../caller.ts';
import type { Call } from '../operation.ts';
import { defineOperation } from '../operation.ts';
import type { Parts } from '../parts.ts';
import problems from '../problems.ts';
import { reply } from '../reply.ts';
import { exceptHidden, hiddenKinds, readableKind, result } from '../resource-views.ts';
import { documentResult, kindName, named, orNull, pointer, projectName, resourceKey } from '../shapes.ts';

const area = 'documents';

const sources = named(
  'Documents',
  strictObject({
    sources: T.Array(
      strictObject({
        file: T.Optional(T.String({ maxLength: 1000, ...help('Name that stands in messages.', '在消息中显示的文件名。') })),
        text: T.String({ ...help('One or more YAML or JSON documents.', '一个或多个 YAML 或 JSON 文档。') }),
      }),
      { minItems: 1, maxItems: 10_000, ...help('Files, or texts without a name.', '文件，或无名文本。') },
    ),
  }),
);
const fromYaml = (text: string) => ({ sources: [{ text }] });

const applied = named(
  'ApplyResult',
  strictObject({
    results: T.Array(documentResult),
    refused: T.Boolean(help('True when at least one document was refused.', '至少一个文档被拒绝时为 true。')),
  }),
);

const prune = T.Boolean({
  default: false,
  ...help(
    'Deletes resources owned by the API in the documents’ projects that no document names.',
    '删除文档所属项目中由 API 管理、但未出现在文档中的资源。',
  ),
});

const apply = defineOperation({
  id: 'applyDocuments',
  area,
  method: 'POST',
  path: '/apply',
  filtered: true,
  summary: {
    en: 'Creates and changes all resources of the documents; a bad one never takes a good one down.',
    zh: '按文档新建和修改资源；有错的文档不影响其他文档。',
  },
  access: 'resources:write',
  query: strictObject({
    dryRun: T.Boolean({ default: false, ...help('Says what would happen and changes nothing.', '只说明将发生什么，不做更改。') }),
    prune,
  }),
  body: sources,
  fromYaml,
  response: applied,
  timeoutMs: 120_000,
  async handler(call, parts) {
    return applyResult(
      await parts.resources.apply(call.body.sources as SourceText[], {
        ...optionsOf(call, parts),
        dryRun: call.query.dryRun,
        prune: call.query.prune,
      }),
      call.language,
    );
  },
});

const diff = defineOperation({
  id: 'diffDocuments',
  area,
  method: 'POST',
  path: '/diff',
  filtered: true,
  summary: { en: 'Says what applying the documents would change.', zh: '说明应用这些文档会带来的更改。' },
  access: 'resources:read',
  query: strictObject({ prune }),
  body: sources,
  fromYaml,
  response: applied,
  timeoutMs: 120_000,
  async handler(call, parts) {
    return applyResult(
      await parts.resources.diff(call.body.sources as SourceText[], {
        ...optionsOf(call, parts),
        prune: call.query.prune,
        blind: !call.caller.permissions.has('resources:write'),
      }),
      call.language,
    );
  },
});

const validate = defineOperation({
  id: 'validateDocuments',
  area,
  method: 'POST',
  path: '/validate',
  filtered: true,
  summary: { en: 'Checks documents without touching the store.', zh: '检查文档，不访问存储。' },
  access: 'resources:read',
  query: strictObject({
    complete: T.Boolean({ default: false, ...help('References must resolve among the documents.', '引用必须能在这些文档中解析。') }),
  }),
  body: sources,
  fromYaml,
  response: named(
    'DocumentChecks',
    strictObject({
      items: T.Array(
        named(
          'DocumentCheck',
          strictObject({ file: orNull(T.String()), line: orNull(T.Integer()), key: orNull(resourceKey), problems: T.Array(pointer) }),
        ),
      ),
    }),
  ),
  async handler({ body, query, language }, parts) {
    const checks = await parts.resources.validate(body.sources as SourceText[], query);
    return {
      items: checks.map((check) => ({
        file: check.file ?? null,
        line: check.line ?? null,
        key: check.key ? { ...check.key } : null,
        problems: check.problems.map((problem) => toldPointer(problem, language)),
      })),
    };
  },
});

const edit = defineOperation({
  id: 'editDocument',
  area,
  method: 'POST',
  path: '/documents/edit',
  filtered: true,
  summary: {
    en: 'Changes the text of one document at pointers, comments and order kept; says its value, lines and problems. Stores nothing.',
    zh: '按指针修改一个文档的文本并保留注释和顺序；返回其值、行号和问题。不做存储。',
  },
  access: 'resources:read',
  body: strictObject({
    text: T.String({ maxLength: 400_000, ...help('The document, as written so far.', '当前的文档文本。') }),
    changes: T.Array(
      strictObject({
        pointer: T.String({
          maxLength: 2000,
          examples: ['/spec/limits/rows'],
          ...help('JSON pointer; `-` at its end appends to a list.', 'JSON 指针；末尾 `-` 表示追加到列表。'),
        }),
        value: T.Optional(T.Unknown(help('The new value.', '新值。'))),
        remove: T.Optional(T.Literal(true, help('Removes what is there, instead.', '改为删除该处内容。'))),
      }),
      { default: [], maxItems: 500, ...help('Made in order; none only reads the text.', '按顺序执行；为空时仅读取文本。') },
    ),
  }),
  response: named(
    'EditedDocument',
    strictObject({
      text: T.String(),
      value: T.Unknown(help('The document’s value; null when it cannot be read.', '文档的值；无法读取时为 null。')),
      lines: T.Record(T.String(), T.Integer(), help('Line of each pointer, from 1.', '各指针所在行，从 1 开始。')),
      problems: T.Array(pointer),
    }),
  ),
  async handler({ body, language }, parts) {
    const changed = await parts.resources.change(body.text, body.changes.map(textChange));
    if (!changed.ok)
      throw problems.raise['invalid-request']({ errors: changed.errors.map((e) => ({ ...e, pointer: `/body${e.pointer}` })) });
    const { text, document } = changed;
    const checks = await parts.resources.validate([{ text }]);
    const found = checks.flatMap((check) => check.problems.map((problem) => toldPointer(problem, language)));
    return { text, value: document?.value ?? null, lines: document ? linesOf(document) : {}, problems: found };
  },
});

function textChange({ pointer: at, value, remove }: { pointer: string; value?: unknown; remove?: true }, index: number): TextChange {
  if ((value === undefined) !== (remove === true))
    throw problems.raise['invalid-request']({
      errors: [mistake(`/body/changes/${index}`, { en: 'needs either `value` or `remove`', zh: '需要 `value` 或 `remove` 之一' })],
    });
  return remove ? { pointer: at, remove } : { pointer: at, value };
}

const dump = defineOperation({
  id: 'dumpDocuments',
  area,
  method: 'GET',
  path: '/dump',
  filtered: true,
  summary: {
    en: 'All matching documents the caller may read as one YAML stream; applying it changes nothing. A comment at its top names kinds left out.',
    zh: '将调用者可读取的匹配文档输出为一个 YAML 流；再次应用不产生更改。开头的注释列出未包含的类型。',
  },
  access: 'resources:read',
  answers: ['application/yaml'],
  query: strictObject({
    project: T.Optional(projectName()),
    kind: T.Optional(kindName()),
    name: T.Optional(T.String({ maxLength: 63, ...help('Part of the name.', '名称的一部分。') })),
  }),
  response: T.String(),
  async handler({ query, caller, language }, parts) {
    const projects = projectsOf(caller, query.project);
    const hidden = query.kind ? [] : hiddenKinds(parts, caller);
    const text = await parts.resources.dump({
      ...(projects ? { projects } : {}),
      ...(query.kind ? { kind: readableKind(parts, query.kind, caller) } : { exceptKinds: hidden.map(({ kind }) => kind) }),
      ...(query.name ? { name: query.name } : {}),
    });
    return reply(`${leftOut(hidden)[language]}${text}`, { contentType: 'application/yaml' });
  },
});

/** A document of comments alone: applying the dump passes it over, and it joins no other document's text. */
function leftOut(hidden: ReturnType<typeof hiddenKinds>): Text {
  if (hidden.length === 0) return verbatim('');
  const kinds = hidden.map(({ kind, access }) => `${kind} (${access})`).join(', ');
  return tell(LEFT_OUT, { kinds });
}

const LEFT_OUT: Text = {
  en: '# Left out, for want of the permission: {kinds}\n---\n',
  zh: '# 因缺少权限而未包含：{kinds}\n---\n',
};

function optionsOf(call: Pick<Call, 'caller' | 'address'>, parts: Pick<Parts, 'resources'>) {
  const projects = projectsOf(call.caller);
  const { exceptKinds: unseen = [] } = exceptHidden(parts, call.caller);
  return { ...changeOf(call), manager: 'api' as const, unseen, ...(projects ? { projects } : {}) };
}

function applyResult({ results, refused }: ApplyResult, language: Language) {
  return { results: results.map((one) => result(one, language)), refused };
}

export default [apply, diff, validate, edit, dump];
