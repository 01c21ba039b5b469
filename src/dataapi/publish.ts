/**
 * The part of publishing that needs the database: each SQL shape is prepared and explained, columns must
 * agree over all shapes, the sort of a page must be unique and not null, a login that may write is told.
 */
import { mistake, type ProblemPointer } from '../base/problem.ts';
import { type Text, tell, verbatim } from '../base/text.ts';
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
  const warnings = writes === null ? [] : [tell(CAN_WRITE, { connection: api.connection, writes })];
  return { ok: true, api: { ...api, columns }, warnings };
}

const CAN_WRITE: Text = {
  en: 'The login of connection "{connection}" can write: {writes}. Queries run read-only all the same; prefer a SELECT-only one.',
  zh: '连接“{connection}”的登录用户可以写入：{writes}。查询仍以只读方式运行；建议改用仅有 SELECT 权限的用户。',
};

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
      const text = { en: 'the database refuses it{branches}: {words}', zh: '数据库拒绝了它{branches}：{words}' };
      return { errors: [mistake('/sql', text, { branches: branches(api, index), words: error.detail })] };
    }
  }
  const [first, ...others] = [...seen.values()];
  const form = (columns: readonly QueryColumn[]) => columns.map((c) => `${c.name} ${c.type}`).join(', ');
  const other = others.find((columns) => form(columns) !== form(first!));
  if (other)
    return {
      errors: [
        mistake(
          '/sql',
          {
            en: 'answers different columns by branch: ({one}) and ({other}); all must agree',
            zh: '不同分支返回的列不同：({one}) 与 ({other})；必须一致',
          },
          { one: form(first!), other: form(other) },
        ),
      ],
    };
  return { columns: first! };
}

function branches(api: CompiledDataApi, index: number): Text {
  const count = api.conditions.length;
  if (count === 0) return verbatim('');
  const mask = index % 2 ** count;
  const taken = Array.from({ length: count }, (_, i) => i)
    .filter((i) => mask & (1 << i))
    .map((i) => i + 1);
  if (taken.length === 0) return { en: ' with no <if> taken', zh: '（未进入任何 <if>）' };
  return { en: ` with <if> number ${taken.join(', ')} taken`, zh: `（进入第 ${taken.join(', ')} 个 <if>）` };
}

function duplicateNames(columns: readonly QueryColumn[]): ProblemPointer[] {
  const names = columns.map((c) => c.name);
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) < i))];
  const text = { en: 'answers two columns named "{name}"; give one an alias', zh: '返回了两个名为“{name}”的列；请为其中一个取别名' };
  return twice.map((name) => mistake('/sql', text, { name }));
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
    return missing.map((s) => mistake(pointer, NO_COLUMN, { name: s.name, columns: columns.map((c) => c.name).join(', ') }));
  if (!page.table) return [mistake('/page/table', TABLE_NEEDED)];
  const { namespace, table } = page.table;
  const origins = sorted.map((s) => ({ name: s.name, origin: s.column!.origin }));
  const foreign = origins.find(
    (o) =>
      !o.origin ||
      !sameName(o.origin.table, table) ||
      (namespace !== undefined && o.origin.namespace !== undefined && !sameName(o.origin.namespace, namespace)),
  );
  if (foreign) return [mistake(pointer, FOREIGN_COLUMN, { name: foreign.name, table })];
  const isUnique = await engine.isUnique(
    { namespace: namespace ?? origins[0]!.origin!.namespace, table: origins[0]!.origin!.table },
    origins.map((o) => o.origin!.column),
    signal,
  );
  if (isUnique) return [];
  const names = page.sort.map((s) => s.column).join(', ');
  return [mistake(pointer, NOT_UNIQUE, { names, table })];
}

const NO_COLUMN: Text = {
  en: 'names "{name}", which is no output column; there are: {columns}',
  zh: '指定了“{name}”，但它不是输出列；现有：{columns}',
};
const TABLE_NEEDED: Text = {
  en: 'is needed: the SQL reads from more than one table or groups rows, so which unique key `page.sort` follows cannot be told',
  zh: '为必填项：SQL 读取多个表或对行分组，无法得知 `page.sort` 依据哪个唯一键',
};
const FOREIGN_COLUMN: Text = {
  en: 'sorts by "{name}", which is not an unchanged column of table "{table}", so its uniqueness cannot be known',
  zh: '按“{name}”排序，但它不是表“{table}”中未加变换的列，无法确定其唯一性',
};
const NOT_UNIQUE: Text = {
  en: '({names}) is not a unique, not-null key of table "{table}": pages could lose rows; add its primary key last',
  zh: '({names}) 不是表“{table}”的唯一且非空的键：翻页可能漏行；请在末尾加上主键',
};

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
