/**
 * Aim: TLS is what its mode says, never less. Method: a real server with a certificate for `localhost` only, each
 * mode against it, by the name it is for and by another.
 */
import assert from 'node:assert/strict';
import { chownSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import pg from 'pg';
import { startPostgres } from '../../../../test/servers.ts';
import { Problem } from '../../../sdk/index.ts';
import { connect, suiteTools } from '../../../sdk/suites/connector-tools.ts';
import postgres from './index.ts';

/** Made for this test alone; protects nothing. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgaFS29QVRCXJ7hJDv
zjGTXqOFRzw1uGOzsO2K+Ej+4qyhRANCAARXXeR2e6ykCu1/7dSL2++C4RsBav0T
LEJno5YY1w1nZoMcBd8Emm169SEswTz3EdMjGJ+OTD8Y3BlT18pidFAJ
-----END PRIVATE KEY-----`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUZtENWR26lVqtw+4cFhEUxG9fSlAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA1NDgwMloYDzIxMjYxMDI4
MDU0ODAyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARXXeR2e6ykCu1/7dSL2++C4RsBav0TLEJno5YY1w1nZoMcBd8Emm16
9SEswTz3EdMjGJ+OTD8Y3BlT18pidFAJo2kwZzAdBgNVHQ4EFgQUmnfisNQNT/3U
dni6spkXokIunnwwHwYDVR0jBBgwFoAUmnfisNQNT/3Udni6spkXokIunnwwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SQAwRgIhAJBk1vJraBNNm0y/6G5KnUfBN+wY1tKmTukG671O3IsyAiEA5LcpBkYs
qBlyXK9aeKNNukQlhl0g2CgrqLT7St7hdDM=
-----END CERTIFICATE-----`;

const server = await startPostgres({ own: true });
if ('missing' in server) {
  test('postgres TLS', { skip: server.missing }, () => {});
} else {
  after(() => server.stop());
  const { port, user, password, database } = server;
  const client = new pg.Client({ host: server.host, port, user, password, database });
  await client.connect();
  const folder = (await client.query('SHOW data_directory')).rows[0].data_directory as string;
  const { uid, gid } = statSync(folder);
  for (const [name, text] of Object.entries({ 'server.key': KEY, 'server.crt': CERTIFICATE })) {
    writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    chownSync(path.join(folder, name), uid, gid);
  }
  await client.query('ALTER SYSTEM SET ssl = on');
  await client.query('SELECT pg_reload_conf()');
  await client.end();

  /** The names are resolved to loopback, as the runtime's guard would. */
  const tools = { ...suiteTools(), resolveHost: async () => [server.host] };
  const steps = async (host: string, tls: Record<string, unknown>) => {
    const connector = connect(postgres as never, { host, port, user, password, database, tls }, tools);
    const all = await Array.fromAsync(connector.check(AbortSignal.timeout(10_000)));
    await connector.close();
    return all.map((step) => `${step.step} ${step.ok ? 'ok' : 'failed'}`).join(', ');
  };
  const ALL = 'dns ok, tcp ok, tls ok, login ok, grant ok';

  test('the server has taken its certificate', async () => {
    for (let tries = 0; tries < 1_000; tries++) {
      if ((await steps('localhost', { mode: 'require' })) === ALL) return;
    }
    assert.fail('TLS did not come up');
  });
  test('prefer and require take TLS and check nothing; disable takes none', async () => {
    for (const mode of ['prefer', 'require', 'disable']) assert.equal(await steps('db.example.test', { mode }), ALL);
    for (const [mode, secure] of [
      ['prefer', 't'],
      ['require', 't'],
      ['disable', 'f'],
    ] as const) {
      const connector = connect(postgres as never, { host: 'localhost', port, user, password, database, tls: { mode } }, tools);
      const watcher = new pg.Client({ host: server.host, port, user, password, database });
      await watcher.connect();
      await watcher.query('CREATE OR REPLACE VIEW public.safe AS SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      await watcher.end();
      const signal = AbortSignal.timeout(10_000);
      const stream = (await connector.discover(signal)).find((found) => found.name === 'public.safe')!;
      const seen = await connector.preview(stream, 1, signal);
      assert.equal(Buffer.from(seen.data).toString(), `${secure}\n`, mode);
      await connector.close();
    }
  });
  test('verify-full: the right authority and name pass; an unknown authority or another name does not', async () => {
    assert.equal(await steps('localhost', { mode: 'verify-full', ca: CERTIFICATE }), ALL);
    assert.equal(await steps('localhost', { mode: 'verify-full' }), 'dns ok, tcp ok, tls failed');
    assert.equal(await steps('db.example.test', { mode: 'verify-full', ca: CERTIFICATE }), 'dns ok, tcp ok, tls failed');
    const connector = connect(
      postgres as never,
      { host: 'db.example.test', port, user, password, database, tls: { mode: 'verify-full', ca: CERTIFICATE } },
      tools,
    );
    await assert.rejects(
      connector.discover(AbortSignal.timeout(10_000)),
      (error: Problem) => error instanceof Problem && error.code.endsWith('/tls-failed'),
    );
    await connector.close();
  });
}
