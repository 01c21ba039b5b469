/**
 * Aim: the data API of DESIGN §4 on the real Chinook database: every invoice of every customer, page by
 * page, equals what the database says; each wrong parameter is a 400 that names it.
 * Method: Chinook in schema `chinook` of a real PostgreSQL, published through compiler and checker.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Problem } from '../../src/base/problem.ts';
import { createPostgresQuery } from '../../src/extensions/connectors/postgres/query.ts';
import { chinookScript } from '../e2e/chinook.ts';
import { startPostgres, type TestDatabase } from '../servers.ts';
import { startHouse } from './house.ts';

const script = chinookScript('Chinook_PostgreSql.sql');
const started = 'missing' in script ? script : await startPostgres();
const skip = 'missing' in started ? started.missing : false;
const server = started as TestDatabase;
const house = skip ? undefined : startHouse();
after(async () => {
  if (skip) return;
  await house!.close();
  await server.stop();
});

async function connect(): Promise<pg.Client> {
  const { host, port, user, password, database } = server;
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    types: { getTypeParser: () => (value: string) => value } as never,
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

const EXAMPLE = {
  connection: 'warehouse',
  path: '/data/v1/customers/{customer_id}/invoices',
  parameters: {
    customer_id: { in: 'path', schema: { type: 'integer', minimum: 1 } },
    from: { in: 'query', schema: { type: 'string', format: 'date' } },
  },
  sql: `SELECT invoice_id, invoice_date, total FROM chinook.invoice
<where> customer_id = #{customer_id} <if test="from != null"> AND invoice_date >= #{from} </if> </where>
`,
  page: { mode: 'keyset', sort: ['invoice_id'], sizeDefault: 50, sizeMax: 1000 },
};

test('every invoice of every customer, and every wrong parameter', { skip }, async () => {
  const admin = await connect();
  await admin.query(`CREATE SCHEMA chinook; SET search_path = chinook`);
  await admin.query((script as { sql: string }).sql);
  const engine = createPostgresQuery({ clock: systemClock, log: silentLog, connect });
  const api = await house!.publish(EXAMPLE, engine);
  const { host, port, user, password, database } = server;
  house!.connect({
    project: 'default',
    name: 'warehouse',
    type: 'postgres',
    config: { host, port, user, password, database },
    poolMax: 2,
  });

  for (const from of ['', '2023-01-01']) {
    const seen: string[] = [];
    for (let customer = 1; customer <= 60; customer++) {
      for (let query: string | undefined = `page_size=3${from && `&from=${from}`}`; query !== undefined; ) {
        const answer = await house!.call(api, { params: { customer_id: String(customer) }, query });
        seen.push(
          ...[
            ...Buffer.from(answer.body)
              .toString()
              .matchAll(/\{"invoice_id":(\d+),"invoice_date":"([^"]+)","total":([\d.]+)\}/g),
          ].map((m) => m.slice(1).join(' ')),
        );
        query = answer.headers['link'] && /^<\?(.*)>/.exec(answer.headers['link'])![1]!;
      }
    }
    const { rows } = await admin.query(
      `SELECT invoice_id || ' ' || replace(invoice_date::text, ' ', 'T') || ' ' || total AS line FROM chinook.invoice
       WHERE $1 = '' OR invoice_date >= nullif($1, '')::date ORDER BY customer_id, invoice_id`,
      [from],
    );
    assert.ok(rows.length > 100);
    assert.deepEqual(
      seen,
      (rows as { line: string }[]).map((r) => r.line),
    );
  }

  const wrong: [string, string, string][] = [
    ['0', '', '/path/customer_id'],
    ['x', '', '/path/customer_id'],
    ['1', 'from=yesterday', '/query/from'],
    ['1', 'from=2026-02-30', '/query/from'],
    ['1', 'form=2026-01-01', '/query/form'],
    ['1', 'from=2026-01-01&from=2026-01-02', '/query/from'],
    ['1', 'page_size=0', '/query/page_size'],
    ['1', 'page_size=1001', '/query/page_size'],
    ['1', 'customer_id=2', '/query/customer_id'],
    ['1', "from='%20OR%201=1--", '/query/from'],
  ];
  for (const [customer, query, pointer] of wrong) {
    const problem = await house!.call(api, { params: { customer_id: customer }, query }).then(
      () => undefined,
      (error: Problem) => error,
    );
    assert.deepEqual([problem?.status, problem?.errors.map((e) => e.pointer)], [400, [pointer]], `${customer} ${query}`);
  }
  const forged = await house!.call(api, { params: { customer_id: '1' }, query: 'cursor=x.y' }).catch((error: Problem) => error.code);
  assert.equal(forged, 'core/dataapi/cursor-invalid');
  await engine.close();
  await admin.end();
});
