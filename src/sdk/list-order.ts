/**
 * The order of a list and a place in it: what stable paging needs. Items are ordered by a field and, where that
 * is the same, by id, both in the same direction; the next page begins strictly after the last item of this one.
 */

export interface ListOrder<F extends string = string> {
  readonly by: F;
  readonly descending: boolean;
}

/** The last item of a page: its value of the order's field, and its id. */
export interface ListPlace {
  readonly value: string | number;
  readonly id: string;
}

/** Place of an item for each field a list may be ordered by; never null. */
export type OrderFields<I, F extends string = string> = Readonly<Record<F, (item: I) => string | number>>;

/** A page of items that are all in memory, and whether more follow. Texts are compared by their code units. */
export function pageOf<I, F extends string>(
  items: readonly I[],
  fields: OrderFields<I, F>,
  idOf: (item: I) => string,
  { order, after, limit }: { order: ListOrder<F>; after?: ListPlace | undefined; limit: number },
): { items: I[]; next: ListPlace | undefined } {
  const placed = items.map((item) => ({ item, place: { value: fields[order.by](item), id: idOf(item) } }));
  const sign = order.descending ? -1 : 1;
  placed.sort((a, b) => sign * compare(a.place, b.place));
  const rest = after ? placed.filter(({ place }) => sign * compare(place, after) > 0) : placed;
  const page = rest.slice(0, limit);
  return { items: page.map(({ item }) => item), next: rest.length > limit ? page.at(-1)!.place : undefined };
}

function compare(a: ListPlace, b: ListPlace): number {
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}
