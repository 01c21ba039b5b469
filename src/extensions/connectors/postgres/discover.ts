/** What a login can read: tables, partitioned tables, views and foreign tables with columns and unique keys. */
import type { Column, StreamSchema } from '../../../sdk/index.ts';
import { columnType, modifiers } from './names.ts';
import type { Session, TextRow } from './session.ts';

/** Names of tables that Weir keeps for itself in a target schema. */
export const OWN_TABLES = ['_weir_checkpoint', '_weir_owned'] as const;

const RELATIONS = `
  SELECT c.oid::text AS oid, n.nspname AS namespace, c.relname AS name,
    CASE WHEN c.relkind = 'p'
      THEN (SELECT sum(greatest(p.reltuples, 0)) FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid WHERE t.isleaf)
      ELSE c.reltuples END AS estimate
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r','p','v','m','f') AND NOT c.relispartition
    AND n.nspname NOT IN ('pg_catalog','information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
    AND c.relname NOT IN ('_weir_checkpoint','_weir_owned')
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
  ORDER BY 2, 3`;

const COLUMNS = `
  SELECT a.attrelid::text AS relation, a.attname AS name, a.attnotnull AS required, format_type(a.atttypid, a.atttypmod) AS shown,
    coalesce(b.typname, t.typname) AS type, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
  WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = ANY ($1::oid[])
  ORDER BY a.attrelid, a.attnum`;

const KEYS = `
  SELECT i.indrelid::text AS relation, i.indisprimary AS main, json_agg(a.attname ORDER BY k.place)::text AS columns
  FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
  WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    AND k.place <= i.indnkeyatts
  GROUP BY i.indexrelid, i.indrelid, i.indisprimary
  HAVING bool_and(a.attnotnull)
  ORDER BY i.indisprimary DESC, i.indexrelid`;

/** All streams, in the order of their names. */
export async function discoverStreams(session: Session, signal: AbortSignal): Promise<StreamSchema[]> {
  const relations = await session.query(RELATIONS, [], signal);
  const ids = [relations.map((relation) => relation['oid'])];
  const columns = Map.groupBy(await session.query(COLUMNS, ids, signal), (row) => row['relation']);
  const keys = Map.groupBy(await session.query(KEYS, ids, signal), (row) => row['relation']);
  return relations.map((relation) => streamOf(relation, columns.get(relation['oid']!) ?? [], keys.get(relation['oid']!) ?? []));
}

function streamOf(relation: TextRow, columns: readonly TextRow[], keys: readonly TextRow[]): StreamSchema {
  const listed = (row: TextRow) => JSON.parse(row['columns']!) as string[];
  const main = keys.find((key) => key['main'] === 't');
  const estimate = Number(relation['estimate'] ?? -1);
  return {
    name: `${relation['namespace']}.${relation['name']}`,
    namespace: relation['namespace']!,
    table: relation['name']!,
    columns: columns.map(columnOf),
    primaryKey: main ? listed(main) : [],
    uniqueKeys: keys.map(listed),
    rowsEstimate: estimate >= 0 ? Math.round(estimate) : undefined,
  };
}

function columnOf(row: TextRow): Column {
  const typeName = row['type']!;
  return {
    name: row['name']!,
    type: columnType(typeName),
    nullable: row['required'] !== 't',
    ...modifiers(typeName, Number(row['typmod'])),
    sourceType: row['shown']!,
  };
}
