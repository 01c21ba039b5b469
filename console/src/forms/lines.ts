/** A value in lines for people: each part with the names its schema gives it. Pure. */
import type { Language } from '../ui/language.tsx';
import { chosenVariant } from './fields.ts';
import { nameOf } from './names.ts';
import { isObject, type JsonObject, type JsonSchema, recordItems, variantsOf } from './schema.ts';

export interface Line {
  /** Names on the way to the part, such as `Response › Set › x-served-by`; '' for a value without parts. */
  readonly label: string;
  readonly text: string;
}

const texts = {
  type: { en: 'Type', zh: '类型' },
  yes: { en: 'yes', zh: '是' },
  no: { en: 'no', zh: '否' },
  and: { en: ', ', zh: '、' },
};

/** Lines of `value`, in the order the schema declares its parts. */
export function linesOf(schema: JsonSchema | undefined, value: unknown, language: Language): readonly Line[] {
  return walk(schema, value, [], language);
}

/** Lines of a step such as a policy: its settings without its type, which stands above them. */
export function linesOfStep(schema: JsonSchema | undefined, { type, ...settings }: JsonObject, language: Language): readonly Line[] {
  const variants = schema ? (variantsOf(schema) ?? [schema]) : [];
  return walk(
    variants.find((one) => one.properties?.['type']?.const === type),
    settings,
    [],
    language,
  );
}

function walk(schema: JsonSchema | undefined, value: unknown, names: readonly string[], language: Language): readonly Line[] {
  const variants = schema ? variantsOf(schema) : undefined;
  if (variants) {
    const chosen = chosenVariant(schema!, value);
    if (chosen >= 0) return walk(variants[chosen], value, names, language);
  }
  if (isObject(value)) {
    return memberNames(schema, value).flatMap((name) => {
      const inner = schema?.properties?.[name];
      const isOwnName = inner === undefined && schema !== undefined && recordItems(schema) !== undefined;
      const label = isOwnName ? name : inner?.const === undefined ? nameOf(name, inner, language) : texts.type[language];
      return walk(inner ?? (schema && recordItems(schema)), value[name], [...names, label], language);
    });
  }
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) {
    return value.flatMap((item, i) => walk(schema?.items, item, value.length > 1 ? [...names, String(i + 1)] : names, language));
  }
  return [{ label: names.join(' › '), text: plain(value, language) }];
}

/** As declared, then what the schema does not know. */
function memberNames(schema: JsonSchema | undefined, value: Readonly<Record<string, unknown>>): readonly string[] {
  const declared = Object.keys(schema?.properties ?? {}).filter((name) => value[name] !== undefined);
  return [...declared, ...Object.keys(value).filter((name) => !declared.includes(name) && value[name] !== undefined)];
}

/** A value without parts in words. */
export function plain(value: unknown, language: Language): string {
  if (value === true) return texts.yes[language];
  if (value === false) return texts.no[language];
  return Array.isArray(value) ? value.map((item) => plain(item, language)).join(texts.and[language]) : String(value);
}
