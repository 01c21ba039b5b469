/** A MariaDB test server from Debian's binaries. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import mysql from 'mysql2/promise';
import { freePort, type Launched, serverFolder, serverIdentity, startServer } from './process.ts';

const USER = 'weir_test';
const PASSWORD = 'weir-test-password';

/** Starts a server on a data directory of its own, with a row binlog and a login that may do all. */
export async function launchMariadb(): Promise<Launched | { missing: string }> {
  const server = find(['/usr/sbin/mariadbd', '/usr/local/bin/mariadbd', '/usr/libexec/mariadbd']);
  const install = find(['/usr/bin/mariadb-install-db', '/usr/local/bin/mariadb-install-db']);
  if (!server || !install) return { missing: 'MariaDB: mariadbd is not installed (Debian: apt-get install mariadb-server)' };
  const identity = serverIdentity('mysql');
  const folder = serverFolder('weir-maria-', identity);
  const data = path.join(folder, 'data');
  execFileSync(install, ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'], {
    stdio: 'pipe',
    cwd: folder,
    ...identity,
  });
  const port = await freePort();
  const args = [
    '--no-defaults',
    `--datadir=${data}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${path.join(folder, 's.sock')}`,
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    '--log-bin=binlog',
    '--binlog-format=ROW',
    '--server-id=1',
    '--innodb-flush-log-at-trx-commit=0',
    '--sync-binlog=0',
    '--innodb-buffer-pool-size=64M',
    '--local-infile=1',
    '--max-connections=200',
  ];
  const root = { host: '127.0.0.1', port, user: 'root', password: '', pid: 0 };
  const ready = () =>
    mariadbExec(root, 'SELECT 1').then(
      () => true,
      () => false,
    );
  const started = await startServer(server, args, { identity, folder, ready, signal: 'SIGTERM' });
  await mariadbExec(root, `CREATE USER '${USER}'@'%' IDENTIFIED BY '${PASSWORD}'`);
  await mariadbExec(root, `GRANT ALL ON *.* TO '${USER}'@'%' WITH GRANT OPTION`);
  return { ...root, user: USER, password: PASSWORD, ...started };
}

/** Runs one statement on the server. */
export async function mariadbExec(server: Omit<Launched, 'stop'>, sql: string): Promise<void> {
  const { host, port, user, password } = server;
  const connection = await mysql.createConnection({ host, port, user, password, connectTimeout: 5_000 });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

function find(paths: readonly string[]): string | undefined {
  return paths.find((p) => existsSync(p));
}
