/** Aim: the servers of test/servers.ts are real and usable. Method: start one of each, run a statement. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { startMariadb, startPostgres } from './servers.ts';

test('PostgreSQL starts on its own data directory and answers', async (t) => {
  const server = await startPostgres();
  if ('missing' in server) return t.skip(server.missing);
  t.after(() => server.stop());
  const client = new pg.Client(server);
  await client.connect();
  const { rows } = await client.query('SELECT current_database() AS name');
  await client.end();
  assert.equal(rows[0].name, server.database);
});

test('MariaDB starts on its own data directory and answers', async (t) => {
  const server = await startMariadb();
  if ('missing' in server) return t.skip(server.missing);
  t.after(() => server.stop());
  const { host, port, user, password, database } = server;
  const connection = await mysql.createConnection({ host, port, user, password, database });
  const [rows] = await connection.query('SELECT DATABASE() AS name');
  await connection.end();
  assert.equal((rows as { name: string }[])[0]!.name, database);
});
