/** Fields of an object schema in the order and groups a form shows them. Pure. */
import { isObject, type JsonObject, type JsonSchema, variantsOf, type Widget, widgetOf } from './schema.ts';

export interface Field {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly widget: Widget;
  /** Must be given: named as required and without a default. */
  readonly required: boolean;
  /** Folded under "More". */
  readonly advanced: boolean;
  /** A section of its own, closed until it is used: an optional group among many. */
  readonly section: boolean;
}

/** Widgets that draw more than one value. */
export const GROUPS: ReadonlySet<Widget> = new Set(['object', 'list', 'record', 'variant']);
/** So many optional groups are too long a column to be open. */
const SECTIONS_MIN = 4;

/** Asked for at once whatever their default: people look for them beside their neighbours. */
const PROMINENT: ReadonlySet<string> = new Set(['port', 'write', 'mode', 'in', 'enabled', 'project']);
const PLAIN: ReadonlySet<Widget> = new Set(['text', 'long-text', 'number', 'boolean', 'enum', 'duration', 'bytes', 'expression']);

/** Fields of an object schema: as declared, required ones never folded. A fixed member (`const`) is no field. */
export function fieldsOf(schema: JsonSchema): readonly Field[] {
  const fields = Object.entries(schema.properties ?? {})
    .filter(([, inner]) => inner.const === undefined)
    .map(([name, inner]) => {
      const widget = widgetOf(inner);
      const hasDefault = inner.default !== undefined;
      const required = (schema.required ?? []).includes(name) && !hasDefault;
      const folded = hasDefault && PLAIN.has(widget) && !PROMINENT.has(name);
      return { name, schema: inner, widget, required, advanced: !required && (inner['x-advanced'] === true || folded) };
    });
  // What the schema requires is what people come for, though a default may stand in for it.
  const isOptionalGroup = ({ name, widget, advanced }: (typeof fields)[number]) =>
    GROUPS.has(widget) && !(schema.required ?? []).includes(name) && !advanced && !PROMINENT.has(name);
  const many = fields.filter(isOptionalGroup).length >= SECTIONS_MIN;
  return fields.map((field) => ({ ...field, section: many && isOptionalGroup(field) }));
}

/** True when the form can draw `value` by `schema`; other values are kept and shown as text. Shallow. */
export function fits(schema: JsonSchema, value: unknown): boolean {
  if (value === undefined) return true;
  switch (widgetOf(schema)) {
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'enum':
      return (schema.enum ?? [schema.const]).includes(value);
    case 'list':
      return Array.isArray(value);
    case 'record':
    case 'object':
      return isObject(value);
    case 'variant':
      return chosenVariant(schema, value) >= 0;
    case 'raw':
      return true;
    default:
      return typeof value === 'string';
  }
}

/** Members of an object that no field draws: kept as they are. */
export function unknownMembers(schema: JsonSchema, value: JsonObject): readonly string[] {
  return Object.keys(value).filter((name) => !Object.hasOwn(schema.properties ?? {}, name));
}

/**
 * Which alternative a value is: the discriminator's, else the first it agrees with, else the one nearest in shape;
 * -1 when none is of its type.
 */
export function chosenVariant(schema: JsonSchema, value: unknown): number {
  const variants = variantsOf(schema) ?? [];
  const scores = variants.map((variant) => score(variant, value));
  const best = Math.max(-1, ...scores);
  return best < 0 ? -1 : scores.indexOf(best);
}

/** -1 when the type disagrees; 1000 for a full agreement; between, what is shared. */
function score(variant: JsonSchema, value: unknown): number {
  if (variant.const !== undefined) return variant.const === value ? 1000 : -1;
  if (variant.enum) return variant.enum.includes(value) ? 1000 : -1;
  if (variantsOf(variant)) return Math.max(...variantsOf(variant)!.map((inner) => score(inner, value)));
  if (variant.type === 'object' || variant.properties) return isObject(value) ? objectScore(variant, value) : -1;
  const types = ([] as string[]).concat(variant.type ?? []);
  const own = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const agrees = types.length === 0 || types.some((type) => type === own || (type === 'integer' && own === 'number'));
  return agrees ? 1000 : -1;
}

function objectScore(variant: JsonSchema, value: JsonObject): number {
  const properties = variant.properties ?? {};
  for (const [name, inner] of Object.entries(properties)) {
    if (inner.const !== undefined && Object.hasOwn(value, name) && value[name] !== inner.const) return -1;
  }
  const needed = (variant.required ?? []).filter((name) => properties[name]?.default === undefined);
  const missing = needed.filter((name) => !Object.hasOwn(value, name)).length;
  const strange = unknownMembers(variant, value).length;
  return missing + strange === 0 ? 1000 : Math.max(0, 500 - 10 * missing - strange);
}

/** What a variant is called: its constant, else its title, else what it must have. */
export function variantName(variant: JsonSchema): string {
  if (variant.const !== undefined) return String(variant.const);
  const type = variant.properties?.['type']?.const;
  if (type !== undefined) return String(type);
  if (variant.title !== undefined) return variant.title;
  const needed = (variant.required ?? []).find((name) => variant.properties?.[name]?.default === undefined);
  return needed ?? String(variant.type ?? 'value');
}

/** The smallest value to begin with: required members and constants, never defaults (they stay unwritten). */
export function startValue(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const;
  const [variant] = variantsOf(schema) ?? [];
  if (variant) return startValue(variant);
  switch (widgetOf(schema)) {
    case 'object':
      return startObject(schema);
    case 'record':
      return {};
    case 'list':
      return (schema.minItems ?? 0) > 0 && schema.items ? [startValue(schema.items)] : [];
    case 'number':
      return schema.examples?.find((one) => typeof one === 'number') ?? schema.minimum ?? 0;
    case 'boolean':
      return false;
    case 'enum':
      return schema.enum?.[0];
    case 'raw':
      return schema.type === 'object' ? {} : schema.type === 'array' ? [] : '';
    default:
      return '';
  }
}

function startObject(schema: JsonSchema): JsonObject {
  const made: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const isNeeded = (schema.required ?? []).includes(name) && inner.default === undefined;
    if (isNeeded) made[name] = startValue(inner);
  }
  return made;
}
