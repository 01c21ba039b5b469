/** Reading and replacing members of plain JSON values by pointer. Source: RFC 6901. */

/** The member at `pointer`, or undefined. */
export function valueAt(value: unknown, pointer: string): unknown {
  let here = value;
  for (const step of steps(pointer)) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}

/** A copy in which `replacements` (pointer → new value) took place; shares what did not change. */
export function replaceAt<V>(value: V, replacements: ReadonlyMap<string, unknown>): V {
  let result: unknown = value;
  for (const [pointer, item] of replacements) result = replaceOne(result, steps(pointer), item);
  return result as V;
}

/** A copy in which `change` was applied to every text; shares what did not change. */
export function mapTexts<V>(value: V, change: (text: string, pointer: string) => unknown, pointer = ''): V {
  if (typeof value === 'string') return change(value, pointer) as V;
  if (typeof value !== 'object' || value === null) return value;
  let changed = false;
  const entries = Object.entries(value).map(([key, item]) => {
    const mapped = mapTexts(item, change, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    if (mapped !== item) changed = true;
    return [key, mapped] as const;
  });
  if (!changed) return value;
  return (Array.isArray(value) ? entries.map(([, item]) => item) : fromEntries(entries)) as V;
}

function steps(pointer: string): string[] {
  return pointer === ''
    ? []
    : pointer
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function replaceOne(value: unknown, path: readonly string[], item: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return item;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return value;
  const inner = replaceOne((value as Record<string, unknown>)[step], rest, item);
  if (Array.isArray(value)) return value.map((old, index) => (String(index) === step ? inner : old));
  return fromEntries(Object.entries(value).map(([key, old]) => [key, key === step ? inner : old]));
}

/** Object.fromEntries defines members, so that `__proto__` stays a plain name. */
function fromEntries(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries);
}
