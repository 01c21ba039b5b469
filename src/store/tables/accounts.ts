/** Tables `account`, `login_session`, `token`, `login_failure`: who may come in. */
import { type Database, flag, json, jsonOrNull, number, numberOrNull, one, type Row, text, textOrNull } from '../database.ts';
import type { AccountRow, AccountTable, LoginFailureTable, SessionTable, TokenRow, TokenTable } from '../types.ts';

export function accountTable(db: Database): AccountTable {
  return {
    async get(name) {
      const row = await one(db, 'SELECT * FROM account WHERE name = ?', [name]);
      return row && accountOf(row);
    },
    all: async () => (await db.all('SELECT * FROM account ORDER BY name')).map(accountOf),
    count: async () => number((await one(db, 'SELECT count(*) AS n FROM account'))!, 'n'),
    async put(row) {
      await db.run(
        `INSERT INTO account (name, display_name, role, language, password_hash, enabled, created_at, updated_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET display_name = excluded.display_name, role = excluded.role,
          language = excluded.language, password_hash = excluded.password_hash, enabled = excluded.enabled,
          updated_at = excluded.updated_at`,
        [row.name, row.displayName, row.role, row.language, row.passwordHash, flag(row.enabled), row.createdAt, row.updatedAt],
      );
    },
    delete: async (name) => (await db.run('DELETE FROM account WHERE name = ?', [name])) > 0,
  };
}

const accountOf = (row: Row): AccountRow => ({
  name: text(row, 'name'),
  displayName: text(row, 'display_name'),
  role: text(row, 'role'),
  language: text(row, 'language'),
  passwordHash: textOrNull(row, 'password_hash'),
  enabled: number(row, 'enabled') === 1,
  createdAt: number(row, 'created_at'),
  updatedAt: number(row, 'updated_at'),
});

export function sessionTable(db: Database): SessionTable {
  return {
    async add(row) {
      await db.run('INSERT INTO login_session (sha256, account, created_at, used_at, expires_at, address) VALUES (?, ?, ?, ?, ?, ?)', [
        row.sha256,
        row.account,
        row.createdAt,
        row.usedAt,
        row.expiresAt,
        row.address,
      ]);
    },
    async get(sha256) {
      const row = await one(db, 'SELECT * FROM login_session WHERE sha256 = ?', [sha256]);
      return (
        row && {
          sha256,
          account: text(row, 'account'),
          createdAt: number(row, 'created_at'),
          usedAt: number(row, 'used_at'),
          expiresAt: number(row, 'expires_at'),
          address: text(row, 'address'),
        }
      );
    },
    touch: async (sha256, usedAt) => void (await db.run('UPDATE login_session SET used_at = ? WHERE sha256 = ?', [usedAt, sha256])),
    delete: async (sha256) => void (await db.run('DELETE FROM login_session WHERE sha256 = ?', [sha256])),
    deleteOf: async (account) => void (await db.run('DELETE FROM login_session WHERE account = ?', [account])),
    trim: async (now) => void (await db.run('DELETE FROM login_session WHERE expires_at < ?', [now])),
  };
}

export function tokenTable(db: Database): TokenTable {
  return {
    async add(row) {
      await db.run(
        `INSERT INTO token (id, name, sha256, role, permissions, projects, created_by, created_at, expires_at,
          used_at, revoked_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          row.id,
          row.name,
          row.sha256,
          row.role,
          JSON.stringify(row.permissions),
          row.projects ? JSON.stringify(row.projects) : null,
          row.createdBy,
          row.createdAt,
          row.expiresAt,
          row.usedAt,
          row.revokedAt,
        ],
      );
    },
    async bySha256(sha256) {
      const row = await one(db, 'SELECT * FROM token WHERE sha256 = ?', [sha256]);
      return row && tokenOf(row);
    },
    all: async () => (await db.all('SELECT * FROM token ORDER BY id')).map(tokenOf),
    touch: async (id, usedAt) => void (await db.run('UPDATE token SET used_at = ? WHERE id = ?', [usedAt, id])),
    revoke: async (id, at) => (await db.run('UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', [at, id])) > 0,
  };
}

const tokenOf = (row: Row): TokenRow => ({
  id: text(row, 'id'),
  name: text(row, 'name'),
  sha256: text(row, 'sha256'),
  role: text(row, 'role'),
  permissions: json(row, 'permissions'),
  projects: jsonOrNull(row, 'projects'),
  createdBy: text(row, 'created_by'),
  createdAt: number(row, 'created_at'),
  expiresAt: number(row, 'expires_at'),
  usedAt: numberOrNull(row, 'used_at'),
  revokedAt: numberOrNull(row, 'revoked_at'),
});

export function loginFailureTable(db: Database): LoginFailureTable {
  return {
    async get(subject) {
      const row = await one(db, 'SELECT * FROM login_failure WHERE subject = ?', [subject]);
      return row && { failures: number(row, 'failures'), lastAt: number(row, 'last_at'), lockedUntil: number(row, 'locked_until') };
    },
    async put(subject, { failures, lastAt, lockedUntil }) {
      await db.run(
        `INSERT INTO login_failure (subject, failures, last_at, locked_until) VALUES (?, ?, ?, ?) ON CONFLICT (subject)
          DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, locked_until = excluded.locked_until`,
        [subject, failures, lastAt, lockedUntil],
      );
    },
    clear: async (subject) => void (await db.run('DELETE FROM login_failure WHERE subject = ?', [subject])),
    clearAll: async (prefix) => void (await db.run('DELETE FROM login_failure WHERE substr(subject, 1, length(?)) = ?', [prefix, prefix])),
    async lockedUntil(prefix) {
      const row = await one(
        db,
        'SELECT coalesce(max(locked_until), 0) AS until FROM login_failure WHERE substr(subject, 1, length(?)) = ?',
        [prefix, prefix],
      );
      return row ? number(row, 'until') : 0;
    },
    trim: async (before) => void (await db.run('DELETE FROM login_failure WHERE last_at < ? AND locked_until < ?', [before, before])),
  };
}
