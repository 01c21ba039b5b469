/** A list's order as SQL: `ORDER BY field, id`, and the condition that begins after a place. The same on both databases. */
import type { ListOrder, ListPlace } from '../sdk/list-order.ts';
import type { Value } from './database.ts';

/** SQL of each field a table may be ordered by: an expression that is never null, with an index of it and `id`. */
export type OrderColumns<F extends string> = Readonly<Record<F, string>>;

/** The condition (undefined on the first page) and the order. Fields come from `columns` only, never from a caller's text. */
export function orderedBy<F extends string>(
  columns: OrderColumns<F>,
  { by, descending }: ListOrder<F>,
  after: ListPlace | undefined,
): { condition: readonly [string, Value[] | undefined]; sql: string } {
  const column = columns[by];
  const way = descending ? 'DESC' : 'ASC';
  const sign = descending ? '<' : '>';
  if (column === 'id') return { condition: [`id ${sign} ?`, after && [after.id]], sql: `ORDER BY id ${way}` };
  // The first half lets SQLite begin in the middle of an index of an expression too.
  const beyond = `${column} ${sign}= ? AND (${column}, id) ${sign} (?, ?)`;
  return { condition: [beyond, after && [after.value, after.value, after.id]], sql: `ORDER BY ${column} ${way}, id ${way}` };
}
