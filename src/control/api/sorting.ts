/**
 * `sort=field` and `sort=-field` of a list, and `after`, the opaque place where the next page begins. The fields
 * stand in the operation's schema, so that another one is refused with the allowed ones, and OpenAPI tells them.
 */
import { mistake } from '../../base/problem.ts';
import { help, T } from '../../base/schema.ts';
import type { ListOrder, ListPlace, OrderFields } from '../../sdk/list-order.ts';
import problems from './problems.ts';
import { oneOf } from './shapes.ts';

export interface Sorting<I, F extends string> {
  /** Members of the operation's query: `sort`, `limit`, `after`, and `format`, by which the door gives the whole list as CSV. */
  readonly query: {
    readonly sort: ReturnType<typeof oneOf<F | `-${F}`>>;
    readonly limit: ReturnType<typeof T.Integer>;
    readonly after: ReturnType<typeof T.Optional<ReturnType<typeof T.String>>>;
    readonly format: ReturnType<typeof T.Optional<ReturnType<typeof oneOf<'json' | 'csv'>>>>;
  };
  readonly fields: OrderFields<I, F>;
  /** Order and place asked for. Raises `invalid-request` for an `after` that was answered to no list of this order. */
  read(query: SortQuery<F>): { order: ListOrder<F>; after: ListPlace | undefined; limit: number };
  /** The `next` of a page whose store answered `items`, at most `limit`; null on the last page. */
  next(items: readonly I[], query: SortQuery<F>): string | null;
  /** The same of a page that knows its last place. */
  write(place: ListPlace | undefined, query: SortQuery<F>): string | null;
}

interface SortQuery<F extends string> {
  readonly sort: F | `-${F}`;
  readonly limit: number;
  readonly after?: string;
}

/** Declares how a list may be ordered; `normal` is the order when none is asked for. */
export function sorting<I, F extends string>(
  fields: OrderFields<I, F>,
  idOf: (item: I) => string,
  normal: F | `-${F}`,
  limits: { most: number; normal: number } = { most: 1000, normal: 100 },
): Sorting<I, F> {
  const names = Object.keys(fields) as F[];
  const choices = names.flatMap((name) => [name, `-${name}` as const]);
  const write = (place: ListPlace | undefined, { sort }: SortQuery<F>): string | null =>
    place ? Buffer.from(JSON.stringify([sort, place.value, place.id])).toString('base64url') : null;
  return {
    query: {
      sort: oneOf(choices, { default: normal, ...help('Order; `-` turns it round.', '排序字段；前缀 `-` 表示倒序。') }),
      limit: T.Integer({
        minimum: 1,
        maximum: limits.most,
        default: limits.normal,
        ...help('Most items of an answer.', '返回的最多条数。'),
      }),
      after: T.Optional(T.String({ maxLength: 1000, ...help('`next` of the page before.', '上一页返回的 `next`。') })),
      format: T.Optional(
        oneOf(
          ['json', 'csv'],
          help(
            '`csv`: all pages from `after` on as one file, whatever `limit` says; so does `Accept: text/csv`.',
            '`csv`：自 `after` 起的所有页合为一个文件（忽略 `limit`）；`Accept: text/csv` 等效。',
          ),
        ),
      ),
    },
    fields,
    read: ({ sort, after, limit }) => ({
      order: { by: sort.replace(/^-/, '') as F, descending: sort.startsWith('-') },
      after: after === undefined ? undefined : readPlace(after, sort),
      limit,
    }),
    write,
    next(items, query) {
      const last = items.length === query.limit ? items.at(-1) : undefined;
      return last === undefined ? null : write({ value: fields[query.sort.replace(/^-/, '') as F](last), id: idOf(last) }, query);
    },
  };
}

const NO_PLACE = { en: 'is not a `next` answered before', zh: '不是之前返回的 `next`' };
const OTHER_ORDER = { en: 'belongs to a list of another `sort`', zh: '属于另一种 `sort` 的列表' };

function readPlace(after: string, sort: string): ListPlace {
  const [order, value, id] = parsed(Buffer.from(after, 'base64url').toString('utf8'));
  const isValue = typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value));
  if (order === sort && isValue && typeof id === 'string') return { value, id };
  const text = order === undefined || order === sort ? NO_PLACE : OTHER_ORDER;
  throw problems.raise['invalid-request']({ errors: [mistake('/query/after', text)] });
}

function parsed(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
