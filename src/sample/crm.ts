/**
 * The sample's "CRM": a small HTTP server of somebody else, upstream of the proxied route, whose CSV
 * export feeds a pipeline. Listens on loopback only.
 *
 *   GET /customers/{id}          one customer as JSON, 404 when there is none
 *   GET /export/customers.csv    all customers
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type Random, seededRandom } from '../base/random.ts';
import { dateText, SIZES } from './factory.ts';
import { CITIES, COMPANIES } from './words.ts';

export interface Customer {
  readonly customer_id: number;
  readonly name: string;
  readonly name_en: string;
  readonly city: string;
  readonly email: string | null;
  readonly credit_limit: string;
  readonly since: string;
}

const SEED = 20262;

/** The CRM's customers: the same on every machine. */
export function customers(): Customer[] {
  const random: Random = seededRandom(SEED);
  return Array.from({ length: SIZES.customers }, (_, i) => {
    const [zh, en] = COMPANIES[random.integer(COMPANIES.length)]!;
    const id = i + 1;
    return {
      customer_id: id,
      name: `${zh} ${id}`,
      name_en: `${en} ${id}`,
      city: CITIES[random.integer(CITIES.length)]!,
      email: random.integer(10) === 0 ? null : `buyer${id}@example.test`,
      credit_limit: (random.integer(9_000_000) / 100).toFixed(2),
      since: dateText(Date.UTC(2015, 0, 1) + random.integer(4000) * 86_400_000),
    };
  });
}

/** The export as CSV (RFC 4180); a missing e-mail is an empty field. */
export function customersCsv(list: readonly Customer[]): string {
  const quote = (value: string | number | null) => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const head = 'customer_id,name,name_en,city,email,credit_limit,since\r\n';
  return (
    head +
    list.map((c) => `${[c.customer_id, c.name, c.name_en, c.city, c.email, c.credit_limit, c.since].map(quote).join(',')}\r\n`).join('')
  );
}

/** Starts the CRM on `port`. */
export function startCrm(port: number): Promise<Server> {
  const list = customers();
  const csv = Buffer.from(customersCsv(list));
  const answer = (response: ServerResponse, status: number, type: string, body: string | Buffer) => {
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  };
  const json = (response: ServerResponse, status: number, value: unknown) =>
    answer(response, status, 'application/json; charset=utf-8', JSON.stringify(value));
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0]!;
    const id = /^\/customers\/(\d{1,9})$/.exec(path)?.[1];
    if (request.method !== 'GET' && request.method !== 'HEAD') return json(response, 405, { error: 'only GET is known here' });
    if (path === '/export/customers.csv') return answer(response, 200, 'text/csv; charset=utf-8', csv);
    const customer = id === undefined ? undefined : list[Number(id) - 1];
    return customer ? json(response, 200, customer) : json(response, 404, { error: `nothing at ${path}` });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
