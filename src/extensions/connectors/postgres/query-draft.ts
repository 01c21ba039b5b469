/** What trying an unpublished query asks of PostgreSQL: its plan with values, and the types of marks without casts. */
import type pg from 'pg';
import { type BoundValue, type InferredType, QueryFailure, type QueryPlan, type QueryShape } from '../../../sdk/index.ts';
import { columnTypeOf } from './query-json.ts';

const TRY_MS = 10_000;
const QUERY = /^[\s(]*(select|with|values)\b/i;
/** Class of mistakes in the SQL, a type that cannot be told (42P18) among them. Source: PostgreSQL manual, appendix A. */
const WRONG_SQL = '42';

/** The plan with these values; nothing is run. The shape must have been described: that refuses what acts. */
export async function explainShape(client: pg.Client, shape: QueryShape, values: readonly BoundValue[]): Promise<QueryPlan> {
  return readOnly(client, shape, async () => {
    // The extended protocol takes one statement, so nothing can follow the SELECT.
    const { rows } = await client.query({
      text: `EXPLAIN (FORMAT JSON) ${shape.sql}`,
      values: values.map((v) => v.value),
      queryMode: 'extended',
    } as unknown as pg.QueryConfig);
    const text = Object.values(rows[0] as Record<string, unknown>)[0];
    const json = (typeof text === 'string' ? JSON.parse(text) : text) as { Plan: PlanNode }[];
    return { json, lines: linesOf(json[0]!.Plan, 0) };
  });
}

/** Types of the marks as PostgreSQL infers them; empty when it cannot tell one of them, or refuses the SQL. */
export async function inferTypes(client: pg.Client, shape: QueryShape): Promise<readonly InferredType[]> {
  return readOnly(client, shape, async () => {
    try {
      await client.query({ text: `PREPARE weir_infer AS ${shape.sql}`, queryMode: 'extended' } as unknown as pg.QueryConfig);
    } catch (error) {
      // What else is wrong is told when the query is described, at its place.
      if ((error as { code?: string }).code?.startsWith(WRONG_SQL)) return [];
      throw error;
    }
    const { rows } = await client.query(
      `SELECT t.id::oid::text AS id, t.id::text AS name FROM pg_catalog.pg_prepared_statements p,
         unnest(p.parameter_types) WITH ORDINALITY AS t(id, place) WHERE p.name = 'weir_infer' ORDER BY t.place`,
    );
    return (rows as { id: string; name: string }[]).map(({ id, name }) => ({ name, type: columnTypeOf(Number(id)) }));
  }).finally(() => client.query('DEALLOCATE weir_infer').catch(() => {}));
}

async function readOnly<V>(client: pg.Client, shape: QueryShape, work: () => Promise<V>): Promise<V> {
  if (!QUERY.test(shape.sql))
    throw new QueryFailure('refused', {
      en: 'the statement is no SELECT; a data API only reads',
      zh: '语句不是 SELECT；数据 API 只能读取',
    });
  try {
    await client.query('BEGIN READ ONLY');
    await client.query(`SET LOCAL statement_timeout = ${TRY_MS}`);
    return await work();
  } finally {
    await client.query('ROLLBACK').catch(() => {});
  }
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Total Cost'?: number;
  readonly 'Plan Rows'?: number;
  readonly Plans?: readonly PlanNode[];
}

const LINES_MAX = 200;

function linesOf(node: PlanNode, depth: number): string[] {
  const index = node['Index Name'] === undefined ? '' : ` using ${node['Index Name']}`;
  const on = node['Relation Name'] === undefined ? '' : ` on ${node['Relation Name']}`;
  const line = `${'  '.repeat(depth)}${node['Node Type']}${index}${on}  (cost ${node['Total Cost']}, rows ${node['Plan Rows']})`;
  return [line, ...(node.Plans ?? []).flatMap((inner) => linesOf(inner, depth + 1))].slice(0, LINES_MAX);
}
