/** Aim: MariaDB keeps every promise of a source. Method: the conformance suite on a real server. */
import { after, test } from 'node:test';
import mysql from 'mysql2/promise';
import { startMariadb } from '../../../../test/servers.ts';
import { freePort } from '../../../../test/servers/process.ts';
import { connectorSuite } from '../../../sdk/suites/connector.suite.ts';
import { suiteTools } from '../../../sdk/suites/connector-tools.ts';
import maria from './index.ts';

const server = await startMariadb();
if ('missing' in server) {
  test('mysql connector', { skip: server.missing }, () => {});
} else {
  after(() => server.stop());
  const { host, port, user, password, database } = server;
  const client = await mysql.createConnection({ host, port, user, password, database, multipleStatements: true });
  after(() => client.end());
  const config = { host, port, user, password, database };
  connectorSuite({
    component: maria as never,
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
      await client.query(
        `DROP TABLE IF EXISTS \`${name}\`; CREATE TABLE \`${name}\` (id bigint PRIMARY KEY, name varchar(1000), amount decimal(12,2),
          stamp datetime(6))`,
      );
      await client.query(`INSERT INTO \`${name}\` VALUES ?`, [rows.map((row) => [row.id, row.name, row.amount, row.stamp])]);
      return name;
    },
  });
}
