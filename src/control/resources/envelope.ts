/** The part every document has: which resource it is. Read with words that say what a name may look like. */
import { mistake, type ProblemPointer } from '../../base/problem.ts';
import { NAME_PATTERN, strictObject, T } from '../../base/schema.ts';
import { readValue } from '../../base/schema-read.ts';
import { didYouMean } from '../../base/suggest.ts';
import type { Text } from '../../base/text.ts';
import { API_VERSION, type ResourceKey } from '../../sdk/resource.ts';

export interface Envelope {
  /** Undefined when the document does not say clearly which resource it is. */
  readonly key: ResourceKey | undefined;
  readonly kind: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly enabled: boolean;
  /** As written, `{}` when left out. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly problems: readonly ProblemPointer[];
}

const LABEL_KEY = '^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$';

/** Schema of a document around its spec, for reading and for editors. */
export const envelopeSchema = strictObject({
  apiVersion: T.String({ description: 'Always weir/v1.', 'x-zh': '固定为 weir/v1。' }),
  kind: T.String({ description: 'Kind of the resource.', 'x-zh': '资源类型。' }),
  metadata: strictObject({
    name: T.String({ description: 'Name, unique in its project and kind.', 'x-zh': '名称，在项目和类型内唯一。' }),
    project: T.String({ default: 'default', description: 'Project it belongs to.', 'x-zh': '所属项目。' }),
    labels: T.Unsafe<Record<string, string>>({
      type: 'object',
      default: {},
      maxProperties: 32,
      additionalProperties: false,
      patternProperties: { [LABEL_KEY]: { type: 'string', maxLength: 255 } },
      description: 'Words to find it by.',
      'x-zh': '用于查找的标签。',
    }),
    description: T.Optional(T.String({ maxLength: 2000, description: 'What it is for.', 'x-zh': '用途说明。' })),
  }),
  enabled: T.Boolean({ default: true, description: 'False: kept, but not served.', 'x-zh': '为 false 时保留但不生效。' }),
  spec: T.Unsafe<Record<string, unknown>>({ type: 'object', default: {}, description: 'What the kind says.', 'x-zh': '该类型的内容。' }),
});

/** Reads the envelope of a parsed document. */
export function readEnvelope(value: unknown, kinds: Iterable<string>): Envelope {
  const read = readValue(envelopeSchema, value);
  const { apiVersion, kind, metadata, enabled, spec } = (read.value ?? {}) as Partial<typeof read.value>;
  const known = [...kinds];
  const problems = [...read.errors];
  const add = (pointer: string, text: Text, values: Record<string, unknown>): void => void problems.push(mistake(pointer, text, values));
  if (apiVersion !== undefined && apiVersion !== API_VERSION)
    add('/apiVersion', WRONG_VERSION, { wanted: API_VERSION, got: apiVersion.slice(0, 60) });
  if (kind !== undefined && !known.includes(kind)) add('/kind', NO_KIND, { kind: kind.slice(0, 60), hint: didYouMean(kind, known) });
  for (const field of ['name', 'project'] as const) {
    const name = metadata?.[field];
    if (name !== undefined && !isName(name)) add(`/metadata/${field}`, NO_NAME, { got: name.slice(0, 80) });
  }
  const { name, project } = metadata ?? {};
  const isKnown =
    kind !== undefined && known.includes(kind) && name !== undefined && isName(name) && project !== undefined && isName(project);
  return {
    key: isKnown ? { project, kind, name } : undefined,
    kind: kind !== undefined && known.includes(kind) ? kind : undefined,
    labels: metadata?.labels ?? {},
    description: metadata?.description,
    enabled: enabled ?? true,
    spec: spec ?? {},
    problems,
  };
}

const WRONG_VERSION: Text = { en: 'must be "{wanted}"; got "{got}"', zh: '必须是“{wanted}”；当前为“{got}”' };
const NO_KIND: Text = { en: '"{kind}" is not a kind; {hint}', zh: '“{kind}”不是资源类型；{hint}' };
const NO_NAME: Text = {
  en: 'must be lower-case letters, digits and dashes, at most 63, such as "orders-api"; got "{got}"',
  zh: '只能由小写字母、数字和短横线组成，最多 63 个字符，例如“orders-api”；当前为“{got}”',
};

function isName(text: string): boolean {
  return new RegExp(NAME_PATTERN).test(text);
}
