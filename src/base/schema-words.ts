/** What a JSON Schema check found, in both languages; for our own check and for Ajv's. Source: JSON Schema 2020-12 (validation). */
import type { Text } from './text.ts';

type Words = (params: Readonly<Record<string, unknown>>) => string;

const TYPES: Readonly<Record<string, string>> = {
  string: '文本',
  integer: '整数',
  number: '数字',
  boolean: 'true 或 false',
  object: '对象',
  array: '列表',
  null: 'null',
};

const compared: Words = ({ comparison, limit }) => `必须 ${comparison} ${limit}`;

const CHINESE: Readonly<Record<string, Words>> = {
  type: ({ type }) =>
    `必须是${[type]
      .flat()
      .map((one) => TYPES[String(one)] ?? String(one))
      .join('或')}`,
  minimum: compared,
  maximum: compared,
  exclusiveMinimum: compared,
  exclusiveMaximum: compared,
  multipleOf: ({ multipleOf }) => `必须是 ${multipleOf} 的倍数`,
  minLength: ({ limit }) => `不能少于 ${limit} 个字符`,
  maxLength: ({ limit }) => `不能多于 ${limit} 个字符`,
  pattern: ({ pattern }) => `必须符合模式“${pattern}”`,
  format: ({ format }) => `必须符合格式“${format}”`,
  const: () => '必须等于规定的值',
  enum: () => '必须是允许的值之一',
  minItems: ({ limit }) => `至少要有 ${limit} 项`,
  maxItems: ({ limit }) => `最多只能有 ${limit} 项`,
  uniqueItems: () => '不能有重复项',
  minProperties: ({ limit }) => `至少要有 ${limit} 个成员`,
  maxProperties: ({ limit }) => `最多只能有 ${limit} 个成员`,
  required: () => '缺少必填成员',
  additionalProperties: () => '含有不允许的成员',
};

/**
 * The mistake in words: `en` as the checker says it, `zh` by keyword and the parameters that Ajv names. A keyword
 * without words of its own is told by its name.
 */
export function schemaMistake(keyword: string, en: string, params: Readonly<Record<string, unknown>> = {}): Text {
  return { en, zh: CHINESE[keyword]?.(params) ?? `不符合规则“${keyword}”` };
}
