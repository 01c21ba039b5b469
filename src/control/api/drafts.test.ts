/**
 * Aim: what is not saved yet can be tried: a pipeline is planned as a run would, a data API runs as a published one.
 * Method: a real control role with
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

const tryApi = async (spec: object, more: object = {}) => (await ask('tryDataApi', { project }, { body: { spec, ...more } })).json;
const SQL = `SELECT id, customer
FROM orders
<where> <if test="from != null"> id >= #{from} </if> <if test="who != null"> AND customer = #{who} </if> </where>`;
const both = ['shop', 'warehouse'];

test('parameters are found, the chosen shape runs read-only, the first rows come as the API would answer them', async (t) => {
  for (const connectionName of both) {
    if (connectionName === 'warehouse' && 'missing' in server) return t.skip(server.missing);
    const spec = { connection: connectionName, path: '/orders', sql: SQL };
    const found = await tryApi(spec, { values: { from: '7' }, rows: 3 });
    assert.deepEqual(found.mistakes, [], connectionName);
    assert.deepEqual([found.shapes, found.shape.branches, found.shape.binds.map((b: { value: string }) => b.value)], [4, [1], ['7']]);
    assert.match(found.shape.sql, /^SELECT id, customer\nFROM orders\n\s*WHERE\s+id >= \$1/);
    assert.deepEqual(
      JSON.parse(found.result.json)
        .map((row: { id: number }) => row.id)
        .sort(),
      [7, 8, 9],
    );
    assert.deepEqual(
      [found.result.rows, found.result.more, found.columns.map((c: { name: string }) => c.name)],
      [3, true, ['id', 'customer']],
    );
    assert.match(found.plan.lines.join('\n'), /orders/);
    const [from] = found.parameters;
    assert.deepEqual([from.name, from.in, from.declared, from.used], ['from', 'query', false, [{ line: 3, column: 40 }]]);
    if (connectionName === 'warehouse') assert.deepEqual([from.inferred, from.schema.type], ['integer', 'integer']);
    const declared = { ...spec, path: '/orders/{from}', parameters: { from: { in: 'path', schema: { type: 'integer', minimum: 5 } } } };
    const refused = await tryApi(declared, { values: { from: '1', nobody: 'x' } });
    assert.deepEqual(refused.mistakes.map((m: { pointer: string }) => m.pointer).sort(), ['/values/from', '/values/nobody']);
    assert.equal(refused.result, null);
    assert.equal(refused.columns.length, 2, 'what was known until there is told');
  }
});

test('mistakes stand at their line and column of the template', async (t) => {
  for (const name of both) {
    if (name === 'warehouse' && 'missing' in server) return t.skip(server.missing);
    const at = async (sql: string) => {
      const { mistakes, result } = await tryApi({ connection: name, path: '/x', sql }, { values: { id: '1' } });
      assert.equal(result, null);
      return [mistakes[0].pointer, mistakes[0].line, mistakes[0].column];
    };
    assert.deepEqual(await at('SELECT id,\n  nonsense FROM orders WHERE id = #{id}'), ['/sql', 2, 3], name);
    assert.deepEqual(await at('SELECT id\nFROM nowhere <where>\n id = #{id} </where>'), ['/sql', 2, 6], name);
    assert.deepEqual(await at('SELECT id\nFROM orders; DELETE FROM orders'), ['/sql', 2, null], name);
    assert.deepEqual((await at('DELETE FROM orders')).slice(0, 2), ['/sql', 1], name);
  }
});

test('a draft keeps the guards and caps of a published API', async (t) => {
  // It ends by itself after a while: SQLite cannot be interrupted, so its thread is left alone until then.
  const slow = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000000) SELECT count(*) AS c FROM n WHERE i < 0';
  for (const name of both) {
    if (name === 'warehouse' && 'missing' in server) return t.skip(server.missing);
    const spec = { connection: name, path: '/x', sql: slow, limits: { timeout: '50ms' } };
    const late = await tryApi(spec);
    assert.equal(late.mistakes.length, 1, JSON.stringify(late));
    assert.equal(late.result, null);
    assert.equal((await tryApi({ connection: name, path: '/x', sql: 'SELECT id FROM orders' })).result.rows, 50, 'and others still run');
    const capped = await tryApi({ connection: name, path: '/x', sql: 'SELECT id FROM orders', limits: { bytes: '100B' } });
    assert.match(capped.mistakes[0].detail, /100 bytes/);
    const unsorted = await tryApi({ connection: name, path: '/x', sql: 'SELECT customer FROM orders', page: { sort: ['customer'] } });
    assert.equal(unsorted.mistakes[0].pointer, '/page/sort');
    const page = await tryApi(
      { connection: name, path: '/x', sql: 'SELECT id FROM orders', page: { sort: ['id'] } },
      { values: { page_size: '2' } },
    );
    assert.deepEqual([page.mistakes, page.result.rows], [[], 3], 'a page and the row that tells of more');
  }
  if (!('missing' in server)) {
    const acting = await tryApi({ connection: 'warehouse', path: '/x', sql: "SELECT nextval('x') AS n" });
    assert.match(acting.mistakes[0].detail, /nextval/);
  }
  const tries = (as: string) =>
    ask('tryDataApi', { project }, { body: { spec: { connection: 'shop', path: '/x', sql: 'SELECT 1 AS a' } }, as });
  assert.equal((await tries(control.viewer)).status, 403);
});

test('a draft whose connection is no name is the request’s mistake', async () => {
  for (const wrong of [{ toString: 1 }, ['shop'], 7, null]) {
    const tried = await ask('tryDataApi', { project }, { body: { spec: { connection: wrong, path: '/x', sql: 'select 1' } } });
    assert.deepEqual([tried.status, tried.json.code], [404, 'core/connections/not-ready'], tried.text);
  }
});
