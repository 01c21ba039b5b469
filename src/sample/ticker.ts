/** Changes the sample ERP so that something moves: a new order and a changed one, every few seconds. */
import { DatabaseSync } from 'node:sqlite';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { dateText, SIZES, timestampText } from './factory.ts';
import { ORDER_STATES } from './words.ts';

/** Orders beyond the sample's own are capped, so that a forgotten sample never fills a disk. */
const ORDERS_MAX = 200_000;

/** Starts ticking; the answer stops it and closes the file. */
export function startTicker(file: string, clock: Clock, random: Random, everyMs: number): Cancel {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA busy_timeout = 2000');
  const cancel = clock.every(everyMs, () => tick(db, clock, random));
  return () => {
    cancel();
    db.close();
  };
}

/** One change: a new order with one line, and a new status for an older order, in one transaction. */
export function tick(db: DatabaseSync, clock: Clock, random: Random): void {
  const now = clock.now();
  const changed = timestampText(now);
  const product = 1 + random.integer(SIZES.products);
  const quantity = 1 + random.integer(10);
  db.exec('BEGIN IMMEDIATE');
  try {
    const last = Number(db.prepare('SELECT max(order_id) AS id FROM customer_order').get()!['id']);
    if (last < ORDERS_MAX) {
      const price = String(db.prepare('SELECT unit_price FROM product WHERE product_id = ?').get(product)!['unit_price']);
      const total = ((Math.round(Number(price) * 100) * quantity) / 100).toFixed(2);
      db.prepare('INSERT INTO customer_order VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
        last + 1,
        1 + random.integer(SIZES.customers),
        dateText(now),
        'open',
        total,
        null,
        null,
        changed,
      );
      db.prepare('INSERT INTO order_line VALUES (?, ?, ?, ?, ?, ?, ?)').run(last + 1, 1, product, quantity, price, null, changed);
    }
    const status = ORDER_STATES[random.integer(ORDER_STATES.length)]!;
    db.prepare('UPDATE customer_order SET status = ?, updated_at = ? WHERE order_id = ?').run(status, changed, 1 + random.integer(last));
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}
