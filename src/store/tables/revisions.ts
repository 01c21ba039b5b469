/** Table `revision`: numbers, hashes, and which entries changed. */
import { type Database, json, number, one, text } from '../database.ts';
import type { RevisionTable } from '../types.ts';

export function revisionTable(db: Database): RevisionTable {
  return {
    async last() {
      const row = await one(db, 'SELECT * FROM revision ORDER BY number DESC LIMIT 1');
      return row && { number: number(row, 'number'), hash: text(row, 'hash'), at: number(row, 'at'), changes: json(row, 'changes') };
    },
    async add(row, keep) {
      await db.run('INSERT INTO revision (number, hash, at, changes) VALUES (?, ?, ?, ?)', [
        row.number,
        row.hash,
        row.at,
        JSON.stringify(row.changes),
      ]);
      await db.run('DELETE FROM revision WHERE number <= ?', [row.number - keep]);
    },
  };
}
