/** The verb that explains what there is to configure. */
import { fill, type Language } from '../../base/text.ts';
import type { Given, Verb } from '../verb.ts';

const explain: Verb = {
  name: 'explain',
  summary: {
    en: 'Explains a kind, policy, auth method or connector; lists them all without a name.',
    zh: '说明资源类型、策略、认证方式或连接器；不给名称则列出全部。',
  },
  arguments: [
    {
      name: '[name]',
      help: { en: 'Such as DataApi, rate-limit or connector/postgres.', zh: '如 DataApi、rate-limit 或 connector/postgres。' },
    },
    {
      name: '[id]',
      help: { en: 'Id when the first word is a kind: policy rate-limit.', zh: '首词为种类时的标识，如 policy rate-limit。' },
    },
  ],
  async run(given) {
    const [name, id] = given.args;
    const language = given.language;
    if (name) return explainOne(given, id === undefined ? name : `${name}/${id}`);
    given.out.list((await given.client().listComponents()).data.items, {
      columns: [
        { title: { en: 'KIND', zh: '种类' }, value: (c) => c.kind },
        { title: { en: 'NAME', zh: '名称' }, value: (c) => c.id },
        { title: { en: 'WHAT IT DOES', zh: '作用' }, value: (c) => c.summary[language] },
      ],
      name: (c) => (c.kind === 'resource' ? c.id : `${c.kind}/${c.id}`),
    });
  },
};

/** What is read of a JSON Schema and of our own words in it. */
interface Field {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
  readonly items?: Field;
  readonly anyOf?: readonly Field[];
  readonly additionalProperties?: Field | boolean;
  readonly patternProperties?: Readonly<Record<string, Field>>;
  readonly [extension: `x-${string}`]: unknown;
}

const DEPTH_MAX = 6;

async function explainOne(given: Given, name: string): Promise<void> {
  const { data } = await given.client().explainComponent({ params: { name } });
  const { language, out } = given;
  if (out.form !== 'table') return out.one(data, { name: (c) => c.id });
  const title = data.title[language];
  out.text(`${title === data.id ? title : `${data.id} — ${title}`}\n${data.summary[language]}\n`);
  out.text(fieldLines(data.schema as Field, language, 0).join('\n'));
  for (const example of data.examples) out.text(`\n# ${example.title[language]}\n${example.text}`);
  for (const problem of data.problems) out.text(`${problem.code}  ${problem.status}  ${problem.title[language]}`);
}

function fieldLines(schema: Field, language: Language, depth: number): string[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const must = required.has(name) ? WORDS.required[language] : '';
    const facts = [
      typeOf(field, language),
      field.default === undefined ? must : `${WORDS.fallback[language]} ${JSON.stringify(field.default)}`,
    ];
    const help = (language === 'zh' ? (field['x-zh'] as string | undefined) : undefined) ?? field.description ?? '';
    const inner = depth < DEPTH_MAX ? nested(field).flatMap((one) => fieldLines(one, language, depth + 1)) : [];
    return [`${'  '.repeat(depth)}${name}  (${facts.filter(Boolean).join(', ')})  ${help}`.trimEnd(), ...inner];
  });
}

/** The objects a value of this field may hold; configurations of extensions are explained under their own names. */
function nested(field: Field): readonly Field[] {
  if (field['x-components'] || field['x-discriminator']) return [];
  if (field.properties) return [field];
  const record = typeof field.additionalProperties === 'object' ? [field.additionalProperties] : [];
  return [
    ...(field.items ? [field.items] : []),
    ...(field.anyOf ?? []),
    ...Object.values(field.patternProperties ?? {}),
    ...record,
  ].flatMap(nested);
}

function typeOf(field: Field, language: Language): string {
  const or = (fields: readonly Field[]) => [...new Set(fields.map((one) => typeOf(one, language)))].join(WORDS.or[language]);
  if (field['x-duration']) return WORDS.duration[language];
  if (field['x-bytes']) return WORDS.size[language];
  if (field['x-ref']) return fill(WORDS.reference, language, { kind: field['x-ref'] });
  if (field.const !== undefined) return JSON.stringify(field.const);
  if (field.enum) return field.enum.map(String).join('|');
  const member = field['x-discriminator'] as string | undefined;
  if (member) return field.anyOf!.map((one) => String(one.properties?.[member]?.const)).join('|');
  if (field.anyOf) return or(field.anyOf);
  if (field.type === 'array') return fill(WORDS.list, language, { item: field.items ? typeOf(field.items, language) : '' }).trim();
  return field.type ?? '';
}

const WORDS = {
  required: { en: 'required', zh: '必填' },
  fallback: { en: 'default', zh: '默认' },
  duration: { en: 'duration', zh: '时长' },
  size: { en: 'size', zh: '大小' },
  reference: { en: 'name of a {kind}', zh: '{kind} 的名称' },
  list: { en: 'list of {item}', zh: '{item} 列表' },
  or: { en: ' or ', zh: ' 或 ' },
} as const;

export default [explain];
