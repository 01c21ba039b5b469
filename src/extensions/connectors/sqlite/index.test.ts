/** Aim: SQLite keeps every promise of a connector. Method: the conformance suite on files in a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { connectorSuite } from '../../../sdk/suites/connector.suite.ts';
import { suiteTools } from '../../../sdk/suites/connector-tools.ts';
import sqlite from './index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-sqlite-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'suite.db');
const database = new DatabaseSync(file, { timeout: 5_000 });
after(() => database.close());
database.exec('PRAGMA journal_mode = WAL; CREATE TABLE starting (id INTEGER PRIMARY KEY)');
writeFileSync(path.join(folder, 'garbage.db'), 'this is no database, only text '.repeat(100));

connectorSuite({
  component: sqlite as never,
  config: { file: 'suite.db' },
  tools: suiteTools(folder),
  broken: [{ name: 'not a database', config: { file: 'garbage.db' }, step: 'path' }],
  incremental: true,
  async makeStream(name, rows) {
    const quoted = `"${name}"`;
    database.exec(
      `DROP TABLE IF EXISTS ${quoted}; CREATE TABLE ${quoted} (id INTEGER PRIMARY KEY, name TEXT, amount DECIMAL(12,2),
        stamp DATETIME); BEGIN`,
    );
    const insert = database.prepare(`INSERT INTO ${quoted} VALUES (?, ?, ?, ?)`);
    for (const row of rows) insert.run(row.id, row.name, Number(row.amount), row.stamp);
    database.exec('COMMIT');
    return name;
  },
  sink: {
    namespace: undefined,
    async readTarget(table) {
      const quoted = `"${table.replaceAll('"', '""')}"`;
      if (database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) === undefined) return null;
      const statement = database.prepare(`SELECT * FROM ${quoted} ORDER BY 1`);
      statement.setReturnArrays(true);
      return (statement.all() as unknown as unknown[][]).map((cells) => cells.map((cell) => (cell === null ? null : String(cell))));
    },
    async makeForeign(table) {
      database.exec(`CREATE TABLE "${table}" (id INTEGER PRIMARY KEY, name VARCHAR(40), amount DECIMAL(10,2), stamp TIMESTAMP);
        INSERT INTO "${table}" VALUES (77, 'theirs', 1, '2025-01-01 00:00:00')`);
    },
  },
});
