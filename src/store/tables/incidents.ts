/** Tables `incident` and `setting`. */
import { type Database, json, number, numberOrNull, one, type Row, text, where } from '../database.ts';
import { orderedBy } from '../order.ts';
import type { Incident, IncidentTable, SettingTable } from '../types.ts';

const NEWEST = { by: 'opened', descending: true } as const;
const ORDERS = { opened: 'opened_at', kind: 'kind', subject: 'subject' } as const;

export function incidentTable(db: Database): IncidentTable {
  const openOne = (kind: string, subject: string) =>
    one(db, 'SELECT * FROM incident WHERE kind = ? AND subject = ? AND closed_at IS NULL', [kind, subject]);
  return {
    async open({ id, kind, subject, detail, data, openedAt }) {
      const found = await openOne(kind, subject);
      if (found) {
        await db.run('UPDATE incident SET detail_en = ?, detail_zh = ?, data = ? WHERE id = ?', [
          detail.en,
          detail.zh,
          JSON.stringify(data),
          text(found, 'id'),
        ]);
      } else {
        await db.run(
          `INSERT INTO incident (id, kind, subject, detail_en, detail_zh, data, opened_at, closed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`,
          [id, kind, subject, detail.en, detail.zh, JSON.stringify(data), openedAt],
        );
      }
      return incidentOf((await openOne(kind, subject))!);
    },
    close: async (kind, subject, at) =>
      (await db.run('UPDATE incident SET closed_at = ? WHERE kind = ? AND subject = ? AND closed_at IS NULL', [at, kind, subject])) > 0,
    async get(id) {
      const row = await one(db, 'SELECT * FROM incident WHERE id = ?', [id]);
      return row && incidentOf(row);
    },
    async list({ open, kind, order = NEWEST, after, limit }) {
      const { condition, sql } = orderedBy(ORDERS, order, after);
      const filter = where([
        [open ? 'closed_at IS NULL' : 'closed_at IS NOT NULL', open === undefined ? undefined : []],
        ['kind = ?', kind],
        condition,
      ]);
      return (await db.all(`SELECT * FROM incident ${filter.sql} ${sql} LIMIT ?`, [...filter.values, limit])).map(incidentOf);
    },
    async trim(keep) {
      await db.run(
        `DELETE FROM incident WHERE id IN
          (SELECT id FROM incident WHERE closed_at IS NOT NULL ORDER BY id DESC LIMIT 1000000 OFFSET ?)`,
        [keep],
      );
    },
  };
}

const incidentOf = (row: Row): Incident => ({
  id: text(row, 'id'),
  kind: text(row, 'kind'),
  subject: text(row, 'subject'),
  detail: { en: text(row, 'detail_en'), zh: text(row, 'detail_zh') },
  data: json(row, 'data'),
  openedAt: number(row, 'opened_at'),
  closedAt: numberOrNull(row, 'closed_at'),
});

export function settingTable(db: Database): SettingTable {
  const get = async (name: string) => {
    const row = await one(db, 'SELECT value FROM setting WHERE name = ?', [name]);
    return row && text(row, 'value');
  };
  return {
    get,
    async put(name, value) {
      const sql = 'INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
      await db.run(sql, [name, value]);
    },
    async putOnce(name, value) {
      await db.run('INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', [name, value]);
      return (await get(name))!;
    },
  };
}
