/**
 * The sample factory shop: an ERP and a MES as SQLite files, made from one seed so that every
 * installation holds the same rows (about 71,000). Decimals, nulls, JSON, Chinese and English.
 */
import { DatabaseSync } from 'node:sqlite';
import { type Random, seededRandom } from '../base/random.ts';
import { CATEGORIES, MACHINE_LINES, MACHINES, NOTES, ORDER_STATES, PARTS } from './words.ts';

export const SIZES = {
  products: 200,
  customers: 5_000,
  orders: 12_000,
  linesPerOrderMax: 4,
  machines: 24,
  workOrders: 4_000,
  measurements: 20_000,
} as const;
const SEED = 20260;
/** The last day of the sample's history. */
const HISTORY_END = Date.UTC(2026, 9, 31);
const DAY_MS = 86_400_000;

const ERP_SCHEMA = `
CREATE TABLE product (
  product_id INTEGER PRIMARY KEY, sku VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(80) NOT NULL, name_zh VARCHAR(80) NOT NULL,
  category VARCHAR(20) NOT NULL, unit_price DECIMAL(12,2) NOT NULL, discontinued_on DATE, updated_at TIMESTAMP NOT NULL);
CREATE TABLE customer_order (
  order_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, order_date DATE NOT NULL, status VARCHAR(12) NOT NULL,
  total DECIMAL(14,2) NOT NULL, note TEXT, attributes JSON, updated_at TIMESTAMP NOT NULL);
CREATE TABLE order_line (
  order_id INTEGER NOT NULL REFERENCES customer_order, line_no INTEGER NOT NULL, product_id INTEGER NOT NULL REFERENCES product,
  quantity INTEGER NOT NULL, unit_price DECIMAL(12,2) NOT NULL, discount DECIMAL(5,2), updated_at TIMESTAMP NOT NULL,
  PRIMARY KEY (order_id, line_no));
CREATE INDEX order_by_change ON customer_order (updated_at, order_id);
CREATE INDEX line_by_change ON order_line (updated_at, order_id, line_no);`;

const MES_SCHEMA = `
CREATE TABLE machine (
  machine_id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL, name_zh VARCHAR(60) NOT NULL, line CHAR(1) NOT NULL,
  installed_on DATE NOT NULL, updated_at TIMESTAMP NOT NULL);
CREATE TABLE work_order (
  work_order_id INTEGER PRIMARY KEY, machine_id INTEGER NOT NULL REFERENCES machine, product_id INTEGER NOT NULL,
  planned INTEGER NOT NULL, produced INTEGER NOT NULL, scrapped INTEGER NOT NULL, started_at TIMESTAMP NOT NULL,
  finished_at TIMESTAMP, updated_at TIMESTAMP NOT NULL);
CREATE TABLE measurement (
  measurement_id INTEGER PRIMARY KEY, machine_id INTEGER NOT NULL REFERENCES machine, measured_at TIMESTAMP NOT NULL,
  temperature REAL, vibration REAL NOT NULL, payload JSON NOT NULL, updated_at TIMESTAMP NOT NULL);`;

/** Text of a moment as the sample's systems store it: UTC, microseconds. */
export function timestampText(ms: number, micros = 0): string {
  return `${new Date(ms).toISOString().replace('T', ' ').slice(0, 23)}${String(micros).padStart(3, '0')}`;
}

export const dateText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Makes the ERP file. Throws when the file is there already. */
export function createErp(file: string): void {
  build(file, ERP_SCHEMA, (db) => {
    const random = seededRandom(SEED);
    const prices = insertProducts(db, random);
    insertOrders(db, random, prices);
  });
}

/** Makes the MES file. */
export function createMes(file: string): void {
  build(file, MES_SCHEMA, (db) => {
    const random = seededRandom(SEED + 1);
    insertMachines(db, random);
    insertWorkOrders(db, random);
    insertMeasurements(db, random);
  });
}

function build(file: string, schema: string, fill: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    db.exec(schema);
    db.exec('BEGIN');
    fill(db);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

const pick = <V>(random: Random, list: readonly V[]): V => list[random.integer(list.length)]!;

/** Cents as decimal text. */
const money = (cents: number): string => (cents / 100).toFixed(2);

function insertProducts(db: DatabaseSync, random: Random): number[] {
  const insert = db.prepare('INSERT INTO product VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const prices: number[] = [0];
  for (let id = 1; id <= SIZES.products; id++) {
    const [zh, en] = pick(random, PARTS);
    const cents = 150 + random.integer(2_500_00);
    prices.push(cents);
    const gone = random.integer(12) === 0 ? dateText(HISTORY_END - random.integer(300) * DAY_MS) : null;
    const size = 10 + random.integer(90);
    const sku = `${en.slice(0, 2).toUpperCase()}-${String(id).padStart(5, '0')}`;
    insert.run(
      id,
      sku,
      `${en} ${size} mm`,
      `${zh} ${size} 毫米`,
      pick(random, CATEGORIES),
      money(cents),
      gone,
      timestampText(HISTORY_END - random.integer(700) * DAY_MS),
    );
  }
  return prices;
}

function insertOrders(db: DatabaseSync, random: Random, prices: readonly number[]): void {
  const order = db.prepare('INSERT INTO customer_order VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const line = db.prepare('INSERT INTO order_line VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (let id = 1; id <= SIZES.orders; id++) {
    const at = HISTORY_END - Math.floor((1 - id / SIZES.orders) * 700) * DAY_MS + random.integer(DAY_MS);
    const changed = timestampText(at, random.integer(1000));
    const lines = 1 + random.integer(SIZES.linesPerOrderMax);
    const rows: [number, number, number, string | null][] = [];
    let total = 0;
    for (let no = 1; no <= lines; no++) {
      const product = 1 + random.integer(SIZES.products);
      const quantity = 1 + random.integer(40);
      const discount = random.integer(4) === 0 ? random.integer(30) : null;
      total += Math.round(prices[product]! * quantity * (1 - (discount ?? 0) / 100));
      rows.push([product, quantity, prices[product]!, discount === null ? null : discount.toFixed(2)]);
    }
    const note = random.integer(3) === 0 ? pick(random, NOTES) : null;
    const attributes =
      random.integer(2) === 0 ? JSON.stringify({ channel: pick(random, ['web', 'phone', '微信']), priority: random.integer(3) }) : null;
    order.run(id, 1 + random.integer(SIZES.customers), dateText(at), pick(random, ORDER_STATES), money(total), note, attributes, changed);
    rows.forEach(([product, quantity, cents, discount], i) => line.run(id, i + 1, product, quantity, money(cents), discount, changed));
  }
}

function insertMachines(db: DatabaseSync, random: Random): void {
  const insert = db.prepare('INSERT INTO machine VALUES (?, ?, ?, ?, ?, ?)');
  for (let id = 1; id <= SIZES.machines; id++) {
    const [zh, en] = pick(random, MACHINES);
    const installed = HISTORY_END - (500 + random.integer(4000)) * DAY_MS;
    insert.run(id, `${en} ${id}`, `${zh} ${id} 号`, pick(random, MACHINE_LINES), dateText(installed), timestampText(installed));
  }
}

function insertWorkOrders(db: DatabaseSync, random: Random): void {
  const insert = db.prepare('INSERT INTO work_order VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  for (let id = 1; id <= SIZES.workOrders; id++) {
    const start = HISTORY_END - Math.floor((1 - id / SIZES.workOrders) * 200 * DAY_MS);
    const end = id > SIZES.workOrders - 20 ? null : start + 3_600_000 + random.integer(20 * 3_600_000);
    const planned = 10 + random.integer(500);
    const produced = end === null ? random.integer(planned) : planned;
    insert.run(
      id,
      1 + random.integer(SIZES.machines),
      1 + random.integer(SIZES.products),
      planned,
      produced,
      random.integer(1 + Math.floor(planned / 20)),
      timestampText(start),
      end === null ? null : timestampText(end),
      timestampText(end ?? start, random.integer(1000)),
    );
  }
}

function insertMeasurements(db: DatabaseSync, random: Random): void {
  const insert = db.prepare('INSERT INTO measurement VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (let id = 1; id <= SIZES.measurements; id++) {
    const at = HISTORY_END - Math.floor((1 - id / SIZES.measurements) * 30 * DAY_MS);
    const text = timestampText(at, random.integer(1000));
    const temperature = random.integer(50) === 0 ? null : Math.round((40 + random.float() * 45) * 100) / 100;
    const payload = JSON.stringify({ 状态: random.integer(30) === 0 ? '报警' : '正常', load: Math.round(random.float() * 1000) / 1000 });
    insert.run(id, 1 + random.integer(SIZES.machines), text, temperature, Math.round(random.float() * 8000) / 1000, payload, text);
  }
}
