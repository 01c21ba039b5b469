/**
 * Aim: what is not saved yet can be tried: a pipeline is planned as a run would. Method: a real control role with
 * a SQLite file and a real PostgreSQL behind its connections.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { type Ask, applyAll, asker, tokenFor } from '../../../test/ask.ts';
import { startTestControl, type TestControl } from '../../../test/control-role.ts';
import { startPostgres, type TestDatabase } from '../../../test/servers.ts';

let control: TestControl;
let ask: Ask;
let server: TestDatabase | { missing: string };
before(async () => {
  control = await startTestControl();
  ask = asker(control);
  const file = path.join(control.folder, 'shop.db');
  const shop = new DatabaseSync(file);
  shop.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, customer VARCHAR(80) NOT NULL, total DECIMAL(12,2), updated_at TIMESTAMP);
    INSERT INTO orders WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
      SELECT i, 'c' || (i % 3), i * 1.5, '2026-01-01 00:00:00' FROM n`);
  shop.close();
  await applyAll(ask, connection('shop', `type: sqlite, file: ${JSON.stringify(file)}`));
  server = await startPostgres();
  if ('missing' in server) return;
  const { host, port, user, password, database } = server;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  await client.query('CREATE TABLE orders (id int PRIMARY KEY, customer varchar(10), total jsonb)');
  await client.query('INSERT INTO orders SELECT i, $1 || i, NULL FROM generate_series(1, 120) i', ['c']);
  await client.end();
  await applyAll(
    ask,
    connection(
      'warehouse',
      `type: postgres, host: ${host}, port: ${port}, database: ${database}, user: ${user}, password: ${password}, tls: { mode: disable }`,
    ),
  );
});
after(async () => {
  await control.stop();
  if (!('missing' in server)) await server.stop();
});

const connection = (name: string, spec: string) =>
  `apiVersion: weir/v1\nkind: Connection\nmetadata: { name: ${name} }\nspec: { ${spec} }\n`;
const project = 'default';

test('a pipeline is planned before it is saved: streams, targets, types, cursors', async (t) => {
  if ('missing' in server) return t.skip(server.missing);
  const spec = { source: { connection: 'shop', streams: ['orders', 'ordres'] }, sink: { connection: 'warehouse' } };
  const plan = await ask('planPipeline', { project }, { body: { spec } });
  assert.equal(plan.status, 200, plan.text);
  const [orders] = plan.json.streams;
  assert.deepEqual([orders.namespace, orders.table, orders.targetExists, orders.key], ['public', 'orders', true, ['id']]);
  const fit = (name: string) => orders.columns.find((c: { name: string }) => c.name === name);
  assert.deepEqual(fit('updated_at'), { name: 'updated_at', sourceType: 'TIMESTAMP', nullable: true, targetType: 'timestamp', fit: 'new' });
  assert.equal(fit('total').fit, 'conflict', JSON.stringify(orders.columns));
  assert.equal(fit('customer').fit, 'narrower', JSON.stringify(fit('customer')));
  assert.equal(orders.cursors[0].column, 'updated_at');
  assert.match(orders.notes[0].text.zh, /留在目标/);
  assert.match(plan.json.refused[0].problem.detail.en, /did you mean "orders"/);
  assert.equal(plan.json.targetProblem, null);
});

test('a plan that cannot be made says why, and needs the right to use connections', async () => {
  const plan = (spec: unknown, as?: string) => ask('planPipeline', { project }, { body: { spec }, ...(as ? { as } : {}) });
  const wrong = await plan({ source: { connection: 'shop', streams: [] }, sink: { connection: 'shop' } });
  assert.deepEqual([wrong.status, wrong.json.errors[0].pointer], [400, '/body/spec/source/streams']);
  const spec = { source: { connection: 'shop', streams: ['*'] }, sink: { connection: 'nowhere' } };
  assert.equal((await plan(spec)).json.code, 'core/connections/not-ready');
  assert.equal((await plan(spec, control.viewer)).status, 403);
  assert.equal((await plan(spec, await tokenFor(ask, 'other'))).status, 403);
});
