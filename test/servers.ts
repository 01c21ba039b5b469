/**
 * Real database servers for tests: own data directories, random ports, loopback, a non-root user.
 * `npm test` starts one PostgreSQL and one MariaDB and shares them (each caller gets a database of its
 * own); a test that must stop or kill a server asks for its own. Never the distribution's services.
 */
import { randomBytes } from 'node:crypto';
import { launchMariadb, mariadbExec } from './servers/mariadb.ts';
import { launchPostgres, postgresExec } from './servers/postgres.ts';
import type { Launched } from './servers/process.ts';

/** Where a test connects, and how it gives the server back. */
export interface TestDatabase {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** The server's own process, for tests that kill it; undefined for a shared server. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** Why a server cannot be had here, in one line; under CI this is a failure, never a skip. */
export interface Missing {
  readonly missing: string;
}

/**
 * A PostgreSQL database of the caller's own, on a superuser login.
 * @example const pg = await startPostgres(); if ('missing' in pg) return t.skip(pg.missing);
 */
export async function startPostgres(options: { own?: boolean } = {}): Promise<TestDatabase | Missing> {
  return obtain('WEIR_TEST_POSTGRES', launchPostgres, postgresExec, options);
}

/** A MariaDB database of the caller's own, on a login with all rights. */
export async function startMariadb(options: { own?: boolean } = {}): Promise<TestDatabase | Missing> {
  return obtain('WEIR_TEST_MARIADB', launchMariadb, mariadbExec, options);
}

async function obtain(
  variable: string,
  launch: () => Promise<Launched | Missing>,
  exec: (server: Launched, sql: string) => Promise<void>,
  options: { own?: boolean },
): Promise<TestDatabase | Missing> {
  const shared = options.own ? undefined : process.env[variable];
  const server = shared ? (JSON.parse(shared) as Launched | Missing) : await launch();
  if ('missing' in server) {
    if (process.env['CI'] === 'true') throw new Error(`CI forbids skips: ${server.missing}`);
    return server;
  }
  const database = `weir_${randomBytes(6).toString('hex')}`;
  await exec(server, `CREATE DATABASE ${database}`);
  const { host, port, user, password } = server;
  // A shared server's databases go with its data directory when the run ends.
  const stop = shared ? async () => {} : () => server.stop!();
  return { host, port, user, password, database, pid: shared ? undefined : server.pid, stop };
}
