/** Tables `audit` (append-only: no statement here changes or deletes a row) and `outbox`. */
import { type Database, json, number, type Row, text, textOrNull, where } from '../database.ts';
import { orderedBy } from '../order.ts';
import type { AuditRow, AuditTable, OutboxTable } from '../types.ts';

const NEWEST = { by: 'time', descending: true } as const;
const ORDERS = { time: 'time', actor: 'actor', action: 'action', subject: 'subject' } as const;

export function auditTable(db: Database): AuditTable {
  return {
    async add(row) {
      await db.run(
        `INSERT INTO audit (id, time, actor, actor_kind, address, action, subject, before_hash, after_hash, outcome, detail)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          row.id,
          row.time,
          row.actor,
          row.actorKind,
          row.address,
          row.action,
          row.subject,
          row.beforeHash,
          row.afterHash,
          row.outcome,
          row.detail,
        ],
      );
    },
    async list({ actor, action, subject, outcome, address, from, to, order = NEWEST, after, limit }) {
      const { condition, sql } = orderedBy(ORDERS, order, after);
      const filter = where([
        ['actor = ?', actor],
        ['action = ?', action],
        ['subject = ?', subject],
        ['time >= ?', from],
        ['time < ?', to],
        ['outcome = ?', outcome],
        ['address = ?', address],
        condition,
      ]);
      return (await db.all(`SELECT * FROM audit ${filter.sql} ${sql} LIMIT ?`, [...filter.values, limit])).map(auditOf);
    },
  };
}

const auditOf = (row: Row): AuditRow => ({
  id: text(row, 'id'),
  time: number(row, 'time'),
  actor: text(row, 'actor'),
  actorKind: text(row, 'actor_kind') as AuditRow['actorKind'],
  address: text(row, 'address'),
  action: text(row, 'action'),
  subject: text(row, 'subject'),
  beforeHash: textOrNull(row, 'before_hash'),
  afterHash: textOrNull(row, 'after_hash'),
  outcome: text(row, 'outcome') as AuditRow['outcome'],
  detail: text(row, 'detail'),
});

export function outboxTable(db: Database): OutboxTable {
  return {
    async add({ id, time, type, subject, data }) {
      await db.run('INSERT INTO outbox (id, time, type, subject, data, delivered_at) VALUES (?, ?, ?, ?, ?, NULL)', [
        id,
        time,
        type,
        subject,
        JSON.stringify(data),
      ]);
    },
    async waiting(limit) {
      const rows = await db.all('SELECT * FROM outbox WHERE delivered_at IS NULL ORDER BY id LIMIT ?', [limit]);
      return rows.map((row) => ({
        id: text(row, 'id'),
        time: number(row, 'time'),
        type: text(row, 'type'),
        subject: text(row, 'subject'),
        data: json(row, 'data'),
      }));
    },
    async delivered(ids, at) {
      for (const id of ids) await db.run('UPDATE outbox SET delivered_at = ? WHERE id = ?', [at, id]);
    },
    async trim(before, keep) {
      await db.run('DELETE FROM outbox WHERE delivered_at < ?', [before]);
      await db.run('DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id DESC LIMIT 1000000 OFFSET ?)', [keep]);
    },
  };
}
