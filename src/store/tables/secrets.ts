/** Table `secret`: sealed values only. */
import { type Database, number, one, type Row, text } from '../database.ts';
import type { SealedSecret, SecretTable } from '../types.ts';

export function secretTable(db: Database): SecretTable {
  return {
    async get(project, name) {
      const row = await one(db, 'SELECT * FROM secret WHERE project = ? AND name = ?', [project, name]);
      return row && secretOf(row);
    },
    async put({ project, name, keyId, sealed, updatedAt }) {
      await db.run(
        `INSERT INTO secret (project, name, key_id, sealed, updated_at) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (project, name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed, updated_at = excluded.updated_at`,
        [project, name, keyId, sealed, updatedAt],
      );
    },
    delete: async (project, name) => (await db.run('DELETE FROM secret WHERE project = ? AND name = ?', [project, name])) > 0,
    all: async () => (await db.all('SELECT * FROM secret ORDER BY project, name')).map(secretOf),
  };
}

const secretOf = (row: Row): SealedSecret => ({
  project: text(row, 'project'),
  name: text(row, 'name'),
  keyId: text(row, 'key_id'),
  sealed: text(row, 'sealed'),
  updatedAt: number(row, 'updated_at'),
});
