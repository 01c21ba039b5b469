/** Table `credential`: what consumers prove themselves with, as hashes. */
import { type Database, number, numberOrNull, one, type Row, text, where } from '../database.ts';
import type { CredentialRow, CredentialTable } from '../types.ts';

export function credentialTable(db: Database): CredentialTable {
  return {
    async add(row) {
      await db.run(
        `INSERT INTO credential (id, project, type, consumer, sha256, hint, created_at, created_by, expires_at, revoked_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [row.id, row.project, row.type, row.consumer, row.sha256, row.hint, row.createdAt, row.createdBy, row.expiresAt, row.revokedAt],
      );
    },
    async get(id) {
      const row = await one(db, 'SELECT * FROM credential WHERE id = ?', [id]);
      return row && credentialOf(row);
    },
    async list({ project, consumer }) {
      const filter = where([
        ['project = ?', project],
        ['consumer = ?', consumer],
      ]);
      return (await db.all(`SELECT * FROM credential ${filter.sql} ORDER BY id`, filter.values)).map(credentialOf);
    },
    revoke: async (id, at) => (await db.run('UPDATE credential SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', [at, id])) > 0,
    async delete(id) {
      await db.run('DELETE FROM credential WHERE id = ?', [id]);
    },
    async deleteOf(project, consumer) {
      await db.run('DELETE FROM credential WHERE project = ? AND consumer = ?', [project, consumer]);
    },
  };
}

const credentialOf = (row: Row): CredentialRow => ({
  id: text(row, 'id'),
  project: text(row, 'project'),
  type: text(row, 'type'),
  consumer: text(row, 'consumer'),
  sha256: text(row, 'sha256'),
  hint: text(row, 'hint'),
  createdAt: number(row, 'created_at'),
  createdBy: text(row, 'created_by'),
  expiresAt: numberOrNull(row, 'expires_at'),
  revokedAt: numberOrNull(row, 'revoked_at'),
});
