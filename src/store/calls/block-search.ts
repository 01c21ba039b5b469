/**
 * Questions to the file of call blocks. Blocks are looked at in the asked order, those that cannot have an answer are left out by
 * their bounds and by the texts they hold, and it ends where no later block can have a better one.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { CallRecord } from '../../sdk/call-record.ts';
import type { CallFilter, CallTotal, CallTotalsFilter, RouteTotal, RouteTotalsFilter } from '../types.ts';
import { BUSY_MS } from '../wal.ts';
import { type Asked, matching } from './match.ts';
import { type FetchPart, OpenBlock } from './open-block.ts';
import { KINDS, mayHold } from './seen.ts';
import { sumByRoute, sumBySpan } from './sums.ts';

/** See `CallTable`. */
export interface BlockSearch {
  search(filter: CallFilter): CallRecord[];
  find(id: string): ReturnType<OpenBlock['told']> | null;
  totals(filter: CallTotalsFilter): CallTotal[];
  totalsByRoute(filter: RouteTotalsFilter): RouteTotal[];
  /** Blocks that could not be read since this was last asked, whose calls were left out. */
  unreadable(): number[];
  close(): void;
}

const ORDERS = {
  time: { column: 'time', from: 'time_from', to: 'time_to', factor: 1 },
  duration: { column: 'durationMs', from: 'duration_from', to: 'duration_to', factor: 1000 },
  status: { column: 'status', from: 'status_from', to: 'status_to', factor: 1 },
} as const;
const NEWEST = { by: 'time', descending: true } as const;

interface Found {
  readonly id: number;
  readonly count: number;
  /** Least and greatest of what is ordered by. */
  readonly least: number;
  readonly greatest: number;
}

/** Opens the file to read; undefined while nothing was ever stored. Raises what SQLite raises. */
export function openBlockSearch(file: string): BlockSearch | undefined {
  if (!existsSync(file)) return undefined;
  const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
  let isMade = false;
  try {
    isMade = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'block_content'").get() !== undefined;
  } finally {
    if (!isMade) db.close();
  }
  if (!isMade) return undefined;
  const damaged = new Set<number>();
  const blocks = (asked: Asked) => blocksOf(db, damaged, asked);
  /** What is asked sees one moment of the file. */
  const atOnce = <V>(work: () => V): V => {
    db.exec('BEGIN');
    try {
      return work();
    } finally {
      db.exec('COMMIT');
    }
  };
  return {
    search: (filter) => atOnce(() => best(db, damaged, filter, (block, i) => block.record(i))),
    find: (id) =>
      atOnce(() => {
        const [found] = best(db, damaged, { id, limit: 1 }, (block, i) => block.told(i));
        return found ?? null;
      }),
    totals: (filter) =>
      atOnce(() => {
        const { projects, consumer, route } = filter;
        return sumBySpan(blocks({ from: filter.from, to: filter.to, ...given({ projects, consumer, route }) }), filter);
      }),
    totalsByRoute: (filter) =>
      atOnce(() => sumByRoute(blocks({ from: filter.from, to: filter.to, ...given({ projects: filter.projects }) }), filter)),
    unreadable() {
      const all = [...damaged];
      damaged.clear();
      return all;
    },
    close: () => db.close(),
  };
}

function given<V extends object>(values: V): { [K in keyof V]: Exclude<V[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** A place in the asked order. */
interface Place {
  readonly value: number;
  readonly id: string;
}
interface Hit<R> extends Place {
  readonly made: R;
}

/** The first `limit` calls of the filter's order that fit, each as `make` has it. */
function best<R>(db: DatabaseSync, damaged: Set<number>, filter: CallFilter, make: (block: OpenBlock, i: number) => R): R[] {
  const { limit, order = NEWEST } = filter;
  const { column, factor } = ORDERS[order.by];
  const sign = order.descending ? -1 : 1;
  const compare = (a: Place, b: Place): number => sign * (a.value - b.value || compared(a.id, b.id));
  const after = filter.after && { value: Number(filter.after.value), id: filter.after.id };
  let hits: Hit<R>[] = [];
  for (const { block, least, greatest } of blocksOf(db, damaged, filter, order.by, order.descending, after?.value)) {
    const worst = hits.length >= limit ? hits.at(-1)! : undefined;
    if (worst && sign * ((order.descending ? greatest : least) - worst.value) > 0) break;
    const isBetter = (place: Place): boolean => (!worst || compare(place, worst) < 0) && (!after || compare(after, place) < 0);
    const mayBeBetter = (value: number): boolean =>
      !(worst && sign * (value - worst.value) > 0) && !(after && sign * (value - after.value) < 0);
    const found = block.attempt(() => {
      const values = block.column(column);
      const places: (Place & { readonly i: number })[] = [];
      for (const i of matching(block, filter)) {
        const value = Math.round(values[i]! * factor);
        if (!mayBeBetter(value)) continue;
        const place = { value, id: block.id(i), i };
        if (isBetter(place)) places.push(place);
      }
      // Made now: what is kept must not hold its whole block in memory.
      const own = places.sort(compare).slice(0, limit);
      return own.map(({ value, id, i }): Hit<R> => ({ value, id, made: make(block, i) }));
    });
    if (found && found.length > 0) hits = [...hits, ...found].sort(compare).slice(0, limit);
  }
  return hits.map((hit) => hit.made);
}

const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type Part = Parameters<FetchPart>[0];

interface Looked {
  readonly block: OpenBlock;
  readonly least: number;
  readonly greatest: number;
}

/** The blocks that may hold what is asked for, best first. */
function* blocksOf(
  db: DatabaseSync,
  damaged: Set<number>,
  asked: Asked,
  by: keyof typeof ORDERS = 'time',
  descending = true,
  after: number | undefined = undefined,
): Generator<Looked> {
  const { from, to } = ORDERS[by];
  const conditions: string[] = [];
  const values: number[] = [];
  const add = (condition: string, value: number | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  add('time_to >= ?', asked.from);
  add('time_from < ?', asked.to);
  add('status_to >= ?', asked.statusFrom);
  add('status_from <= ?', asked.statusTo);
  add('status_to >= ?', asked.status);
  add('status_from <= ?', asked.status);
  add('duration_to >= ?', asked.slowerThanMs === undefined ? undefined : Math.round(asked.slowerThanMs * 1000));
  add(descending ? `${from} <= ?` : `${to} >= ?`, after);
  // Of blocks that are alike, those with the better ids come first: ids mostly grow with time.
  const order = descending ? `${to} DESC, time_to DESC` : `${from}, time_from`;
  const list = db.prepare(
    `SELECT id, count, ${from} AS least, ${to} AS greatest FROM block ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''} ORDER BY ${order}`,
  );
  const seen = db.prepare('SELECT seen FROM block_content WHERE id = ?');
  const wanted = wantedTexts(asked);
  const parts = new Map<Part, StatementSync>();
  for (const row of list.iterate(...values)) {
    const { id, count, least, greatest } = row as unknown as Found;
    if (wanted.length > 0 && !mayHoldAll(seen.get(id)!['seen'] as Uint8Array, wanted)) continue;
    const fetch = (part: Part): Uint8Array => {
      let statement = parts.get(part);
      if (!statement) parts.set(part, (statement = db.prepare(`SELECT ${part} AS part FROM block_content WHERE id = ?`)));
      return statement.get(id)!['part'] as Uint8Array;
    };
    const block = new OpenBlock(count, fetch, () => damaged.add(id));
    yield { block, least, greatest };
  }
}

type Wanted = readonly [kind: (typeof KINDS)[number], anyOf: readonly string[]];

/** Texts of which a block must hold one of each list. */
function wantedTexts(f: Asked): Wanted[] {
  const wanted: [Wanted[0], readonly string[] | undefined][] = [
    ...(['id', 'traceId', 'project', 'consumer', 'clientAddress', 'route', 'method', 'reason'] as const).map(
      (kind): [Wanted[0], readonly string[] | undefined] => [kind, f[kind] === undefined ? undefined : [f[kind]]],
    ),
    ['route', f.routes],
    ['project', f.projects],
  ];
  return wanted.filter((one): one is [Wanted[0], readonly string[]] => one[1] !== undefined);
}

function mayHoldAll(seen: Uint8Array, wanted: readonly Wanted[]): boolean {
  return wanted.every(([kind, anyOf]) => anyOf.some((text) => mayHold(seen, kind, text)));
}
