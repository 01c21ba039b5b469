/** Aim: PostgreSQL keeps every promise of a connector. Method: the conformance suite on a real server. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { startPostgres } from '../../../../test/servers.ts';
import { connectorSuite } from '../../../sdk/suites/connector.suite.ts';
import { suiteTools } from '../../../sdk/suites/connector-tools.ts';
import { freePort } from '../../../../test/servers/process.ts';
import postgres from './index.ts';

const server = await startPostgres();
if ('missing' in server) {
  test('postgres connector', { skip: server.missing }, () => {});
} else {
  after(() => server.stop());
  const { host, port, user, password, database } = server;
  const client = new pg.Client({ host, port, user, password, database });
  client.on('error', () => {});
  await client.connect();
  after(() => client.end());
  await client.query('CREATE SCHEMA suite');
  const config = { host, port, user, password, database };
  connectorSuite({
    component: postgres as never,
    config,
    tools: suiteTools(),
    broken: [
      { name: 'wrong password', config: { ...config, password: 'wrong-password-canary' }, step: 'login' },
      { name: 'no such database', config: { ...config, database: 'nowhere' }, step: 'login' },
      { name: 'nobody listens', config: { ...config, port: await freePort() }, step: 'tcp' },
      { name: 'TLS asked of a server without', config: { ...config, tls: { mode: 'require' } }, step: 'tls' },
    ],
    incremental: true,
    async makeStream(name, rows) {
      const table = `suite."${name}"`;
      await client.query(
        `DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (id bigint PRIMARY KEY, name text, amount numeric(12,2), stamp timestamp)`,
      );
      const columns = [rows.map((r) => r.id), rows.map((r) => r.name), rows.map((r) => r.amount), rows.map((r) => r.stamp)];
      await client.query(`INSERT INTO ${table} SELECT * FROM unnest($1::bigint[], $2::text[], $3::numeric[], $4::timestamp[])`, columns);
      return `suite.${name}`;
    },
    sink: {
      namespace: 'Target 1',
      async readTarget(table) {
        const quoted = `"Target 1"."${table.replaceAll('"', '""')}"`;
        const found = await client.query('SELECT to_regclass($1) AS known', [quoted]);
        if (found.rows[0].known === null) return null;
        const result = await client.query({ text: `SELECT * FROM ${quoted} ORDER BY 1`, rowMode: 'array' });
        return (result.rows as unknown[][]).map((cells) => cells.map((cell) => (cell === null ? null : String(cell))));
      },
      async makeForeign(table) {
        const quoted = `"Target 1"."${table}"`;
        await client.query('CREATE SCHEMA IF NOT EXISTS "Target 1"');
        await client.query(`CREATE TABLE ${quoted} (id bigint PRIMARY KEY, name varchar(40), amount numeric(10,2), stamp timestamp);
          INSERT INTO ${quoted} VALUES (77, 'theirs', 1, now())`);
      },
    },
  });
  test('postgres: everything above ran on a real server', async () => {
    assert.ok((await client.query('SELECT version()')).rows[0].version.includes('PostgreSQL'));
  });
}
