/**
 * The part of publishing that needs the database: each SQL shape is prepared and explained, columns must
 * agree over all shapes, the sort of a page must be unique and not null, a login that may write is told.
 */
import type { ProblemPointer } from '../base/problem.ts';
import type { CompiledDataApi, DataApiChecker, DataApiCompilation, DataApiPage } from '../sdk/dataapi.ts';
import { type QueryColumn, type QueryEngine, QueryFailure } from '../sdk/query.ts';

/** Makes the checker that main.ts hands to control. */
export function createDataApiChecker(): DataApiChecker {
  return Object.freeze({ checkPublishable });
}

async function checkPublishable(api: CompiledDataApi, engine: QueryEngine, signal: AbortSignal): Promise<DataApiCompilation> {
  const described = await describeShapes(api, engine, signal);
  if ('errors' in described) return { ok: false, errors: described.errors };
  const { columns } = described;
  const errors = duplicateNames(columns);
  if (api.page) errors.push(...(await checkSort(api.page, columns, engine, signal)));
  if (errors.length > 0) return { ok: false, errors };
  const writes = await engine.canWrite(signal);
  const warnings =
    writes === null
      ? []
      : [`The login of connection "${api.connection}" can write: ${writes}. Queries run read-only all the same; prefer a SELECT-only one.`];
  return { ok: true, api: { ...api, columns }, warnings };
}

type Described = { readonly columns: readonly QueryColumn[] } | { readonly errors: readonly ProblemPointer[] };

/** At most 128 shapes, those with equal SQL once; one after another, on one connection. */
async function describeShapes(api: CompiledDataApi, engine: QueryEngine, signal: AbortSignal): Promise<Described> {
  const seen = new Map<string, readonly QueryColumn[]>();
  for (const [index, shape] of api.shapes.entries()) {
    if (seen.has(shape.sql)) continue;
    try {
      seen.set(shape.sql, await engine.describe(shape, signal));
    } catch (error) {
      if (!(error instanceof QueryFailure) || error.reason === 'unavailable' || error.reason === 'cancelled') throw error;
      return { errors: [{ pointer: '/sql', detail: `the database refuses it${branches(api, index)}: ${error.message}` }] };
    }
  }
  const [first, ...others] = [...seen.values()];
  const form = (columns: readonly QueryColumn[]) => columns.map((c) => `${c.name} ${c.type}`).join(', ');
  const other = others.find((columns) => form(columns) !== form(first!));
  if (other)
    return {
      errors: [{ pointer: '/sql', detail: `answers different columns by branch: (${form(first!)}) and (${form(other)}); all must agree` }],
    };
  return { columns: first! };
}

function branches(api: CompiledDataApi, index: number): string {
  const count = api.conditions.length;
  if (count === 0) return '';
  const mask = index % 2 ** count;
  const taken = Array.from({ length: count }, (_, i) => i)
    .filter((i) => mask & (1 << i))
    .map((i) => i + 1);
  return taken.length === 0 ? ' with no <if> taken' : ` with <if> number ${taken.join(', ')} taken`;
}

function duplicateNames(columns: readonly QueryColumn[]): ProblemPointer[] {
  const names = columns.map((c) => c.name);
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) < i))];
  return twice.map((name) => ({ pointer: '/sql', detail: `answers two columns named "${name}"; give one an alias` }));
}

async function checkSort(
  page: DataApiPage,
  columns: readonly QueryColumn[],
  engine: QueryEngine,
  signal: AbortSignal,
): Promise<ProblemPointer[]> {
  const pointer = '/page/sort';
  const sorted = page.sort.map((s) => ({ name: s.column, column: columns.find((c) => c.name === s.column) }));
  const missing = sorted.filter((s) => !s.column);
  if (missing.length > 0)
    return missing.map((s) => ({
      pointer,
      detail: `names "${s.name}", which is no output column; there are: ${columns.map((c) => c.name).join(', ')}`,
    }));
  if (!page.table)
    return [
      {
        pointer: '/page/table',
        detail: 'is needed: the SQL reads from more than one table or groups rows, so which unique key `page.sort` follows cannot be told',
      },
    ];
  const { namespace, table } = page.table;
  const origins = sorted.map((s) => ({ name: s.name, origin: s.column!.origin }));
  const foreign = origins.find(
    (o) =>
      !o.origin ||
      !sameName(o.origin.table, table) ||
      (namespace !== undefined && o.origin.namespace !== undefined && !sameName(o.origin.namespace, namespace)),
  );
  if (foreign)
    return [
      {
        pointer,
        detail: `sorts by "${foreign.name}", which is not an unchanged column of table "${table}", so its uniqueness cannot be known`,
      },
    ];
  const isUnique = await engine.isUnique(
    { namespace: namespace ?? origins[0]!.origin!.namespace, table: origins[0]!.origin!.table },
    origins.map((o) => o.origin!.column),
    signal,
  );
  if (isUnique) return [];
  const names = page.sort.map((s) => s.column).join(', ');
  return [
    {
      pointer,
      detail: `(${names}) is not a unique, not-null key of table "${table}": pages could lose rows; add its primary key last`,
    },
  ];
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
