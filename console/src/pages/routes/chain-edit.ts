/** Changes of a chain: its two lists in a route's document, and the changes that move, add and remove steps. Pure. */
import type { Change } from '../../forms/change.ts';
import { startValue } from '../../forms/fields.ts';
import { below, isObject, type JsonSchema, variantsOf } from '../../forms/schema.ts';
import type { RouteSpec, WrittenStep } from './spec.ts';

export const LISTS = ['auth', 'policies'] as const;
/** Who calls is found out first, then policies run in their order. */
export type ListName = (typeof LISTS)[number];

/** One step in its place. */
export interface Place {
  readonly list: ListName;
  readonly index: number;
}

/** Pointer of a list, or of one of its steps, in the document. */
export function pointerOf(list: ListName, index?: number): string {
  return index === undefined ? `/spec/${list}` : below(`/spec/${list}`, index);
}

/** Steps of a list as they are written. */
export function stepsOf(value: unknown, list: ListName): readonly WrittenStep[] {
  const spec = isObject(value) ? value['spec'] : undefined;
  const steps = isObject(spec) ? (spec as unknown as RouteSpec)[list] : undefined;
  return Array.isArray(steps) ? steps.filter((step): step is WrittenStep => isObject(step)) : [];
}

/** The step at `from` stands at `to`; undefined when that changes nothing or leads out of the list. */
export function moved(steps: readonly WrittenStep[], list: ListName, from: number, to: number): Change | undefined {
  if (from === to || to < 0 || to >= steps.length || from < 0 || from >= steps.length) return undefined;
  const order = [...steps];
  const [one] = order.splice(from, 1);
  order.splice(to, 0, one!);
  return { pointer: pointerOf(list), value: order };
}

/** A new step of a type at the end; a list that is not written yet is made. */
export function added(steps: readonly WrittenStep[], list: ListName, variant: JsonSchema): Change {
  const value = startValue(variant);
  return steps.length === 0 ? { pointer: pointerOf(list), value: [value] } : { pointer: below(pointerOf(list), '-'), value };
}

/** A step taken out; the list goes with its last one. */
export function removed(steps: readonly WrittenStep[], list: ListName, index: number): Change {
  return { pointer: steps.length === 1 ? pointerOf(list) : pointerOf(list, index), remove: true };
}

/** Where the step that stood at `at` stands after another one went `from` … `to`. */
export function placeAfter(at: number, from: number, to: number): number {
  if (at === from) return to;
  if (from < at && at <= to) return at - 1;
  return to <= at && at < from ? at + 1 : at;
}

/** The alternatives of a list's steps, by type. */
export function choicesOf(schema: JsonSchema | undefined, list: ListName): ReadonlyMap<string, JsonSchema> {
  const items = schema?.properties?.[list]?.items;
  const variants = items ? (variantsOf(items) ?? [items]) : [];
  return new Map(variants.flatMap((one) => (one.properties?.['type'] ? [[String(one.properties['type'].const), one] as const] : [])));
}
