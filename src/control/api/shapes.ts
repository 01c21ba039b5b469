/**
 * Shapes that several operations share. A shape with an `x-name` becomes a named type of the OpenAPI
 * document and the client. Times are milliseconds since 1970 (UTC).
 */
import { type CsvHint, notInCsv } from './csv.ts';
import { type TSchema, help, NAME_PATTERN, strictObject, T } from '../../base/schema.ts';

/** Gives a shape its name in OpenAPI and client. */
export function named<S extends TSchema>(name: string, schema: S): S {
  return Object.assign(schema, { 'x-name': name });
}

/** A choice among texts. */
export function oneOf<const V extends string>(values: readonly V[], options: Record<string, unknown> = {}) {
  return T.Unsafe<V>({ type: 'string', enum: [...values], ...options });
}

/** A text or null. */
export const orNull = <S extends TSchema>(schema: S) => T.Union([schema, T.Null()]);

export const time = () =>
  T.Number({ 'x-csv': 'time' satisfies CsvHint, ...help('Milliseconds since 1970, UTC.', '自 1970 年（UTC）起的毫秒数。') });

export const projectName = () => T.String({ pattern: NAME_PATTERN, ...help('Name of the project.', '项目名称。') });
export const resourceName = () => T.String({ pattern: NAME_PATTERN, ...help('Name of the resource.', '资源名称。') });
export const kindName = () =>
  T.String({
    pattern: '^[A-Za-z][A-Za-z-]{0,40}$',
    ...help(
      'Kind, as in documents (`DataApi`), or as in paths (`data-apis`).',
      '资源类型：文档中的写法（`DataApi`）或路径写法（`data-apis`）。',
    ),
  });
export const id = () => T.String({ minLength: 1, maxLength: 64, ...help('Id.', '标识。') });

/** Path parameters of one project. */
export const projectParams = strictObject({ project: projectName() });
/** Path parameters of one resource. */
export const resourceParams = strictObject({ project: projectName(), kind: kindName(), name: resourceName() });

/** A page of items; `next` is null on the last. */
export function page<S extends TSchema>(name: string, item: S) {
  return named(name, strictObject({ items: T.Array(item), next: orNull(T.String()) }));
}

export const text = named('LocalText', strictObject({ en: T.String(), zh: T.String() }));

export const resourceKey = named('ResourceKey', strictObject({ project: T.String(), kind: T.String(), name: T.String() }));

export const pointer = named(
  'ProblemPointer',
  strictObject({ pointer: T.String(), detail: T.String(), file: T.Optional(T.String()), line: T.Optional(T.Integer()) }),
);

export const problemNote = named('ProblemNote', strictObject({ code: T.String(), detail: T.String() }));

/** A problem inside a good answer, in both languages. */
export const problemText = named('ProblemText', strictObject({ code: T.String(), title: text, detail: text }));

export const resourceStatus = named(
  'ResourceStatus',
  strictObject({
    state: oneOf(
      ['ready', 'pending', 'failed', 'disabled'],
      help(
        '`ready`: every gateway thread and worker that needs it has it, so a call meets it; `pending`: on its way, or being checked; `failed`: see `reason`, an older release may serve.',
        '`ready`：所有需要它的网关线程和工作进程都已取得，调用即生效；`pending`：正在下发或检查；`failed`：见 `reason`，可能仍由旧版本提供服务。',
      ),
    ),
    reason: T.String(),
    serving: orNull(T.String()),
    warnings: T.Array(T.String()),
    notes: T.Array(T.String(), help('What is worth knowing of it now.', '当前值得了解的情况。')),
  }),
);

export const resource = named(
  'Resource',
  strictObject({
    project: T.String(),
    kind: T.String(),
    name: T.String(),
    manager: oneOf(['folder', 'api']),
    file: orNull(T.String(help('File of the watched folder it comes from, where known.', '其来源的监视文件夹中的文件（已知时）。'))),
    labels: T.Record(T.String(), T.String()),
    description: orNull(T.String()),
    enabled: T.Boolean(),
    spec: notInCsv(T.Record(T.String(), T.Unknown())),
    text: T.String(help('The document as written; secret values as placeholders.', '原样文档；机密值为占位符。')),
    version: T.Integer(help('Grows with each change; its ETag is `"<version>"`.', '每次修改递增；ETag 为 `"<version>"`。')),
    release: T.String(),
    createdAt: time(),
    updatedAt: time(),
    updatedBy: T.String(),
    status: resourceStatus,
  }),
);

export const documentResult = named(
  'DocumentResult',
  strictObject({
    outcome: oneOf(['created', 'updated', 'unchanged', 'deleted', 'refused']),
    file: orNull(T.String()),
    line: orNull(T.Integer()),
    key: orNull(resourceKey),
    version: orNull(T.Integer()),
    release: orNull(T.String()),
    problems: T.Array(pointer),
    diff: T.String(),
  }),
);

/** Undefined members as null: the answer's members are always all there. */
export function orNulls<V extends object>(value: V): { [K in keyof V]: undefined extends V[K] ? Exclude<V[K], undefined> | null : V[K] } {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, member === undefined ? null : member])) as never;
}
