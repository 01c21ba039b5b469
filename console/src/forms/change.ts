/** Changes a form makes to a value, as pointers: the same the admin API makes to a document's text. Pure. */
import { isObject } from './schema.ts';

/** Sets what stands at an RFC 6901 pointer, or removes it. */
export type Change = { readonly pointer: string; readonly value: unknown } | { readonly pointer: string; readonly remove: true };

/** The value with the change made; the value given stays as it is. A pointer that leads nowhere makes objects on its way. */
export function applyChange(value: unknown, change: Change): unknown {
  return changed(value, names(change.pointer), change);
}

/** What stands at a pointer; undefined when nothing does. */
export function valueAt(value: unknown, pointer: string): unknown {
  let at = value;
  for (const name of names(pointer)) {
    if (Array.isArray(at)) at = at[Number(name)];
    else if (isObject(at) && Object.hasOwn(at, name)) at = at[name];
    else return undefined;
  }
  return at;
}

function names(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function changed(value: unknown, path: readonly string[], change: Change): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return 'remove' in change ? undefined : change.value;
  if (Array.isArray(value)) {
    const copy = [...value];
    const index = name === '-' ? copy.length : Number(name);
    if (rest.length === 0 && 'remove' in change) copy.splice(index, 1);
    else copy[index] = changed(copy[index], rest, change);
    return copy;
  }
  const copy: Record<string, unknown> = isObject(value) ? { ...value } : {};
  if (rest.length > 0) {
    if ('remove' in change && !isObject(copy[name]) && !Array.isArray(copy[name])) return value;
    copy[name] = changed(copy[name], rest, change);
  } else if ('remove' in change) delete copy[name];
  else copy[name] = change.value;
  return copy;
}
