/** What fields and alternatives are called: the names their own schemas carry. */
import type { Language } from '../ui/language.tsx';
import { variantName } from './fields.ts';
import { helpOf, type JsonSchema } from './schema.ts';

const texts = {
  plain: { en: 'Name only', zh: '仅名称' },
  withOptions: { en: 'With options', zh: '带选项' },
};

/** A field's name: its schema's in the reader's language, else its key; in English as words, `poolMax` is "Pool max". */
export function nameOf(name: string, schema: JsonSchema | undefined, language: Language): string {
  const zh = schema?.['x-zh-title'];
  if (language === 'zh') return typeof zh === 'string' ? zh : name;
  if (schema?.title !== undefined) return schema.title;
  const words = name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
  const known = words.replace(/\b(?:tls|http2|api|url|sql|dns|id)\b/g, (word) => SHORT_FORMS[word] ?? word.toUpperCase());
  return known.charAt(0).toUpperCase() + known.slice(1);
}

/** Written otherwise than in capitals. */
const SHORT_FORMS: Readonly<Record<string, string>> = { http2: 'HTTP/2' };

/** What one of the values of an `enum` is called: its schema's words for it, else the value. */
export function choiceName(schema: JsonSchema, choice: unknown, language: Language): string {
  const words = (schema['x-words'] as Readonly<Record<string, Readonly<Record<Language, string>>>> | undefined)?.[String(choice)];
  return words?.[language] ?? String(choice);
}

const SHORT = 30;

/** What an alternative is called: the words of its type where they are few, else its own name. */
export function variantLabel(variant: JsonSchema, language: Language): string {
  const type = variant.properties?.['type'];
  const words = type ? helpOf(type, language) : undefined;
  if (words !== undefined && words.length <= SHORT) return words;
  if (variant.const !== undefined || type?.const !== undefined) return variantName(variant);
  if (variant.type === 'string') return texts.plain[language];
  const name = variantName(variant);
  return name === 'name' ? texts.withOptions[language] : nameOf(name, variant.properties?.[name], language);
}
