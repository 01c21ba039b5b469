/** Where a value holds secrets in the clear. Pure. */
import { chosenVariant } from '../forms/fields.ts';
import { below, isObject, type JsonSchema, recordItems, variantsOf } from '../forms/schema.ts';

/** Pointers of `x-secret` texts that are no placeholder such as `${secret:name}` or `${kept:…}`. */
export function secretPointers(schema: JsonSchema, value: unknown, at: string): string[] {
  if (schema['x-secret']) return typeof value === 'string' && value !== '' && !value.startsWith('${') ? [at] : [];
  const variants = variantsOf(schema);
  if (variants) {
    const chosen = variants[chosenVariant(schema, value)];
    return chosen ? secretPointers(chosen, value, at) : [];
  }
  if (Array.isArray(value)) return schema.items ? value.flatMap((item, i) => secretPointers(schema.items!, item, below(at, i))) : [];
  if (!isObject(value)) return [];
  const others = recordItems(schema);
  return Object.entries(value).flatMap(([name, item]) => {
    const inner = schema.properties?.[name] ?? others;
    return inner ? secretPointers(inner, item, below(at, name)) : [];
  });
}
