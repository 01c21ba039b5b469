/** Brings the schema up to date: numbered files, each in one transaction, under a lock; forward only. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Database, number, one } from './database.ts';
import problems from './problems.ts';

const FOLDER = path.join(import.meta.dirname, 'migrations');
/** Any number, the same in every Weir: PostgreSQL's advisory lock for migrations. */
const LOCK = 7_239_001;

/** What is to be done before a file's statements, by its name, in their transaction. */
export type Before = Readonly<Record<string, (db: Database) => Promise<void>>>;

/** Migrates to the newest schema this program knows. Raises `newer-schema` for one it does not know. */
export async function migrate(db: Database, before: Before = {}): Promise<number> {
  const files = readdirSync(FOLDER)
    .filter((name) => /^\d{4}\.sql$/.test(name))
    .sort();
  const known = files.length;
  return db.transaction(async (inner) => {
    if (inner.dialect === 'postgres') await inner.all('SELECT pg_advisory_xact_lock(?)', [LOCK]);
    await inner.run('CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)');
    const row = await one(inner, 'SELECT max(version) AS version FROM schema_version');
    const found = row?.['version'] === null || !row ? 0 : number(row, 'version');
    if (found > known) throw problems.raise['newer-schema']({ values: { found, known } });
    for (const file of files.slice(found)) {
      await before[file]?.(inner);
      for (const statement of statementsOf(readFileSync(path.join(FOLDER, file), 'utf8'), inner.dialect)) await inner.run(statement);
      await inner.run('INSERT INTO schema_version (version) VALUES (?)', [Number(file.slice(0, 4))]);
    }
    return known;
  });
}

/** A statement ends with a semicolon at the end of a line; one that begins with `/* sqlite *` + `/` is for that database only. */
function statementsOf(sql: string, dialect: Database['dialect']): string[] {
  const all = sql
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((s) => s.trim())
    .filter(Boolean);
  return all.filter((statement) => (/^\/\* (sqlite|postgres) \*\//.exec(statement)?.[1] ?? dialect) === dialect);
}
